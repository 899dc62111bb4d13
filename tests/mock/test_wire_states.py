"""The states of a connection and its table of transitions."""

from __future__ import annotations

import pytest

from mockserver.wire.states import TRANSITIONS, Event, State, after


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(State)


@pytest.mark.parametrize("state", State)
def test_every_state_leads_to_the_end(state: State) -> None:
    reached = {state}
    for _ in State:
        reached |= {then for one in reached for then in TRANSITIONS[one].values()}

    assert State.CLOSED in reached


def test_every_state_but_the_first_can_be_reached() -> None:
    reached = {then for row in TRANSITIONS.values() for then in row.values()}

    assert reached == set(State) - {State.OPEN}


@pytest.mark.parametrize("event", Event)
def test_a_closed_connection_stays_closed(event: Event) -> None:
    assert after(State.CLOSED, event) is State.CLOSED


def test_an_event_that_cannot_happen_is_an_error_that_names_both() -> None:
    with pytest.raises(AssertionError, match=r"LINGERING can't meet LAST_READ"):
        after(State.LINGERING, Event.LAST_READ)
