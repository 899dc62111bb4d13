"""Turns a response into the bytes that are sent."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from mockserver.api.http import Response

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BODILESS = frozenset({204, 304})
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_UNSAFE = str.maketrans("\r\n\0", "   ")  # what would end a header's line and begin another header, or the body


def refusal(status: int, message: str) -> Response:
    """An error of the server's own, in the shape of the API's errors, so that a client can read it."""
    body = json.dumps({"status": "error", "error_code": status, "message": message})
    return Response(status, (("Content-Type", "application/json; charset=utf-8"),), body.encode())


def render(response: Response, *, head: bool, last: bool, old: bool, length: int | None = None) -> bytes:
    """The whole answer, in one piece. head: the request was a HEAD. last: the connection closes after it. old: the
    client speaks HTTP/1.0. length: what to announce where the body was left out already.
    """
    status, body = response.status, response.body
    lines = _lines(response.headers)
    if last:
        lines += "Connection: close\r\n"
    elif old:
        lines += "Connection: keep-alive\r\n"
    if status in _BODILESS:
        body = b""
    else:
        lines += f"Content-Length: {len(body) if length is None else length}\r\n"
    start = f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n{_stamp(int(time.time()))}{lines}\r\n"
    return start.encode("latin-1", "replace") + (b"" if head else body)


def _lines(headers: tuple[tuple[str, str], ...]) -> str:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if lines.count("\r") == lines.count("\n") == len(headers) and "\0" not in lines:
        return lines
    return "".join([f"{name.translate(_UNSAFE)}: {value.translate(_UNSAFE)}\r\n" for name, value in headers])


@lru_cache(maxsize=1)
def _stamp(second: int) -> str:
    return f"Server: ifind-mock\r\nDate: {formatdate(second, usegmt=True)}\r\n"
