"""The journal in a Redis, which mocks on many machines share."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, takewhile
from typing import Any

from mockserver.stores import redis_scripts as scripts
from mockserver.stores.journal import ACCOUNTS, BODIES, LARGEST_BODY, REMEMBERED, Entry, Lost, Pattern
from mockserver.stores.redis_link import Link, Reply
from mockserver.stores.redis_values import owner_of
from mockserver.stores.shared_store import SharedJournal

_PART = 100  # entries that are read at a time
_NONE = "-"  # in place of the method, where there is none


class RedisJournal(SharedJournal):
    """The entries of each account, and what is known of those that are gone."""

    def __init__(self, link: Link, write: Callable[..., None], made: Callable[..., Any]) -> None:
        """Write has the transaction of the store make a write. Made gives what a function makes of what was read, and
        raises StoreError where no mock has written that.
        """
        super().__init__()
        self._link = link
        self._write = write
        self._made = made
        self.is_whole: Callable[[], bool] = lambda: True
        """Tells whether this process holds no calls that it could not add."""

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
            self._write("clear_journal")
        else:
            self._write("clear_ring", owner_of(login))

    def entry(self, number: int) -> Entry | None:
        self.last()
        return next(self._part("numbers", number - 1, number + 1, newest_first=False), None)

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
        first, last = after, 2**53
        while part := list(self._part(index, first, last, newest_first=newest_first)):
            yield from part
            first, last = (first, part[-1].number) if newest_first else (part[-1].number, last)

    def _part(self, index: str, after: int, before: int, *, newest_first: bool) -> Iterator[Entry]:
        found = self._link.run(scripts.ENTRIES, index, after, before, int(newest_first), _PART)
        return (self._made(_entry, *one) for one in zip(found[::2], found[1::2], strict=True))

    def _without_account(self) -> Iterator[Entry]:
        index = f"ring:{owner_of(None)}"
        parts, before = [], 2**53
        while part := list(self._part(index, 0, before, newest_first=True)):
            parts.append(part)
            before = part[-1].number
        return chain.from_iterable(parts)


def _text(entry: Entry) -> str:
    """What the script counts of an entry that is dropped stands in lines of their own before the whole of it."""
    return f"{entry.method or _NONE} {entry.outcome}\n{entry.time}\n{json.dumps(entry[1:], ensure_ascii=False)}"


def _entry(number: str, text: str) -> Entry:
    entry = Entry(int(number), *json.loads(text.split("\n", 2)[2]))
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
