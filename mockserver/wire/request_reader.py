"""Turns the bytes of a connection into requests: httptools' parser, and the checks that it leaves out."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from mockserver.api.http import Request
from mockserver.settings.limits import Limits
from mockserver.wire.failures import Rejected

_ABSOLUTE = re.compile(rb"https?://(?:[^/?#@]*@)?([^/?#@]+)(.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(
    r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2}){1,255}|\[([0-9A-Fa-f:.]{2,45})(?:%[A-Za-z0-9._~-]{1,64})?\])"
    r"(?::([0-9]{0,5}))?"
)
"""A host and a port as a URL has them (RFC 3986, 3.2.2)."""
_LAST_PORT = 65535
_LONGEST_NUMBER = 19  # digits of a length, leading zeros included: int() refuses to read a few thousand
_ONCE = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "expect"),  # two servers in a row could read two requests
        *("authorization", "origin", "sec-fetch-site", "content-type"),  # the door of the control API reads them
    }
)
"""Headers whose repetition makes a request ambiguous."""
_USUAL = ("host", "user-agent", "accept", "accept-encoding", "connection", "content-type", "content-length")
_NAMES = {spelt.encode(): name for name in _USUAL for spelt in (name, name.title())}
"""The names that nearly every request has, decoded once."""


class _Enough(Exception):
    """Ends the parsing: the last request of the connection has been taken."""


class Reader:
    """Reads the requests of one connection.

    take(request, last, old) is called for each whole request: last says that none may follow it, old that the client
    speaks HTTP/1.0. Where it returns true, no further one is read. Public: `partial` (a request has begun and not
    ended), `finished` (the last one has been taken) and `continue_owed` (the client waits for a `100 Continue`).
    """

    def __init__(self, limits: Limits, peer: str, take: Callable[[Request, bool, bool], object]) -> None:
        self._limits = limits
        self._peer = peer
        self._take = take
        self._parser = HttpRequestParser(self)
        self._steps = 0
        self._quiet = 0
        self._body: bytes | bytearray = b""
        self.finished = False
        self.on_message_begin()
        self.partial = False

    @property
    def held(self) -> int:
        """Bytes of the request that is being read, or has just been taken."""
        return len(self._target) + self._size + len(self._body)

    def drop(self) -> None:
        """Forgets the request that is being read."""
        self.partial = False
        self._body = b""

    def feed(self, data: bytes) -> Rejected | None:
        """Reads on. Returns what breaks HTTP or a limit, after the requests before it were taken."""
        steps = self._steps
        upgraded: int | None = None
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            upgraded = upgrade.args[0]
        except HttpParserCallbackError as error:
            if isinstance(error.__context__, Rejected):
                return error.__context__
            if not isinstance(error.__context__, _Enough):
                raise
        except HttpParserError as error:
            # The parser's own words are fixed texts, without a piece of the request.
            return None if self.finished else Rejected(400, f"malformed request: {error}")
        if upgraded is not None:  # here, since what is raised in an `except` has that error as its context
            return self._without_upgrade(data[upgraded:])
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
        self._body = b""
        self._size = self._lines = 0
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
        self._lines += 1
        if self._size > self._limits.head or self._lines > self._limits.headers:
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
        self._check_host()
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
        if self._length() > self._limits.body:
            self._end(too_large=True)

    def _check_host(self) -> None:
        host = self._headers.get("host")
        if host is None and not self._old:
            raise Rejected(400, "malformed request: HTTP/1.1 needs a Host header")
        if host and not _is_host(host):  # an empty one says that the target has none (RFC 9112, 3.2)
            raise Rejected(400, "malformed request: Host is neither a host nor a host and a port")

    def _length(self) -> int:
        """The announced length of the body. The parser has let nothing but digits pass."""
        length = self._headers.get("content-length", "0")
        if len(length) > _LONGEST_NUMBER:
            raise Rejected(400, "malformed request: Content-Length has too many digits")
        return int(length)

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
        if too_large:
            self._body = b""
        body = bytes(self._body)
        request = Request(http_method, self._path, self._query, self._headers, body, self._peer, too_large)
        enough = self._take(request, last, self._old) or too_large
        self._body = b""  # the connection may stay for long
        if enough:
            self.finished = True
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
            self._headers["host"] = host = absolute[1].decode("latin-1")
            if not _is_host(host):
                raise Rejected(400, "malformed request: the address names neither a host nor a host and a port")
            target = absolute[2] if absolute[2][:1] == b"/" else b"/" + absolute[2]
        path, _, query = target.partition(b"#")[0].partition(b"?")
        return unquote_to_bytes(path) if b"%" in path else path, query


@lru_cache(maxsize=64)
def _is_host(text: str) -> bool:
    """Whether it is a host, with or without a port, that an http URL can have: not an empty one (RFC 9110, 4.2.1)."""
    match = _HOST.fullmatch(text)
    if match is None or int(match[2] or 0) > _LAST_PORT:
        return False
    if match[1] is None:
        return True
    try:
        ipaddress.IPv6Address(match[1])
    except ValueError:
        return False
    return True
