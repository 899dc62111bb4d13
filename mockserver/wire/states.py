"""The states of a connection, and what leads from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType


class State(Enum):
    """What a connection does with the bytes of its client, and what follows its last answer."""

    OPEN = auto()
    """Reads requests."""
    FINISHING = auto()
    """The last request has been read; closes after its answer."""
    IGNORING = auto()
    """Drops what the client still sends; lingers after the last answer."""
    ENDED = auto()
    """The client has sent its last byte; closes after the last answer."""
    LINGERING = auto()
    """All answers are out, and this side has ended. Drops what the client sends until it ends, too (see Limits)."""
    CLOSED = auto()


class Event(Enum):
    """What happens to a connection."""

    LAST_READ = auto()
    """A request came after which none may follow."""
    REFUSED = auto()
    """A request broke HTTP or a limit, and is not read to its end."""
    SURPLUS = auto()
    """The client sent bytes after its last request."""
    CLIENT_ENDED = auto()
    STOPPING = auto()
    """The server stops."""
    LAST_SENT = auto()
    """The last answer has been written."""


_S, _E = State, Event

TRANSITIONS: Mapping[State, Mapping[Event, State]] = MappingProxyType(
    {
        _S.OPEN: {
            _E.LAST_READ: _S.FINISHING,
            _E.REFUSED: _S.IGNORING,
            _E.CLIENT_ENDED: _S.ENDED,
            _E.STOPPING: _S.FINISHING,
            _E.LAST_SENT: _S.CLOSED,
        },
        _S.FINISHING: {
            _E.REFUSED: _S.IGNORING,
            _E.SURPLUS: _S.IGNORING,
            _E.CLIENT_ENDED: _S.ENDED,
            _E.STOPPING: _S.FINISHING,
            _E.LAST_SENT: _S.CLOSED,
        },
        _S.IGNORING: {
            _E.REFUSED: _S.IGNORING,
            _E.SURPLUS: _S.IGNORING,
            _E.CLIENT_ENDED: _S.ENDED,
            _E.STOPPING: _S.IGNORING,
            _E.LAST_SENT: _S.LINGERING,
        },
        _S.ENDED: {
            _E.REFUSED: _S.ENDED,
            _E.STOPPING: _S.ENDED,
            _E.LAST_SENT: _S.CLOSED,
        },
        _S.LINGERING: {
            _E.SURPLUS: _S.LINGERING,
            _E.CLIENT_ENDED: _S.CLOSED,
            _E.STOPPING: _S.LINGERING,
        },
        _S.CLOSED: dict.fromkeys(Event, _S.CLOSED),  # the event loop may report what came before the end
    }
)


def after(state: State, event: Event) -> State:
    """The state that follows. Raises AssertionError for an event that can't happen in the state."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise AssertionError(f"a connection that is {state.name} can't meet {event.name}") from None
