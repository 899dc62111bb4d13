"""What a store of a mock's state must be able to do, and the state that every store keeps in the process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import islice

from mockserver.core.clock import Clock
from mockserver.core.errors import NotFound, Problem, cut, few
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, LimitReached, Task
from mockserver.faults.faults import ArmedFault, Fault, strike
from mockserver.faults.matching import Facts
from mockserver.stores.trouble import to_standard_error

KEPT = 1000
"""Faults that are over and still listed, with their counts; an older one is forgotten."""


class Store(ABC):
    """All state that outlives a request, in whole atomic steps. Every abstract method may raise StoreError.

    Faults and counts are kept here, in the process: they end with it, processes that share a file each have their own,
    and a transaction that fails does not take them back.
    """

    name = "memory"
    """What a message calls the store."""
    say: Callable[[str], object] = staticmethod(to_standard_error)
    """Takes a line about a trouble of the store; a server may put its own way of writing lines here."""

    def __init__(self) -> None:
        self._faults: dict[str, ArmedFault] = {}
        self._armed: dict[str | None, dict[int, str]] = {}
        """The ids of those that may still strike, by the login of their match, then by the order of their arming."""
        self._over: deque[str] = deque()
        self._last_fault = 0
        self._windows: dict[str, tuple[Micros, int]] = {}
        self._samples: dict[str, dict[str, int]] = {}

    @abstractmethod
    def transaction(self, *, write: bool = False) -> AbstractContextManager[None]:
        """What happens inside is kept together or not at all; may be nested, the outermost counts. With write, nothing
        that is read inside is changed by another process before the end.
        """

    def settle(self, settled: Callable[[], bool], change: Callable[[], None]) -> bool:
        """Makes the change, where it is not settled yet, while no other process uses the store. Called outside of a
        transaction. Gives False where others use it and it is not settled.

        This one is for a store that only its own process can use.
        """
        if not settled():
            with self.transaction(write=True):
                change()
        return True

    @abstractmethod
    def account(self, login: str) -> Account | None:
        """The account of the login."""

    @abstractmethod
    def accounts(self, offset: int = 0, limit: int | None = None) -> Sequence[Account]:
        """The accounts in the order in which they were made: after the first `offset`, at most `limit`, else all."""

    @abstractmethod
    def configured(self) -> Sequence[Account]:
        """The accounts that the settings have made."""

    @abstractmethod
    def account_number(self) -> int:
        """A number that is not less than that of the accounts, and is found without counting them."""

    @abstractmethod
    def put_account(self, account: Account) -> None:
        """Adds the account, or puts it whole, its charges too, in the place of the one with its login."""

    @abstractmethod
    def drop_account(self, login: str) -> None:
        """Takes the account away, where there is one. Its tasks stay: a new account of the login has them."""

    @abstractmethod
    def create_task(self, task: Task, day: int) -> Task | LimitReached:
        """Charges the task's whole cost to its account on the day and keeps the task under a new id, or refuses, when
        what is used has reached the limit. The task's own id is ignored. Raises KeyError without an account.
        """

    @abstractmethod
    def read_task(self, task_id: int) -> Task | None:
        """The task of the id."""

    def count_poll(self, task_id: int, now: Micros) -> Task | None:
        """The task as a poll finds it. Where polls of it are left, this one is counted, and with the last the task ends
        at now.
        """
        with self.transaction(write=True):
            task = self.read_task(task_id)
            if task is not None and task.polls:
                self.put_ready(task.polled(now))
            return task

    @abstractmethod
    def put_ready(self, task: Task) -> None:
        """Keeps of the task, where it is still there, when it is ready: its time and its polls."""

    @abstractmethod
    def next_ready(self, now: Micros, login: str | None) -> Micros | None:
        """The earliest time after now at which a task of the login is ready by time alone; with None, of the accounts
        that have no clock of their own.
        """

    @abstractmethod
    def clock(self, login: str | None) -> Clock | None:
        """The clock of the login, where it has one of its own; with None the server's."""

    @abstractmethod
    def put_clock(self, login: str | None, clock: Clock | None) -> None:
        """Keeps the clock; None takes the login's own clock away."""

    @abstractmethod
    def close(self) -> None:
        """Ends the use of the store."""

    @abstractmethod
    def reset(self, login: str | None) -> None:
        """Drops all that hangs on the login, with None on any: tasks, charges, clock, faults, counts of calls and of
        samples. Accounts stay; ids that were given out are never given again.
        """
        if login is None:
            self._faults, self._armed, self._windows, self._samples = {}, {}, {}, {}
            self._over.clear()
            return
        over = {i for i in self._over if self._faults[i].fault.match.login == login}
        self._over = deque(i for i in self._over if i not in over)
        for fault_id in (*self._armed.pop(login, {}).values(), *over):
            del self._faults[fault_id]
        self._windows.pop(login, None)
        self._samples.pop(login, None)

    def arm(self, fault: Fault) -> ArmedFault:
        """Arms the fault under a new id."""
        self._last_fault += 1
        armed = ArmedFault(f"f{self._last_fault}", fault)
        self._faults[armed.id] = armed
        self._armed.setdefault(fault.match.login, {})[self._last_fault] = armed.id
        return armed

    def disarm(self, fault_id: str | None) -> None:
        """Takes the fault away, with None all. Raises NotFound for an unknown id."""
        if fault_id is None:
            self._faults, self._armed = {}, {}
            self._over.clear()
            return
        fault = self._faults.get(fault_id)
        if fault is None:
            armed = few(self._faults, len(self._faults)) or "none"
            raise NotFound(Problem("", f"{cut(fault_id)!r} is not an armed fault", f"armed: {armed}"))
        if fault.is_over:
            self._over.remove(fault_id)
        else:
            self._unarm(fault)
        del self._faults[fault_id]

    def faults(self, offset: int = 0, limit: int | None = None) -> Sequence[ArmedFault]:
        """The faults with their counts, in the order in which they were armed: after the first `offset`, at most
        `limit`. Of those that are over, the last KEPT.
        """
        return tuple(islice(self._faults.values(), offset, None if limit is None else offset + limit))

    def may_strike(self, login: str | None) -> bool:
        """Whether a fault may strike a call of the login."""
        return bool(self._armed) and (login in self._armed or None in self._armed)

    def strike(self, facts: Facts, seed: int, *, of_task: bool) -> ArmedFault | None:
        """The fault that strikes the call, counted (see `faults.strike`)."""
        ids = self._armed.get(None, {})
        if facts.login is not None and (own := self._armed.get(facts.login)):
            ids = dict(sorted({**ids, **own}.items())) if ids else own
        counted, struck = strike([self._faults[one] for one in ids.values()], facts, seed, of_task=of_task)
        for one in counted:
            self._faults[one.id] = one
            if one.is_over:
                self._retire(one)
        return struck

    def _retire(self, fault: ArmedFault) -> None:
        """Keeps the fault for the list alone: no call is held against it any more."""
        self._unarm(fault)
        self._over.append(fault.id)
        if len(self._over) > KEPT:
            del self._faults[self._over.popleft()]

    def _unarm(self, fault: ArmedFault) -> None:
        login = fault.fault.match.login
        ids = self._armed[login]
        del ids[int(fault.id[1:])]
        if not ids:
            del self._armed[login]

    def count_call(self, login: str, now: Micros, allowed: int, period: Micros) -> bool:
        """Counts a call of the login in its current window of the period; whether it is within the allowed number."""
        start, count = self._windows.get(login, (now, 0))
        if not start <= now < start + period:
            start, count = now, 0
        self._windows[login] = (start, count + 1)
        return count < allowed

    def next_sample(self, login: str, what: str) -> int:
        """The number, from 1, of the next sample that is drawn for the login (empty: the server) and the purpose."""
        samples = self._samples.setdefault(login, {})
        samples[what] = number = samples.get(what, 0) + 1
        return number
