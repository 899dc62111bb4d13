"""What goes over the wire and what comes back: a request, the answer as evidence, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MAX_EVIDENCE = 64 * 1024
"""Bytes that are kept of what is no answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: url with its query, headers beside Host and Content-Length, the body as bytes."""

    http_method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A request and the answer to it. headers are as they came, names in lower case; seconds from the first byte sent
    to the last one read. oddities say, in words that hold nothing of the answer, what HTTP allows a client to
    tolerate and no server should do.
    """

    request: Request
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float
    oddities: tuple[str, ...] = ()

    def header(self, name: str) -> str | None:
        """The first header of the name, given in lower case."""
        return next((value for key, value in self.headers if key == name), None)


class TransportError(Exception):
    """There is no answer that HTTP knows. kind is one of KINDS, received what came of it (capped), sent whether the
    request may have arrived, stale whether it went out on a kept connection that ended without a byte.
    """

    def __init__(self, kind: str, request: Request, detail: str, *, received: bytes = b"", sent: bool = True) -> None:
        super().__init__(f"{KINDS[kind]}: {detail}" if detail else KINDS[kind])
        self.kind = kind
        self.request = request
        self.received = bytes(received[:MAX_EVIDENCE])
        self.sent = sent
        self.stale = False


class OutOfTime(TransportError):
    """The request did not leave, since its turn would come after the end of the run."""


KINDS: Mapping[str, str] = MappingProxyType(
    {
        "unreachable": "no connection",
        "tls": "no trusted TLS connection",
        "timeout": "no whole answer in time",
        "closed": "the connection ended before the answer did",
        "malformed": "the answer is no HTTP",
        "too-large": "the answer is too large",
        "unsendable": "the request is none that HTTP can carry",
    }
)
