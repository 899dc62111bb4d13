"""A mutant in the mock: its edits of the call, the answer and the response, through the gateway's hook."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from mockserver.api.gateway import Hook
from mockserver.api.http import Response
from mockserver.api.mock import Mock
from mockserver.api.operations import task_id
from mockserver.core.messages import Answer, Call, Page
from mockserver.core.quota import day_of
from mockserver.core.tasks import Account
from mockserver.mutants.kit.context import CallContext, TaskView
from mockserver.mutants.kit.mutant import Mutant


class MutantHook(Hook):
    """Breaks one promise of a mock. Leaves pages alone: they are not answers of the API."""

    def __init__(self, mutant: Mutant, mock: Mock) -> None:
        self._mutant = mutant
        self._server = MockServer(mock)
        self._memory: dict[Any, Any] = {}

    def on_call(self, call: Call) -> Call:
        """The call, edited."""
        context = self._context(call)
        self._mutant.call(context)
        return replace(call, http_method=context.http_method, params=context.params)

    def on_answer(self, call: Call, answer: Answer | Page) -> Answer | Page:
        """The answer as data, edited."""
        if isinstance(answer, Page):
            return answer
        context = self._context(call, answer)
        self._mutant.answer(context)
        return replace(answer, body=context.body, format=context.format, http=context.http, rows=context.rows)

    def on_response(self, call: Call, answer: Answer | Page, response: Response) -> Response:
        """The response, edited."""
        if isinstance(answer, Page):
            return response
        context = self._context(call, answer)
        context.http, context.headers, context.content = response.status, response.headers, response.body
        self._mutant.response(context)
        return replace(response, status=context.http, headers=context.headers, body=context.content)

    def _context(self, call: Call, answer: Answer | None = None) -> CallContext:
        context = CallContext(call.operation, call.http_method, dict(call.params), self._server, self._memory)
        if answer is not None:
            context.body, context.format = deepcopy(answer.body), answer.format
            context.http, context.rows = answer.http, answer.rows
        return context


class MockServer:
    """A mock as edits see it: see `kit.context.ServerView`."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock

    @property
    def tokens(self) -> Mapping[str, str]:
        """The token of each login."""
        return {account.login: account.token for account in self._mock.store.accounts()}

    def task(self, number: str) -> TaskView | None:
        """The task with the id."""
        known = task_id(number)
        task = self._mock.store.read_task(known) if known is not None else None
        return TaskView(task.login, str(task.source), task.cost) if task else None

    def units(self, login: str) -> tuple[int, int]:
        """The units that the account has used today, and its limit."""
        account = self._account(login)
        return account.used_on(self._today(login)), account.daily_limit

    def charge(self, login: str, units: int) -> None:
        """Takes units from the account."""
        account, today = self._account(login), self._today(login)
        self._mock.store.put_account(replace(account, day=today, used=account.used_on(today) + units))

    def _account(self, login: str) -> Account:
        account = self._mock.store.account(login)
        assert account is not None, f"an edit charges {login}, which is no account"
        return account

    def _today(self, login: str) -> int:
        return day_of(self._mock.now(login), self._mock.profile.rules.day_turn)
