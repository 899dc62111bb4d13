"""What a Redis keeps as texts, and the values that they stand for. What makes a value of a text raises one of STRANGE
for a text that no mock writes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from mockserver.core.clock import FASTEST, LATEST, Clock
from mockserver.core.delays import LONGEST, parse_delay
from mockserver.core.errors import Refusal
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, Task
from mockserver.faults.records import Change
from mockserver.profile.editions import EDITIONS
from mockserver.stores.shared_store import Changes
from mockserver.stores.store import Made

STRANGE = (ValueError, TypeError, LookupError, Refusal)
"""What is raised where another program, or another version, has written."""

_FARTHEST = LATEST + LONGEST  # when a task may be ready; no time is farther from 1970
_SHIFT = 2**62
"""Added to a time to make it positive: 19 digits, which are in the order of the times as texts, too."""
_MOST = 2**63


def fits(value: str | int | None) -> bool:
    """Whether every store can hold the value: numbers of 64 bits, and Unicode text."""
    if isinstance(value, int):
        return -_MOST <= value < _MOST
    try:
        (value or "").encode()
    except UnicodeEncodeError:
        return False
    return True


def owner_of(login: str | None) -> str:
    """The key of what is the login's, with None the server's."""
    return "server" if login is None else f"login:{login}"


def sortable(at: Micros) -> str:
    """The time as a text: the texts are in the order of the times."""
    return f"{at + _SHIFT:019d}"


def time_of(key: str) -> Micros:
    """The time at the start of a key of an index, as `sortable` writes it."""
    return int(key.partition(":")[0]) - _SHIFT


def ready_key(task: Task) -> str:
    """When the task is ready by time alone, as the index of its login has it; else nothing."""
    return "" if task.ready is None or task.polls is not None else sortable(task.ready)


def _kind_and_key(name: str) -> tuple[str, str]:
    kind, _, key = name.partition(" ")
    return kind, key


def changes_of(last: str, whole: int, records: Sequence[Sequence[str]]) -> Changes:
    """What the script CHANGES gives: the number of the last change, whether these are all records, and of each record
    its name, value, number and place.
    """
    in_order = sorted(records, key=lambda record: int(record[3] or 0))
    made = [Change(*_kind_and_key(name), value, int(number)) for name, value, number, _ in in_order]
    return Changes(int(last), bool(whole), made)


def calls_of(names: Sequence[str], numbers: Sequence[str]) -> dict[Made, int]:
    """How often calls were made, by the names under which they are counted."""
    made = (name.split(" ") for name in names)
    return {(method, outcome, int(status)): int(n) for (method, outcome, status), n in zip(made, numbers, strict=True)}


def without_charges(account: Account) -> Account:
    """The account as `account_text` has it."""
    return replace(account, day=0, used=0, creates=0)


def account_text(account: Account) -> str:
    """The text of an account. Its limit comes first, where the script finds it; its charges stand elsewhere."""
    own = (account.daily_limit, account.token, account.paid_until, account.demo, account.delay, account.seed)
    return json.dumps([*own, account.configured], ensure_ascii=False)


def account_of(login: str, text: str, *counts: str) -> Account:
    """The account of a text; counts are its day, units used and tasks created."""
    limit, token, paid_until, demo, delay, seed, configured = json.loads(text)
    if delay is not None:
        parse_delay(delay, "delay")
    day, used, creates = map(int, counts)
    return Account(login, token, limit, paid_until, bool(demo), delay, seed, day, used, creates, configured)


def task_text(task: Task) -> str:
    """The text of a task: all but its id, which is its name, and what its stub finds, which may be much."""
    head = [task.login, task.phone, task.source, task.ip, task.created, task.ready, task.cost, task.seed, task.demo]
    return json.dumps([*head, task.edition, task.failure, task.polls], ensure_ascii=False)


def task_of(task_id: str | int, text: str, stub: str | None) -> Task:
    """The task of a text."""
    login, phone, source, ip, created, ready, cost, seed, demo, edition, failure, polls = json.loads(text)
    if str(source) not in EDITIONS[edition].sources or max(abs(created), abs(ready or 0)) > _FARTHEST:
        raise ValueError
    failed = None if failure is None else (failure[0], failure[1])
    head = (int(task_id), login, phone, source, ip, created, ready, cost, int(seed), bool(demo))
    return Task(*head, edition, failed, polls, stub)


def clock_text(clock: Clock) -> str:
    """The text of a clock."""
    return json.dumps([clock.base, clock.since, clock.speed])


def clock_of(text: str) -> Clock:
    """The clock of a text."""
    base, since, speed = json.loads(text)
    if not (abs(base) <= _FARTHEST and 0 <= speed <= FASTEST):
        raise ValueError
    return Clock(base, since, speed)
