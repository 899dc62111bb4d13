"""The journal of a process: its entries in dictionaries."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping, Reversible, Sequence
from dataclasses import dataclass, field

from mockserver.stores.journal import ACCOUNTS, BODIES, LARGEST_BODY, REMEMBERED, Body, Entry, Journal, Lost, Pattern


@dataclass(slots=True)
class _Ring:
    """The entries of an account, and what is known of those that it has lost."""

    entries: deque[Entry] = field(default_factory=deque)
    lost: Lost = field(default_factory=Lost)

    def drop(self) -> Entry:
        """Drops the oldest entry."""
        entry = self.entries.popleft()
        self.lost.add(entry)
        return entry


class MemoryJournal(Journal):
    """A journal that ends with its process, and of which nothing is taken back."""

    def __init__(self) -> None:
        super().__init__()
        self._rings: OrderedDict[str | None, _Ring] = OrderedDict()  # the one that called last is the last
        self._emptied: OrderedDict[str | None, _Ring] = OrderedDict()  # those that have lost all their entries
        self._forgotten = False  # whether some accounts have lost entries of which nothing is known
        self._kept: dict[int, Entry] = {}
        """All of them by number, in their order: merging the rings would take a while where many accounts have called.
        """
        self._bodies: deque[Body] = deque()
        self._bytes = 0

    def extend(self, entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        for entry, body in entries:
            self.add(entry, body)

    def add(self, entry: Entry, body: bytes | None) -> None:
        """Keeps an entry, with the answer's body where there is one to keep; its number is `last_number + 1`."""
        login = entry.login
        ring = self._rings.get(login)
        if ring is None:
            ring = self._rings[login] = self._emptied.pop(login) if login in self._emptied else _Ring()
        else:
            self._rings.move_to_end(login)
        if len(ring.entries) >= self.size:
            del self._kept[ring.drop().number]
        ring.entries.append(entry)
        self._kept[entry.number] = entry
        self.last_number = entry.number
        if len(self._kept) > self.size * ACCOUNTS:
            self._empty_oldest()
        if body is not None and len(body) <= LARGEST_BODY:
            self._bodies.append(Body(entry.number, body))
            self._bytes += len(body)
            while self._bytes > BODIES or len(self._bodies) > len(self._kept):
                self._bytes -= len(self._bodies.popleft().content)
        if self._waiters:
            self._wake(entry)

    def _empty_oldest(self) -> None:
        login, ring = self._rings.popitem(last=False)
        while ring.entries:
            del self._kept[ring.drop().number]
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
            for entry in ring.entries:
                del self._kept[entry.number]

    def entry(self, number: int) -> Entry | None:
        return self._kept.get(number)

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
        after: int = 0,  # noqa: ARG002 - what is at hand need not be left out
        newest_first: bool = False,
    ) -> Iterator[Entry]:
        entries: Reversible[Entry] = self._kept.values()
        if login is not None:
            entries = self._rings[login].entries if login in self._rings else ()
        return reversed(entries) if newest_first else iter(entries)

    def _without_account(self) -> Iterator[Entry]:
        ring = self._rings.get(None)
        return iter(()) if ring is None else reversed(ring.entries)
