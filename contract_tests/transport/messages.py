"""What is sent and what comes back: a request, the answer as evidence, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_EVIDENCE = 64 * 1024  # bytes that are kept of what is no answer
KINDS: Mapping[str, str] = {
    "unreachable": "no connection",
    "tls": "no trusted TLS connection",
    "timeout": "no whole answer in time",
    "closed": "the connection ended before the answer did",
    "malformed": "the answer is not HTTP",
    "too-large": "the answer is too large",
    "unsendable": "HTTP can't carry the request",
}
"""Why there is no answer."""


@dataclass(frozen=True, slots=True)
class Request:
    http_method: str
    url: str = field(repr=False)  # with its query
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # beside Host and Content-Length
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A request and the answer to it."""

    request: Request
    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)  # as they came, names in lower case
    body: bytes = field(repr=False)
    seconds: float  # from the first byte sent to the last one read
    beside: bytes = field(default=b"", repr=False)  # the reason, trailers, and the headers of answers of 1xx
    oddities: tuple[str, ...] = ()  # what HTTP tolerates and no server should do; holds nothing of the answer

    def header(self, name: str) -> str | None:
        """The first header of that name (in lower case)."""
        return next((value for key, value in self.headers if key == name), None)


class TransportError(Exception):
    """There is no answer that HTTP allows. kind is one of KINDS, received what came of it (capped), sent whether the
    request may have arrived, stale whether it was sent on a kept connection that ended without a byte.
    """

    def __init__(self, kind: str, request: Request, detail: str, *, received: bytes = b"", sent: bool = True) -> None:
        super().__init__(f"{KINDS[kind]}: {detail}" if detail else KINDS[kind])
        self.kind = kind
        self.request = request
        self.received = bytes(received[:MAX_EVIDENCE])
        self.sent = sent
        self.stale = False


class OutOfTime(TransportError):
    """The request was not sent, since its turn would come after the end of the run."""
