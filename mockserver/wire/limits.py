"""Every bound of the wire server, at one place."""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.api.gateway import MAX_BODY

SLICE = 4096
"""Bytes read at a time: between two slices the limits on pipelined requests and on unread answers are looked at."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask of the server; sizes in bytes, times in seconds of real time. All choices are ours.

    connections
        open at once; one more is answered with 503. The usual limit of a process is 1,024 open files.
    turned_away
        connections beyond `connections` that still get their 503; one more is cut without a word.
    target
        the request's address with its query; a longer one is answered with 414.
    head
        request line and headers, and the trailers of a chunked body; a longer one is answered with 431.
    body
        a longer one is handed on as `too_large`, without the body, and the connection closes.
    request_time
        from the first byte of a request to its last, else 408.
    idle_time
        between two requests, and before the first; then the connection closes.
    unread_time
        for which a client may leave its answers unread; then the connection is cut.
    linger_time, linger_size
        for how long, and how much, a client may go on sending after the last answer. Closing at once would reset
        the connection and with it the answer that is still under way.
    pipelined
        requests of one connection that wait for their answers; beyond that the server stops reading.
    stop_time
        for which a stopping server waits for the answers in flight.
    threads
        that run the WSGI application.
    """

    connections: int = 900
    turned_away: int = 64
    target: int = 32 * 1024
    head: int = 64 * 1024
    body: int = MAX_BODY
    request_time: float = 30.0
    idle_time: float = 75.0
    unread_time: float = 30.0
    linger_time: float = 2.0
    linger_size: int = 16 * 1024 * 1024
    pipelined: int = 32
    stop_time: float = 0.8
    threads: int = 4

    @property
    def tick(self) -> float:
        """Seconds between two looks at the clock: a time-out comes at most this late."""
        shortest = min(self.request_time, self.idle_time, self.unread_time, self.linger_time)
        return min(max(shortest / 4, 0.01), 1.0)
