"""One request's values to one answer's values: the whole API, for every server that carries it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from urllib.parse import parse_qsl

from mockserver.core.errors import ApiError, StoreError
from mockserver.core.messages import Answer, Call, Micros, Page
from mockserver.core.mock import Mock
from mockserver.core.profile import Reading
from mockserver.formats import FORMATS
from mockserver.settings import Settings, words
from mockserver.stores import open_store

MAX_BODY = 1024 * 1024
"""Bytes of a request's body; a longer one is answered as `too-large`. Our choice: the API's own forms are tiny."""

MAX_FIELDS = 1000
"""Parameters of a request, after PHP's max_input_vars; what has more is answered as `too-large`."""

BASE = b"/api/"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as a server read it.

    path is percent-decoded bytes without the query, query the raw bytes after the question mark, headers by
    lower-case name (the last of a repeated one), peer the caller's address without the port. too_large says that the
    body passed MAX_BODY and was not kept.
    """

    verb: str
    path: bytes
    query: bytes
    headers: Mapping[str, str]
    body: bytes
    peer: str
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer travels. latency: real time to let pass before the first byte; login: whose answer it is, so that a
    reset can end its waiting. Transport faults will stand here.
    """

    latency: Micros = 0
    login: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What a server sends. headers hold Content-Type and the mock's own, not Content-Length, Date, Server or
    Connection, which are the server's. The body is whole also for HEAD; a server leaves it out of what it sends.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    delivery: Delivery = field(default_factory=Delivery)


class Gateway:
    """The API over one mock. plain leaves out the headers `X-Mock-Task` and `X-Mock-Reason`."""

    def __init__(self, mock: Mock, *, plain: bool = False) -> None:
        self.mock = mock
        self.plain = plain

    def answer(self, request: Request) -> Response:
        """The response to one request; for servers that take one at a time."""
        return self.turn((request,))[0]

    def turn(self, requests: Sequence[Request]) -> list[Response]:
        """The responses to requests that are answered together: what they write is kept by one commit.

        Where that fails, every answer from the first that wrote on is a server error, and nothing is charged.
        """
        given: list[Answer | Page] = []
        try:
            with self.mock.store.transaction():
                given.extend(map(self._safely, requests))
        except StoreError:
            first = next((i for i, a in enumerate(given) if isinstance(a, Answer) and a.wrote), len(given))
            given[first:] = map(self._server_error, requests[first:])
        return [self.written(*pair) for pair in zip(requests, given, strict=True)]

    def _safely(self, request: Request) -> Answer | Page:
        try:
            return self.given(request)
        except StoreError:
            return self._server_error(request)

    def _server_error(self, request: Request) -> Answer | Page:
        return self._refused(request, ApiError("server", reason="the store failed"))

    def _refused(self, request: Request, error: ApiError) -> Answer | Page:
        """The error, in the format that can still be read off the request: else off its query, else none."""
        for body in (request.body, b""):
            try:
                return self.mock.refused(error, read_params(replace(request, body=body), self.mock.profile.reading))
            except ApiError:
                continue
        return self.mock.refused(error, {})

    def given(self, request: Request) -> Answer | Page:
        """The request's answer as data. Raises StoreError where the store fails."""
        if request.verb == "OPTIONS" and self.mock.profile.deciding.origin is not None:
            return Page(204, "", b"", reason="clause cors")
        try:
            params = read_params(request, self.mock.profile.reading)
            if request.too_large:
                raise ApiError("too-large", reason=f"the body has more than {MAX_BODY} bytes", http=413)
        except ApiError as error:
            return self._refused(request, error)
        if not request.path.startswith(BASE):
            return self.mock.not_found(params, http=404)
        operation = request.path[len(BASE) :].decode("utf-8", "replace")
        verb = "GET" if request.verb == "HEAD" else request.verb
        return self.called(Call(operation, verb, params, request.peer))

    def called(self, call: Call) -> Answer | Page:
        """The answer to a call. Raises StoreError where the store fails."""
        return self.mock.answer(call)

    def written(self, request: Request, answer: Answer | Page) -> Response:
        """The answer as it is sent."""
        headers: list[tuple[str, str]] = []
        if isinstance(answer, Answer):
            form = FORMATS[answer.format]
            body = form.write(answer, self.mock.profile.writing)
            headers.append(("Content-Type", form.content_type(self.mock.profile.writing)))
            if answer.allow:
                headers.append(("Allow", ", ".join(("HEAD", *answer.allow))))
        else:
            body = answer.body
            if answer.content_type:
                headers.append(("Content-Type", answer.content_type))
        headers.extend(self._cors(request))
        if not self.plain:
            headers.extend(_told(answer))
        return Response(answer.http, tuple(headers), body, Delivery(answer.latency, answer.login))

    def _cors(self, request: Request) -> Iterator[tuple[str, str]]:
        origin = self.mock.profile.deciding.origin
        if origin is None:
            return
        yield "Access-Control-Allow-Origin", origin
        if request.verb == "OPTIONS":
            yield "Access-Control-Allow-Methods", "GET, POST"
            yield "Access-Control-Allow-Headers", "Content-Type"


