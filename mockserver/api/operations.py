"""What the API does: create, result and info, from a call's values to an answer.

The order of the checks follows the clauses `check.order` and `check.format-first`; `core.tasks.Task.is_ready` decides
whether a task is ready.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from mockserver.api.trace import Trace
from mockserver.core.chance import fraction
from mockserver.core.clock import text_of
from mockserver.core.delays import NEVER, Delay
from mockserver.core.errors import ApiError
from mockserver.core.messages import SECOND, Answer, Body, Call, Micros, Page, Value
from mockserver.core.quota import day_of
from mockserver.core.tasks import Account, LimitReached, Task
from mockserver.faults.kinds import Effect, ErrorOverride
from mockserver.faults.stubs import Stub
from mockserver.formats.csv import COLUMNS
from mockserver.formats.writers import FORMATS
from mockserver.people import people
from mockserver.people.magic import MAGIC
from mockserver.people.words import Words
from mockserver.profile.editions import EDITIONS, Source
from mockserver.profile.profile import Rules
from mockserver.stores.store import Store

CREDENTIALS = ("login", "token")
BAD_GATEWAY = (
    b"<!DOCTYPE html>\n<title>502 Bad Gateway</title>\n<h1>Bad Gateway</h1>\n<p>The proxy got no answer.</p>\n"
)
NOT_FOUND = b"<!DOCTYPE html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>There is no such page.</p>\n"


@dataclass(frozen=True, slots=True)
class Environment:
    """What operations need beside the call."""

    store: Store
    words: Words  # what made-up people are made of
    delay: Callable[[Account, str, int], Delay]
    """How long a task is processed, by account, phone and source."""
    seed: int


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One call in its circumstances."""

    call: Call
    rules: Rules
    environment: Environment
    now: Micros  # by the account's clock
    format: str
    effect: Effect  # what a fault does to the call
    task_effect: Callable[[], Effect]  # what a fault does to the task that is made or read; called at most once
    trace: Trace

    def param(self, name: str) -> str | None:
        """The value of a parameter; None where it counts as missing."""
        value = self.call.params.get(name)
        return None if value == "" and self.rules.empty_is_missing else value

    @property
    def phone(self) -> str | None:
        """The phone that the call names; None where it is none."""
        return phone_of(self.param("phone") or "", self.rules)

    @property
    def source(self) -> Source | None:
        """The source that the call names; None where it is none."""
        return source_of(self.param("source"), self.rules)


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of the API: what it requires, how values are checked, what it does."""

    required: tuple[str, ...]  # in the documentation's order; source only in an edition that requires it
    checks: Mapping[str, Callable[[RequestContext], bool]]
    run: Callable[[RequestContext, Account], Answer | Page]


def answer(operation: Operation, context: RequestContext, account: Account | None) -> Answer | Page:
    """The answer to a call of the operation; account is the one that the call names, None where it names none. Raises
    ApiError for what the API itself refuses, StoreError where the store fails.
    """
    if context.effect.error is not None:
        raise ApiError("server", reason="", code=context.effect.error.code, message=context.effect.error.message)
    if context.rules.format_first and not _format_is_known(context):
        raise _invalid(["format"])
    if context.rules.parameters_first:
        _check_parameters(operation, context)
        return operation.run(context, _authorised(context, account))
    if any(context.param(name) is None for name in CREDENTIALS):
        _check_missing(operation, context)
    known = _authorised(context, account)
    _check_parameters(operation, context)
    return operation.run(context, known)


def format_of(params: Mapping[str, str]) -> str:
    """The format that an answer is written in: that of the parameter, JSON where it is unknown."""
    wanted_format = params.get("format", "")
    return wanted_format if wanted_format in FORMATS else FORMATS[0]


def task_id(text: str | None) -> int | None:
    """The number of an id; None for another text. At most 18 digits, so that it fits every store."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text) else None


