"""One HTTP/1.1 request over a socket: the answer as evidence, or a failure that says what went wrong.

A general client repairs, joins or hides what a contract suite must see. Here what is malformed is kept, a call has
one deadline that also holds against an answer that drips, redirects are not followed, and no proxy, cookie or netrc
is read from the environment.
"""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self
from urllib.parse import SplitResult, urlsplit

import h11

from contract_tests.transport.connect import connect, secured, tls_context
from contract_tests.transport.messages import KINDS, MAX_EVIDENCE, HttpResponse, OutOfTime, Request, TransportError
from contract_tests.transport.rate_limit import Pacer
from contract_tests.transport.receive import MAX_HEADERS, ResponseReader

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = [
    "KINDS",
    "MAX_BODY",
    "MAX_EVIDENCE",
    "HttpClient",
    "HttpResponse",
    "OutOfTime",
    "Pacer",
    "Request",
    "TransportError",
]

MAX_BODY = 16 * 1024 * 1024
"""Bytes of an answer's body that are read."""
_CHUNK = 64 * 1024
_IDLE = 2.0
"""Seconds after which a kept connection is not trusted any more."""
PORTS = {"http": 80, "https": 443}


@dataclass
class _Line:
    """An open connection, and when it was last used. unsent: a part of the request never left; torn: TLS was not ended
    as it should be, so that the end of the body may be missing.
    """

    socket: socket.socket
    http: h11.Connection
    used: float
    secure: bool
    unsent: bool = False
    torn: bool = False

    def alive(self) -> bool:
        """Whether it may carry another request: nothing has come on it, not even its end."""
        return time.monotonic() - self.used < _IDLE and not _ready(self.socket, selectors.EVENT_READ, 0)

    def read(self, end: float) -> bytes:
        """The next bytes, none at the connection's end. Raises TimeoutError at the moment `end`, and OSError."""
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.socket.settimeout(left)
        try:
            return self.socket.recv(_CHUNK)
        except OSError as error:
            self.torn = self.secure and type(error).__name__ == "SSLEOFError"
            if self.torn:
                return b""
            raise

    def write(self, data: bytes, end: float) -> None:
        """Sends the bytes, unless an answer comes before they are all taken: it is read then, and the rest is not sent.
        Raises TimeoutError at the moment `end`, and OSError.
        """
        rest = memoryview(data)
        # Under TLS, bytes that have come need not be an answer's.
        events = selectors.EVENT_WRITE | (0 if self.secure else selectors.EVENT_READ)
        self.unsent = True
        while rest:
            left = end - time.monotonic()
            now = _ready(self.socket, events, left) if left > 0 else 0
            if not now:
                raise TimeoutError
            if not now & selectors.EVENT_WRITE:
                return
            self.socket.settimeout(left)
            rest = rest[self.socket.send(rest[:_CHUNK]) :]
        self.unsent = False


class HttpClient:
    """Sends requests and keeps one connection to each origin. deadline is in seconds for a whole call; end is a moment
    (monotonic) that no call outlasts, waiting for its turn included.
    """

    def __init__(
        self,
        *,
        deadline: float = 30.0,
        pacer: Pacer | None = None,
        max_body: int = MAX_BODY,
        end: float | None = None,
    ) -> None:
        self.deadline = deadline
        self.pacer = pacer or Pacer()
        self.max_body = max_body
        self.end = end
        self.calls = 0
        self._lines: dict[tuple[str, str], _Line] = {}
        self._tls: SSLContext | None = None

    def pace(self, request: Request) -> None:
        """Waits until the request may leave. Raises TransportError where that is past the end of the run."""
        if not self.pacer.wait(self.end):
            raise OutOfTime("timeout", request, "the time of the run is up", sent=False)

    def send(self, request: Request, *, repeatable: bool = True, paced: bool = False) -> HttpResponse:
        """The answer to a request, which leaves once; paced says that `pace` was called for it. Raises TransportError.

        A kept connection may be closed by the server while the request is on its way (TransportError.stale): what is
        repeatable may be sent again then; all else gets a new connection from the start.
        """
        url = _origin(request)
        if not paced:
            self.pace(request)
        self.calls += 1
        key = (url.scheme, url.netloc)
        end = time.monotonic() + self.deadline
        end = end if self.end is None else min(end, self.end)
        kept = self._lines.pop(key, None)
        if kept is not None and repeatable and kept.alive():
            kept.http.start_next_cycle()
            try:
                return self._exchange(kept, key, url, request, end)
            except TransportError as failure:
                failure.stale = failure.kind == "closed" and not failure.received
                raise
        elif kept is not None:
            kept.socket.close()
        return self._exchange(self._connect(url, request, end), key, url, request, end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the kept connections."""
        for line in self._lines.values():
            line.socket.close()
        self._lines.clear()

    def _connect(self, url: SplitResult, request: Request, end: float) -> _Line:
        host = url.hostname or ""
        sock = connect(host, url.port or PORTS[url.scheme], request, end)
        secure = url.scheme == "https"
        if secure:
            self._tls = self._tls or tls_context()
            sock = secured(sock, self._tls, host, request, end)
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADERS)
        return _Line(sock, http, time.monotonic(), secure)

    def _exchange(
        self, line: _Line, key: tuple[str, str], url: SplitResult, request: Request, end: float
    ) -> HttpResponse:
        whole = False
        try:
            _send(line, url, request, end)
            exchange = ResponseReader(line.http, request, lambda: line.read(end), self.max_body).exchange()
            whole = not line.unsent
        finally:
            if whole and line.http.our_state is h11.DONE and line.http.their_state is h11.DONE:
                line.used = time.monotonic()
                self._lines[key] = line
            else:
                line.socket.close()
        return replace(exchange, oddities=(*exchange.oddities, TORN)) if line.torn else exchange


TORN = "TLS ended without saying so, so the end of the body may be missing"


def _origin(request: Request) -> SplitResult:
    """The request's URL in its parts. Raises TransportError for one that leads nowhere."""
    try:
        url = urlsplit(request.url)
        known = url.scheme in PORTS and bool(url.hostname) and url.port != 0
    except ValueError:
        known = False
    if not known:
        raise TransportError("unsendable", request, "its URL is no http:// or https:// one", sent=False)
    return url


def _ready(sock: socket.socket, events: int, seconds: float) -> int:
    """Those of the events that the socket is ready for within so many seconds."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, events)
        return next((now for _, now in selector.select(seconds)), 0)


def _send(line: _Line, url: SplitResult, request: Request, end: float) -> None:
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    headers = [("Host", url.netloc.rpartition("@")[2]), *request.headers]
    if request.body or request.http_method in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", str(len(request.body))))
    try:
        head = h11.Request(method=request.http_method, target=path, headers=headers)
        parts = [line.http.send(head)]
        if request.body:
            parts.append(line.http.send(h11.Data(data=request.body)))
        parts.append(line.http.send(h11.EndOfMessage()))
    except (h11.LocalProtocolError, UnicodeError):
        raise TransportError(
            "unsendable", request, "its URL or a header has characters that HTTP lacks", sent=False
        ) from None
    try:
        line.write(b"".join(part for part in parts if part), end)
    except TimeoutError:
        raise TransportError("timeout", request, "the request could not be sent") from None
    except OSError:
        # A server may answer and hang up before it has read everything: what it said is still to be read.
        return
