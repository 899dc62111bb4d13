"""The journal of a process: its entries in dictionaries."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Reversible, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from operator import itemgetter
from typing import Any, TypeAlias

from mockserver.stores.journal import ACCOUNTS, BODIES, LARGEST_BODY, REMEMBERED, Entry, Journal, Lost, Pattern

Kept: TypeAlias = tuple[Any, ...]
"""An entry as it is kept: its number, its time, the number of its EntryKind, and what `EntryKind.entry` needs beside
them. Few entries are ever read, so what can be made of less is made then. All of it are numbers, texts and tuples of
them: these the garbage collector passes by.
"""


@dataclass(frozen=True, slots=True, eq=False)
class EntryKind:
    """What entries have in common that are kept alike. Made once for each such kind, since they are numbered."""

    counted: tuple[str | None, str]  # the method and the outcome, as in Entry
    entry: Callable[[Kept], Entry]  # makes the entry of what is kept of it
    number: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", len(_KINDS))
        _KINDS.append(self)


_KINDS: list[EntryKind] = []


@cache
def _whole(method: str | None, outcome: str) -> int:
    """The kind of entries that are kept as they are."""
    return EntryKind((method, outcome), lambda kept: Entry._make(kept[3])).number


def _kept(entry: Entry) -> Kept:
    return entry.number, entry.time, _whole(entry.method, entry.outcome), tuple(entry)


def _entry(kept: Kept) -> Entry:
    return _KINDS[kept[2]].entry(kept)


@dataclass(slots=True)
class _Ring:
    """The entries of an account, and what is known of those that it has lost."""

    entries: deque[Kept] = field(default_factory=deque)
    lost: Lost = field(default_factory=Lost)

    def drop(self) -> int:
        """Drops the oldest entry. Gives its number."""
        kept = self.entries.popleft()
        number: int = kept[0]
        self.lost.add(number, kept[1], _KINDS[kept[2]].counted)
        return number


class MemoryJournal(Journal):
    """A journal that ends with its process, and of which nothing is taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.forget()

    def forget(self) -> None:
        """Forgets all, as at the start."""
        self.last_number = 0
        self._rings: OrderedDict[str | None, _Ring] = OrderedDict()  # the one that called last is the last
        self._emptied: OrderedDict[str | None, _Ring] = OrderedDict()  # those that have lost all their entries
        self._forgotten = False  # whether some accounts have lost entries of which nothing is known
        self._kept: dict[int, Kept] = {}
        """All of them by number, in their order: merging the rings would take a while where many accounts have called.
        """
        self._bodies: deque[tuple[int, bytes]] = deque()  # with the numbers of their entries
        self._bytes = 0

    def extend(self, entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        for entry, body in entries:
            self.add(entry, body)

    def add(self, entry: Entry, body: bytes | None) -> None:
        """Keeps an entry, with the answer's body where there is one to keep; its number is `last_number + 1`."""
        self.keep(entry.login, _kept(entry), body)

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

    def lose(self) -> None:
        """Takes note that entries are missing of which nothing is known."""
        self._forgotten = True

    def parts(self) -> Iterator[tuple[str, Any]]:
        """All that it holds, in parts, as texts, bytes, numbers, tuples and lists."""
        for name, rings in (("ring", self._rings), ("emptied", self._emptied)):
            for login, ring in rings.items():
                yield name, (login, [_entry(kept)[:] for kept in ring.entries], ring.lost.whole())
        yield "end", (self.last_number, self._forgotten, [*self._bodies])

    def restore(self, name: str, part: Any) -> None:
        """Holds a part of another; it holds nothing before the first."""
        if name != "end":
            login, entries, lost = part
            rings = self._rings if name == "ring" else self._emptied
            rings[login] = _Ring(deque(map(_kept, map(Entry._make, entries))), Lost.of(lost))
            return
        self.last_number, self._forgotten, bodies = part
        every = (kept for ring in self._rings.values() for kept in ring.entries)
        self._kept = {kept[0]: kept for kept in sorted(every, key=itemgetter(0))}
        self._bodies = deque(bodies)
        self._bytes = sum(len(body) for _, body in self._bodies)

    def _empty_oldest(self) -> None:
        login, ring = self._rings.popitem(last=False)
        while ring.entries:
            del self._kept[ring.drop()]
        self._emptied[login] = ring
        if len(self._emptied) > REMEMBERED:
            self._emptied.popitem(last=False)
            self._forgotten = True

    def clear(self, login: str | None) -> None:
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

    def entry(self, number: int) -> Entry | None:
        kept = self._kept.get(number)
        return None if kept is None else _entry(kept)

    def bodies(self) -> Mapping[int, bytes]:
        return dict(self._bodies)

    def dropped(self, pattern: Pattern) -> int | None:
        login = pattern.login
        if login is None:
            rings = [*self._rings.values(), *self._emptied.values()]
        else:
            rings = [ring for ring in (self._rings.get(login), self._emptied.get(login)) if ring is not None]
        known = login is not None and bool(rings)
        return None if self._forgotten and not known else sum(ring.lost.may_fit(pattern) for ring in rings)

    def look(self) -> None:
        """There is no other process."""

    def _of(
        self,
        login: str | None,
        *,
        after: int = 0,
        newest_first: bool = False,
    ) -> Iterator[Entry]:
        entries: Reversible[Kept] = self._kept.values()
        if login is not None:
            entries = self._rings[login].entries if login in self._rings else ()
        if newest_first:
            return map(_entry, takewhile(lambda kept: kept[0] > after, reversed(entries)))
        return map(_entry, entries)

    def _without_account(self) -> Iterator[Entry]:
        ring = self._rings.get(None)
        return iter(()) if ring is None else map(_entry, reversed(ring.entries))
