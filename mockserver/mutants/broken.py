"""A mock with one promise broken: the API of the gateway, with edits between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from mockserver.api.gateway import Hook
from mockserver.api.http import Response
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


class MutantHook(Hook):
    """Breaks one promise of the mock that the gateway stands before."""

    def __init__(self, mutant: Mutant, mock: Mock) -> None:
        self.mutant = mutant
        self.mock = mock
        self._memory: Memory = {}

    def before(self, call: Call) -> Call:
        """The call, edited."""
        return self.mutant.call(call, self._seen(call))

    def after(self, call: Call, answer: Answer | Page) -> Answer | Page:
        """The answer as data, edited."""
        return self.mutant.answer(answer, self._seen(call)) if isinstance(answer, Answer) else answer

    def sent(self, call: Call, answer: Answer | Page, response: Response) -> Response:
        """The bytes and headers, edited."""
        if isinstance(answer, Page):
            return response
        seen = self._seen(call)
        response = replace(response, body=self.mutant.body(response.body, seen))
        if self.mutant.header is not None:
            name, value = self.mutant.header
            response = replace(response, headers=(*response.headers, (name, value(seen))))
        return response

    def _seen(self, call: Call) -> Seen:
        return Seen(call, self.mock, self._memory)
