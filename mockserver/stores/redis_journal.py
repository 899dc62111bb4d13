"""The journal in a Redis, which mocks on many machines share."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, takewhile
from typing import Any

from mockserver.stores import redis_scripts as scripts
from mockserver.stores.journal import ACCOUNTS, BODIES, LARGEST_BODY, REMEMBERED, Entry, Lost, MuchLeft, Pattern
from mockserver.stores.redis_link import Link, Reply
from mockserver.stores.redis_values import owner_of
from mockserver.stores.shared_store import SharedJournal

_AT_ONCE = 100  # entries that are read at a time
_PART, _LARGEST = 100, 3200
"""Numbers of entries that are asked for at first, and at most: of long journals, most entries are known here."""
_ENDLESS = 2**53  # behind all numbers
_NONE = "-"  # in place of the method, where there is none


class RedisJournal(SharedJournal):
    """The entries of each account, and what is known of those that are gone. Entries that were read are kept, as a mock
    in memory keeps them: Redis is asked which of them it still has.
    """

    def __init__(self, link: Link, write: Callable[..., None], made: Callable[..., Any]) -> None:
        """Write has the transaction of the store make a write. Made gives what a function makes of what was read, and
        raises StoreError where no mock has written that.
        """
        super().__init__()
        self._link = link
        self._write = write
        self._made = made
        self._read: dict[int, Entry] = {}  # by number
        self.is_whole: Callable[[], bool] = lambda: True
        """Tells whether this process holds no calls that it could not add."""

    def forget(self) -> None:
        """Forgets what was read: other entries may have the same numbers now."""
        self._read.clear()

    def last(self) -> int:
        self.last_number = self._made(int, self._link.run(scripts.LAST_ENTRY))
        return self.last_number

    def extend(self, entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        self.added(self._link.run(scripts.RECORD, "", 0, *self.words({}, entries, lost_some=False)), entries)

    def added(self, last: str, entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        """Counts the entries for the waiters, and those of others before them. last is the number of the last one."""
        self.last_number = int(last)
        first = self.last_number + 1 - len(entries)
        if self._waiters:
            for entry in takewhile(lambda entry: entry.number < first, self._of(None, after=self._seen)):
                self._wake(entry)
            for number, (entry, _) in enumerate(entries, first):
                self._wake(entry._replace(number=number))  # which may be gone already
        self._seen = self.last_number

    def words(
        self,
        calls: Mapping[tuple[str, str, int], int],
        entries: Sequence[tuple[Entry, bytes | None]],
        *,
        lost_some: bool,
    ) -> Iterator[str | int]:
        """What the script RECORD is given for the calls of a turn."""
        yield from (self.size, self.size * ACCOUNTS, BODIES, REMEMBERED, int(lost_some), len(calls))
        for (method, outcome, status), number in calls.items():
            yield from (f"{method} {outcome} {status}", number)
        for entry, body in entries:
            kept = body if body is not None and len(body) <= LARGEST_BODY else b""
            yield from (owner_of(entry.login), _text(entry), b64encode(kept).decode(), len(kept))

    def clear(self, login: str | None) -> None:
        if login is None:
            self.forget()
            self._write("clear_journal")
        else:
            self._write("clear_ring", owner_of(login))

    def entry(self, number: int) -> Entry | None:
        self.last()
        return next(self._entries("numbers", number - 1, number + 1, newest_first=False), None)

    def bodies(self) -> Mapping[int, bytes]:
        found = self._link.run(scripts.BODIES_KEPT)
        return dict(self._made(_body, *one) for one in zip(found[::2], found[1::2], strict=True))

    def dropped(self, pattern: Pattern) -> int | None:
        login = pattern.login
        forgotten, rings = self._link.run(scripts.LOST, *([] if login is None else [owner_of(login)]))
        if not self.is_whole() or (forgotten and (login is None or not rings)):
            return None
        known: list[Lost] = [self._made(_lost, ring) for ring in rings]
        return sum(lost.may_fit(pattern) for lost in known)

    def _of(self, login: str | None, *, after: int = 0, newest_first: bool = False) -> Iterator[Entry]:
        index = "numbers" if login is None else f"ring:{owner_of(login)}"
        return self._entries(index, after, _ENDLESS, newest_first=newest_first)

    def _without_account(self) -> Iterator[Entry]:
        return self._entries(f"ring:{owner_of(None)}", 0, _ENDLESS, newest_first=True)

    def _entries(self, index: str, after: int, before: int, *, newest_first: bool) -> Iterator[Entry]:
        """The entries of an index with numbers between these two."""
        self._forget_some()
        parts = self._numbers(index, after, before, newest_first=newest_first)
        new = 0
        for part in parts:
            missing = [number for number in part if number not in self._read]
            new += len(missing)
            if self.in_parts and new > _AT_ONCE:
                raise MuchLeft(partial(next, self._reading(chain([part], parts)), False))
            self._fetch(missing)
            yield from [self._read[number] for number in part if number in self._read]

    def _numbers(self, index: str, after: int, before: int, *, newest_first: bool) -> Iterator[list[int]]:
        first, last, size = after, before, _PART
        while found := self._link.run(scripts.NUMBERS, index, first, last, int(newest_first), size):
            part = self._made(_numbers, found)
            yield part
            first, last = (first, part[-1]) if newest_first else (part[-1], last)
            size = min(2 * size, _LARGEST)

    def _reading(self, parts: Iterable[list[int]]) -> Iterator[bool]:
        """Reads the entries of these numbers that are not known, a few in each step."""
        for part in parts:
            missing = [number for number in part if number not in self._read]
            for first in range(0, len(missing), _AT_ONCE):
                self._fetch(missing[first : first + _AT_ONCE])
                yield True

    def _fetch(self, numbers: Sequence[int]) -> None:
        """Reads the entries of these numbers. Some may be gone."""
        texts = self._link.run(scripts.ENTRIES, *numbers) if numbers else ()
        for number, text in zip(numbers, texts, strict=True):
            if text:
                self._read[number] = self._made(_entry, number, text)

    def _forget_some(self) -> None:
        """Forgets some entries, where there are more than a mock in memory keeps."""
        if (more := len(self._read) - self.size * ACCOUNTS) > 0:
            for number in sorted(self._read)[:more]:
                del self._read[number]


def _text(entry: Entry) -> str:
    """What the script counts of an entry that is dropped stands in lines of their own before the whole of it."""
    return f"{entry.method or _NONE} {entry.outcome}\n{entry.time}\n{json.dumps(entry[1:], ensure_ascii=False)}"


def _numbers(text: str) -> list[int]:
    return [*map(int, text.split(" "))]


def _entry(number: int, text: str) -> Entry:
    entry = Entry(number, *json.loads(text.split("\n", 2)[2]))
    return entry._replace(params=tuple(entry.params), faults=tuple(entry.faults))


def _body(number: str, coded: str) -> tuple[int, bytes]:
    return int(number), b64decode(coded)


def _lost(words: Reply) -> Lost:
    """What is known of the lost entries of an account, by the pairs of its hash."""
    found = dict(zip(words[::2], words[1::2], strict=True))
    lost = Lost(number=int(found.pop("number", 0)), until=int(found.pop("until", 0)))
    for kind, number in found.items():
        method, _, outcome = kind.partition(" ")
        lost.counts[None if method == _NONE else method, outcome] = int(number)
    return lost
