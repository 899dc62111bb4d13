"""Every limit of the wire server."""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.api.gateway import MAX_BODY

SLICE = 4096  # bytes read at a time; between two slices the connection checks its limits


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask of the server; sizes in bytes, times in seconds of real time. All choices are ours."""

    connections: int = 900  # open at once; one more is answered with 503. A process usually has 1,024 open files.
    turned_away: int = 64  # connections beyond these that still get their 503; one more is cut without an answer
    target: int = 32 * 1024  # of the address with its query; a longer one is answered with 414
    head: int = 64 * 1024  # of request line and headers, or of a chunked body's trailers; more is answered with 431
    body: int = MAX_BODY  # a longer one is passed on as `too_large`, without the body, and the connection closes
    request_time: float = 30.0  # from the first byte of a request to its last, else 408
    idle_time: float = 75.0  # before the first request and between two; then the connection closes
    unread_time: float = 30.0  # for which a client may leave its answers unread; then the connection is cut
    # How long, and how much, a client may go on sending after the last answer. Closing at once would reset the
    # connection, and with it the answer that is still under way.
    linger_time: float = 2.0
    linger_size: int = 16 * 1024 * 1024
    pipelined: int = 32  # requests of a connection that wait for their answers; beyond that the server stops reading
    stop_time: float = 0.8  # for which a stopping server waits for the answers in flight
    threads: int = 4  # that run the WSGI application

    @property
    def tick(self) -> float:
        """Seconds between two checks of the times: a time-out comes at most this late."""
        shortest = min(self.request_time, self.idle_time, self.unread_time, self.linger_time)
        return min(max(shortest / 4, 0.01), 1.0)
