"""The states of a connection, and what leads from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto


class State(Enum):
    """What a connection does with the bytes of its client, and what follows its last answer."""

    OPEN = auto()  # reads requests
    FINISHING = auto()  # the last request has been read; closes after its answer
    IGNORING = auto()  # drops what the client still sends; lingers after the last answer
    ENDED = auto()  # the client has sent its last byte; closes after the last answer
    LINGERING = auto()
    """All answers are out, and this side has ended. Drops what the client sends until it ends, too (see Limits)."""
    CLOSED = auto()


class Event(Enum):
    """What happens to a connection."""

    LAST_READ = auto()  # a request came after which none may follow
    REFUSED = auto()  # a request broke HTTP or a limit, and is not read to its end
    SURPLUS = auto()  # bytes came after the last request
    CLIENT_ENDED = auto()
    STOPPING = auto()  # the server stops
    LAST_SENT = auto()  # the last answer has been written


OPEN, FINISHING, IGNORING, ENDED, LINGERING, CLOSED = State
LAST_READ, REFUSED, SURPLUS, CLIENT_ENDED, STOPPING, LAST_SENT = Event

TRANSITIONS: Mapping[State, Mapping[Event, State]] = {
    OPEN: {LAST_READ: FINISHING, REFUSED: IGNORING, CLIENT_ENDED: ENDED, STOPPING: FINISHING, LAST_SENT: CLOSED},
    FINISHING: {REFUSED: IGNORING, SURPLUS: IGNORING, CLIENT_ENDED: ENDED, STOPPING: FINISHING, LAST_SENT: CLOSED},
    IGNORING: {REFUSED: IGNORING, SURPLUS: IGNORING, CLIENT_ENDED: ENDED, STOPPING: IGNORING, LAST_SENT: LINGERING},
    ENDED: {REFUSED: ENDED, STOPPING: ENDED, LAST_SENT: CLOSED},
    LINGERING: {SURPLUS: LINGERING, CLIENT_ENDED: CLOSED, STOPPING: LINGERING},
    CLOSED: dict.fromkeys(Event, CLOSED),  # the event loop may report what came before the end
}


def after(state: State, event: Event) -> State:
    """The state that follows. Raises AssertionError for an event that can't happen in the state."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise AssertionError(f"a connection that is {state.name} can't meet {event.name}") from None
