"""The store that lives as long as its process."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import TypeVar

from mockserver.core.clock import Clock
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, LimitReached, Task, fields_of_task
from mockserver.stores.counters import Counters
from mockserver.stores.journal import Entry
from mockserver.stores.memory_journal import MemoryJournal
from mockserver.stores.memory_tasks import Fields, MemoryTasks
from mockserver.stores.retention import FEW
from mockserver.stores.store import Again, Made, Store

_K = TypeVar("_K")
_V = TypeVar("_V")
_FEW = 100


@dataclass(slots=True)
class _Own:
    """The tasks of a login."""

    # Arrays, since the garbage collector looks through lists.
    ids: array[int] = field(default_factory=partial(array, "q"))  # in order
    ready: array[Micros] = field(default_factory=partial(array, "q"))  # of those that are ready by time alone, in order
    first: int = 0  # where the ids begin: those before are gone, and are cut off when they are the most
    earliest: int = 0  # where the times begin

    def add(self, task: Task) -> None:
        """Keeps its time."""
        if task.ready is not None and task.polls is None:
            insort(self.ready, task.ready, self.earliest)

    def take(self, task: Task) -> None:
        """Forgets its time."""
        if task.ready is None or task.polls is not None:
            return
        at = bisect_left(self.ready, task.ready, self.earliest)
        if at > self.earliest:
            del self.ready[at]
        else:
            self.earliest = _without_head(self.ready, at + 1)

    def take_first(self) -> None:
        """Forgets the first id."""
        self.first = _without_head(self.ids, self.first + 1)

    def put_first(self, task_id: int) -> None:
        """Puts the id back before the others."""
        self.ids.insert(self.first, task_id)


def _without_head(items: array[int], gone: int) -> int:
    """Cuts off the items of an array that are gone, where they are many. How many are left of them."""
    if gone < _FEW or gone * 2 < len(items):
        return gone
    del items[:gone]
    return 0


class MemoryStore(Store):
    """All state in dictionaries. Calls may come from several threads, one at a time. Never raises StoreError."""

    def __init__(self) -> None:
        self.journal: MemoryJournal
        super().__init__(MemoryJournal())
        self._accounts: dict[str, Account] = {}
        self._charged: set[str] | None = None
        """The logins whose charges are of the time since all were reset, which leaves the others to their next use."""
        self._tasks = MemoryTasks()
        self._own: dict[str, _Own] = {}
        self._clocks: dict[str | None, Clock] = {}
        self._counters = Counters()
        self.made: Counter[Made] = Counter()  # how many calls, as `calls` gives them
        self._last = 0
        self._gone = 0  # the highest id that retention has dropped
        self._depth = 0
        self._undo: list[Callable[[], object]] = []

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[None]:  # noqa: ARG002 - no other process can write here
        """What happens inside is undone when an exception leaves the outermost block."""
        self._depth += 1
        try:
            yield
        except BaseException:
            if self._depth == 1:
                while self._undo:
                    self._undo.pop()()
            raise
        finally:
            self._depth -= 1
            if not self._depth:
                self._undo.clear()

    def lock(self) -> None:
        """No other process can write here."""

    def account(self, login: str) -> Account | None:
        known = self._accounts.get(login)
        if known is None or self._charged is None or login in self._charged:
            return known
        self.put_account(replace(known, used=0, creates=0))
        return self._accounts[login]

    def accounts(self, offset: int = 0, limit: int | None = None) -> Sequence[Account]:
        logins = list(islice(self._accounts, offset, None if limit is None else offset + limit))
        return [account for account in map(self.account, logins) if account is not None]

    def configured(self) -> Sequence[Account]:
        return [account for account in self._accounts.values() if account.configured]

    def account_number(self) -> int:
        return len(self._accounts)

    def put_account(self, account: Account) -> None:
        if self._charged is not None and account.login not in self._charged:
            self._charged.add(account.login)
            if self._depth:
                self._undo.append(partial(self._charged.discard, account.login))
        self._set(self._accounts, account.login, account)

    def drop_account(self, login: str) -> None:
        self._set(self._accounts, login, None)
        if self._charged is not None and login in self._charged:
            self._charged.discard(login)
            if self._depth:
                self._undo.append(partial(self._charged.add, login))

    def create_task(self, task: Task, day: int, after: int | None = None) -> Task | LimitReached:  # noqa: ARG002 - it is what was read
        account = self.account(task.login)
        if account is None:
            raise Again
        used = account.used_on(day)
        if used >= account.daily_limit:
            return LimitReached(used, account.daily_limit)
        made = replace(task, id=self._last + 1)
        self.add_task(account.charged(day, used + task.cost), fields_of_task(made))
        return made

    @property
    def next_id(self) -> int:
        """The id of the next task."""
        return self._last + 1

    def add_task(self, charged: Account, fields: Fields) -> None:
        """Keeps the task of the fields, under `next_id`, and its account as it is charged for it."""
        task_id, login, ready, polls = fields[0], fields[1], fields[6], fields[12]
        own = self._own.get(login)
        if own is None:
            own = self._own[login] = _Own()
        if self._depth:
            self._undo.append(partial(self._uncreate, fields, self._accounts[login], own))
        self._last = task_id
        self._tasks.put(fields)
        self._accounts[login] = charged
        own.ids.append(task_id)
        if ready is not None and polls is None:
            insort(own.ready, ready, own.earliest)
        if self.retention is not None:
            for old in range(self._gone + 1, min(self.retention.gone(task_id), self._gone + FEW) + 1):
                if (gone := self._tasks.get(old)) is not None:
                    self._forget(gone)
                self._gone = old

    def _forget(self, fields: Fields) -> None:
        """Drops the oldest task."""
        own = self._own[fields[1]]
        if self._depth:
            self._undo.append(partial(self._recall, fields, own))
        self._tasks.pop(fields[0])
        own.take_first()
        own.take(Task(*fields))
        if own.first == len(own.ids):
            del self._own[fields[1]]

    def _recall(self, fields: Fields, own: _Own) -> None:
        self._own[fields[1]] = own
        self._gone = fields[0] - 1
        self._tasks.bring_back({fields[0]: fields})
        own.put_first(fields[0])
        own.add(Task(*fields))

    def _uncreate(self, fields: Fields, account: Account, own: _Own) -> None:
        self._last = fields[0] - 1
        self._tasks.pop(fields[0])
        self._accounts[account.login] = account
        own.ids.pop()
        own.take(Task(*fields))

    def read_task(self, task_id: int) -> Task | None:
        task = self._tasks.get(task_id)
        return None if task is None else Task(*task)

    def task_fields(self, task_id: int) -> Fields | None:
        """The fields of the task."""
        return self._tasks.get(task_id)

    def tasks(
        self, login: str | None, offset: int = 0, limit: int | None = None, *, newest_first: bool = False
    ) -> Sequence[Task]:
        own = self._own.get(login or "", _Own())
        ids: Iterable[int]
        if newest_first:
            ids = reversed(self._tasks) if login is None else islice(reversed(own.ids), len(own.ids) - own.first)
        else:
            ids = self._tasks if login is None else islice(own.ids, own.first, None)
        return [
            replace(Task(*fields), stub=None)
            for one in islice(ids, offset, None if limit is None else offset + limit)
            if (fields := self._tasks.get(one)) is not None
        ]

    def put_ready(self, task: Task) -> None:
        before = self.read_task(task.id)
        if before is not None:
            after = replace(before, ready=task.ready, polls=task.polls)
            self._swap(before, after)
            if self._depth:
                self._undo.append(partial(self._swap, after, before))

    def _swap(self, before: Task, after: Task) -> None:
        own = self._own[before.login]
        own.take(before)
        own.add(after)
        self._tasks.put(fields_of_task(after))

    def next_ready(self, now: Micros, login: str | None) -> Micros | None:
        if login is None:
            following = (own for one, own in self._own.items() if one in self._accounts and one not in self._clocks)
        else:
            following = (self._own[one] for one in (login,) if one in self._own)
        later = ((own.ready, bisect_right(own.ready, now, own.earliest)) for own in following)
        return min((times[at] for times, at in later if at < len(times)), default=None)

    def clock(self, login: str | None) -> Clock | None:
        return self._clocks.get(login)

    def put_clock(self, login: str | None, clock: Clock | None) -> None:
        self._set(self._clocks, login, clock)

    def count_call(self, login: str, now: Micros, allowed: int, period: Micros) -> Micros:
        return self._counters.count_call(login, now, allowed, period)

    def next_sample(self, login: str, what: str) -> int:
        return self._counters.next_sample(login, what)

    def record(self, calls: Iterable[Made], entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        for made in calls:
            self.made[made] += 1
        if entries:
            self.journal.extend(entries)

    def calls(self) -> Mapping[Made, int]:
        return self.made

    def reset(self, login: str | None) -> None:
        super().reset(login)
        self._counters.clear(login)
        if login is None:
            if self._depth:
                tables = {name: vars(self)[name] for name in ("_charged", "_tasks", "_own", "_clocks")}
                self._undo.append(partial(vars(self).update, tables))
            self._charged, self._tasks, self._own, self._clocks = set(), MemoryTasks(), {}, {}
            return
        own = self._own.pop(login, _Own())
        tasks = {task_id: self._tasks.pop(task_id) for task_id in own.ids[own.first :]}
        if self._depth:
            self._undo.append(partial(self._own.__setitem__, login, own))
            self._undo.append(partial(self._tasks.bring_back, tasks))
        account = self._accounts.get(login)
        if account is not None:
            self.put_account(replace(account, used=0, creates=0))
        self._set(self._clocks, login, None)

    def close(self) -> None:
        """Nothing is open."""

    def _set(self, table: dict[_K, _V], key: _K, value: _V | None) -> None:
        if self._depth:
            self._undo.append(partial(_put, table, key, table.get(key)))
        _put(table, key, value)


def _put(table: dict[_K, _V], key: _K, value: _V | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
