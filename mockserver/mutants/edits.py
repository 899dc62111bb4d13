"""The edits that mutants are made of: of a call, of an answer as data, of its bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mockserver.core.messages import Answer, Call, Page
from mockserver.mutants.broken import Seen


def on(
    operation: str, edit: Callable[[dict[str, Any], Seen], Any], *, status: str | None = None, **only: str
) -> Callable[[Answer, Seen], Answer]:
    """An edit of the body, in place, of the operation's answers; only those of the status, the verb, the format."""

    def edited(answer: Answer, seen: Seen) -> Answer:
        if seen.call.operation != operation or (status is not None and answer.body["status"] != status):
            return answer
        if only.get("verb", seen.call.verb) != seen.call.verb or only.get("format", seen.format) != seen.format:
            return answer
        body: dict[str, Any] = dict(answer.body)
        for section in ("data", "names"):
            if isinstance(body.get(section), list):
                body[section] = [dict(entry) for entry in body[section]]
        edit(body, seen)
        return replace(answer, body=body)

    return edited


def ready(edit: Callable[[dict[str, Any]], Any], **only: str) -> Callable[[Answer, Seen], Answer]:
    """An edit of the body of ready answers."""
    return on("result", lambda body, _: edit(body), status="ready", **only)


def ok(edit: Callable[[dict[str, Any]], Any], **only: str) -> Callable[[Answer, Seen], Answer]:
    """An edit of the body of what create answers well."""
    return on("create", lambda body, _: edit(body), status="ok", **only)


def every_error(edit: Callable[[dict[str, Any], Seen], Any], **only: str) -> Callable[[Answer, Seen], Answer]:
    """An edit of the body of every error."""

    def edited(answer: Answer, seen: Seen) -> Answer:
        return on(seen.call.operation, edit, status="error", **only)(answer, seen)

    return edited


def rows(edit: Callable[[dict[str, Any]], Any], **only: str) -> Callable[[Answer, Seen], Answer]:
    """An edit of each row of data."""
    return ready(lambda body: [edit(row) for row in body.get("data", [])], **only)


def refusing(operation: str, verb: str) -> Callable[[Answer, Seen], Answer]:
    """Refuses an operation over an HTTP method."""

    def edited(answer: Answer, seen: Seen) -> Answer:
        return seen.error("http-method") if (seen.call.operation, seen.call.verb) == (operation, verb) else answer

    return edited


def believing(*operations: str) -> Callable[[Call, Seen], Call]:
    """Takes any token of a known login for the right one, in the operations."""

    def edited(call: Call, seen: Seen) -> Call:
        account = seen.mock.store.account(call.params.get("login", ""))
        if account is None or call.operation not in operations or not call.params.get("token"):
            return call
        return replace(call, params={**call.params, "token": account.token})

    return edited


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


def replacing(pattern: bytes, by: bytes, form: str, operation: str = "result") -> Callable[[bytes, Seen], bytes]:
    """Replaces in the bodies of an operation in a format."""

    def edited(body: bytes, seen: Seen) -> bytes:
        if seen.call.operation != operation or seen.format != form:
            return body
        return re.sub(pattern, lambda _: by, body, flags=re.DOTALL)

    return edited


def counted(edit: Callable[[dict[str, Any], int], Any], operation: str, status: str, **only: str) -> Any:
    """An edit that is told how often an answer about the same task was read before."""

    def counted(body: dict[str, Any], seen: Seen) -> None:
        key = ("read", seen.call.params.get("id"))
        before = seen.memory.get(key, 0)
        seen.memory[key] = before + 1
        edit(body, before)

    return on(operation, counted, status=status, **only)


def back_to_processing(answer: Answer, seen: Seen) -> Answer:
    """Answers the second read of a ready task as processing."""
    second = 2
    reads: list[str] = seen.memory.setdefault("reads", [])
    if seen.call.operation != "result" or answer.body["status"] != "ready":
        return answer
    reads.append(seen.call.params["id"])
    return (
        answer
        if reads.count(seen.call.params["id"]) != second
        else replace(answer, body={"status": "processing"}, rows=None)
    )


def charging_polls(answer: Answer, seen: Seen) -> Answer:
    """Takes a unit for each poll."""
    if seen.call.operation == "result" and answer.task is not None:
        account = seen.mock.store.account(seen.call.params["login"])
        if account is not None:
            seen.mock.store.put_account(replace(account, used=account.used + 1))
    return answer


def free(answer: Answer, seen: Seen) -> Answer:
    """Takes back what a create took."""
    if seen.call.operation == "create" and answer.body["status"] == "ok":
        account = seen.mock.store.account(seen.call.params["login"])
        if account is not None:
            seen.mock.store.put_account(replace(account, used=0))
    return answer


def without_limit(call: Call, seen: Seen) -> Call:
    """Gives a used-up account one unit more."""
    account = seen.mock.store.account(call.params.get("login", ""))
    if call.operation == "create" and account is not None and account.used >= account.daily_limit:
        seen.mock.store.put_account(replace(account, used=account.daily_limit - 1))
    return call


def same_id(body: dict[str, Any], seen: Seen) -> None:
    """Gives every task the first one's id."""
    body["id"] = seen.memory.setdefault("first id", body["id"])


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


def other_accounts_token(call: Call, seen: Seen) -> Call:
    """Takes the token of any account for the login's own."""
    tokens = {a.token for a in seen.mock.store.accounts()}
    return believing("create", "result", "info")(call, seen) if call.params.get("token") in tokens else call


def broken_on(condition: Callable[[Call], bool], page: Page) -> Callable[[Answer, Seen], Answer | Page]:
    """Answers the calls of a condition with a page."""
    return lambda answer, seen: page if condition(seen.call) else answer


def with_status(http: int, condition: Callable[[Call], bool]) -> Callable[[Answer, Seen], Answer]:
    """Answers the calls of a condition rightly, but for the HTTP status."""
    return lambda answer, seen: replace(answer, http=http) if condition(seen.call) else answer


def source_refused(source: str) -> Callable[[Answer, Seen], Answer]:
    """Refuses a source."""

    def edited(answer: Answer, seen: Seen) -> Answer:
        refused = seen.call.operation == "create" and seen.call.params.get("source") == source
        return seen.error("invalid", names="source") if refused else answer

    return edited


def first_row_lost(body: dict[str, Any]) -> None:
    """Drops the first entry of data and names."""
    for section in ("data", "names"):
        if isinstance(body.get(section), list):
            body[section] = body[section][1:]


def pop(name: str) -> Callable[[dict[str, Any]], Any]:
    """Takes a member away."""
    return lambda body: body.pop(name, None)


def setting(**members: Any) -> Callable[[dict[str, Any]], Any]:
    """Sets members."""
    return lambda body: body.update(members)
