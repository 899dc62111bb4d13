"""A breakage of a stand-in, and its edits at the steps of a call."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from mockserver.mutants.kit.context import CallContext, TaskView
from mockserver.mutants.kit.mutant import Mutant
from support.standins.shell import Answer, Call, Response, Service

SOURCES = ("bureau", "courier")
"""The stand-ins in which source is a parameter, so that names and pictures can be asked for."""


@dataclass(frozen=True, slots=True)
class Breakage(Mutant):
    """One way to break a promise or a law."""

    on: tuple[str, ...] = ("antique", *SOURCES)
    """The stand-ins that can show it."""


@dataclass(slots=True)
class StandinContext(CallContext):
    """A call on its way through a stand-in."""

    end: str = ""
    """How the connection ends in place of a response: see `shell.Response`."""


class Breaker:
    """A service with a breakage: its answer to each call, as the response that goes out.

    It is the `ServerView` of its edits. Units that they charge are added to those that info reports.
    """

    def __init__(self, service: Service, breakage: Mutant, tokens: Mapping[str, str], limit: int) -> None:
        self.tokens = tokens
        self._service = service
        self._breakage = breakage
        self._limit = limit
        self._tasks: dict[str, TaskView] = {}
        self._charged: dict[str, int] = {}
        self._memory: dict[Any, Any] = {}

    def task(self, number: str) -> TaskView | None:
        return self._tasks.get(number)

    def units(self, login: str) -> tuple[int, int]:
        costs = sum(task.cost for task in self._tasks.values() if task.login == login)
        return costs + self._charged.get(login, 0), self._limit

    def charge(self, login: str, units: int) -> None:
        self._charged[login] = self._charged.get(login, 0) + units

    def respond(self, asked: Call) -> Response:
        context = self._context(asked)
        self._breakage.call(context)
        call = replace(asked, http_method=context.http_method, params=context.params)
        answer = self._answer(call)
        context = self._context(asked, answer)
        self._breakage.answer(context)
        self._report_charges(context)
        answer.body, answer.format = context.body, context.format
        answer.http, answer.rows = context.http, context.rows
        content_type, context.content = answer.page or self._service.write(answer)
        own = (("Content-Type", content_type),) if content_type else ()
        context.headers = (*own, *answer.headers)
        self._breakage.response(context)
        return Response(context.http, context.headers, context.content, context.end)

    def _answer(self, call: Call) -> Answer:
        """The service's answer; keeps the task that is made."""
        before = self._service.charged
        answer = self._service.answer(call)
        if call.operation == "create" and answer.body.get("status") == "ok":
            cost = self._service.charged - before
            self._tasks[str(answer.body["id"])] = TaskView(call.params["login"], call.params.get("source", ""), cost)
        return answer

    def _context(self, call: Call, answer: Answer | None = None) -> StandinContext:
        context = StandinContext(call.operation, call.http_method, dict(call.params), self, self._memory)
        if answer is not None:
            context.body, context.format = deepcopy(answer.body), answer.format
            context.http, context.rows = answer.http, answer.rows
        return context

    def _report_charges(self, context: CallContext) -> None:
        charged = self._charged.get(context.login, 0)
        if context.operation == "info" and context.status == "ok" and charged:
            units_of(context)["used"] += charged


def units_of(context: CallContext) -> dict[str, Any]:
    """The units that an answer of info reports."""
    data = context.body["data"]
    return (data[0] if isinstance(data, list) else data)["api_limit"]
