"""Accounts and tasks, as a store keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

from mockserver.core.delays import parse_delay, readiness
from mockserver.core.messages import Micros


@dataclass(frozen=True, slots=True)
class Account:
    """Who may call. The charges of one day are kept: a create on an earlier day, after the clock was set back, forgets
    those of the later day.
    """

    login: str
    token: str
    daily_limit: int  # in units
    paid_until: str  # as info reports it
    demo: bool = False
    delay: str | None = None  # replaces the server's processing time
    seed: int | None = None  # replaces the server's seed
    day: int = 0  # the number of the day that `used` counts for (see `quota`)
    used: int = 0  # units used on that day
    creates: int = 0  # tasks made so far: it seeds the chance of the next one
    configured: str = ""  # a digest of the account in the settings; empty for an account that was made otherwise

    @property
    def ready(self) -> str | dict[str, str | int] | None:
        """Its delay as people write when a task is ready; None where it follows the server's."""
        return None if self.delay is None else readiness(parse_delay(self.delay, "delay"))

    def used_on(self, day: int) -> int:
        """Units used on the day."""
        return self.used if self.day == day else 0

    def charged(self, day: int, used: int) -> Account:
        """The account after a create on the day, with so many units used. It is filled slot by slot, since each create
        makes one: `replace` takes four times as long.
        """
        made = object.__new__(Account)
        _set_login(made, self.login)
        _set_token(made, self.token)
        _set_daily_limit(made, self.daily_limit)
        _set_paid_until(made, self.paid_until)
        _set_demo(made, self.demo)
        _set_delay(made, self.delay)
        _set_seed(made, self.seed)
        _set_day(made, day)
        _set_used(made, used)
        _set_creates(made, self.creates + 1)
        _set_configured(made, self.configured)
        return made


(
    _set_login,
    _set_token,
    _set_daily_limit,
    _set_paid_until,
    _set_demo,
    _set_delay,
    _set_seed,
    _set_day,
    _set_used,
    _set_creates,
    _set_configured,
) = (vars(Account)[field.name].__set__ for field in fields(Account))


@dataclass(frozen=True, slots=True)
class Task:
    """A task. It keeps the seed, the edition and the demo flag of its creation, so that its answer never changes."""

    id: int
    login: str
    phone: str
    source: int
    ip: str
    created: Micros
    ready: Micros | None  # the time from which it is done; None for never, and as long as polls are left
    cost: int
    seed: int
    demo: bool = False
    edition: str = "B"
    failure: tuple[int | None, str | None] | None = None
    """Code and message of a task that ends in an error (None: the profile's); None for a task that ends well."""
    polls: int | None = None  # how many more polls are answered as processing; None where time decides
    stub: str | None = None
    """What it finds by a stub, as JSON: an object with `id` and any of `data`, `names`, `photo` and `bodies`."""

    def is_ready(self, now: Micros) -> bool:
        """Whether the task has ended, well or not: a pure function of its record and the time."""
        if self.polls is not None:
            return self.polls == 0
        return self.ready is not None and now >= self.ready

    def polled(self, now: Micros) -> Task:
        """The task after a poll that was answered as processing: with the last one that is left, it ends now."""
        left = (self.polls or 0) - 1
        return replace(self, polls=left, ready=max(now, self.created) if left == 0 else None)


fields_of_task: Callable[[Task], tuple[Any, ...]] = attrgetter(*(field.name for field in fields(Task)))
"""The fields of a task, in their order."""


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A create that was refused."""

    used: int  # units of the day
    of: int  # the limit
