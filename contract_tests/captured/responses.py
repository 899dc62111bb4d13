"""The body, head and request of any HTTP library's response, read by the attributes that the library documents."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from contract_tests.captured.capture import MAX_BYTES, MOST_FIELDS, Asked, Capture
from contract_tests.captured.no_answer import packed
from contract_tests.captured.sent import Pairs, SentCall, form_of, form_of_pairs

__tracebackhide__ = True  # pytest shows the caller's line, and no body with --showlocals
SUPPORTED = (
    "bytes, str, and the responses of requests, httpx, urllib, http.client, urllib3, aiohttp (once it is read), "
    "Flask, Django, Starlette, Falcon's test client and WebTest"
)
_USED = "the body of this response was read already, and is not kept: read it whole with {read} and pass those bytes"
_UNREAD = "the body of this response has not been read: call {read} first"
_READ: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()  # bodies that can be read once, for the next call


def capture_of(response: object) -> Capture:
    """The body, HTTP status and Content-Type. A stream of http.client, urllib, urllib3 or requests is read to its end.

    Raises TypeError for an unknown kind of response, ValueError for one whose body can't be read (any more).
    """
    if (bare := _bytes(response)) is not None:
        return Capture(bare)
    has_status = any(name in _names(response) or _of(response, name) is not None for name in _STATUS)
    if has_status and _http_method(response) == "HEAD":
        raise ValueError("this is the response to a HEAD request, which has no body: use GET or POST")
    body = next((found for read in _BODIES if (found := read(response)) is not None), None) if has_status else None
    if body is None:
        raise TypeError(f"{_name(response)} is not a known response{_hint(response)}; supported: {SUPPORTED}")
    status = next((s for name in _STATUS if _is_number(s := _of(response, name))), None)
    fields = _fields(_of(response, "headers"))
    codings = fields.get("content-encoding", "")
    if not codings:
        _refuse_a_rest(body, fields.get("content-length", ""))
    kind = None if _of(response, "headers") is None else fields.get("content-type", "")
    kept = Capture(body, status, kind, codings=codings).unpacked()
    if what := packed(kept):
        raise ValueError(f"the body of this response is {what}: pass it unpacked, or do not let the client ask for it")
    return kept


_STATUS = ("status_code", "status_int", "status", "code")


def _name(response: object) -> str:
    return "None" if response is None else type(response).__name__


def _hint(response: object) -> str:
    """What may be meant instead."""
    if inspect.isawaitable(response):
        return " (await it first)"
    if hasattr(response, "__enter__") and not hasattr(response, "headers"):
        return " (pass what `with … as response` gives)"
    if any(hasattr(response, name) for name in _STATUS):
        return " (pass the bytes of its body)"
    return " (it is a request: pass its response)" if hasattr(response, "url") and hasattr(response, "method") else ""


def _of(thing: object, name: str, *, absent: tuple[type[Exception], ...] = ()) -> Any:
    """An attribute; None where there is none, which a property may report by the errors of absent. Raises ValueError
    where it raises another, without what that says: it may be an address with a token in it.
    """
    try:
        return getattr(thing, name, None)
    except absent:
        return None
    except Exception as error:  # noqa: BLE001 - a library's property may raise anything
        why = f"{type(error).__name__} at .{name}"
    raise ValueError(f"this {_name(thing)} can't be read ({why}): make it whole, or pass the bytes of its body")


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_flag(thing: object, name: str, value: bool) -> bool:
    """Whether a flag has the value; a stand-in that has any attribute has no flags."""
    return _of(thing, name) is value


def _fields(headers: object) -> dict[str, str]:
    """The headers by name in lower case, the first of each."""
    items = _of(headers, "items")
    pairs = items() if callable(items) else headers
    found: dict[str, str] = {}
    for pair in islice(pairs, MOST_FIELDS) if isinstance(pairs, Iterable) else ():
        with suppress(TypeError, ValueError):
            name, value = (part.decode("latin-1") if isinstance(part, bytes) else part for part in pair)
            found.setdefault(str(name).lower(), value if isinstance(value, str) else "")
    return found


def _refuse_a_rest(body: bytes, length: str) -> None:
    """Refuses a body that is shorter than it was announced: the libraries themselves refuse one that was cut, so the
    rest of it was read before.
    """
    if length.isascii() and length.isdigit() and len(body) < int(length[:15]):
        how = f"{len(body)} of the {length} bytes that Content-Length names"
        raise ValueError(
            f"only {how} are here: read the whole body of this response with one call and pass those bytes"
        )


# The bodies. Each reader gives None for a response of another kind.


def _bytes(value: object) -> bytes | None:
    if isinstance(value, str):  # Bottle and stand-ins
        return value.encode("utf-8", "surrogatepass")
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else None


def _aiohttp(response: object) -> bytes | None:
    """A client's response, which keeps its body once a coroutine has read it."""
    if not inspect.iscoroutinefunction(_of(response, "read")):
        return None
    kept = _of(response, "_body")
    if kept is None:
        raise ValueError(
            "the body of this response has not been read: pass it after `await response.read()`, or pass those bytes"
        )
    return _bytes(kept)


