"""One request's values to one answer's values: the whole API, for every server that carries it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mockserver.api.http import Request, Response
from mockserver.api.mock import Mock
from mockserver.api.params import read_params
from mockserver.core.errors import ApiError, StoreError
from mockserver.core.messages import Answer, Call, Page
from mockserver.formats.writers import WRITERS

MAX_BODY = 1024 * 1024
"""Bytes of a request's body; a longer one is answered as `too-large`. Our choice: the API's own forms are tiny."""


BASE = b"/api/"


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
        return [self.render(*pair) for pair in zip(requests, given, strict=True)]

    def _safely(self, request: Request) -> Answer | Page:
        try:
            return self.decide(request)
        except StoreError:
            return self._server_error(request)

    def _server_error(self, request: Request) -> Answer | Page:
        return self._refused(request, ApiError("server", reason="the store failed"))

    def _refused(self, request: Request, error: ApiError) -> Answer | Page:
        """The error, in the format that can still be read off the request: else off its query, else none."""
        for body in (request.body, b""):
            try:
                return self.mock.refused(error, read_params(replace(request, body=body), self.mock.profile.parsing))
            except ApiError:
                continue
        return self.mock.refused(error, {})

    def decide(self, request: Request) -> Answer | Page:
        """The request's answer as data. Raises StoreError where the store fails."""
        if request.http_method == "OPTIONS" and self.mock.profile.rules.origin is not None:
            return Page(204, "", b"", reason="clause cors")
        try:
            params = read_params(request, self.mock.profile.parsing)
            if request.too_large:
                raise ApiError("too-large", reason=f"the body has more than {MAX_BODY} bytes", http=413)
        except ApiError as error:
            return self._refused(request, error)
        if not request.path.startswith(BASE):
            return self.mock.not_found(params, http=404)
        operation = request.path[len(BASE) :].decode("utf-8", "replace")
        http_method = "GET" if request.http_method == "HEAD" else request.http_method
        return self.call(Call(operation, http_method, params, request.peer))

    def call(self, call: Call) -> Answer | Page:
        """The answer to a call. Raises StoreError where the store fails."""
        return self.mock.answer(call)

    def render(self, request: Request, answer: Answer | Page) -> Response:
        """The answer as it is sent."""
        headers: list[tuple[str, str]] = []
        if isinstance(answer, Answer):
            form = WRITERS[answer.format]
            body = form.write(answer, self.mock.profile.rendering)
            headers.append(("Content-Type", form.content_type(self.mock.profile.rendering)))
            if answer.allow:
                headers.append(("Allow", ", ".join(("HEAD", *answer.allow))))
        else:
            body = answer.body
            if answer.content_type:
                headers.append(("Content-Type", answer.content_type))
        headers.extend(self._cors(request))
        if not self.plain:
            headers.extend(_told(answer))
        return Response(answer.http, tuple(headers), body, answer.delivery)

    def _cors(self, request: Request) -> Iterator[tuple[str, str]]:
        origin = self.mock.profile.rules.origin
        if origin is None:
            return
        yield "Access-Control-Allow-Origin", origin
        if request.http_method == "OPTIONS":
            yield "Access-Control-Allow-Methods", "GET, POST"
            yield "Access-Control-Allow-Headers", "Content-Type"


def _told(answer: Answer | Page) -> Iterator[tuple[str, str]]:
    if isinstance(answer, Answer) and answer.task is not None:
        yield "X-Mock-Task", str(answer.task)
    if answer.reason:
        yield "X-Mock-Reason", answer.reason.encode("ascii", "backslashreplace").decode("ascii")
