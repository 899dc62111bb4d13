"""Calls a WSGI application (PEP 3333) with a request, and makes a response of its answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from wsgiref.headers import Headers
from wsgiref.types import WSGIApplication, WSGIEnvironment

from mockserver.api.http import Request, Response

_OURS = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
"""Headers that the server writes itself."""


def call(application: WSGIApplication, request: Request, host: str, port: int) -> tuple[Response, int | None]:
    """The application's answer, and what its Content-Length says where that isn't the body's length: for a HEAD.

    host and port are those bound. Raises what the application raises, and ValueError or AssertionError where it
    breaks PEP 3333.
    """
    answer = _Answer()
    pieces: Iterable[bytes] = application(environ(request, host, port), answer.start)
    try:
        for piece in pieces:
            answer.write(piece)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    return answer.whole(), answer.length() if request.http_method == "HEAD" else None


def environ(request: Request, host: str, port: int) -> WSGIEnvironment:
    """The request as PEP 3333 names its parts: bytes travel as latin-1 text."""
    headers = request.headers
    variables: dict[str, Any] = {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in headers.items()
        # A name with an underscore would pass for the one with a dash.
        if "_" not in name and name not in {"content-type", "content-length", "transfer-encoding"}
    }
    return variables | {
        "REQUEST_METHOD": request.http_method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.decode("latin-1"),
        "QUERY_STRING": request.query.decode("latin-1"),
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request.peer,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


class _Answer:
    """The answer of the application so far."""

    def __init__(self) -> None:
        self._status: int | None = None
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], Any]:
        """PEP 3333's start_response."""
        if exc_info is not None and exc_info[1] is not None and self._body:
            raise exc_info[1].with_traceback(exc_info[2])  # a body that has begun can't be taken back
        if exc_info is None and self._status is not None:
            raise AssertionError("start_response was called twice without exc_info")
        self._status, self._headers = int(status[:3]), headers
        return self.write

    def write(self, piece: bytes) -> None:
        """PEP 3333's write, also for the pieces that were iterated over."""
        if self._status is None:
            raise AssertionError("the application gave a body before it called start_response")
        self._body += piece

    def length(self) -> int | None:
        """The application's Content-Length."""
        value = Headers(self._headers).get("content-length") or ""
        return int(value) if value.isascii() and value.isdigit() else None

    def whole(self) -> Response:
        """The response, once the application has ended."""
        if self._status is None:
            raise AssertionError("the application ended without calling start_response")
        headers = tuple((name, value) for name, value in self._headers if name.lower() not in _OURS)
        return Response(self._status, headers, bytes(self._body))