def _httpx(response: object) -> bytes | None:
    consumed, closed = _of(response, "is_stream_consumed"), _of(response, "is_closed")
    if not isinstance(consumed, bool) or not isinstance(closed, bool):
        return None
    with suppress(Exception):  # ResponseNotRead, which is no class that could be named here
        return _bytes(getattr(response, "content", None))
    if consumed:
        raise ValueError(_USED.format(read="response.read()"))
    if closed:
        raise ValueError("this response was closed before its body was read: call response.read() within the stream")
    raise ValueError(_UNREAD.format(read="response.read() (or `await response.aread()`)"))


def _requests(response: object) -> bytes | None:
    kept, raw = _of(response, "_content"), _of(response, "raw")
    if kept is not False or not callable(_of(response, "iter_content")):
        return None
    if raw is None:
        raise ValueError("this response has no body: it was made by hand, without one")
    if _is_flag(response, "_content_consumed", True) or _position(raw):
        raise ValueError(_USED.format(read="response.content"))
    if _of(raw, "closed") and not _is_empty(response):
        raise ValueError("this response was closed before its body was read: use response.content before it is closed")
    return _bytes(_of(response, "content"))


def _urllib3(response: object) -> bytes | None:
    """A response whose body was not read at once (preload_content=False) keeps it if .data reads it whole."""
    if not hasattr(response, "_body") or not callable(_of(response, "drain_conn")):
        return None
    if _of(response, "_body") is None:
        if _position(response):
            raise ValueError(_USED.format(read="response.data"))
        if _of(response, "closed") and not _is_empty(response):
            raise ValueError("this response was closed before its body was read: use response.data before it is closed")
    return _bytes(_of(response, "data"))


def _position(stream: object) -> int:
    """How many bytes of a stream were read; 0 where it does not tell."""
    tell = _of(stream, "tell")
    with suppress(Exception):  # a closed or unseekable stream
        return at if callable(tell) and _is_number(at := tell()) else 0
    return 0


def _is_empty(response: object) -> bool:
    """Whether the head announces an empty body."""
    return _fields(_of(response, "headers")).get("content-length") == "0"


def _streaming(response: object) -> bytes | None:
    """Refuses what a server framework sends piece by piece: only the framework can read it."""
    names = _names(response)
    if _is_flag(response, "streaming", True):
        pieces, in_async = "streaming_content", _is_flag(response, "is_async", True)
    elif "body" in names:
        return None
    elif {"path", "chunk_size"} <= names:
        raise ValueError("this response sends a file: pass the bytes of that file, or what a test client receives")
    else:
        pieces, in_async = "body_iterator", True
    if pieces not in names:
        return None
    joined = f"[piece async for piece in response.{pieces}]" if in_async else f"response.{pieces}"
    raise ValueError(
        f"this response is a stream: pass b''.join({joined}) if nothing has read it yet, or what a test client receives"
    )


def _names(thing: object) -> set[str]:
    """The attributes of a thing and its class, without looking at any."""
    with suppress(TypeError):
        return {*vars(thing), *(name for cls in type(thing).__mro__ for name in vars(cls))}
    return set()


def _framework(response: object) -> bytes | None:
    """Flask, WebOb: a body in pieces is joined and kept, unless somebody took the pieces."""
    pieces = _of(response, "app_iter")
    in_pieces = _is_flag(response, "is_sequence", False) or not isinstance(pieces, list | tuple | type(None))
    name = "data" if hasattr(response, "is_sequence") else "body"
    if not in_pieces or not hasattr(response, "headers"):
        return None
    body = _bytes(_of(response, name))
    if body == b"" and not _is_empty(response):
        raise ValueError(f"nothing is left of the stream of this response: {_USED.format(read=f'response.{name}')}")
    return body