def phone_of(text: str, rules: Rules) -> str | None:
    """The phone of a parameter, None for another text: 7 to 15 digits (our choice, after E.164)."""
    digits = re.sub(r"[^0-9]", "", text) if rules.strip_phone else text
    return digits if re.fullmatch(r"[0-9]{7,15}", digits) else None


def source_of(number: str | None, rules: Rules) -> Source | None:
    """The source of a parameter, None where it is unknown; in an edition without the parameter, the only source."""
    sources = rules.edition.sources
    return sources.get(number or "") if rules.edition.required else next(iter(sources.values()))


def error_answer(error: ApiError, rules: Rules, wanted_format: str) -> Answer:
    """The error as the profile writes errors."""
    code = rules.codes[error.kind] if error.code is None else error.code
    text = rules.messages[error.kind] if error.message is None else error.message
    if error.message is None:
        for name, value in error.fields.items():
            text = text.replace(f"{{{name}}}", value)
    return Answer(
        body={"status": "error", "error_code": code, "message": text},
        format=wanted_format if rules.follows_format else "json",
        http=error.http or (code if rules.mirror_status and code in range(400, 600) else 200),
        reason=error.reason,
        headers=error.headers,
    )


def _check_parameters(operation: Operation, context: RequestContext) -> None:
    _check_missing(operation, context)
    wrong = [name for name, right in operation.checks.items() if not right(context)]
    if wrong:
        raise _invalid(wrong)


def _check_missing(operation: Operation, context: RequestContext) -> None:
    missing = [name for name in operation.required if context.param(name) is None]
    if not context.rules.edition.required and "source" in missing:
        missing.remove("source")
    credentials = [name for name in missing if name in CREDENTIALS]
    if missing:
        names = ", ".join(missing if context.rules.name_all_missing or not credentials else credentials)
        raise ApiError("missing", reason=f"missing: {names}", fields={"names": names})


def _invalid(names: list[str]) -> ApiError:
    named = ", ".join(names)
    return ApiError("invalid", reason=f"invalid: {named}", fields={"names": named})


def _authorised(context: RequestContext, account: Account | None) -> Account:
    if account is None or account.token != context.call.params.get("token"):
        raise ApiError("credentials", reason="unknown login" if account is None else "wrong token")
    return account


def _format_is_known(context: RequestContext) -> bool:
    wanted_format = context.param("format")
    return wanted_format is None or wanted_format in FORMATS or not context.rules.format_error


def _create(context: RequestContext, account: Account) -> Answer | Page:
    rules, environment = context.rules, context.environment
    phone, source = context.phone, context.source
    assert phone is not None, "checked before"
    assert source is not None, "checked before"
    magic = MAGIC.get(phone)
    stub = environment.store.stubs.find(account.login, phone, source.number, by_phone=magic is not None)
    outcome = magic.outcome if magic and not stub else None
    if outcome == "bad-gateway":
        return Page(502, "text/html", BAD_GATEWAY, reason=f"magic phone {phone}")
    if outcome == "limit":
        _refuse_limit(LimitReached(account.daily_limit, account.daily_limit), f"magic phone {phone}: ")
    day = day_of(context.now, rules.day_turn)
    if account.used_on(day) >= account.daily_limit:
        _refuse_limit(LimitReached(account.used_on(day), account.daily_limit))
    effect = context.task_effect()
    seed = environment.seed if account.seed is None else account.seed
    stuck = effect.stuck or outcome == "stuck"
    own = stub.ready if stub else None
    delay = NEVER if stuck else own or environment.delay(account, phone, source.number)
    time = delay.sample(fraction(seed, account.login, "create", account.creates))
    drawn = delay.is_time and delay.kind != "fixed"
    failure = effect.failure or (ErrorOverride() if outcome == "fail" else None)
    made = environment.store.create_task(
        Task(
            id=0,
            login=account.login,
            phone=phone,
            source=source.number,
            ip=context.call.ip,
            created=context.now,
            ready=None if time is None else context.now + time,
            cost=(stub.cost if stub else None) or (_records(stub, phone, source, seed) if rules.unit_is_record else 1),
            seed=seed,
            demo=account.demo,
            edition=rules.edition.name,
            failure=(failure.code, failure.message) if failure else None,
            polls=delay.polls,
            stub=stub.text if stub else None,
        ),
        day,
        account.creates if drawn else None,
    )
    if isinstance(made, LimitReached):
        _refuse_limit(made)
    context.trace.task = made
    why = f"task created, cost {made.cost}"
    return Answer({"status": "ok", "id": made.id}, context.format, task=made.id, reason=why, wrote=True)


