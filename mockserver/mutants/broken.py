"""A mock with one promise broken: the API of the gateway, with edits between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from mockserver.api.gateway import Gateway
from mockserver.api.http import Request, Response
from mockserver.api.mock import Mock
from mockserver.api.operations import error_answer
from mockserver.core.errors import ApiError
from mockserver.core.messages import Answer, Call, Page

Memory: TypeAlias = "dict[Any, Any]"


@dataclass(frozen=True, slots=True)
class Seen:
    """What an edit sees: the call, the mock behind it, and a memory that lasts as long as the server."""

    call: Call
    mock: Mock
    memory: Memory

    @property
    def format(self) -> str:
        """The format asked for, as it was written."""
        return self.call.params.get("format", "json")

    def error(self, kind: str, **fields: Any) -> Answer:
        """An error of the kind, as the profile writes it."""
        return error_answer(ApiError(kind, reason="mutant", **fields), self.mock.profile.rules, "json")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A broken mock: the clause that it breaks, what it does, and its edits. options go to the suite beside it.

    equivalent argues why no test can tell it from the right mock, though it looks like a breach of the clause.
    """

    breaks: str
    title: str
    call: Callable[[Call, Seen], Call] = lambda call, _: call
    answer: Callable[[Answer, Seen], Answer | Page] = lambda answer, _: answer
    body: Callable[[bytes, Seen], bytes] = lambda body, _: body
    header: tuple[str, Callable[[Seen], str]] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    equivalent: str = ""


class MutantGateway(Gateway):
    """The API with one promise broken."""

    def __init__(self, mock: Mock, mutant: Mutant) -> None:
        super().__init__(mock)
        self.mutant = mutant
        self._memory: Memory = {}
        self._seen: dict[int, Seen] = {}
        self._last: Seen | None = None

    def call(self, call: Call) -> Answer | Page:
        """The answer to a call, edited."""
        seen = Seen(call, self.mock, self._memory)
        answer = super().call(self.mutant.call(call, seen))
        self._last = seen
        return self.mutant.answer(answer, seen) if isinstance(answer, Answer) else answer

    def decide(self, request: Request) -> Answer | Page:
        """The request's answer as data; remembers what `written` needs of it."""
        self._last = None
        answer = super().decide(request)
        if self._last is not None:
            self._seen[id(request)] = self._last
        return answer

    def render(self, request: Request, answer: Answer | Page) -> Response:
        """The answer as it is sent, edited."""
        response = super().render(request, answer)
        seen = self._seen.pop(id(request), None)
        if seen is None or isinstance(answer, Page):
            return response
        response = replace(response, body=self.mutant.body(response.body, seen))
        if self.mutant.header is not None:
            name, value = self.mutant.header
            response = replace(response, headers=(*response.headers, (name, value(seen))))
        return response
