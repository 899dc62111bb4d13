"""The journal: the last calls of each account, as far as anything asks for them later.

No token is kept, nor what may hold one: of a call's parameters the names that the API knows are kept, and of their
values those that were understood (a known login, a phone, a source, an id, a format).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import chain, islice
from typing import Any, NamedTuple

from mockserver.core.messages import Micros

ACCOUNTS = 20
"""How many times the entries of one account all accounts have together; above, the one that has not called for the
longest time loses its entries.
"""
LARGEST_BODY = 64 * 1024  # bytes of an answer that is kept
BODIES = 4 * 1024 * 1024  # bytes of all answers that are kept
HTTP_METHODS = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")  # those that an entry names
AMONG = 200  # the newest entries of an account, among which the nearest are looked for
REMEMBERED = 10_000  # accounts of which is known how many of their entries are gone, where all are


class Entry(NamedTuple):
    """A call and its answer."""

    number: int  # of all calls, from 1; a journal that is shared gives another one
    time: Micros  # by the account's clock
    real_time: Micros
    login: str | None  # of the account; None where there is no such account
    method: str | None  # of the API; None for another path
    http_method: str | None  # as it was sent; None for an unusual one
    phone: str | None  # as for a fault's match; None where it is none
    source: int | None
    format: str
    params: tuple[str, ...]  # the names of the API's parameters that were sent
    outcome: str  # a key of `OUTCOMES`
    http_status: int
    error_code: int | None
    task: int | None  # the account's own
    faults: tuple[str, ...]  # the ids of those that struck
    reason: str
    latency: Micros  # real time that the answer waits
    request_size: int  # bytes of the query and the body
    response_size: int  # bytes of the body
    content_type: str  # of the answer
    in_body: bool  # whether a body came


OUTCOMES: Mapping[str, str] = {
    "ok": "a task was created, or info was answered",
    "processing": "the task is not ready",
    "ready": "the task's data",
    "error": "any error of the API",
    "page": "an answer that is not the API's, such as a proxy's",
}
"""What may come of a call, beside the kinds of errors, each of which is one."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which entries are meant: those that fit every key of `keys`; `login` may stand for several, with None for all."""

    keys: Mapping[str, Any]

    @property
    def login(self) -> str | None:
        """The account that it names."""
        return self.keys.get("login")

    def fits(self, entry: Entry) -> bool:
        """Whether the entry is meant."""
        return all(_fits(entry, key, wanted) for key, wanted in self.keys.items())

    def differing(self, entry: Entry) -> list[str]:
        """The keys that the entry does not fit."""
        return [key for key, wanted in self.keys.items() if not _fits(entry, key, wanted)]


def _fits(entry: Entry, key: str, wanted: Any) -> bool:
    test = _TESTS.get(key)
    return getattr(entry, key) == wanted if test is None else test(entry, wanted)


def _is_outcome(outcome: str, wanted: str) -> bool:
    return outcome == wanted or (wanted == "error" and outcome not in OUTCOMES)


_TESTS: Mapping[str, Callable[[Entry, Any], bool]] = {
    "outcome": lambda entry, wanted: _is_outcome(entry.outcome, wanted),
    "fault": lambda entry, wanted: wanted in entry.faults,
    "reason": lambda entry, wanted: wanted in entry.reason,
    "after": lambda entry, wanted: entry.number > wanted,
    "since": lambda entry, wanted: entry.time >= wanted,
    "until": lambda entry, wanted: entry.time < wanted,
}
"""Of the keys that are not an equal value of the entry."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many entries fit a pattern."""

    pattern: Pattern
    kept: int
    dropped: int | None
    """How many more may have fitted, of those that are gone; None where that is not known any more."""

    @property
    def most(self) -> float:
        """The highest number that it may have been."""
        return float("inf") if self.dropped is None else self.kept + self.dropped


@dataclass(slots=True)
class Lost:
    """What is known of the entries of an account that are gone."""

    counts: dict[tuple[str | None, str], int] = field(default_factory=dict)  # how many, by method and outcome
    number: int = 0  # of the last of them
    until: Micros = 0  # the latest time of one

    def add(self, number: int, time: Micros, counted: tuple[str | None, str]) -> None:
        """Counts an entry that is dropped, the oldest of those that are kept, by its method and its outcome."""
        counts = self.counts
        counts[counted] = counts[counted] + 1 if counted in counts else 1
        self.number = number
        self.until = max(self.until, time)

    def whole(self) -> tuple[list[tuple[tuple[str | None, str], int]], int, Micros]:
        """All of it, as `of` takes it."""
        return [*self.counts.items()], self.number, self.until

    @classmethod
    def of(cls, whole: tuple[list[tuple[tuple[str | None, str], int]], int, Micros]) -> Lost:
        """What `whole` gave."""
        counts, number, until = whole
        return cls(dict(counts), number, until)

    def may_fit(self, pattern: Pattern) -> int:
        """How many of them may have fitted."""
        keys = pattern.keys
        if keys.get("after", -1) >= self.number or keys.get("since", -1) > self.until:
            return 0
        method, outcome = keys.get("method"), keys.get("outcome")
        return sum(
            count
            for (lost_method, lost_outcome), count in self.counts.items()
            if method in (None, lost_method) and (outcome is None or _is_outcome(lost_outcome, outcome))
        )