def _stream(response: object) -> bytes | None:
    """http.client and urllib: what is read is gone from the response."""
    read = _of(response, "read")
    if not callable(read) or not any(_is_number(_of(response, name)) for name in ("status", "code")):
        return None
    with suppress(TypeError):  # a response without a hash can't be remembered
        if response in _READ:
            return _READ[response]
    if _was_read(response):
        raise ValueError("the body of this response has been read already: pass the bytes that were read")
    try:
        body = _bytes(read(MAX_BYTES + 1))
    except Exception as error:  # noqa: BLE001 - an end that is missing, or a broken connection, by any library
        raise ValueError(f"the body of this response could not be read to its end ({type(error).__name__})") from None
    if body is not None and len(body) <= MAX_BYTES and _is_number(due := _of(response, "length")) and due > 0:
        raise ValueError(f"the body of this response breaks off after {len(body)} of {len(body) + due} bytes")
    if body is not None:
        with suppress(TypeError):
            _READ[response] = body
    return body


def _was_read(response: object) -> bool:
    """Whether a part of the stream is gone: it is closed, or fewer bytes are due than were announced."""
    closed, due = _of(response, "isclosed"), _of(response, "length")
    if callable(closed) and closed() is True:
        return True
    announced = _fields(_of(response, "headers")).get("content-length", "")
    if _is_number(due) and announced.isdigit() and due != int(announced[:15]):
        return True
    in_chunks = _is_flag(response, "chunked", True) and _is_number(_of(response, "chunk_left"))
    return in_chunks or (not callable(closed) and bool(_position(response)))


_BODIES: tuple[Callable[[object], bytes | None], ...] = (
    _aiohttp,
    _httpx,
    _requests,
    _urllib3,
    _streaming,
    _framework,
    lambda response: _bytes(_of(response, "content")),  # requests, Django and Falcon
    lambda response: _bytes(_of(response, "data")),  # Flask and urllib3
    lambda response: _bytes(_of(response, "body")),  # Starlette, WebOb, Bottle, and the servers of aiohttp
    _stream,
)


# The requests.


def asked_by(response: object) -> Asked:
    """What the response's request shows: method, format (JSON where the whole request is known and names none), source
    and phone, and the token, which no answer repeats.
    """
    request = _request(response)
    if isinstance(request, Mapping):  # Django's test client keeps the environ of WSGI
        url = f"{request.get('PATH_INFO', '')}?{request.get('QUERY_STRING', '')}"
        return SentCall(_http_method(response), url).asked
    url = next((url for thing in (request, response) if (url := _address(thing))), "")
    return SentCall(_http_method(response), url, next(_forms(request), None)).asked


_NONE_SENT = (RuntimeError,)  # what httpx raises for a response that was made without a request


def _request(response: object) -> Any:
    """The request of the response; None where it has none."""
    names = ("wsgi_request", "asgi_request", "request", "request_info")  # the first two are Django's own
    return next((found for n in names if (found := _of(response, n, absent=_NONE_SENT)) is not None), None)


def _http_method(response: object) -> str:
    """In upper case; empty where it is unknown."""
    request = _request(response)
    if isinstance(request, Mapping):
        return str(request.get("REQUEST_METHOD", "")).upper()
    named = (_of(request, "method"), _of(response, "method"), _of(response, "_method"))
    return next((v for v in named if isinstance(v, str)), "").upper()


def _address(thing: object) -> str:
    """The URL of a request or response, or Django's path with the query; empty for what does not know it."""
    path, url = _of(thing, "get_full_path"), _of(thing, "url", absent=_NONE_SENT)
    return str(path()) if callable(path) else "" if url is None else str(url)


def _forms(request: object) -> Iterator[Pairs]:
    """The form that was sent, if the request still has it."""
    kind = _fields(_of(request, "headers")).get("content-type", "")
    for body in _sent_bodies(request, kind):
        if (form := form_of(kind, body)) is not None:
            yield form
    parsed = _of(_of(request, "POST", absent=_GONE), "lists")  # Django
    if kind and callable(parsed) and (form := form_of_pairs([*parsed()])) is not None:
        yield form


_GONE = (Exception,)  # a request's body may be gone by now, which each library reports in another way


def _sent_bodies(request: object, kind: str) -> Iterator[object]:
    """What may be the body of a request."""
    source = _of(_of(request, "environ", absent=_GONE), "get")  # Flask and WebOb: their application has read the stream
    yield _called(_of(source("wsgi.input") if callable(source) else None, "getvalue"))
    yield _of(request, "body", absent=_GONE)
    yield _of(request, "content", absent=_GONE)
    if kind.lower().startswith("multipart/form-data"):  # httpx makes such a body when it is read
        yield _called(_of(request, "read"))


def _called(read: object) -> object:
    with suppress(*_GONE):
        return read() if callable(read) and not inspect.iscoroutinefunction(read) else None
    return None
