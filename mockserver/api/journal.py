"""The journal: the last calls of each account, as far as anything asks for them later.

No token is kept, nor what may hold one: of a call's parameters the names that the API knows are kept, and of their
values those that were understood (a known login, a phone, a source, an id, a format).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Reversible, Sequence
from dataclasses import dataclass, field
from functools import cache
from heapq import nsmallest
from itertools import chain, islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

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

    number: int  # of all calls, from 1
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


Kept: TypeAlias = tuple[Any, ...]
"""An entry as it is kept: its number, its time, its Kind, and what `Kind.entry` needs beside them. Few entries are ever
read, so what can be made of less is made then.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What entries have in common that are kept alike. Known by its identity."""

    method: str | None  # as in Entry; outcome likewise
    outcome: str
    entry: Callable[[Kept], Entry]  # makes the entry of what is kept of it


@cache
def _whole(method: str | None, outcome: str) -> Kind:
    """The kind of entries that are kept as they are."""
    return Kind(method, outcome, itemgetter(3))


def _entry(kept: Kept) -> Entry:
    kind: Kind = kept[2]
    return kind.entry(kept)


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
class _Ring:
    """The entries of an account, and what is known of those that it has lost."""

    entries: deque[Kept] = field(default_factory=deque)
    lost: dict[Kind, int] = field(default_factory=dict)  # how many, by kind
    lost_number: int = 0  # of the last of them
    lost_until: Micros = 0  # the latest time of one

    def drop(self) -> int:
        """Drops the oldest entry. Gives its number."""
        kept = self.entries.popleft()
        number: int = kept[0]
        time: Micros = kept[1]
        kind: Kind = kept[2]
        lost = self.lost
        lost[kind] = lost[kind] + 1 if kind in lost else 1
        self.lost_number = number
        self.lost_until = max(self.lost_until, time)
        return number

    def may_have_lost(self, pattern: Pattern) -> int:
        """How many of the lost entries may have fitted."""
        keys = pattern.keys
        if keys.get("after", -1) >= self.lost_number or keys.get("since", -1) > self.lost_until:
            return 0
        method, outcome = keys.get("method"), keys.get("outcome")
        return sum(
            count
            for kind, count in self.lost.items()
            if method in (None, kind.method) and (outcome is None or _is_outcome(kind.outcome, outcome))
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


class Journal:
    """The entries of each account, at most `size` of one; 0 keeps none.

    Used by one thread at a time.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.last_number = 0
        self._rings: OrderedDict[str | None, _Ring] = OrderedDict()  # the one that called last is the last
        self._emptied: OrderedDict[str | None, _Ring] = OrderedDict()  # those that have lost all their entries
        self._forgotten = False  # whether some accounts have lost entries of which nothing is known
        self._kept: dict[int, Kept] = {}
        """All of them by number, in their order: merging the rings would take a while where many accounts have called.
        """
        self._bodies: deque[tuple[int, bytes]] = deque()  # with the numbers of their entries
        self._bytes = 0
        self._waiters: dict[str | None, dict[Waiter, None]] = {}

    def add(self, entry: Entry, body: bytes | None) -> None:
        """Keeps an entry, with the answer's body where there is one to keep; its number is `last_number + 1`."""
        self.keep(entry.login, (entry.number, entry.time, _whole(entry.method, entry.outcome), entry), body)

    def keep(self, login: str | None, kept: Kept, body: bytes | None) -> None:
        """Keeps an entry of the login likewise, in its short form."""
        ring = self._rings.get(login)
        if ring is None:
            ring = self._rings[login] = self._emptied.pop(login) if login in self._emptied else _Ring()
        else:
            self._rings.move_to_end(login)
        number, entries, every = kept[0], ring.entries, self._kept
        if len(entries) >= self.size:
            del every[ring.drop()]
        entries.append(kept)
        every[number] = kept
        self.last_number = number
        if len(every) > self.size * ACCOUNTS:
            self._empty_oldest()
        if body is not None and len(body) <= LARGEST_BODY:
            bodies = self._bodies
            bodies.append((number, body))
            self._bytes += len(body)
            while self._bytes > BODIES or len(bodies) > len(every):
                self._bytes -= len(bodies.popleft()[1])
        if self._waiters:
            self._wake(_entry(kept))

    def _empty_oldest(self) -> None:
        login, ring = self._rings.popitem(last=False)
        while ring.entries:
            del self._kept[ring.drop()]
        self._emptied[login] = ring
        if len(self._emptied) > REMEMBERED:
            self._emptied.popitem(last=False)
            self._forgotten = True

    def clear(self, login: str | None) -> None:
        """Drops the entries of the login, with None those of all. They don't count as lost."""
        if login is None:
            self._rings.clear()
            self._emptied.clear()
            self._bodies.clear()
            self._kept.clear()
            self._bytes = 0
            self._forgotten = False
            return
        self._emptied.pop(login, None)
        if (ring := self._rings.pop(login, None)) is not None:
            for kept in ring.entries:
                del self._kept[kept[0]]

    def reset(self, login: str | None) -> None:
        """Drops the entries likewise, and ends the waits for calls of the login, with None all waits."""
        self.clear(login)
        for waiter in list(chain.from_iterable(self._waiters.values())):
            if login in (None, waiter.pattern.login):
                waiter.end()

    def entries(self, pattern: Pattern, *, newest_first: bool = False) -> Iterator[Entry]:
        """The entries that fit, in the order in which they were made, or the other way round."""
        return filter(pattern.fits, self._of(pattern.login, newest_first=newest_first))

    def _of(self, login: str | None, *, newest_first: bool = False) -> Iterator[Entry]:
        entries: Reversible[Kept] = self._kept.values()
        if login is not None:
            entries = self._rings[login].entries if login in self._rings else ()
        return map(_entry, reversed(entries) if newest_first else entries)

    def entry(self, number: int) -> Entry | None:
        """The entry of the number, where it is kept."""
        kept = self._kept.get(number)
        return None if kept is None else _entry(kept)

    def bodies(self) -> Mapping[int, bytes]:
        """The bodies that are kept, by the numbers of their entries."""
        return dict(self._bodies)

    def count(self, pattern: Pattern) -> Count:
        """How many entries fit."""
        kept = sum(1 for _ in self.entries(pattern))
        return Count(pattern, kept, self.dropped(pattern))

    def dropped(self, pattern: Pattern) -> int | None:
        """How many of the entries that are gone may have fitted; None where that is not known."""
        login = pattern.login
        if login is None:
            rings = [*self._rings.values(), *self._emptied.values()]
        else:
            rings = [ring for ring in (self._rings.get(login), self._emptied.get(login)) if ring is not None]
        known = login is not None and bool(rings)
        return None if self._forgotten and not known else sum(ring.may_have_lost(pattern) for ring in rings)

    def nearest(self, pattern: Pattern, limit: int) -> Sequence[tuple[Entry, list[str]]]:
        """Entries that all but fit, with the keys in which they differ: those that differ least, of these the newest.
        Where the pattern names a login, they are calls of that account, and those of none.
        """
        login = pattern.login
        newest = self._of(login, newest_first=True)
        among = newest if login is None else chain(islice(newest, AMONG), self._without_account())
        missed = ((entry, keys) for entry in islice(among, 2 * AMONG) if (keys := pattern.differing(entry)))
        return nsmallest(limit, missed, key=lambda one: (len(one[1]), -one[0].number))

    def _without_account(self) -> Iterator[Entry]:
        ring = self._rings.get(None)
        return iter(()) if ring is None else map(_entry, reversed(ring.entries))

    def wait(self, pattern: Pattern, wanted: int) -> Waiter:
        """A waiter for so many entries that fit, those that are kept now included. It counts until `leave`."""
        waiter = Waiter(pattern, wanted, self.count(pattern).kept)
        self._waiters.setdefault(pattern.login, {})[waiter] = None
        return waiter

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