@dataclass(slots=True, eq=False)
class Waiter:
    """Waits until so many calls fit a pattern."""

    pattern: Pattern
    wanted: int
    seen: int  # how many have fitted so far
    ended: bool = False  # whether a reset has ended it before
    _wake: Callable[[], object] | None = None

    @property
    def reached(self) -> bool:
        """Whether as many calls have fitted as are wanted."""
        return self.seen >= self.wanted

    def begin(self, wake: Callable[[], object]) -> None:
        """Has wake called once, as soon as it is reached or ended: at once, where it is now. wake must not wait."""
        self._wake = wake
        if self.reached or self.ended:
            wake()

    def count(self, entry: Entry) -> None:
        """Counts the entry, where it fits."""
        if self.pattern.fits(entry):
            self.seen += 1
            if self.seen == self.wanted and self._wake is not None:
                self._wake()

    def end(self) -> None:
        """Ends it before it is reached."""
        self.ended = True
        if self._wake is not None:
            self._wake()


class MuchLeft(Exception):
    """More is to be read than takes a few milliseconds. read_on reads a part, and tells whether more is left. What was
    read is known from then on.
    """

    def __init__(self, read_on: Callable[[], bool]) -> None:
        super().__init__()
        self.read_on = read_on


class Journal(ABC):
    """The entries of each account, at most `size` of one; 0 keeps none. The methods of a journal that is shared may
    raise StoreError.

    Used by one thread at a time.
    """

    def __init__(self) -> None:
        self.size = 0
        """How many entries of an account are kept; the mock sets it."""
        self.last_number = 0
        """The number of the last entry; in a journal that is shared, as of the last look into it."""
        self.in_parts = False
        """Whether MuchLeft is raised, for a caller who lets others in between."""
        self._waiters: dict[str | None, dict[Waiter, None]] = {}

    @property
    def has_waiters(self) -> bool:
        """Whether somebody waits for calls."""
        return bool(self._waiters)

    @abstractmethod
    def extend(self, entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        """Keeps entries in their order, each with the answer's body where there is one to keep. Their numbers are those
        after `last_number`; a journal that is shared gives its own in their place.
        """

    @abstractmethod
    def clear(self, login: str | None) -> None:
        """Drops the entries of the login, with None those of all. They don't count as lost."""

    @abstractmethod
    def entry(self, number: int) -> Entry | None:
        """The entry of the number, where it is kept. `last_number` is looked at anew."""

    @abstractmethod
    def bodies(self) -> Mapping[int, bytes]:
        """The bodies that are kept, by the numbers of their entries."""

    @abstractmethod
    def dropped(self, pattern: Pattern) -> int | None:
        """How many of the entries that are gone may have fitted; None where that is not known."""

    @abstractmethod
    def _of(self, login: str | None, *, after: int = 0, newest_first: bool = False) -> Iterator[Entry]:
        """The entries of the login, with None all, in the order of their numbers or the other way round. Those with
        numbers up to `after` may be left out.
        """

    @abstractmethod
    def _without_account(self) -> Iterator[Entry]:
        """The entries that name no account, the newest first."""

    @abstractmethod
    def look(self) -> None:
        """Counts for the waiters what other processes have added, where they can; each call of its own is counted as it
        comes.
        """

    def reset(self, login: str | None) -> None:
        """Drops the entries of the login, with None those of all, and ends the waits for its calls, with None all."""
        self.clear(login)
        self.end_waits(login)

    def end_waits(self, login: str | None) -> None:
        """Ends the waits for calls of the login, with None all waits."""
        for waiter in list(chain.from_iterable(self._waiters.values())):
            if login in (None, waiter.pattern.login):
                waiter.end()

    def entries(self, pattern: Pattern, *, newest_first: bool = False) -> Iterator[Entry]:
        """The entries that fit, in the order in which they were made, or the other way round."""
        after = pattern.keys.get("after", 0)
        return filter(pattern.fits, self._of(pattern.login, after=after, newest_first=newest_first))

    def count(self, pattern: Pattern) -> Count:
        """How many entries fit."""
        kept = sum(1 for _ in self.entries(pattern))
        return Count(pattern, kept, self.dropped(pattern))

    def nearest(self, pattern: Pattern, limit: int) -> Sequence[tuple[Entry, list[str]]]:
        """Entries that all but fit, with the keys in which they differ: those that differ least, of these the newest.
        Where the pattern names a login, they are calls of that account, and those of none.
        """
        login = pattern.login
        newest = self._of(login, newest_first=True)
        among = newest if login is None else chain(islice(newest, AMONG), self._without_account())
        missed = ((entry, keys) for entry in islice(among, 2 * AMONG) if (keys := pattern.differing(entry)))
        return nsmallest(limit, missed, key=lambda one: (len(one[1]), -one[0].number))

    def wait(self, pattern: Pattern, wanted: int) -> Waiter:
        """A waiter for so many entries that fit, those that are kept now included. It counts until `leave`."""
        waiter = Waiter(pattern, wanted, self._counted(pattern))
        self._waiters.setdefault(pattern.login, {})[waiter] = None
        return waiter

    def _counted(self, pattern: Pattern) -> int:
        """How many entries fit. The next look tells waiters of all others, and of none of these: nothing may be read
        after they were counted.
        """
        return sum(1 for _ in self.entries(pattern))

    def leave(self, waiter: Waiter) -> None:
        """Forgets the waiter."""
        waiting = self._waiters.get(waiter.pattern.login, {})
        waiting.pop(waiter, None)
        if not waiting:
            self._waiters.pop(waiter.pattern.login, None)

    def _wake(self, entry: Entry) -> None:
        for login in {None, entry.login}:
            for waiter in list(self._waiters.get(login, ())):
                waiter.count(entry)
