"""The limits of the wire server: what clients may ask of it. Those with a field can be set, the others are fixed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mockserver.api.gateway import MAX_BODY
from mockserver.core.delays import DURATION_PATTERN, duration
from mockserver.core.errors import Problem, Refusal
from mockserver.core.messages import SECOND
from mockserver.inputs import fields
from mockserver.inputs.fields import Field

_LONGEST = 86_400.0


def _seconds(where: str, text: str) -> float:
    seconds = duration(text, where) / SECOND
    if not 0 < seconds <= _LONGEST:
        raise Refusal(Problem(where, f"{text!r} is not allowed", "allowed: more than 0s, up to 24h"))
    return seconds


_COUNT = fields.whole(1, 100_000)
_BYTES = fields.whole(1024, 1024**3)
_TIME: Field[float] = replace(
    fields.text.then(_seconds),
    shape={"type": "string", "pattern": DURATION_PATTERN},
    allowed="a time such as '30s', up to '24h'",
)


def _limit(default: int | str, field: Field[Any], text: str) -> Any:
    described = field.described(text, default)
    return dataclasses.field(default=described("", default), metadata={"field": described})


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients may ask of the server; sizes in bytes, times in seconds of real time. All choices are ours."""

    connections: int = _limit(
        900,
        _COUNT,
        "Connections at a time; an API call on one more ends one that had no whole request for `control_time`, or is"
        " answered with 503.",
    )
    control_connections: int = _limit(
        64,
        _COUNT,
        "Connections beyond these, for the control API alone. One more takes the place of a silent one, or is cut.",
    )
    target: int = _limit(32 * 1024, _BYTES, "Bytes of an address with its query; a longer one is answered with 414.")
    head: int = _limit(
        64 * 1024, _BYTES, "Bytes of a request's headers, or of a chunked body's trailers; more is answered with 431."
    )
    pipelined: int = _limit(
        32, _COUNT, "Requests of a connection that wait for their answers; no more are read until one has gone out."
    )
    queued: int = _limit(
        256 * 1024,
        _BYTES,
        "Bytes of a connection's requests and answers that wait behind the first; no more are read likewise.",
    )
    queued_total: int = _limit(
        64 * 1024 * 1024,
        _BYTES,
        "Bytes that wait on all connections; beyond them each has one request at a time, and large bodies get 503.",
    )
    request_time: float = _limit("30s", _TIME, "Time from a request's first byte to its last, else 408.")
    idle_time: float = _limit("75s", _TIME, "Time before a connection's first request and between two; then it ends.")
    unread_time: float = _limit("30s", _TIME, "Time for which a client may leave its answers unread; then it is cut.")
    control_time: float = _limit("2s", _TIME, "All these times of a connection that is beyond `connections`.")
    body: int = MAX_BODY  # a longer one is passed on as `too_large`, without the body, and the connection closes
    headers: int = 256  # lines of a head, and of trailers: each takes much more memory than its bytes
    # How long, and how much, a client may go on sending after the last answer. Closing at once would reset the
    # connection, and with it the answer that is still under way.
    linger_time: float = 2.0
    linger_size: int = 16 * 1024 * 1024
    stop_time: float = 0.8  # for which a stopping server waits for the answers in flight
    threads: int = 4  # that run the WSGI application

    @property
    def tick(self) -> float:
        """Seconds between two checks of the times: a time-out comes at most this late."""
        shortest = min(self.request_time, self.idle_time, self.control_time, self.unread_time, self.linger_time)
        return min(max(shortest / 4, 0.01), 1.0)


LIMITS: Mapping[str, Field[Any]] = {f.name: f.metadata["field"] for f in dataclasses.fields(Limits) if f.metadata}
"""The limits that can be set, by name."""
