"""Edits of what the mock does: whom it believes, what it refuses, what it charges, what it tells of a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mockserver.core.messages import Answer, Call
from mockserver.mutants.broken import Seen


def refusing(operation: str, http_method: str) -> Callable[[Answer, Seen], Answer]:
    """Refuses an operation over an HTTP method."""

    def edited(answer: Answer, seen: Seen) -> Answer:
        refused = (seen.call.operation, seen.call.http_method) == (operation, http_method)
        return replace(seen.error("http-method"), format=answer.format) if refused else answer

    return edited


def source_refused(source: str) -> Callable[[Answer, Seen], Answer]:
    """Refuses a source."""

    def edited(answer: Answer, seen: Seen) -> Answer:
        refused = seen.call.operation == "create" and seen.call.params.get("source") == source
        return replace(seen.error("invalid", names="source"), format=answer.format) if refused else answer

    return edited


def believing(
    *operations: str, like: Callable[[str, str], bool] = lambda _given, _right: True
) -> Callable[[Call, Seen], Call]:
    """Takes a token that is like a known login's right one (at first: any) for it, in the operations."""

    def edited(call: Call, seen: Seen) -> Call:
        account, given = seen.mock.store.account(call.params.get("login", "")), call.params.get("token")
        if account is None or call.operation not in operations or not given or not like(given, account.token):
            return call
        return replace(call, params={**call.params, "token": account.token})

    return edited


def other_accounts_token(call: Call, seen: Seen) -> Call:
    """Takes the token of any account for the login's own."""
    tokens = {a.token for a in seen.mock.store.accounts()}
    return believing("create", "result", "info")(call, seen) if call.params.get("token") in tokens else call


def anonymous(operation: str, name: str) -> Callable[[Call, Seen], Call]:
    """Takes the credentials of the account that the rest of the call points to, where the named one is missing."""

    def edited(call: Call, seen: Seen) -> Call:
        given = call.params
        if call.operation != operation or given.get(name):
            return call
        number = given.get("id", "")
        task = seen.mock.store.read_task(int(number)) if number.isdigit() else None
        mine = [a for a in seen.mock.store.accounts() if given.get("token") in {None, "", a.token}]
        owner = seen.mock.store.account(given.get("login") or (task.login if task else ""))
        account = owner or (mine[0] if mine else None)
        if account is None:
            return call
        return replace(call, params={**given, "login": account.login, "token": account.token})

    return edited


def filling(operation: str, **defaults: str) -> Callable[[Call, Seen], Call]:
    """Takes defaults for parameters that are missing."""

    def edited(call: Call, _seen: Seen) -> Call:
        if call.operation != operation or not call.params.get("login"):
            return call
        return replace(call, params={**defaults, **{k: v for k, v in call.params.items() if v}})

    return edited


def same_id(body: dict[str, Any], seen: Seen) -> None:
    """Gives every task the first one's id."""
    body["id"] = seen.memory.setdefault("first id", body["id"])


def each_fifth_id_again(body: dict[str, Any], seen: Seen) -> None:
    """Gives each fifth task the id of the one before."""
    before = seen.memory.get("id before")
    seen.memory["id before"] = body["id"]
    if before is not None and body["id"] % 5 == 0:
        body["id"] = before


def second_read(made: Callable[[Answer, Seen], Answer]) -> Callable[[Answer, Seen], Answer]:
    """Answers the second read of a ready task otherwise."""

    def edited(answer: Answer, seen: Seen) -> Answer:
        if seen.call.operation != "result" or answer.body["status"] != "ready":
            return answer
        reads: list[str] = seen.memory.setdefault("reads", [])
        reads.append(seen.call.params["id"])
        return made(answer, seen) if reads.count(seen.call.params["id"]) == SECOND else answer

    return edited


SECOND = 2


def still_processing(answer: Answer, _seen: Seen) -> Answer:
    """Answers a ready task as processing."""
    is_ready = answer.body["status"] == "ready"
    return replace(answer, body={"status": "processing"}, rows=None) if is_ready else answer


def failed(answer: Answer, seen: Seen) -> Answer:
    """Answers a ready task as one that failed."""
    is_ready = answer.body["status"] == "ready"
    return replace(seen.error("failed-task"), format=answer.format) if is_ready else answer


def task_source(answer: Answer, seen: Seen) -> int | None:
    """The source of the task that an answer is about."""
    task = seen.mock.store.read_task(answer.task) if answer.task is not None else None
    return task.source if task else None


def unknown_is_ready(answer: Answer, seen: Seen) -> Answer:
    """Answers an unknown id as a ready task."""
    if seen.call.operation != "result" or answer.reason != "no such task":
        return answer
    body: dict[str, Any] = {"status": "ready", "data": [], "names": [], "photo": "", "cost": "1", "ip": "127.0.0.1"}
    return Answer({**body, "create_time": 1, "end_time": 2}, seen.format, rows="data")


def foreign_is_read(call: Call, seen: Seen) -> Call:
    """Reads another account's task in that account's name."""
    number = call.params.get("id", "")
    task = seen.mock.store.read_task(int(number)) if number.isdigit() and call.operation == "result" else None
    caller = seen.mock.store.account(call.params.get("login", ""))
    owner = seen.mock.store.account(task.login) if task else None
    if owner is None or caller is None or caller.token != call.params.get("token"):
        return call
    return replace(call, params={**call.params, "login": owner.login, "token": owner.token})


def charging(status: str | None = None) -> Callable[[Answer, Seen], Answer]:
    """Takes a unit for each poll, or for those that are answered with the status."""

    def edited(answer: Answer, seen: Seen) -> Answer:
        if seen.call.operation == "result" and answer.task is not None and status in (None, answer.body["status"]):
            _use(seen, 1)
        return answer

    return edited


def giving_back(units: Callable[[int], int]) -> Callable[[Answer, Seen], Answer]:
    """Gives back units of what a create took, as a function of its cost."""

    def edited(answer: Answer, seen: Seen) -> Answer:
        task = seen.mock.store.read_task(answer.task) if answer.task is not None else None
        if seen.call.operation == "create" and task is not None:
            _use(seen, -units(task.cost))
        return answer

    return edited


free = giving_back(lambda cost: cost)


def _use(seen: Seen, units: int) -> None:
    account = seen.mock.store.account(seen.call.params["login"])
    if account is not None:
        seen.mock.store.put_account(replace(account, used=account.used + units))


def without_limit(call: Call, seen: Seen) -> Call:
    """Gives a used-up account one unit more."""
    account = seen.mock.store.account(call.params.get("login", ""))
    if call.operation == "create" and account is not None and account.used >= account.daily_limit:
        seen.mock.store.put_account(replace(account, used=account.daily_limit - 1))
    return call


def nothing_is_no_limit(call: Call, seen: Seen) -> Call:
    """Takes a limit of 0 for none."""
    account = seen.mock.store.account(call.params.get("login", ""))
    if call.operation == "create" and account is not None and account.daily_limit == 0:
        seen.mock.store.put_account(replace(account, daily_limit=1_000_000))
    return call
