"""Reads one answer from a connection: strictly, capped, and with the bytes kept where it is no answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NoReturn

import h11

from contract_tests.transport.messages import MAX_EVIDENCE, HttpResponse, Request, TransportError

MAX_HEADERS = 64 * 1024
MAX_INTERIM = 8  # answers of 1xx that may come before the real one


_IDLE = re.compile(rb"HTTP/1\.[01] 408 ")
"""What some servers say, unasked, on a connection that they close since it is idle."""


@dataclass
class ResponseReader:
    http: h11.Connection
    request: Request
    read: Callable[[], bytes]  # the next bytes, none at the connection's end; raises TimeoutError and OSError
    max_body: int
    received: bytearray = field(default_factory=bytearray, repr=False)  # as evidence, so capped
    beside: list[bytes] = field(default_factory=list, repr=False)  # headers that are none of the answer's own
    total: int = 0  # bytes that were read
    interim: int = 0
    ended: bool = False

    def response(self) -> HttpResponse:
        """The whole answer. Raises TransportError."""
        started = time.monotonic()
        body = bytearray()
        head: h11.Response | None = None
        for event in self._events():
            if isinstance(event, h11.Response):
                head = event
                if head.http_version not in (b"1.0", b"1.1"):
                    self._refuse("malformed", "a version of HTTP that is neither 1.0 nor 1.1")
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self.max_body:
                    self._refuse("too-large", f"more than {self.max_body} bytes")
        assert head is not None, "h11 ends no message that has not begun"
        more = self.http.trailing_data[0]
        if more and not _IDLE.match(more):
            self._refuse("malformed", f"{len(more)} bytes follow the answer's end")
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers)
        oddities = tuple(_oddities(headers, bytes(self.received)))
        took, beside = time.monotonic() - started, b"\n".join([bytes(head.reason), *self.beside])
        return HttpResponse(self.request, head.status_code, headers, bytes(body), took, beside, oddities)

    def _events(self) -> Iterator[object]:
        """The events that h11 reads from the bytes, up to the end of the message."""
        while True:
            event = self._next()
            if event is h11.NEED_DATA and not self.ended:
                self._read_more()
            elif isinstance(event, h11.EndOfMessage):
                self.beside += map(b": ".join, event.headers)
                return
            elif isinstance(event, h11.InformationalResponse):
                self.interim += 1
                self.beside += map(b": ".join, event.headers)
                if self.interim > MAX_INTERIM or event.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                    self._refuse("malformed", "interim answers (1xx) that were not asked for")
            elif isinstance(event, h11.Response | h11.Data):
                yield event
            else:
                self._refuse("closed" if self.ended else "malformed", "something other than an answer")

    def _next(self) -> object:
        try:
            return self.http.next_event()
        except h11.RemoteProtocolError as error:
            if not self.received:
                raise TransportError("closed", self.request, "no byte came") from None
            # All that came before the end was in order, or it would have been refused before.
            kind, why = ("closed", f"{self.total} bytes came") if self.ended else ("malformed", str(error))
            self._refuse(kind, _without_bytes(why))

    def _read_more(self) -> None:
        try:
            chunk = self.read()
        except TimeoutError:
            self._refuse("timeout", f"{self.total} bytes came")
        except OSError as error:
            self._refuse("closed", error.strerror or type(error).__name__)
        self.ended = not chunk
        self.total += len(chunk)
        if self.total > 2 * self.max_body + MAX_HEADERS:
            self._refuse("too-large", f"more than {2 * self.max_body} bytes for a body in chunks")
        self.received += chunk[: max(0, MAX_EVIDENCE - len(self.received))]
        self.http.receive_data(chunk)

    def _refuse(self, kind: str, detail: str) -> NoReturn:
        raise TransportError(kind, self.request, detail, received=bytes(self.received)) from None


def _without_bytes(text: str) -> str:
    """h11's words without the target's bytes, which may be anything."""
    return re.split(r"[:(]? ?(?:bytearray\(|b['\"])", text)[0]


def _oddities(headers: tuple[tuple[str, str], ...], received: bytes) -> Iterator[str]:
    names = [name for name, _ in headers]
    if any(name == "content-encoding" and value.lower() not in ("", "identity") for name, value in headers):
        yield "the body is encoded (Content-Encoding), though identity was asked for"
    if {"content-length", "transfer-encoding"}.issubset(names):
        yield "both Content-Length and Transfer-Encoding"
    if names.count("content-length") > 1:
        yield "Content-Length twice"
    end = re.search(rb"\n\r?\n", received)
    head = received[: end.end()] if end else received
    if re.search(rb"(?<!\r)\n", head):
        yield "lines of the head that end in a bare line feed"
    if re.search(rb"\n[ \t]", head):
        yield "a header folded over lines"
