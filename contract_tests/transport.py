"""One HTTP/1.1 request over a socket: the answer as evidence, or a failure that says what went wrong.

A general client repairs, joins or hides what a contract suite must see. Here what is malformed is kept, a call has
one deadline that also holds against an answer that drips, redirects are not followed, and no proxy, cookie or netrc
is read from the environment.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self
from urllib.parse import SplitResult, urlsplit

import h11

MAX_BODY = 16 * 1024 * 1024
"""Bytes of an answer's body that are read."""
MAX_EVIDENCE = 64 * 1024
MAX_HEADERS = 64 * 1024
_CHUNK = 256 * 1024
_IDLE = 2.0
"""Seconds after which a kept connection is not trusted any more."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: url with its query, headers beside Host and Content-Length, the body as bytes."""

    verb: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and the answer to it. headers are as they came, names in lower case; seconds from the first byte sent
    to the last one read.
    """

    request: Request
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float

    def header(self, name: str) -> str | None:
        """The first header of the name, given in lower case."""
        return next((value for key, value in self.headers if key == name), None)


class NoAnswer(Exception):
    """There is no answer that HTTP knows. kind is one of KINDS, received what came of it (capped), sent whether the
    request may have arrived.
    """

    def __init__(self, kind: str, request: Request, detail: str, *, received: bytes = b"", sent: bool = True) -> None:
        super().__init__(f"{KINDS[kind]}: {detail}" if detail else KINDS[kind])
        self.kind = kind
        self.request = request
        self.received = received[:MAX_EVIDENCE]
        self.sent = sent


KINDS: Mapping[str, str] = MappingProxyType(
    {
        "unreachable": "no connection",
        "tls": "no trusted TLS connection",
        "timeout": "no whole answer in time",
        "closed": "the connection ended before the answer did",
        "malformed": "the answer is no HTTP",
        "too-large": "the answer is too large",
    }
)


@dataclass
class Pacer:
    """A token bucket: waits until the next call may go out. per_second None is as fast as it goes."""

    per_second: float | None = None
    burst: float = 1.0
    _due: float = field(default=0.0, repr=False)

    def slow_down(self, seconds: float) -> None:
        """Waits so long, and takes half of the pace from then on (4 a second at most)."""
        time.sleep(seconds)
        self.per_second = min((self.per_second or 8.0) / 2, 4.0)

    def wait(self) -> None:
        """Sleeps as long as needed."""
        if self.per_second is None:
            return
        now = time.monotonic()
        self._due = max(self._due, now - (self.burst - 1) / self.per_second)
        if self._due > now:
            time.sleep(self._due - now)
        self._due += 1 / self.per_second


@dataclass
class _Line:
    """An open connection, and when it was last used."""

    socket: socket.socket
    http: h11.Connection
    used: float

    def alive(self) -> bool:
        """Whether it may carry another request: nothing has come on it, not even its end."""
        return time.monotonic() - self.used < _IDLE and not select.select([self.socket], [], [], 0)[0]


class Wire:
    """Sends requests to one origin at a time and keeps the connection. deadline is in seconds for a whole call."""

    def __init__(self, *, deadline: float = 30.0, pacer: Pacer | None = None, max_body: int = MAX_BODY) -> None:
        self.deadline = deadline
        self.pacer = pacer or Pacer()
        self.max_body = max_body
        self.calls = 0
        self._lines: dict[tuple[str, str], _Line] = {}

    def send(self, request: Request, *, repeatable: bool = True) -> Exchange:
        """The answer to a request. Raises NoAnswer.

        A kept connection may be closed by the server while the request is on its way: what is repeatable is then sent a
        second time, on a new one; all else gets a new one from the start.
        """
        self.pacer.wait()
        self.calls += 1
        url = urlsplit(request.url)
        key = (url.scheme, url.netloc)
        end = time.monotonic() + self.deadline
        kept = self._lines.pop(key, None)
        if kept is not None and repeatable and kept.alive():
            kept.http.start_next_cycle()
            try:
                return self._exchange(kept, key, url, request, end)
            except NoAnswer as failure:
                if failure.kind != "closed" or failure.received:
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
        assert url.hostname is not None, "checked when the target was read"
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            sock = socket.create_connection((url.hostname, port), timeout=max(end - time.monotonic(), 0.001))
        except OSError as error:
            detail = error.strerror or str(error)
            raise NoAnswer("unreachable", request, f"{url.hostname}:{port}: {detail}", sent=False) from None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if url.scheme == "https":
            sock = _secured(sock, url.hostname, request)
        return _Line(sock, h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADERS), time.monotonic())

    def _exchange(self, line: _Line, key: tuple[str, str], url: SplitResult, request: Request, end: float) -> Exchange:
        started = time.monotonic()
        whole = False
        try:
            _send(line, url, request, end)
            exchange = self._receive(line, request, end, started)
            whole = True
        finally:
            reusable = whole and line.http.our_state is h11.DONE and line.http.their_state is h11.DONE
            if reusable:
                line.used = time.monotonic()
                self._lines[key] = line
            else:
                line.socket.close()
        return exchange

    def _receive(self, line: _Line, request: Request, end: float, started: float) -> Exchange:
        received = bytearray()
        body = bytearray()
        head: h11.Response | None = None
        while True:
            event = _next_event(line, request, received)
            if event is h11.NEED_DATA:
                _read_more(line, request, end, received)
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self.max_body:
                    raise NoAnswer("too-large", request, f"more than {self.max_body} bytes", received=bytes(received))
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None, "h11 ends no message that has not begun"
                if more := line.http.trailing_data[0]:
                    what = f"{len(more)} bytes follow the answer's end"
                    raise NoAnswer("malformed", request, what, received=bytes(received))
                headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in head.headers)
                return Exchange(request, head.status_code, headers, bytes(body), time.monotonic() - started)


def _next_event(line: _Line, request: Request, received: bytearray) -> object:
    try:
        return line.http.next_event()
    except h11.RemoteProtocolError as error:
        if not received:
            raise NoAnswer("closed", request, "no byte came") from None
        kind = "closed" if re.match("peer (unexpectedly )?closed", str(error)) else "malformed"
        raise NoAnswer(kind, request, _without_bytes(str(error)), received=bytes(received)) from None


def _without_bytes(told: str) -> str:
    """h11's words without the target's bytes, which may be anything."""
    return re.split(r"[:(]? ?(?:bytearray\(|b['\"])", told)[0]


def _secured(sock: socket.socket, host: str, request: Request) -> socket.socket:
    import ssl  # noqa: PLC0415 - slow to import, and needed for https alone

    try:
        return ssl.create_default_context().wrap_socket(sock, server_hostname=host)
    except TimeoutError:
        sock.close()
        raise NoAnswer("timeout", request, "during the TLS handshake", sent=False) from None
    except OSError as error:
        sock.close()
        raise NoAnswer("tls", request, f"{host}: {error}", sent=False) from None


def _send(line: _Line, url: SplitResult, request: Request, end: float) -> None:
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    headers = [("Host", url.netloc.rpartition("@")[2]), *request.headers]
    if request.body or request.verb in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", str(len(request.body))))
    head = h11.Request(method=request.verb, target=path, headers=headers)
    parts = [line.http.send(head)]
    if request.body:
        parts.append(line.http.send(h11.Data(data=request.body)))
    parts.append(line.http.send(h11.EndOfMessage()))
    line.socket.settimeout(max(end - time.monotonic(), 0.001))
    try:
        line.socket.sendall(b"".join(part for part in parts if part))
    except TimeoutError:
        raise NoAnswer("timeout", request, "the request could not be sent") from None
    except OSError:
        # A server may answer and hang up before it has read everything: what it said is still to be read.
        return


def _read_more(line: _Line, request: Request, end: float, received: bytearray) -> None:
    left = end - time.monotonic()
    try:
        if left <= 0:
            raise TimeoutError
        line.socket.settimeout(left)
        chunk = line.socket.recv(_CHUNK)
    except TimeoutError:
        raise NoAnswer("timeout", request, f"{len(received)} bytes came", received=bytes(received)) from None
    except OSError as error:
        raise NoAnswer("closed", request, error.strerror or str(error), received=bytes(received)) from None
    if len(received) < MAX_EVIDENCE:
        received += chunk[: MAX_EVIDENCE - len(received)] or b""
    line.http.receive_data(chunk)