def _told(answer: Answer | Page) -> Iterator[tuple[str, str]]:
    if isinstance(answer, Answer) and answer.task is not None:
        yield "X-Mock-Task", str(answer.task)
    if answer.reason:
        yield "X-Mock-Reason", answer.reason.encode("ascii", "backslashreplace").decode("ascii")


def read_params(request: Request, reading: Reading) -> Mapping[str, str]:
    """The parameters of a request, each with the value that counts.

    Raises ApiError for more than MAX_FIELDS in the query or in the body.
    """
    query = _chosen(_pairs(request.query), reading)
    body = _chosen(_body_pairs(request, reading), reading) if request.verb == "POST" else {}
    return query | body if reading.body_wins else body | query


def _too_many() -> ApiError:
    return ApiError("too-large", reason=f"more than {MAX_FIELDS} parameters", http=413)


def _chosen(pairs: Sequence[tuple[str, str]], reading: Reading) -> dict[str, str]:
    return dict(pairs if reading.repeated_last else reversed(pairs))


def _pairs(text: bytes) -> list[tuple[str, str]]:
    if not text:
        return []
    try:
        return parse_qsl(
            text.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise _too_many() from None


def _body_pairs(request: Request, reading: Reading) -> list[tuple[str, str]]:
    kind, _, options = request.headers.get("content-type", "").partition(";")
    reader = _BODIES.get(kind.strip().lower())
    return [] if reader is None else reader(request.body, options, reading)


def _urlencoded(body: bytes, _options: str, _reading: Reading) -> list[tuple[str, str]]:
    return _pairs(body)


def _multipart(body: bytes, options: str, reading: Reading) -> list[tuple[str, str]]:
    """The fields of a multipart form; a form that can't be parsed has none, as in PHP."""
    if not reading.multipart:
        return []
    from werkzeug.exceptions import RequestEntityTooLarge  # noqa: PLC0415 - seldom needed, and slow to import
    from werkzeug.formparser import MultiPartParser  # noqa: PLC0415
    from werkzeug.http import parse_options_header  # noqa: PLC0415

    boundary = parse_options_header(f"multipart/form-data;{options}")[1].get("boundary", "")
    try:
        form, _files = MultiPartParser(stream_factory=_in_memory, max_form_parts=MAX_FIELDS).parse(
            BytesIO(body), boundary.encode("latin-1"), len(body)
        )
    except RequestEntityTooLarge:
        raise _too_many() from None
    except ValueError:
        return []
    return list(form.items(multi=True))


def _in_memory(*_: object, **__: object) -> BytesIO:
    """Where a file's part goes, which nobody reads: the body's limit keeps it small."""
    return BytesIO()


_BODIES: Mapping[str, Callable[[bytes, str, Reading], list[tuple[str, str]]]] = {
    "application/x-www-form-urlencoded": _urlencoded,
    "multipart/form-data": _multipart,
}


def open_gateway(settings: Settings) -> Gateway:
    """The API as the settings want it, on its store and on real time.

    Raises StoreError where the store can't be opened. Real time is the wall clock's at the start, counted on by the
    monotonic clock: a step of the wall clock must not make a ready task unready.
    """
    started = time.time_ns() - time.monotonic_ns()
    mock = Mock(
        open_store(settings.state),
        settings.profile,
        settings.simulation,
        words(),
        lambda: (started + time.monotonic_ns()) // 1000,
    )
    return Gateway(mock, plain=settings.plain)
