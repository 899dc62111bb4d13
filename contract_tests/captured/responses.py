"""Any HTTP library's response, by the attributes that it is documented to have: its body, head and request."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

from contract_tests.captured.asked import FORMATS, METHODS, Asked
from contract_tests.captured.capture import MAX_BYTES, Capture

SUPPORTED = (
    "bytes, str, and the responses of requests, httpx, urllib, http.client, urllib3, aiohttp (once it is read), Flask, "
    "Django and Starlette"
)
_READ: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()
"""The bodies of responses that can be read once: what asks again gets them again."""


def capture_of(response: object) -> Capture:
    """The body, HTTP status and Content-Type. A response that is a stream (http.client, urllib) is read to its end,
    which uses it up.

    Raises TypeError for what is no response, ValueError for one whose body was read by somebody else.
    """
    if isinstance(response, str):
        return Capture(response.encode("utf-8", "surrogatepass"))
    if isinstance(response, bytes | bytearray | memoryview):
        return Capture(bytes(response))
    body = next((found for read in _BODIES if (found := read(response)) is not None), None)
    if body is None:
        raise TypeError(f"{type(response).__name__} is no response that is known; supported: {SUPPORTED}")
    status = next((s for name in ("status_code", "status", "code") if _is_status(s := _of(response, name))), None)
    return Capture(body, status, _content_type(response))


def _of(response: object, name: str) -> Any:
    return getattr(response, name, None)


def _is_status(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _content_type(response: object) -> str | None:
    headers = _of(response, "headers")
    get = _of(headers, "get")
    if not callable(get):
        return None
    told = get("Content-Type") or get("content-type")
    return told if isinstance(told, str) else ""


def _unread_of_aiohttp(response: object) -> bytes | None:
    """A coroutine reads the body in aiohttp, and keeps it."""
    if not inspect.iscoroutinefunction(_of(response, "read")):
        return None
    kept = _of(response, "_body")
    if kept is None:
        raise ValueError("the body of this response has not been read: give what `await response.read()` gives")
    return _bytes(kept)


def _content(response: object) -> bytes | None:
    """requests, httpx, Starlette and Django."""
    return _bytes(_of(response, "content"))


def _data(response: object) -> bytes | None:
    """urllib3 and werkzeug."""
    return _bytes(_of(response, "data"))


def _bytes(found: object) -> bytes | None:
    return found if isinstance(found, bytes) else None


def _stream(response: object) -> bytes | None:
    """http.client and urllib: what is read is gone from the response."""
    read = _of(response, "read")
    if not callable(read) or not _is_status(_of(response, "status")):
        return None
    with suppress(TypeError):  # what has no hash is read all the same
        if response in _READ:
            return _READ[response]
    closed = _of(response, "isclosed")
    if callable(closed) and closed():
        raise ValueError("the body of this response has been read already: give the bytes that were read")
    body = _bytes(read(MAX_BYTES + 1))
    if body is not None:
        with suppress(TypeError):
            _READ[response] = body
    return body


_BODIES: tuple[Callable[[object], bytes | None], ...] = (_unread_of_aiohttp, _content, _data, _stream)


@dataclass(frozen=True)
class Sent:
    """The request that a response came to, as far as the response knows it."""

    http_method: str
    url: str
    form: str | None


def asked_by(response: object) -> Asked:
    """What the response's request tells: the method by its path, the format, and the token, which no answer repeats.

    JSON is the format where the whole request is known and names none.
    """
    sent = _sent(response)
    parts = urlsplit(sent.url)
    method = next((m for m in METHODS if parts.path.rstrip("/").endswith(f"/{m}")), None)
    whole = sent.http_method == "GET" or sent.form is not None
    params = parse_qs(f"{parts.query}&{sent.form or ''}", keep_blank_values=True)
    named = params.get("format", [])
    given = named[0].lower() if len(named) == 1 else None
    implied = "json" if method is not None and whole and not named else None
    tokens = tuple(token for token in params.get("token", []) if token)
    return Asked(method, given if given in FORMATS else implied, secrets=tokens)


def _sent(response: object) -> Sent:
    request = _of(response, "request")
    if isinstance(request, Mapping):
        return _of_django(request)
    info = request if request is not None else _of(response, "request_info")
    url = next((str(u) for u in (_of(info, "url"), _of(response, "url")) if u is not None), "")
    http_methods = (_of(info, "method"), _of(response, "method"), _of(response, "_method"))
    http_method = next((v for v in http_methods if isinstance(v, str)), "")
    return Sent(http_method.upper(), url, next(_forms(info), None))


def _of_django(request: Mapping[str, Any]) -> Sent:
    """Django's test client keeps the environ of WSGI."""
    url = f"{request.get('PATH_INFO', '')}?{request.get('QUERY_STRING', '')}"
    return Sent(str(request.get("REQUEST_METHOD", "")).upper(), url, None)


def _forms(request: object) -> Iterator[str]:
    """The form that was sent, where it is one and is still at hand."""
    headers = _of(request, "headers")
    kind = headers.get("Content-Type") if isinstance(headers, Mapping) else None
    for body in (_of(request, "body"), _of(request, "content")):
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        if isinstance(text, str) and isinstance(kind, str) and kind.startswith("application/x-www-form-urlencoded"):
            yield text
