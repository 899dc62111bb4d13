"""One HTTP/1.1 request over a socket: the answer as evidence, or a failure that says what went wrong.

A general client repairs, joins or hides what a contract suite must see. Here what is malformed is kept, a call has
one deadline that also holds against a server that sends a few bytes at a time, redirects are not followed, and no
proxy, cookie or netrc is read from the environment.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Self
from urllib.parse import SplitResult, urlsplit

import h11

from contract_tests.transport.connect import Connection, connect, tls_context
from contract_tests.transport.messages import HttpResponse, OutOfTime, Request, TransportError
from contract_tests.transport.rate_limit import Pacer
from contract_tests.transport.receive import ResponseReader

if TYPE_CHECKING:
    from ssl import SSLContext

MAX_BODY = 16 * 1024 * 1024  # bytes of an answer's body that are read
PORTS = {"http": 80, "https": 443}
TORN = "TLS ended without saying so, so the end of the body may be missing"


@dataclass(eq=False, kw_only=True)
class HttpClient:
    """Sends requests and keeps one connection to each origin."""

    deadline: float = 30.0  # seconds for a whole call
    pacer: Pacer = field(default_factory=Pacer)
    max_body: int = MAX_BODY
    end: float | None = None  # a moment (monotonic) that no call outlasts, waiting for its turn included
    _kept: dict[tuple[str, str], Connection] = field(default_factory=dict, repr=False)
    _tls: SSLContext | None = None

    def pace(self, request: Request) -> None:
        """Waits until the request may be sent. Raises OutOfTime where that is past the end of the run."""
        if not self.pacer.wait(self.end):
            raise OutOfTime("timeout", request, "the time of the run is up", sent=False)

    def send(self, request: Request, *, repeatable: bool = True, paced: bool = False) -> HttpResponse:
        """The answer to a request, which is sent once; paced: `pace` was called for it. Raises TransportError.
        A kept connection may be closed by the server while the request is on its way, some say so by a 408
        (TransportError.stale): what is repeatable may be sent again then; all else gets a new connection from the
        start.
        """
        url = _origin(request)
        if not paced:
            self.pace(request)
        end = min(time.monotonic() + self.deadline, math.inf if self.end is None else self.end)
        kept = self._kept.pop((url.scheme, url.netloc), None)
        if kept is not None and repeatable and kept.alive():
            kept.http.start_next_cycle()
            try:
                response = self._send_on(kept, url, request, end)
            except TransportError as failure:
                failure.stale = failure.kind == "closed" and not failure.received
                raise
            if response.status != HTTPStatus.REQUEST_TIMEOUT:
                return response
            idle = TransportError("closed", request, "the connection was idle for too long")
            idle.stale = True
            raise idle
        if kept is not None:
            kept.close()
        tls = None
        if url.scheme == "https":
            tls = self._tls = self._tls or tls_context()
        connection = connect(url.hostname or "", url.port or PORTS[url.scheme], request, end, tls)
        return self._send_on(connection, url, request, end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the kept connections."""
        for connection in self._kept.values():
            connection.close()
        self._kept.clear()

    def _send_on(self, connection: Connection, url: SplitResult, request: Request, end: float) -> HttpResponse:
        """Sends the request and reads the answer; keeps the connection where both are whole."""
        complete = False
        try:
            _write(connection, url, request, end)
            reader = ResponseReader(connection.http, request, lambda: connection.read(end), self.max_body)
            response = reader.response()
            complete = not connection.unsent and not connection.http.trailing_data[0]
        finally:
            if complete and connection.http.our_state is h11.DONE and connection.http.their_state is h11.DONE:
                connection.used = time.monotonic()
                self._kept[url.scheme, url.netloc] = connection
            else:
                connection.close()
        return replace(response, oddities=(*response.oddities, TORN)) if connection.torn else response


def _origin(request: Request) -> SplitResult:
    """The request's URL in its parts. Raises TransportError for one that leads nowhere."""
    try:
        url = urlsplit(request.url)
        known = url.scheme in PORTS and bool(url.hostname) and url.port != 0
    except ValueError:
        known = False
    if not known:
        raise TransportError("unsendable", request, "its URL is not an http:// or https:// one", sent=False)
    return url


def _write(connection: Connection, url: SplitResult, request: Request, end: float) -> None:
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    headers = [("Host", url.netloc.rpartition("@")[2]), *request.headers]
    if request.body or request.http_method in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", str(len(request.body))))
    http = connection.http
    try:
        parts = [http.send(h11.Request(method=request.http_method, target=path, headers=headers))]
        if request.body:
            parts.append(http.send(h11.Data(data=request.body)))
        parts.append(http.send(h11.EndOfMessage()))
    except (h11.LocalProtocolError, UnicodeError):
        why = "its URL or a header has characters that HTTP does not allow"
        raise TransportError("unsendable", request, why, sent=False) from None
    try:
        connection.write(b"".join(part for part in parts if part), end)
    except TimeoutError:
        raise TransportError("timeout", request, "the request could not be sent") from None
    except OSError:
        # A server may answer and hang up before it has read everything: its answer is still to be read.
        return
