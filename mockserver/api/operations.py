"""What the API does: create, result and info, from a call's values to an answer.

The order of the checks follows the clauses `check.order` and `check.format-first`; whether a task is done is a pure
function of its record and the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn

from mockserver.core.clock import text_of
from mockserver.core.errors import ApiError
from mockserver.core.messages import FORMATS, SECOND, Answer, Body, Call, Micros, Page, Value
from mockserver.core.quota import day_of
from mockserver.core.tasks import Account, LimitReached, Store, Task
from mockserver.faults.kinds import NO_EFFECT, Effect, Ending
from mockserver.faults.matching import Facts
from mockserver.people import people
from mockserver.people.magic import MAGIC
from mockserver.people.words import Words
from mockserver.profile.editions import EDITIONS, Source
from mockserver.profile.profile import Deciding

CREDENTIALS = ("login", "token")
BAD_GATEWAY = (
    b"<!DOCTYPE html>\n<title>502 Bad Gateway</title>\n<h1>Bad Gateway</h1>\n<p>The proxy got no answer.</p>\n"
)
NOT_FOUND = b"<!DOCTYPE html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>There is no such page.</p>\n"


@dataclass(frozen=True, slots=True)
class World:
    """What operations need of the mock beside the call: the store, the words that people are made of, and how long a
    task of an account takes (a function of account, phone, source and seed; None is never).
    """

    store: Store
    words: Words
    processing_time: Callable[[Account, str, int, int], Micros | None]
    seed: int


@dataclass(frozen=True, slots=True)
class Scene:
    """One call in its circumstances. now is the account's time, effect what a fault does to the call, task_effect what
    one does to the task that is made or read.
    """

    call: Call
    rules: Deciding
    world: World
    now: Micros
    format: str
    effect: Effect = NO_EFFECT
    task_effect: Callable[[Facts], Effect] = lambda _: NO_EFFECT

    def param(self, name: str) -> str | None:
        """The value of a parameter; None where it counts as missing."""
        value = self.call.params.get(name)
        return None if value == "" and self.rules.empty_is_missing else value


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of the API: what it requires (in the documentation's order), how values are checked, what it does."""

    name: str
    required: tuple[str, ...]
    checks: Mapping[str, Callable[[Scene], bool]]
    run: Callable[[Scene, Account], Answer | Page]

    def requires(self, rules: Deciding) -> tuple[str, ...]:
        """The required parameters in the profile's edition."""
        if rules.edition.required:
            return self.required
        return tuple(name for name in self.required if name != "source")


def answer(operation: Operation, scene: Scene, account: Account | None) -> Answer | Page:
    """The answer to a call of the operation; account is the one that the call names, where there is such a one.

    Raises ApiError for what the API itself refuses, StoreError where the store fails.
    """
    if scene.effect.error is not None:
        raise ApiError("server", reason="", code=scene.effect.error.code, message=scene.effect.error.message)
    if scene.rules.format_first and not _format_is_known(scene):
        raise _invalid(["format"])
    if scene.rules.parameters_first:
        _check_parameters(operation, scene)
        return operation.run(scene, _authorised(scene, account))
    if any(scene.param(name) is None for name in CREDENTIALS):
        _check_missing(operation, scene)
    known = _authorised(scene, account)
    _check_parameters(operation, scene)
    return operation.run(scene, known)


def format_of(params: Mapping[str, str]) -> str:
    """The format that an answer is written in: the one asked for, JSON where that is none."""
    asked = params.get("format", "")
    return asked if asked in FORMATS else FORMATS[0]


