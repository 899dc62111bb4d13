"""What a store of a mock's state must be able to do, and the state that every store keeps in the process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from mockserver.core.clock import Clock
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, LimitReached, Task
from mockserver.faults.armed import ArmedFaults
from mockserver.faults.scenarios import Scenarios
from mockserver.faults.stubs import Stubs
from mockserver.stores.counters import Counters


class Store(ABC):
    """All state that outlives a request, in whole atomic steps. Every abstract method may raise StoreError.

    Faults, stubs and counts are kept here, in the process: they end with it, processes that share a file each have
    their own, and a transaction that fails does not take them back.
    """

    name = "memory"
    """What a message calls the store."""
    is_shared = False  # whether other processes can use it, too
    waits = False
    """Whether its verbs may wait, for another process, a disk or another machine; then no event loop calls them."""

    def __init__(self) -> None:
        self.faults = ArmedFaults()
        self.stubs = Stubs()
        self.scenarios = Scenarios()
        self.counters = Counters()

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

    @abstractmethod
    def tasks(self, login: str | None, offset: int = 0, limit: int | None = None) -> Sequence[Task]:
        """The tasks of the login, with None of all, in the order of their ids: after the first `offset`, at most
        `limit`, else all. They lack what their stubs find, which may be much.
        """

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
        """Drops all that hangs on the login, with None on any: tasks, charges, clock, faults, scenarios, stubs, counts
        of calls and of samples. Accounts stay; ids that were given out are never given again.
        """
        self.faults.clear(login)
        self.stubs.clear(login)
        self.scenarios.clear(login)
        self.counters.clear(login)
