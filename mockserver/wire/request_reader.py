"""Turns the bytes of a connection into requests: httptools' parser, and the checks that it leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from mockserver.api.http import Request
from mockserver.wire.failures import Rejected
from mockserver.wire.limits import Limits

_ABSOLUTE = re.compile(rb"https?://(?:[^/?#@]*@)?([^/?#@]+)(.*)", re.IGNORECASE | re.DOTALL)
_ONCE = frozenset({"host", "content-length", "transfer-encoding", "expect", "authorization", "origin"})
"""Headers whose repetition makes a request ambiguous: two servers in a row could read two different requests."""
_USUAL = ("host", "user-agent", "accept", "accept-encoding", "connection", "content-type", "content-length")
_NAMES = {spelt.encode(): name for name in _USUAL for spelt in (name, name.title())}
"""The names that nearly every request has, decoded once."""


class _Enough(Exception):
    """Ends the parsing: the last request of the connection has been taken."""


class Reader:
    """Reads the requests of one connection.

    take(request, last, old) is called for each whole request: last says that none may follow it, old that the client
    speaks HTTP/1.0. Public: `partial` (a request has begun and not ended), `finished` (the last one has been taken)
    and `continue_owed` (the client waits for a `100 Continue`).
    """

    def __init__(self, limits: Limits, peer: str, take: Callable[[Request, bool, bool], None]) -> None:
        self._limits = limits
        self._peer = peer
        self._take = take
        self._parser = HttpRequestParser(self)
        self._steps = 0
        self._quiet = 0
        self.finished = False
        self.on_message_begin()
        self.partial = False

    def feed(self, data: bytes) -> Rejected | None:
        """Reads on. Returns what breaks HTTP or a limit, after the requests before it were taken."""
        steps = self._steps
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            return self._without_upgrade(data[upgrade.args[0] :])
        except HttpParserCallbackError as error:
            if isinstance(error.__context__, Rejected):
                return error.__context__
            if not isinstance(error.__context__, _Enough):
                raise
        except HttpParserError as error:
            # The parser's own words are fixed texts, without a piece of the request.
            return None if self.finished else Rejected(400, f"malformed request: {error}")
        # Bounds what the parser gathers before it reports: half a header, an endless chunk extension.
        self._quiet = 0 if self._steps != steps else self._quiet + len(data)
        too_quiet = self.partial and self._quiet > self._limits.head
        return Rejected(431, "the request's headers are too long") if too_quiet else None

    def _without_upgrade(self, rest: bytes) -> Rejected | None:
        """Reads a request again without its offer of another protocol, as HTTP allows: Java's client offers h2c
        with every request. The parser would take the body for that protocol.
        """
        lines = [f"{name}: {value}" for name, value in self._headers.items() if name != "upgrade"]
        version = "1.0" if self._old else "1.1"
        start = self._parser.get_method() + b" " + self._target + f" HTTP/{version}\r\n".encode()
        self._parser = HttpRequestParser(self)
        return self.feed(start + "\r\n".join([*lines, "\r\n"]).encode("latin-1") + rest)

    def on_message_begin(self) -> None:
        """Begins a request."""
        self._steps += 1
        self._target = self._path = self._query = b""
        self._headers: dict[str, str] = {}
        self._body: bytes | bytearray = b""
        self._size = 0
        self._in_body = self._upgrade = self._last = self._old = self.continue_owed = False
        self.partial = True

    def on_url(self, piece: bytes) -> None:
        """Takes a piece of the target."""
        self._target += piece
        if len(self._target) > self._limits.target:
            raise Rejected(414, "the request's address is too long")

    def on_header(self, raw_name: bytes, raw_value: bytes) -> None:
        """Takes a header; trailers are counted and dropped."""
        self._size += len(raw_name) + len(raw_value) + 4
        if self._size > self._limits.head:
            raise Rejected(431, "the request's headers are too long")
        if self._in_body:
            return
        name = _NAMES.get(raw_name) or raw_name.decode("latin-1").lower()
        if name in _ONCE and name in self._headers:
            raise Rejected(400, f"malformed request: {name.title()} is given twice")
        self._headers[name] = raw_value.decode("latin-1").strip(" \t")

    def on_headers_complete(self) -> None:
        """Checks the head, before any of the body is read."""
        parser, headers = self._parser, self._headers
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise Rejected(505, "this server speaks HTTP/1.0 and HTTP/1.1")
        self._old = version == "1.0"
        if "host" not in headers and not self._old:
            raise Rejected(400, "malformed request: HTTP/1.1 needs a Host header")
        if parser.should_upgrade():
            if parser.get_method() == b"CONNECT":
                raise Rejected(400, "CONNECT is for proxies, and this is none")
            self._upgrade = True
            return
        self._path, self._query = self._address()
        self._in_body = True
        self._last = not parser.should_keep_alive()
        coded = headers.get("transfer-encoding")
        if coded is not None and self._old:
            raise Rejected(400, "malformed request: HTTP/1.0 has no Transfer-Encoding")
        if coded is not None and coded.lower() != "chunked":
            raise Rejected(501, "the only Transfer-Encoding read here is chunked")
        if "expect" in headers and not self._old:
            if headers["expect"].lower() != "100-continue":
                raise Rejected(417, "the only expectation met here is 100-continue")
            self.continue_owed = True  # until the request ends, which is at once where it has no body
        if int(headers.get("content-length", 0)) > self._limits.body:
            self._end(too_large=True)

    def on_body(self, piece: bytes) -> None:
        """Takes a piece of the body."""
        self._steps += 1
        if not self._body:
            self._body = piece
        elif isinstance(self._body, bytes):
            self._body = bytearray(self._body) + piece
        else:
            self._body += piece
        if len(self._body) > self._limits.body:
            self._end(too_large=True)

    def on_message_complete(self) -> None:
        """Ends a request."""
        if not self._upgrade:
            self._end()

    def _end(self, *, too_large: bool = False) -> None:
        self.partial = self.continue_owed = False
        self.finished = last = self._last or too_large
        http_method = self._parser.get_method().decode("ascii")
        body = b"" if too_large else bytes(self._body)
        self._take(
            Request(http_method, self._path, self._query, self._headers, body, self._peer, too_large), last, self._old
        )
        if too_large:
            raise _Enough

    def _address(self) -> tuple[bytes, bytes]:
        """The target's decoded path and raw query. Bad escapes stay as they are, as WSGI servers leave them."""
        target = self._target
        if target[:1] != b"/":
            if target == b"*" and self._parser.get_method() == b"OPTIONS":
                return target, b""
            absolute = _ABSOLUTE.fullmatch(target)
            if absolute is None:
                raise Rejected(400, "malformed request: the address is neither a path nor an http URL")
            self._headers["host"] = absolute[1].decode("latin-1")
            target = absolute[2] if absolute[2][:1] == b"/" else b"/" + absolute[2]
        path, _, query = target.partition(b"#")[0].partition(b"?")
        return unquote_to_bytes(path) if b"%" in path else path, query
