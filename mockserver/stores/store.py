"""What a store of a mock's state must be able to do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from mockserver.core.clock import Clock
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, LimitReached, Task
from mockserver.faults.faults import ArmedFault, Fault
from mockserver.faults.matching import Facts


class Store(Protocol):
    """All state that outlives a request, in whole atomic steps. Every method may raise StoreError."""

    def transaction(self, *, write: bool = False) -> AbstractContextManager[None]:
        """What happens inside is kept together or not at all; may be nested, the outermost counts. With write, nothing
        that is read inside is changed by another process before the end.
        """

    def account(self, login: str) -> Account | None:
        """The account of the login."""

    def accounts(self) -> Sequence[Account]:
        """All accounts in the order in which they were made."""

    def put_account(self, account: Account) -> None:
        """Adds the account, or puts it whole, its charges too, in the place of the one with its login."""

    def drop_account(self, login: str) -> None:
        """Takes the account away, where there is one. Its tasks stay: a new account of the login has them."""

    def create_task(self, task: Task, day: int) -> Task | LimitReached:
        """Charges the task's whole cost to its account on the day and keeps the task under a new id, or refuses, when
        what is used has reached the limit. The task's own id is ignored. Raises KeyError without an account.
        """

    def read_task(self, task_id: int) -> Task | None:
        """The task of the id."""

    def next_ready(self, now: Micros, logins: Sequence[str]) -> Micros | None:
        """The earliest time after now at which a task of one of the logins is ready."""

    def clock(self, login: str | None) -> Clock | None:
        """The clock of the login, where it has one of its own; with None the server's."""

    def put_clock(self, login: str | None, clock: Clock | None) -> None:
        """Keeps the clock; None takes the login's own clock away."""

    def arm(self, fault: Fault) -> ArmedFault:
        """Arms the fault under a new id."""

    def disarm(self, fault_id: str | None) -> None:
        """Takes the fault away, with None all. Raises NotFound for an unknown id."""

    def faults(self) -> Sequence[ArmedFault]:
        """The armed faults with their counts, in the order in which they were armed."""

    def strike(self, facts: Facts, seed: int, *, of_task: bool) -> ArmedFault | None:
        """The fault that strikes the call, counted (see `faults.strike`)."""

    def count_call(self, login: str, now: Micros, allowed: int, period: Micros) -> bool:
        """Counts a call of the login in its current window of the period; whether it is within the allowed number."""

    def next_sample(self, login: str, what: str) -> int:
        """The number, from 1, of the next sample that is drawn for the login (empty: the server) and the purpose."""

    def reset(self, login: str | None) -> None:
        """Drops all that hangs on the login, with None on any: tasks, charges, clock, faults, counts of calls and of
        samples. Accounts stay; ids that were given out are never given again.
        """

    def close(self) -> None:
        """Ends the use of the store."""
