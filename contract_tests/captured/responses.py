"""The body, head and request of any HTTP library's response, read by the attributes that the library documents."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

from contract_tests.api.calls import FORMATS
from contract_tests.captured.capture import MAX_BYTES, METHODS, Asked, Capture

SUPPORTED = (
    "bytes, str, and the responses of requests, httpx, urllib, http.client, urllib3, aiohttp (once it is read), Flask, "
    "Django and Starlette"
)
_READ: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()  # bodies that can be read once, for the next call


def capture_of(response: object) -> Capture:
    """The body, HTTP status and Content-Type. A stream (http.client, urllib) is read to its end, which uses it up.
    Raises TypeError for an unknown kind of response, ValueError for one whose body was read by somebody else.
    """
    if isinstance(response, str):
        return Capture(response.encode("utf-8", "surrogatepass"))
    if isinstance(response, bytes | bytearray | memoryview):
        return Capture(bytes(response))
    body = next((found for read in _BODIES if isinstance(found := read(response), bytes)), None)
    if body is None:
        raise TypeError(f"{type(response).__name__} is no known response; supported: {SUPPORTED}")
    status = next((s for name in ("status_code", "status", "code") if _is_status(s := _of(response, name))), None)
    return Capture(body, status, _content_type(response))


def _of(response: object, name: str) -> Any:
    return getattr(response, name, None)


def _is_status(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _content_type(response: object) -> str | None:
    get = _of(_of(response, "headers"), "get")
    if not callable(get):
        return None
    found = get("Content-Type") or get("content-type")
    return found if isinstance(found, str) else ""


def _unread_of_aiohttp(response: object) -> Any:
    """The body that aiohttp keeps after a coroutine has read it."""
    if inspect.iscoroutinefunction(_of(response, "read")):
        kept = _of(response, "_body")
        if kept is None:
            raise ValueError("the body of this response has not been read: pass the bytes of `await response.read()`")
        return kept
    return None


def _stream(response: object) -> Any:
    """http.client and urllib: what is read is gone from the response."""
    read, closed = _of(response, "read"), _of(response, "isclosed")
    if not callable(read) or not _is_status(_of(response, "status")):
        return None
    with suppress(TypeError):  # a response without a hash can't be remembered
        if response in _READ:
            return _READ[response]
    if callable(closed) and closed():
        raise ValueError("the body of this response has been read already: pass the bytes that were read")
    body = read(MAX_BYTES + 1)
    if isinstance(body, bytes):
        with suppress(TypeError):
            _READ[response] = body
    return body


_BODIES: tuple[Callable[[object], Any], ...] = (
    _unread_of_aiohttp,
    lambda response: _of(response, "content"),  # requests, httpx, Starlette and Django
    lambda response: _of(response, "data"),  # urllib3 and werkzeug
    _stream,
)


def asked_by(response: object) -> Asked:
    """What the response's request shows: the method by its path, the format (JSON where the whole request is known and
    names none), and the token, which no answer repeats.
    """
    http_method, url, form = _request(response)
    parts = urlsplit(url)
    method = next((m for m in METHODS if parts.path.rstrip("/").endswith(f"/{m}")), None)
    params = parse_qs(f"{parts.query}&{form or ''}", keep_blank_values=True)
    named = [word.lower() for word in params.get("format", [])]
    whole = method is not None and (http_method == "GET" or form is not None)
    fmt = named[0] if len(named) == 1 and named[0] in FORMATS else "json" if whole and not named else None
    return Asked(method, fmt, secrets=tuple(token for token in params.get("token", []) if token))


def _request(response: object) -> tuple[str, str, str | None]:
    """HTTP method, URL and form of the request; empty or None for what the response does not know."""
    request = _of(response, "request")
    if isinstance(request, Mapping):  # Django's test client keeps the environ of WSGI
        url = f"{request.get('PATH_INFO', '')}?{request.get('QUERY_STRING', '')}"
        return str(request.get("REQUEST_METHOD", "")).upper(), url, None
    info = request if request is not None else _of(response, "request_info")
    url = next((str(u) for u in (_of(info, "url"), _of(response, "url")) if u is not None), "")
    http_methods = (_of(info, "method"), _of(response, "method"), _of(response, "_method"))
    http_method = next((v for v in http_methods if isinstance(v, str)), "")
    return http_method.upper(), url, next(_forms(info), None)


def _forms(request: object) -> Iterator[str]:
    """The form that was sent, if the request still has it."""
    headers = _of(request, "headers")
    kind = headers.get("Content-Type") if isinstance(headers, Mapping) else None
    for body in (_of(request, "body"), _of(request, "content")):
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        if isinstance(text, str) and isinstance(kind, str) and kind.startswith("application/x-www-form-urlencoded"):
            yield text
