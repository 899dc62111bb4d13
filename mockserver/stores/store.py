"""What a store of a mock's state must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TypeAlias

from mockserver.core.clock import Clock
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, LimitReached, Task
from mockserver.faults.armed import ArmedFaults
from mockserver.faults.records import Records
from mockserver.faults.scenarios import Scenarios
from mockserver.faults.stubs import Stubs
from mockserver.stores.journal import Entry, Journal
from mockserver.stores.retention import Retention
from mockserver.stores.values import Values

Made: TypeAlias = "tuple[str, str, int]"
"""What a call is counted by: its method (`other` for any other path), its outcome and the HTTP status."""


class Again(Exception):
    """What a call is decided by has been changed by another process. Nothing was written; the call is to be decided
    again, from its beginning.
    """


class Store(ABC):
    """All state that outlives a request, in whole atomic steps. Every abstract method may raise StoreError.

    This one is for a store that only its own process can use. Faults, stubs, scenarios, values and the journal are
    objects of the process, and a transaction that fails does not take their changes back. `SharedStore` is for
    one that several processes use as one mock.
    """

    name = "memory"
    """What a message calls the store."""
    is_shared = False
    """Whether other processes can use it, too. Its verbs may then wait for them, and no event loop calls them."""
    is_read_beside = False
    """Whether the loop may read its file, too, while the thread of the store uses it."""
    retention: Retention | None = None  # which tasks are kept; None is all
    followed: Callable[[Sequence[str | None]], object] = staticmethod(lambda _: None)
    """Is called inside a transaction, when changes of other processes have been taken in, with the logins that they
    have reset, None for all.
    """
    emptied: Callable[[], object] = staticmethod(lambda: None)
    """Is called inside a transaction that writes, when the store was found to have lost all that it held."""

    def __init__(self, journal: Journal, records: Records | None = None) -> None:
        self.journal = journal
        self.faults = ArmedFaults(records)
        self.stubs = Stubs(records)
        self.scenarios = Scenarios(records)
        self.values = Values(records)

    @abstractmethod
    def transaction(self, *, write: bool = False) -> AbstractContextManager[None]:
        """What happens inside is kept together or not at all; may be nested, the outermost counts. With write, nothing
        that is read inside is changed by another process before the end.

        Changes of other processes are taken in at its start, and when it begins to write.
        """

    def turn(self) -> AbstractContextManager[None]:
        """The transaction of a turn of calls. Changes of other processes may be taken in with what a call reads or
        creates, which then raises Again.
        """
        return self.transaction()

    def check(self) -> None:  # noqa: B027 - most stores have done so when the turn began
        """Is told in a turn that a call is decided. Raises Again, where it has missed a change."""

    @abstractmethod
    def lock(self) -> None:
        """Has the transaction that is open write from now on, as one with `write` does. Raises StoreError."""

    def settle(self, settled: Callable[[], bool], change: Callable[[], None]) -> bool:
        """Makes the change, where it is not settled yet, while no other process uses the store. Called outside of a
        transaction. Gives False where others use it and it is not settled.
        """
        if not settled():
            with self.transaction(write=True):
                change()
        return True

    def expect(  # noqa: B027 - most stores are near
        self, login: str | None, task_id: int | None, *, creates: bool = False
    ) -> None:
        """Is told, in a transaction, whose account and clock and which task a call reads next: a store that is far away
        reads them together. creates: whether it may create a task, and writes nothing before; then they may be those
        that were read last, and `create_task` raises Again where they have changed since.
        """

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
    def create_task(self, task: Task, day: int, after: int | None = None) -> Task | LimitReached:
        """Charges the task's whole cost to its account on the day and keeps the task under a new id, or refuses, when
        what is used has reached the limit. The task's own id is ignored. Drops a few of those that `retention`
        does not keep. after: how many tasks the account has made before by what was read, where that counts. Raises
        Again where the account has gone, and as `expect` says.
        """

    @abstractmethod
    def read_task(self, task_id: int) -> Task | None:
        """The task of the id."""

    @abstractmethod
    def tasks(
        self, login: str | None, offset: int = 0, limit: int | None = None, *, newest_first: bool = False
    ) -> Sequence[Task]:
        """The tasks of the login, with None of all, in the order of their ids or the other way round: after the first
        `offset`, at most `limit`, else all. They lack what their stubs find, which may be much.
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
    def count_call(self, login: str, now: Micros, allowed: int, period: Micros) -> Micros:
        """Counts a call of the login in its current window of the period. Gives 0 where it is within the allowed
        number, else the time until the window ends.
        """

    @abstractmethod
    def next_sample(self, login: str, what: str) -> int:
        """The number, from 1, of the next sample that is drawn for the login (empty: the server) and the purpose."""

    @abstractmethod
    def record(self, calls: Iterable[Made], entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        """Counts the calls of a turn, and adds their entries to the journal (see `Journal.extend`), in a transaction of
        its own: the answers are kept by then. What can't be written is added to the next turn's.
        """

    @abstractmethod
    def calls(self) -> Mapping[Made, int]:
        """How many calls were made since the start."""

    @abstractmethod
    def reset(self, login: str | None) -> None:
        """Drops all that hangs on the login, with None on any: tasks, charges, clock, faults, scenarios, stubs, entries
        of the journal, counts of calls and of samples. Accounts stay; ids that were given out are never given again.
        """
        self.faults.clear(login)
        self.stubs.clear(login)
        self.scenarios.clear(login)
        self.journal.reset(login)

    @abstractmethod
    def close(self) -> None:
        """Ends the use of the store."""