def task_id(text: str | None) -> int | None:
    """The number of an id; None where it is none. At most 18 digits, so that it fits every store."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text) else None


def phone_of(text: str, rules: Deciding) -> str | None:
    """The phone of a parameter, None where it is none: 7 to 15 digits (our choice, after E.164)."""
    digits = re.sub(r"[^0-9]", "", text) if rules.strip_phone else text
    return digits if re.fullmatch(r"[0-9]{7,15}", digits) else None


def source_of(number: str | None, rules: Deciding) -> Source | None:
    """The source asked for, None where it is none; where the edition has no such parameter, its only one."""
    sources = rules.edition.sources
    return sources.get(number or "") if rules.edition.required else next(iter(sources.values()))


def error_answer(error: ApiError, rules: Deciding, asked: str) -> Answer:
    """The error as the profile writes errors."""
    code = rules.codes[error.kind] if error.code is None else error.code
    text = rules.messages[error.kind] if error.message is None else error.message
    if error.message is None:
        for name, value in error.fields.items():
            text = text.replace(f"{{{name}}}", value)
    return Answer(
        body={"status": "error", "error_code": code, "message": text},
        format=asked if rules.follows_format else "json",
        http=error.http or (code if rules.mirror_status and code in _HTTP_ERRORS else 200),
        reason=error.reason,
        allow=error.allow,
    )


_HTTP_ERRORS = range(400, 600)


def _check_parameters(operation: Operation, scene: Scene) -> None:
    _check_missing(operation, scene)
    wrong = [name for name, right in operation.checks.items() if not right(scene)]
    if wrong:
        raise _invalid(wrong)


def _check_missing(operation: Operation, scene: Scene) -> None:
    missing = [name for name in operation.requires(scene.rules) if scene.param(name) is None]
    credentials = [name for name in missing if name in CREDENTIALS]
    if missing:
        names = ", ".join(missing if scene.rules.name_all_missing or not credentials else credentials)
        raise ApiError("missing", reason=f"missing: {names}", names=names)


def _invalid(names: list[str]) -> ApiError:
    told = ", ".join(names)
    return ApiError("invalid", reason=f"invalid: {told}", names=told)


def _authorised(scene: Scene, account: Account | None) -> Account:
    if account is None or account.token != scene.call.params.get("token"):
        raise ApiError("credentials", reason="unknown login" if account is None else "wrong token")
    return account


def _format_is_known(scene: Scene) -> bool:
    asked = scene.param("format")
    return asked is None or asked in FORMATS or not scene.rules.format_error


def _phone_is_right(scene: Scene) -> bool:
    return phone_of(scene.param("phone") or "", scene.rules) is not None


def _source_is_known(scene: Scene) -> bool:
    return source_of(scene.param("source"), scene.rules) is not None


def _id_is_right(scene: Scene) -> bool:
    return not scene.rules.invalid_id_error or task_id(scene.param("id")) is not None


def _create(scene: Scene, account: Account) -> Answer | Page:
    rules, world = scene.rules, scene.world
    phone = phone_of(scene.param("phone") or "", rules)
    assert phone is not None, "checked before"
    source = source_of(scene.param("source"), rules)
    assert source is not None, "checked before"
    magic = MAGIC.get(phone)
    outcome = magic.outcome if magic else None
    if outcome == "bad-gateway":
        return Page(502, "text/html", BAD_GATEWAY, reason=f"magic phone {phone}")
    if outcome == "limit":
        _refuse_limit(LimitReached(account.daily_limit, account.daily_limit), f"magic phone {phone}: ")
    day = day_of(scene.now, rules.day_turn)
    if account.used_on(day) >= account.daily_limit:
        _refuse_limit(LimitReached(account.used_on(day), account.daily_limit))
    effect = scene.task_effect(Facts("create", account.login, phone, source.number, scene.format))
    seed = world.seed if account.seed is None else account.seed
    time = world.processing_time(account, phone, source.number, seed)
    stuck = effect.stuck or outcome == "stuck" or time is None
    failure = effect.failure or (Ending() if outcome == "fail" else None)
    made = world.store.create_task(
        Task(
            id=0,
            login=account.login,
            phone=phone,
            source=source.number,
            ip=scene.call.ip,
            created=scene.now,
            ready=None if stuck or time is None else scene.now + time,
            cost=max(1, people.count(phone, source, seed)) if rules.unit_is_record else 1,
            seed=seed,
            demo=account.demo,
            edition=rules.edition.name,
            failure=(failure.code, failure.message) if failure else None,
        ),
        day,
    )
    if isinstance(made, LimitReached):
        _refuse_limit(made)
    why = f"task created, cost {made.cost}"
    return Answer({"status": "ok", "id": made.id}, scene.format, task=made.id, reason=why, wrote=True)


def _refuse_limit(limit: LimitReached, because: str = "") -> NoReturn:
    why = f"{because}limit reached: {limit.used} of {limit.of}"
    raise ApiError("limit", reason=why, used=str(limit.used), of=str(limit.of))


def _result(scene: Scene, account: Account) -> Answer:
    rules = scene.rules
    number = task_id(scene.param("id"))
    task = None if number is None else scene.world.store.read_task(number)
    if task is not None and task.login != account.login:
        raise ApiError(rules.foreign_kind, reason="another account's task")
    if task is None or (rules.lifetime is not None and scene.now - task.created > rules.lifetime):
        raise ApiError("unknown-task", reason="no such task" if task is None else "task is past its lifetime")
    effect = scene.task_effect(Facts("result", account.login, task.phone, task.source, scene.format))
    failure = effect.failure
    if failure is not None:
        raise _failed(failure.code, failure.message)
    if effect.stuck or not task.done(scene.now):
        reason = "never ready" if task.ready is None else f"ready in {(task.ready - scene.now) / SECOND:.3f} s"
        return Answer({"status": "processing"}, scene.format, task=task.id, reason=reason)
    if task.failure is not None:
        raise _failed(*task.failure)
    return _ready(scene, task)


def _failed(code: int | None, message: str | None) -> ApiError:
    return ApiError("failed-task", reason="the task failed", code=code, message=message)


def _ready(scene: Scene, task: Task) -> Answer:
    rules = scene.rules
    source = EDITIONS[task.edition].sources[str(task.source)]
    found = people.find(task.phone, source, task.seed, scene.world.words, demo=task.demo)
    rows: list[Value] = [
        {**row, "phone": int(row["phone"])} if rules.numeric_phone else dict(row) for row in found.rows
    ]
    sections: dict[str, Value] = {
        "data": rows,
        "names": [{"name": name} for name in found.names],
        "photo": found.photo or rules.photo_empty,
    }
    body: Body = {"status": "ready"}
    body |= {name: part for name, part in sections.items() if rules.all_sections or name == source.section}
    body |= {"cost": str(task.cost), "ip": task.ip}
    for name, at in (("create_time", task.created), ("end_time", task.ready or task.created)):
        body[name] = at // SECOND if rules.epoch_times else text_of(at)
    table = source.section if source.section in TABLES else None
    return Answer(body, scene.format, rows=table, task=task.id, reason=f"ready: {found.records} records")


TABLES = ("data", "names")
"""The sections that are lists, so that a table has them for rows."""


def _info(scene: Scene, account: Account) -> Answer:
    used = account.used_on(day_of(scene.now, scene.rules.day_turn))
    data: Body = {
        "api_limit": {"used": used, "of": account.daily_limit},
        "api_time_limit": account.paid_until,
        "demo": "1" if account.demo else "0",
    }
    shaped: Value = [data] if scene.rules.info_list else data
    why = f"used {used} of {account.daily_limit}"
    return Answer({"status": "ok", "data": shaped}, scene.format, reason=why)


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "create": Operation(
            "create",
            ("login", "token", "phone", "source"),
            MappingProxyType({"phone": _phone_is_right, "source": _source_is_known, "format": _format_is_known}),
            _create,
        ),
        "result": Operation(
            "result",
            ("login", "token", "id"),
            MappingProxyType({"id": _id_is_right, "format": _format_is_known}),
            _result,
        ),
        "info": Operation("info", ("login", "token"), MappingProxyType({"format": _format_is_known}), _info),
    }
)
