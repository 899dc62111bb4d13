"""What a store of a mock's state must be able to do, and the state that every store keeps in the process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from mockserver.core.clock import Clock
from mockserver.core.errors import NotFound, Problem
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, LimitReached, Task
from mockserver.faults.faults import ArmedFault, Fault, strike
from mockserver.faults.matching import Facts


class Store(ABC):
    """All state that outlives a request, in whole atomic steps. Every abstract method may raise StoreError.

    Faults and counts are kept here, in the process: they end with it, processes that share a file each have their own,
    and a transaction that fails does not take them back.
    """

    name = "memory"
    """What a message calls the store."""

    def __init__(self) -> None:
        self._armed: dict[str, ArmedFault] = {}
        self._last_fault = 0
        self._windows: dict[str, tuple[Micros, int]] = {}
        self._samples: dict[tuple[str, str], int] = {}

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
    def accounts(self) -> Sequence[Account]:
        """All accounts in the order in which they were made."""

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

    @abstractmethod
    def next_ready(self, now: Micros, logins: Sequence[str]) -> Micros | None:
        """The earliest time after now at which a task of one of the logins is ready."""

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
            self._armed, self._windows, self._samples = {}, {}, {}
            return
        self._armed = {i: one for i, one in self._armed.items() if one.fault.match.login != login}
        self._windows.pop(login, None)
        self._samples = {key: n for key, n in self._samples.items() if key[0] != login}

    def arm(self, fault: Fault) -> ArmedFault:
        """Arms the fault under a new id."""
        self._last_fault += 1
        armed = ArmedFault(f"f{self._last_fault}", fault)
        self._armed[armed.id] = armed
        return armed

    def disarm(self, fault_id: str | None) -> None:
        """Takes the fault away, with None all. Raises NotFound for an unknown id."""
        if fault_id is None:
            self._armed.clear()
        elif self._armed.pop(fault_id, None) is None:
            armed = ", ".join(self._armed) or "none"
            raise NotFound(Problem("", f"{fault_id!r} is not an armed fault", f"armed: {armed}"))

    def faults(self) -> Sequence[ArmedFault]:
        """The armed faults with their counts, in the order in which they were armed."""
        return tuple(self._armed.values())

    def strike(self, facts: Facts, seed: int, *, of_task: bool) -> ArmedFault | None:
        """The fault that strikes the call, counted (see `faults.strike`)."""
        if not self._armed:
            return None
        counted, struck = strike(self._armed.values(), facts, seed, of_task=of_task)
        self._armed.update({one.id: one for one in counted})
        return struck

    def count_call(self, login: str, now: Micros, allowed: int, period: Micros) -> bool:
        """Counts a call of the login in its current window of the period; whether it is within the allowed number."""
        start, count = self._windows.get(login, (now, 0))
        if not start <= now < start + period:
            start, count = now, 0
        self._windows[login] = (start, count + 1)
        return count < allowed

    def next_sample(self, login: str, what: str) -> int:
        """The number, from 1, of the next sample that is drawn for the login (empty: the server) and the purpose."""
        self._samples[login, what] = number = self._samples.get((login, what), 0) + 1
        return number