def _records(stub: Stub | None, phone: str, source: Source, seed: int) -> int:
    """The units of a task, where they are the records that it finds."""
    records = stub.records(source.section) if stub is not None else None
    return max(1, people.count(phone, source, seed) if records is None else records)


def _refuse_limit(limit: LimitReached, because: str = "") -> NoReturn:
    why = f"{because}limit reached: {limit.used} of {limit.of}"
    raise ApiError("limit", reason=why, fields={"used": str(limit.used), "of": str(limit.of)})


def _result(context: RequestContext, account: Account) -> Answer:
    rules = context.rules
    number = task_id(context.param("id"))
    task = None if number is None else context.environment.store.read_task(number)
    if task is not None and task.login != account.login:
        raise ApiError(rules.foreign_kind, reason="another account's task")
    context.trace.task = task
    if task is None or (rules.lifetime is not None and context.now - task.created > rules.lifetime):
        raise ApiError("unknown-task", reason="no such task" if task is None else "task is past its lifetime")
    effect = context.task_effect()
    if effect.failure is not None:
        raise _failed(effect.failure.code, effect.failure.message)
    counts = bool(task.polls) and not effect.stuck
    if counts:
        # Another process may have counted polls of it since it was read.
        task = context.environment.store.count_poll(task.id, context.now)
        if task is None:
            raise ApiError("unknown-task", reason="no such task")
    if effect.stuck or not task.is_ready(context.now):
        after = task.polled(context.now) if counts else task
        reason = until_ready(after.polls, after.ready, context.now)
        return Answer({"status": "processing"}, context.format, task=task.id, reason=reason, wrote=counts)
    if task.failure is not None:
        raise _failed(*task.failure)
    return ready_answer(task, context.format, rules, context.environment.words)


def until_ready(polls: int | None, ready: Micros | None, now: Micros) -> str:
    """What has to happen before a task is ready; polls and ready as in Task."""
    if polls is not None:
        return f"ready after {polls} more poll{'s'[: polls != 1]}" if polls else "ready at the next poll"
    return "never ready" if ready is None else f"ready in {(ready - now) / SECOND:.3f} s"


def _failed(code: int | None, message: str | None) -> ApiError:
    return ApiError("failed-task", reason="the task failed", code=code, message=message)


def result_of(task: Task, wanted_format: str, now: Micros, rules: Rules, words: Words) -> Answer:
    """What a poll of the task is answered where no rule meets it: a look at it, which counts as none."""
    if rules.lifetime is not None and now - task.created > rules.lifetime:
        return error_answer(ApiError("unknown-task", reason="task is past its lifetime"), rules, wanted_format)
    if not task.is_ready(now):
        reason = until_ready(task.polls, task.ready, now)
        return Answer({"status": "processing"}, wanted_format, task=task.id, reason=reason)
    if task.failure is not None:
        return error_answer(_failed(*task.failure), rules, wanted_format)
    return ready_answer(task, wanted_format, rules, words)


_UNFILLED: Mapping[str, Value] = {"null": None, "false": False}  # by a choice of `result.sections`


