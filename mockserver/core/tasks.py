"""Accounts, tasks, and what a store of them must be able to do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from mockserver.core.clock import Clock
from mockserver.core.messages import Micros


@dataclass(frozen=True, slots=True)
class Account:
    """Who may call. daily_limit is in units; paid_until is told by info as it stands; delay and seed, where given,
    stand in place of the server's. `used` units count for the day number `day` (see `quota`); `creates` counts the
    tasks made, so that the n-th one's chance is its own. configured is a digest of what the settings say of the
    account, empty for one that was made otherwise. The charges of one day are kept: a clock that is set back to an
    earlier day and used there forgets those of the later one.
    """

    login: str
    token: str
    daily_limit: int
    paid_until: str
    demo: bool = False
    delay: str | None = None
    seed: int | None = None
    day: int = 0
    used: int = 0
    creates: int = 0
    configured: str = ""

    def used_on(self, day: int) -> int:
        """Units used on the day."""
        return self.used if self.day == day else 0


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it was created. ready is the time from which it is done, None for never; failure is the code (None:
    the profile's) and message (None: the profile's) of a task that ends in an error, None where it ends well. edition,
    seed and demo are those under which it was made, so that it never reads otherwise.
    """

    id: int
    login: str
    phone: str
    source: int
    ip: str
    created: Micros
    ready: Micros | None
    cost: int
    seed: int
    demo: bool = False
    edition: str = "B"
    failure: tuple[int | None, str | None] | None = None

    def done(self, now: Micros) -> bool:
        """Whether the task has ended: a pure function of its record and the time."""
        return self.ready is not None and now >= self.ready


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A create that was refused: used units of the day and the limit they have reached."""

    used: int
    of: int


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
        """Adds the account, or puts it in the place of the one with its login."""

    def drop_account(self, login: str) -> None:
        """Takes the account away, where there is one; its tasks stay, for an account of the login to come."""

    def create_task(self, task: Task, day: int) -> Task | LimitReached:
        """Charges the task's cost to its account on the day and keeps the task under a new id, or refuses, when
        what is used has reached the limit. The id of the task given is not looked at.
        """

    def read_task(self, task_id: int) -> Task | None:
        """The task of the id."""

    def next_ready(self, now: Micros, logins: Sequence[str]) -> Micros | None:
        """The earliest time after now at which a task of one of the logins is ready."""

    def clock(self, login: str | None) -> Clock | None:
        """The clock of the login, where it has one of its own; with None the server's."""

    def put_clock(self, login: str | None, clock: Clock | None) -> None:
        """Keeps the clock; None takes the login's own clock away."""

    def reset(self, login: str | None) -> None:
        """Drops the tasks, the charges and the clock of the login, with None those of all. Accounts stay; ids that
        were given out are never given again.
        """

    def close(self) -> None:
        """Ends the use of the store."""
