"""What stores have in common that several processes use as one mock."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from mockserver.core.errors import Refusal, StoreError
from mockserver.faults.records import Change
from mockserver.stores.journal import Entry, Journal, Pattern
from mockserver.stores.store import Made, Store

UNWRITTEN = 1000
"""Entries of the journal that a process holds while they can't be written."""
HELD = "Until then, calls are held, to be added later"
"""What follows from a trouble of the journal."""
TOMBSTONES = 10_000
"""Changes after which a record that was dropped is forgotten: a process that is further behind reads all records."""
_RESET = "reset"


class Changes(NamedTuple):
    """What has changed in the records."""

    last: int  # the number of the last change
    whole: bool  # whether these are all records, and what is not among them was dropped
    records: Sequence[Change]  # in the order in which the records were made


class SharedJournal(Journal):
    """A journal to which other processes add. Their calls are counted for the waiters at a look."""

    def __init__(self) -> None:
        super().__init__()
        self._seen = 0  # the number up to which the waiters have counted

    def _counted(self, pattern: Pattern) -> int:
        self.look()
        return sum(entry.number <= self._seen for entry in self.entries(pattern))

    def look(self) -> None:
        last = self.last()
        if last < self._seen:  # another file is there in its place
            self._seen = 0
        if self._waiters and self._seen < last:
            for entry in [*self._of(None, after=self._seen)]:  # all are read before one is counted
                self._wake(entry)
        self._seen = last

    @abstractmethod
    def last(self) -> int:
        """The number of the last entry, looked at anew and put into `last_number`."""


class SharedStore(Store):
    """A store of several processes. Faults, stubs, scenarios and values are objects of the process; whatever changes
    them is written as records, and the changes of other processes are taken in when a transaction begins, and when it
    begins to write. A transaction that fails has all records read anew.
    """

    is_shared = True

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal, self)
        self._sets = (self.faults, self.stubs, self.scenarios, self.values)
        self._known: int | None = None
        """The number of the last change that is known here; None where all records are to be read."""
        self._wholes = 0  # how often all records were read
        self._told: int | None = None  # the number of the last change whose resets are known here; None at the start
        self._wrote = False  # whether the transaction has written records
        self._unwritten: list[tuple[Entry, bytes | None]] = []
        self._uncounted: Counter[Made] = Counter()
        self._lost_some = False  # whether some entries could not be held

    @property
    def known(self) -> int | None:
        """The number of the last change that is known here."""
        return self._known

    @property
    def version(self) -> tuple[int, int | None]:
        """What is another one once anything may have changed that is kept of accounts, clocks and tasks: numbers of
        changes begin anew in a file that was put in the place of another.
        """
        return self._wholes, self._known

    # What a store has to bring.

    @abstractmethod
    def _changes(self, after: int | None) -> Changes | None:
        """The changes after the one of this number, tombstones included; with None, or where tombstones are gone since,
        all records. None where nothing has changed.
        """

    @abstractmethod
    def _put_record(self, kind: str, key: str, value: str) -> int:
        """See Records. Gives the number of the change: one more than that of the last."""

    @abstractmethod
    def _drop_record(self, kind: str, key: str) -> int:
        """Likewise: leaves a tombstone, also where there was no record."""

    @abstractmethod
    def _clear_records(self, kinds: Sequence[str]) -> int:
        """Likewise: leaves none, but has every other process read all records."""

    @abstractmethod
    def _put_change(self) -> int:
        """Makes a change of no record, and gives its number likewise."""

    # What it is given.

    @contextmanager
    def _in_step(self) -> Iterator[None]:
        """Around the outermost transaction: where it fails, and has written records, all of them are read anew."""
        try:
            yield
            if self._wrote:
                self._told = self._known
        except BaseException:
            if self._wrote:
                self._known = None
            raise
        finally:
            self._wrote = False

    def _catch_up(self) -> None:
        """Takes in what other processes have changed. Called inside a transaction, whenever it may see more than
        before.
        """
        changes = self._changes(self._known)
        if changes is not None:
            self._take_in(changes)

    def _take_in(self, changes: Changes) -> None:
        self._wholes += changes.whole
        try:
            for one in self._sets:
                if changes.whole:
                    one.forget()
                one.take([change for change in changes.records if change.kind in one.KINDS])
        except (ValueError, KeyError, TypeError, Refusal):
            self._known = None
            what = "holds a record that this ifind-mock can't read"
            raise StoreError(f"{self.name}: {what}; use one version for all processes, or name another state") from None
        told = changes.last if self._told is None else self._told
        resets = [change for change in changes.records if change.kind == _RESET and change.number > told]
        self.followed([json.loads(change.key) for change in resets])
        self._known = self._told = changes.last

    def put_record(self, kind: str, key: str, value: str) -> None:
        """See Records."""
        self._known, self._wrote = self._put_record(kind, key, value), True

    def drop_record(self, kind: str, key: str) -> None:
        """See Records."""
        self._known, self._wrote = self._drop_record(kind, key), True

    def clear_records(self, *kinds: str) -> None:
        """See Records."""
        self._known, self._wrote = self._clear_records(kinds), True

    def _changed(self) -> None:
        """Has what others keep of accounts, clocks and tasks be looked up anew: some of it has changed, and not by a
        charge or a new task alone.
        """
        self._known, self._wrote = self._put_change(), True

    def _hold(self) -> None:
        """Holds what could not be written, as far as there is room."""
        self._lost_some |= len(self._unwritten) > UNWRITTEN
        del self._unwritten[:-UNWRITTEN]

    def _let_go(self) -> None:
        """Holds nothing any more: it was written."""
        self._uncounted, self._unwritten, self._lost_some = Counter(), [], False

    def reset(self, login: str | None) -> None:
        super().reset(login)
        self.drop_record(_RESET, json.dumps(login))