def ready_answer(task: Task, wanted_format: str, rules: Rules, words: Words) -> Answer:
    """What the task has found: a pure function of the task, and of the rules."""
    source = EDITIONS[task.edition].sources[str(task.source)]
    stubbed: Mapping[str, Any] = json.loads(task.stub) if task.stub is not None else {}
    found = _found(task, source, stubbed, words)
    rows: list[Value] = [
        {**row, "phone": _as_number(row["phone"])} if rules.numeric_phone else dict(row) for row in found.rows
    ]
    sections: dict[str, Value] = {
        "data": rows,
        "names": [{"name": name} for name in found.names],
        "photo": found.photo or rules.photo_empty,
    }
    body: Body = {"status": "ready"}
    own = source.section
    others = {name: _UNFILLED.get(rules.sections, part) for name, part in sections.items()}
    body |= {own: sections[own]} if rules.sections == "relevant" else {**others, own: sections[own]}
    body |= {"cost": str(task.cost), "ip": task.ip}
    for name, at in (("create_time", task.created), ("end_time", task.ready or task.created)):
        body[name] = at // SECOND if rules.epoch_times else text_of(at)
    rows_of = own if own in COLUMNS else None
    bodies: dict[str, Any] = stubbed.get("bodies", {})
    if isinstance(bodies.get(wanted_format), dict):
        body, rows_of = bodies.pop(wanted_format), None
    by_stub = f"stub {stubbed['id']}, " if stubbed else ""
    why = f"ready: {by_stub}{found.records} records"
    return Answer(body, wanted_format, rows=rows_of, task=task.id, reason=why, bodies=bodies)


def _found(task: Task, source: Source, stubbed: Mapping[str, Any], words: Words) -> people.Found:
    """What the task has found: by its stub, where that has the source's section, else what is made up."""
    if source.section not in stubbed:
        from mockserver.people.made_up import find

        return find(task.phone, source, task.seed, words, demo=task.demo)
    part = stubbed[source.section]
    if source.section == "data":
        return people.Found(rows=tuple(_in_order({"phone": task.phone, **row}) for row in part))
    return people.Found(names=tuple(part)) if source.section == "names" else people.Found(photo=part)


def _in_order(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its fields in the documentation's order, others after them."""
    return {**{name: row[name] for name in people.FIELDS if name in row}, **row}


def _as_number(phone: Any) -> Any:
    """The phone of a row as a number; one that a stub writes in another way, or with more digits than Python reads as
    a number, stays as it is.
    """
    return int(phone) if isinstance(phone, str) and re.fullmatch("[0-9]{1,1000}", phone) else phone


def _info(context: RequestContext, account: Account) -> Answer:
    used = account.used_on(day_of(context.now, context.rules.day_turn))
    return info_answer(account, used, context.format, context.rules)


def info_answer(account: Account, used: int, wanted_format: str, rules: Rules) -> Answer:
    """What info says of the account: a pure function of it, of the units used, and of the rules."""
    data: Body = {
        "api_limit": {"used": used, "of": account.daily_limit},
        "api_time_limit": account.paid_until,
        "demo": "1" if account.demo else "0",
    }
    shaped: Value = [data] if rules.info_list else data
    why = f"used {used} of {account.daily_limit}"
    form = wanted_format if rules.info_follows_format else "json"
    return Answer({"status": "ok", "data": shaped}, form, reason=why)


_Checks: TypeAlias = "dict[str, Callable[[RequestContext], bool]]"
_FORMAT: _Checks = {"format": _format_is_known}
_PHONE: _Checks = {"phone": lambda c: c.phone is not None, "source": lambda c: c.source is not None}
_ID: _Checks = {"id": lambda c: not c.rules.invalid_id_error or task_id(c.param("id")) is not None}

OPERATIONS: Mapping[str, Operation] = {
    "create": Operation((*CREDENTIALS, "phone", "source"), {**_PHONE, **_FORMAT}, _create),
    "result": Operation((*CREDENTIALS, "id"), {**_ID, **_FORMAT}, _result),
    "info": Operation(CREDENTIALS, _FORMAT, _info),
}
