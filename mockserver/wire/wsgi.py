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
    started: list[tuple[int, list[tuple[str, str]]]] = []
    body = bytearray()

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], Any]:
        if exc_info is not None and exc_info[1] is not None and body:
            raise exc_info[1].with_traceback(exc_info[2])  # a body that has begun can't be taken back
        if exc_info is None and started:
            raise AssertionError("start_response was called twice without exc_info")
        started[:] = [(int(status[:3]), headers)]
        return write

    def write(piece: bytes) -> None:
        if not started:
            raise AssertionError("the application gave a body before it called start_response")
        body.extend(piece)

    pieces: Iterable[bytes] = application(environ(request, host, port), start_response)
    try:
        for piece in pieces:
            write(piece)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    if not started:
        raise AssertionError("the application ended without calling start_response")
    ((status, headers),) = started
    announced = (Headers(headers).get("content-length") or "") if request.http_method == "HEAD" else ""
    length = int(announced) if announced.isascii() and announced.isdigit() else None
    return Response(status, tuple(one for one in headers if one[0].lower() not in _OURS), bytes(body)), length


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
