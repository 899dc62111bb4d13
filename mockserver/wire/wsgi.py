"""The WSGI application (PEP 3333): its call, and its threads."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from io import BytesIO
from queue import SimpleQueue
from typing import Any
from wsgiref.headers import Headers
from wsgiref.types import WSGIApplication, WSGIEnvironment

from mockserver.api.gateway import MAX_BODY
from mockserver.api.http import HAND_OVER, Request, Response

_MOST = 64
"""Threads that run the application where those that it should have wait for the state."""
_OURS = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
"""Headers that the server writes itself."""


def call(
    application: WSGIApplication, request: Request, host: str, port: int, scheme: str = "http"
) -> tuple[Response, int | None]:
    """The application's answer, and what its Content-Length says where that isn't the body's length: for a HEAD.

    host and port are those bound. The application may hand over an answer that waits (see HAND_OVER). Raises what it
    raises, and ValueError or AssertionError where it breaks PEP 3333.
    """
    started: list[tuple[int, list[tuple[str, str]]]] = []
    body = bytearray()
    handed: list[Response] = []

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

    variables = environ(request, host, port, scheme) | {HAND_OVER: handed.append}
    pieces: Iterable[bytes] = application(variables, start_response)
    try:
        for piece in pieces:
            write(piece)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    if handed:
        return handed[0], None
    if not started:
        raise AssertionError("the application ended without calling start_response")
    ((status, headers),) = started
    announced = (Headers(headers).get("content-length") or "") if request.http_method == "HEAD" else ""
    length = int(announced) if announced.isascii() and announced.isdigit() else None
    return Response(status, tuple(one for one in headers if one[0].lower() not in _OURS), bytes(body)), length


def environ(request: Request, host: str, port: int, scheme: str = "http") -> WSGIEnvironment:
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
        # The body of one that is too large was not kept; its length has the application refuse it.
        "CONTENT_LENGTH": str(MAX_BODY + 1 if request.too_large else len(request.body)),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request.peer,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


class WsgiThreads:
    """A few threads, started as needed. Unlike the standard library's, they never keep the process from ending."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._threads = 0
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def submit(self, job: Callable[[], None], *, held: bool = False) -> None:
        """Runs a job in a thread; it must not raise. held: whether the threads may all wait for the same; then others
        are started beside them. Called on the loop only. Raises RuntimeError where the system lets this process start
        no thread, and it has none.
        """
        most = _MOST if held else self._size
        for _ in range(self._jobs.qsize() + 1 if held else 1):
            if self._threads >= most:
                break
            try:
                threading.Thread(target=self._work, name="ifind-mock-web", daemon=True).start()
            except RuntimeError:
                if not self._threads:
                    raise
                break
            self._threads += 1
        self._jobs.put(job)

    def close(self) -> None:
        """Lets the threads end after the jobs they have."""
        for _ in range(self._threads):
            self._jobs.put(None)
        self._size = self._threads = 0

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            job()
