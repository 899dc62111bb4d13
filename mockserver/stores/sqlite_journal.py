"""The journal in an SQLite file, which its processes share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mockserver.stores.journal import ACCOUNTS, BODIES, LARGEST_BODY, REMEMBERED, Entry, Lost, Pattern
from mockserver.stores.shared_store import SharedJournal
from mockserver.stores.sqlite_file import Row, SqliteFile

_PART = 100  # entries that are read at a time

_ADD = f"INSERT INTO entries VALUES ({', '.join('?' * len(Entry._fields))})"  # noqa: S608 - question marks alone
_OLDEST = "SELECT number, time, method, outcome FROM entries WHERE owner = ? ORDER BY number LIMIT ?"
_SUMS = "SELECT last, kept, emptied, bodies, bytes FROM journal"
_PUT_SUMS = "UPDATE journal SET last = ?, kept = ?, emptied = ?, bodies = ?, bytes = ?"
_IDLEST = "SELECT owner FROM rings WHERE (kept > 0) = 1 ORDER BY last LIMIT 1"
_FORGET = "DELETE FROM rings WHERE owner = (SELECT owner FROM rings WHERE (kept > 0) = 0 ORDER BY last LIMIT 1)"
_OLDEST_BODY = "SELECT number, length(content) FROM bodies ORDER BY number LIMIT 1"
_CLEAR = (
    "DELETE FROM entries",
    "DELETE FROM rings",
    "DELETE FROM bodies",
    "UPDATE journal SET kept = 0, emptied = 0, bodies = 0, bytes = 0, forgotten = 0",
)


@dataclass(slots=True)
class _KeptRing:
    """The entries of an account: how many are kept, and what is known of those that it has lost."""

    kept: int
    lost: Lost
    last: int = 0  # the number of the last one


@dataclass(slots=True)
class _Sums:
    """Sums over the journal."""

    last: int  # the number of the last entry
    kept: int  # entries
    emptied: int  # accounts that have lost all their entries
    bodies: int
    bytes: int  # of the bodies


class SqliteJournal(SharedJournal):
    """The entries of each account in one table, and in another what is known of those that are gone."""

    def __init__(self, file: SqliteFile) -> None:
        super().__init__()
        self._file = file

    def last(self) -> int:
        ((self.last_number,),) = self._file.rows("SELECT last FROM journal")
        return self.last_number

    def extend(self, entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        with self._file.transaction(write=True):
            if self._waiters:
                self.look()
            ((*read,),) = self._file.rows(_SUMS)
            sums = _Sums(*read)
            rings: dict[str, _KeptRing] = {}
            rows: list[Row] = []
            bodies: list[tuple[int, bytes]] = []
            for entry, body in entries:
                sums.last += 1
                owner = owner_of(entry.login)
                ring = rings.get(owner) or self._joined(owner, sums)
                rings[owner] = ring
                ring.kept += 1
                ring.last = sums.last
                rows.append(_row(entry, sums.last, owner))
                if body is not None and len(body) <= LARGEST_BODY:
                    bodies.append((sums.last, body))
            self._file.run_many(_ADD, rows)
            sums.kept += len(rows)
            for owner, ring in rings.items():
                self._shorten(owner, ring, max(ring.kept - self.size, 0), sums)
            while sums.kept > self.size * ACCOUNTS:
                self._empty_idlest(sums)
            if bodies:
                self._add_bodies(bodies, sums)
            self._file.run(_PUT_SUMS, (sums.last, sums.kept, sums.emptied, sums.bodies, sums.bytes))
            self.last_number = self._seen = sums.last
            first = sums.last + 1 - len(rows)
            for number, (entry, _) in enumerate(entries if self._waiters else (), first):
                self._wake(entry._replace(number=number))  # which may be gone already

    def _joined(self, owner: str, sums: _Sums) -> _KeptRing:
        """The ring of an account that calls."""
        ring = self._ring(owner)
        if ring is None:
            return _KeptRing(0, Lost())
        sums.emptied -= not ring.kept
        return ring

    def _ring(self, owner: str) -> _KeptRing | None:
        rows = self._file.rows("SELECT kept, lost, last FROM rings WHERE owner = ?", (owner,))
        return self._file.made(_read_ring, rows[0]) if rows else None

    def _shorten(self, owner: str, ring: _KeptRing, surplus: int, sums: _Sums) -> None:
        """Drops so many of the oldest entries of the account, and keeps its ring."""
        if surplus:
            oldest = self._file.rows(_OLDEST, (owner, surplus))
            for number, time, *counted in oldest:
                ring.lost.add(number, time, (counted[0], counted[1]))
            self._file.run("DELETE FROM entries WHERE owner = ? AND number <= ?", (owner, oldest[-1][0]))
            ring.kept -= surplus
            sums.kept -= surplus
        kept = (owner, ring.kept, ring.last, _written(ring.lost))
        self._file.run("INSERT OR REPLACE INTO rings VALUES (?, ?, ?, ?)", kept)

    def _empty_idlest(self, sums: _Sums) -> None:
        ((owner,),) = self._file.rows(_IDLEST)
        ring = self._ring(owner)
        assert ring is not None, "its row was just read"
        self._shorten(owner, ring, ring.kept, sums)
        sums.emptied += 1
        if sums.emptied > REMEMBERED:
            self._file.run(_FORGET)
            self._file.run("UPDATE journal SET forgotten = 1")
            sums.emptied -= 1

    def _add_bodies(self, bodies: Sequence[tuple[int, bytes]], sums: _Sums) -> None:
        self._file.run_many("INSERT INTO bodies VALUES (?, ?)", bodies)
        sums.bodies += len(bodies)
        sums.bytes += sum(len(body) for _, body in bodies)
        while sums.bytes > BODIES or sums.bodies > sums.kept:
            ((number, size),) = self._file.rows(_OLDEST_BODY)
            self._file.run("DELETE FROM bodies WHERE number = ?", (number,))
            sums.bodies -= 1
            sums.bytes -= size

    def clear(self, login: str | None) -> None:
        with self._file.transaction(write=True):
            if login is None:
                for statement in _CLEAR:
                    self._file.run(statement)
                return
            owner = owner_of(login)
            if (ring := self._ring(owner)) is not None:
                self._file.run("DELETE FROM entries WHERE owner = ?", (owner,))
                self._file.run("DELETE FROM rings WHERE owner = ?", (owner,))
                gone = (ring.kept, not ring.kept)
                self._file.run("UPDATE journal SET kept = kept - ?, emptied = emptied - ?", gone)

    def entry(self, number: int) -> Entry | None:
        self.last()
        rows = self._file.rows("SELECT * FROM entries WHERE number = ?", (number,))
        return _entry(rows[0]) if rows else None

    def bodies(self) -> Mapping[int, bytes]:
        return dict(self._file.rows("SELECT number, content FROM bodies ORDER BY number"))

    def dropped(self, pattern: Pattern) -> int | None:
        login = pattern.login
        if login is None:
            rows = self._file.rows("SELECT kept, lost, last FROM rings")
        else:
            rows = self._file.rows("SELECT kept, lost, last FROM rings WHERE owner = ?", (owner_of(login),))
        ((forgotten,),) = self._file.rows("SELECT forgotten FROM journal")
        if forgotten and (login is None or not rows):
            return None
        return sum(self._file.made(_read_ring, row).lost.may_fit(pattern) for row in rows)

    def _of(self, login: str | None, *, after: int = 0, newest_first: bool = False) -> Iterator[Entry]:
        side, order = ("<", " DESC") if newest_first else (">", "")
        owned, owner = ("", ()) if login is None else ("AND owner = ?", (owner_of(login),))
        statement = f"SELECT * FROM entries WHERE number > ? AND number {side} ? {owned} ORDER BY number{order} LIMIT ?"  # noqa: S608 - all of it stands here
        at = 2**63 - 1 if newest_first else after
        while rows := self._file.rows(statement, (after, at, *owner, _PART)):
            yield from map(_entry, rows)
            at = rows[-1][0]

    def _without_account(self) -> Iterator[Entry]:
        rows = self._file.rows("SELECT * FROM entries WHERE owner = ? ORDER BY number DESC", (owner_of(None),))
        return map(_entry, rows)


def owner_of(login: str | None) -> str:
    """The key of what is the login's, with None the server's."""
    return "server" if login is None else f"login:{login}"


def login_of(owner: str) -> str | None:
    """The login of a key."""
    return owner.partition(":")[2] if ":" in owner else None


def _row(entry: Entry, number: int, owner: str) -> Row:
    params, faults = " ".join(entry.params), " ".join(entry.faults)
    return (number, *entry[1:3], owner, *entry[4:9], params, *entry[10:14], faults, *entry[15:])


def _entry(row: Row) -> Entry:
    params, faults = tuple(row[9].split()), tuple(row[14].split())
    entry = Entry(*row)
    return entry._replace(login=login_of(row[3]), params=params, faults=faults, in_body=bool(entry.in_body))


def _written(lost: Lost) -> str:
    return json.dumps([[[*kind, number] for kind, number in lost.counts.items()], lost.number, lost.until])


def _read_ring(row: Row) -> _KeptRing:
    kept, text, last = row
    counts, number, until = json.loads(text)
    return _KeptRing(kept, Lost({(method, outcome): many for method, outcome, many in counts}, number, until), last)
