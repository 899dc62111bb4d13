"""assert_conforms on responses that were made by hand, by any library or by none, and on bodies that are gone."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import AsyncMock, Mock
from urllib.response import addinfourl

import aiohttp.web
import django.http
import falcon
import httpx
import httpx2
import pytest
import requests
import starlette.responses
import urllib3
import werkzeug
from django.template.response import SimpleTemplateResponse

from contract_tests.captured.conforms import DoesNotConform, assert_conforms
from support.clients import (
    CREATED,
    TOKEN,
    URL,
    WebObResponse,
    django_ready,
)


class LikeHttpcore(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes


def by_hand() -> dict[str, object]:
    from_bytes = requests.Response()
    from_bytes._content, from_bytes.status_code = CREATED, 200
    from_stream = requests.Response()
    from_stream.raw, from_stream.status_code = io.BytesIO(CREATED), 200
    bare = requests.Response()
    bare._content = CREATED
    django_ready()
    files = {"request": httpx.Request("POST", URL, data={"format": "json"}, files={"a": b"x"})}
    streamed = {"request": httpx.Request("POST", URL, content=iter([b"a"]))}
    return {
        "httpx": httpx.Response(200, json={"status": "ok", "id": 1}),
        "httpx with a text": httpx.Response(200, text=CREATED.decode()),
        "httpx with a multipart request": httpx.Response(200, content=CREATED, **files),
        "httpx with a streamed request": httpx.Response(200, content=CREATED, **streamed),
        "httpx2": httpx2.Response(200, json={"status": "ok", "id": 1}),
        "requests": from_bytes,
        "requests with a stream": from_stream,
        "requests without a status": bare,
        "urllib3": urllib3.HTTPResponse(CREATED, status=200),
        "urllib3 with a stream": urllib3.HTTPResponse(io.BytesIO(CREATED), status=200, preload_content=False),
        "urllib": addinfourl(io.BytesIO(CREATED), Message(), URL, 200),
        "aiohttp's server": aiohttp.web.Response(body=CREATED),
        "werkzeug": werkzeug.Response(CREATED),
        "werkzeug in pieces": werkzeug.Response(iter([CREATED[:4], CREATED[4:]])),
        "webob": WebObResponse(CREATED),
        "webob in pieces": WebObResponse(app_iter=iter([CREATED[:4], CREATED[4:]])),
        "starlette": starlette.responses.JSONResponse({"status": "ok", "id": 1}),
        "django": django.http.HttpResponse(CREATED),
        "django's JSON": django.http.JsonResponse({"status": "ok", "id": 1}),
        "a stand-in": Mock(content=CREATED, status_code=200),
        "a stand-in with a text": Mock(content=CREATED.decode(), status_code=200),
        "with headers in pairs": LikeHttpcore(200, [(b"Content-Type", b"a/b")], CREATED),
    }


@pytest.mark.parametrize("name", by_hand())
def test_a_response_that_was_made_by_hand_is_read(name: str) -> None:
    assert assert_conforms(by_hand()[name], method="create") == {"status": "ok", "id": 1}


@pytest.mark.parametrize("name", by_hand())
def test_a_response_that_was_made_by_hand_is_judged(name: str) -> None:
    with pytest.raises(DoesNotConform):
        assert_conforms(by_hand()[name], method="result")


# Streams that are not read yet, or used up: never an empty body.


def after(response: Any, *uses: Callable[[Any], object]) -> Callable[[], object]:
    def used() -> object:
        for use in uses:
            use(response)
        return response

    return used


async def pieces() -> AsyncIterator[bytes]:
    yield CREATED


def streamed() -> requests.Response:
    response = requests.Response()
    response.raw = urllib3.HTTPResponse(io.BytesIO(CREATED), status=200, preload_content=False)
    response.status_code = 200
    return response


def raw() -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(io.BytesIO(CREATED), status=200, preload_content=False)


def of_httpx() -> httpx.Response:
    return httpx.Response(200, content=iter([CREATED]), request=httpx.Request("GET", URL))


def made_by_django(kind: str, content: object) -> object:
    django_ready()
    return getattr(django.http, kind)(content)


def made_by_django_template() -> object:
    django_ready()
    return SimpleTemplateResponse("none.html")


LEFT = {"Content-Length": str(len(CREATED))}
STREAMS: dict[str, tuple[Callable[[], object], str]] = {
    "httpx, unread": (of_httpx, r"call response\.read\(\)"),
    "httpx, unread in async": (lambda: httpx.Response(200, content=pieces()), r"await response\.aread\(\)"),
    "httpx, used up": (after(of_httpx(), lambda r: [*r.iter_bytes()]), "read already"),
    "httpx, used in part": (after(of_httpx(), lambda r: next(r.iter_bytes())), "read already"),
    "httpx, closed": (after(of_httpx(), lambda r: r.close()), "closed before"),
    "requests, used up": (after(streamed(), lambda r: [*r.iter_content(4)]), "read already"),
    "requests, used in part": (after(streamed(), lambda r: next(r.iter_content(4))), "read already"),
    "requests, by raw": (after(streamed(), lambda r: r.raw.read()), "read already"),
    "requests, closed": (after(streamed(), lambda r: r.close()), "closed before"),
    "requests, without a body": (requests.Response, "no body"),
    "urllib3, used up": (after(raw(), lambda r: r.read()), "read already"),
    "urllib3, used in part": (after(raw(), lambda r: r.read(4)), "read already"),
    "urllib3, drained": (after(raw(), lambda r: r.drain_conn()), "read already"),
    "urllib3, closed": (after(raw(), lambda r: r.close()), "closed before"),
    "urllib, used in part": (
        after(addinfourl(io.BytesIO(CREATED), Message(), URL, 200), lambda r: r.read(3)),
        "read already",
    ),
    "werkzeug, used up": (after(werkzeug.Response(iter([CREATED])), lambda r: [*r.response]), "nothing is left"),
    "werkzeug, announced": (
        after(werkzeug.Response(iter([CREATED]), headers=LEFT), lambda r: [*r.response]),
        "is left",
    ),
    "werkzeug, passed through": (lambda: werkzeug.Response(iter([CREATED]), direct_passthrough=True), "RuntimeError"),
    "webob, used up": (after(WebObResponse(app_iter=iter([CREATED])), lambda r: [*r.app_iter]), "nothing is left"),
    "webob, announced": (
        after(WebObResponse(app_iter=iter([CREATED]), content_length=22), lambda r: [*r.app_iter]),
        "nothing is left",
    ),
    "starlette": (
        lambda: starlette.responses.StreamingResponse(iter([CREATED])),
        r"b''\.join\(\[piece async for piece in response\.body_iterator\]\)",
    ),
    "starlette's file": (lambda: starlette.responses.FileResponse(__file__), "the bytes of that file"),
    "django": (
        lambda: made_by_django("StreamingHttpResponse", iter([CREATED])),
        r"b''\.join\(response\.streaming_cont",
    ),
    "django, in async": (lambda: made_by_django("StreamingHttpResponse", pieces()), r"\[piece async for piece in resp"),
    "django's file": (lambda: made_by_django("FileResponse", io.BytesIO(CREATED)), r"response\.streaming_content"),
    "django's template": (made_by_django_template, r"ContentNotRenderedError at \.content"),
    "a stand-in without its rest": (
        lambda: Mock(content=CREATED[:4], status_code=200, headers=LEFT),
        "4 of the 22 byt",
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_body_that_is_not_there_to_read_is_refused_with_what_to_do(name: str) -> None:
    make, what = STREAMS[name]

    with pytest.raises(ValueError, match=what) as caught:
        assert_conforms(make())
    assert TOKEN not in str(caught.value)


# What the shape of a response may be, beside the libraries.


@dataclass
class Broken:
    """A response whose properties raise."""

    error: Exception
    status_code: int = 200

    @property
    def content(self) -> bytes:
        raise self.error


@dataclass
class WithoutRequest:
    content: bytes
    error: Exception
    status_code: int = 200

    @property
    def request(self) -> object:
        raise self.error


@pytest.mark.parametrize("error", [KeyError, RuntimeError, OSError])
def test_a_property_that_raises_is_reported_by_its_name_alone(error: type[Exception]) -> None:
    what = rf"this Broken can't be read \({error.__name__} at \.content\): make it whole, or pass the bytes"
    with pytest.raises(ValueError, match=what) as caught:
        assert_conforms(Broken(error(TOKEN)))
    assert TOKEN not in str(caught.value)


def test_an_attribute_error_of_a_property_means_that_it_is_not_there() -> None:
    with pytest.raises(TypeError, match=r"Broken is no known response \(pass the bytes of its body\)") as caught:
        assert_conforms(Broken(AttributeError(TOKEN)))
    assert TOKEN not in str(caught.value)


def test_a_request_that_is_not_there_is_none_and_one_that_breaks_is_reported() -> None:
    assert assert_conforms(WithoutRequest(CREATED, RuntimeError("not set")))["id"] == 1
    with pytest.raises(ValueError, match=r"ZeroDivisionError at \.request"):
        assert_conforms(WithoutRequest(CREATED, ZeroDivisionError()))


async def coroutine() -> None:
    pass


@pytest.mark.parametrize(
    ("thing", "hint"),
    [
        (None, "None is no known response; supported"),
        (5, ""),
        ({"status": "ok"}, ""),
        (object(), ""),
        (["a"], ""),
        (json, ""),
        (httpx.Response, ""),
        (io.BytesIO(CREATED), ""),
        (Path("answer.json"), ""),
        (httpx.Request("GET", URL), r"it is a request: pass its response"),
        (requests.Request("GET", URL).prepare(), r"it is a request: pass its response"),
        (httpx.Client().stream("GET", URL), "pass what `with … as response` gives"),
        (falcon.Response(), r"\(pass the bytes of its body\)"),
        (aiohttp.web.StreamResponse(), r"\(pass the bytes of its body\)"),
        (aiohttp.web.Response(body=io.BytesIO(CREATED)), r"\(pass the bytes of its body\)"),
        (Mock(), r"\(pass the bytes of its body\)"),
        (AsyncMock(), r"\(pass the bytes of its body\)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_unknown_kind_of_response_is_refused_with_the_supported_ones(thing: object, hint: str) -> None:
    with pytest.raises(TypeError, match=rf"(?=.*{hint}).*supported: bytes, str, .*requests, httpx"):
        assert_conforms(thing)


def test_what_must_be_awaited_first_is_named() -> None:
    waiting = coroutine()
    try:
        with pytest.raises(TypeError, match=r"coroutine is no known response \(await it first\)"):
            assert_conforms(waiting)
    finally:
        waiting.close()
