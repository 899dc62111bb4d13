"""The store that lives as long as its process."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from mockserver.core.clock import Clock
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, LimitReached, Task

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(slots=True)
class _Own:
    """What a login owns: the ids of its tasks, and their times of readiness in order."""

    ids: list[int] = field(default_factory=list)
    ready: list[Micros] = field(default_factory=list)


class MemoryStore:
    """All state in dictionaries. Calls may come from several threads, one at a time. Never raises StoreError."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._tasks: dict[int, Task] = {}
        self._own: dict[str, _Own] = {}
        self._clocks: dict[str | None, Clock] = {}
        self._last = 0
        self._depth = 0
        self._undo: list[Callable[[], object]] = []

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[None]:
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

    def account(self, login: str) -> Account | None:
        """The account of the login."""
        return self._accounts.get(login)

    def accounts(self) -> Sequence[Account]:
        """All accounts in the order in which they were made."""
        return list(self._accounts.values())

    def put_account(self, account: Account) -> None:
        """Adds the account, or puts it whole, its charges too, in the place of the one with its login."""
        self._set(self._accounts, account.login, account)

    def drop_account(self, login: str) -> None:
        """Takes the account away; its tasks stay."""
        self._set(self._accounts, login, None)

    def create_task(self, task: Task, day: int) -> Task | LimitReached:
        """Charges the task's whole cost and keeps it under a new id, unless the limit has been reached.

        Raises KeyError for a login without an account.
        """
        account = self._accounts[task.login]
        used = account.used_on(day)
        if used >= account.daily_limit:
            return LimitReached(used, account.daily_limit)
        made = replace(task, id=self._last + 1)
        charged = replace(account, day=day, used=used + task.cost, creates=account.creates + 1)
        own = self._own.setdefault(task.login, _Own())
        if self._depth:
            self._undo.append(partial(self._uncreate, made, account, own))
        self._last = made.id
        self._tasks[made.id] = made
        self._accounts[account.login] = charged
        own.ids.append(made.id)
        if made.ready is not None:
            insort(own.ready, made.ready)
        return made

    def _uncreate(self, task: Task, account: Account, own: _Own) -> None:
        self._last = task.id - 1
        del self._tasks[task.id]
        self._accounts[account.login] = account
        own.ids.pop()
        if task.ready is not None:
            del own.ready[bisect_left(own.ready, task.ready)]

    def read_task(self, task_id: int) -> Task | None:
        """The task of the id."""
        return self._tasks.get(task_id)

    def next_ready(self, now: Micros, logins: Sequence[str]) -> Micros | None:
        """The earliest time after now at which a task of one of the logins is ready."""
        lists = [own.ready for own in map(self._own.get, logins) if own is not None]
        later = ((times, bisect_right(times, now)) for times in lists)
        return min((times[at] for times, at in later if at < len(times)), default=None)

    def clock(self, login: str | None) -> Clock | None:
        """The clock of the login, where it has one of its own; with None the server's."""
        return self._clocks.get(login)

    def put_clock(self, login: str | None, clock: Clock | None) -> None:
        """Keeps the clock; None takes the login's own clock away."""
        self._set(self._clocks, login, clock)

    def reset(self, login: str | None) -> None:
        """Drops the tasks, the charges and the clock of the login, with None those of all."""
        if login is None:
            self._reset_all()
            return
        own = self._own.pop(login, _Own())
        tasks = {task_id: self._tasks.pop(task_id) for task_id in own.ids}
        if self._depth:
            self._undo.append(partial(self._own.__setitem__, login, own))
            self._undo.append(partial(self._tasks.update, tasks))
        account = self._accounts.get(login)
        if account is not None:
            self._set(self._accounts, login, replace(account, used=0, creates=0))
        self._set(self._clocks, login, None)

    def _reset_all(self) -> None:
        if self._depth:
            self._undo.append(partial(self._restore, self._accounts, self._tasks, self._own, self._clocks))
        self._accounts = {login: replace(one, used=0, creates=0) for login, one in self._accounts.items()}
        self._tasks, self._own, self._clocks = {}, {}, {}

    def _restore(
        self,
        accounts: dict[str, Account],
        tasks: dict[int, Task],
        own: dict[str, _Own],
        clocks: dict[str | None, Clock],
    ) -> None:
        self._accounts, self._tasks, self._own, self._clocks = accounts, tasks, own, clocks

    def close(self) -> None:
        """Ends the use of the store."""

    def _set(self, table: dict[_K, _V], key: _K, value: _V | None) -> None:
        if self._depth:
            self._undo.append(partial(_put, table, key, table.get(key)))
        _put(table, key, value)


def _put(table: dict[_K, _V], key: _K, value: _V | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
