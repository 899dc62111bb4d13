"""The journal in the log beside a state file, which the processes that use that file share."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mockserver.core.errors import StoreError
from mockserver.standard_error import write_line
from mockserver.stores.call_log import CallLog, LogReader
from mockserver.stores.journal import LARGEST_BODY, Entry, Pattern, Waiter
from mockserver.stores.memory_journal import MemoryJournal
from mockserver.stores.shared_store import HELD
from mockserver.stores.sqlite_file import SqliteFile
from mockserver.stores.store import Made
from mockserver.stores.trouble import Trouble

_TURN, _CLEAR = "turn", "clear"
_TRIES = 5  # to read a log of which others sum up a part meanwhile
_STRANGE = (pickle.UnpicklingError, ValueError, TypeError, LookupError, EOFError)
"""What a record raises that no mock of this version has written."""


class LogJournal(MemoryJournal):
    """A journal whose calls are added to a log. The log is read when somebody asks, and what is read is kept as a
    process in memory keeps it. Counts of calls by method, outcome and status stand in the same log.

    What is cleared in a transaction of the state file waits for `settle`.
    """

    def __init__(self, file: SqliteFile) -> None:
        super().__init__()
        self._file = file
        self._path = path = file.path
        self._log = CallLog(path)
        self._reader = LogReader(path)
        self._calls: Counter[Made] = Counter()
        self._cleared: list[str | None] = []  # what is still to be cleared
        self.trouble = Trouble(f"{path}: the journal", write_line, HELD)

    def extend(self, entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        self.add_turn({}, entries, lost_some=False)

    def add_turn(
        self, calls: Mapping[Made, int], entries: Sequence[tuple[Entry, bytes | None]], *, lost_some: bool
    ) -> None:
        """Adds entries and counts of calls. lost_some: see `SharedStore`. Raises StoreError."""
        self.settle()
        kept = [
            (entry[1:], body if body is not None and len(body) <= LARGEST_BODY else None) for entry, body in entries
        ]
        self._append((_TURN, tuple(calls.items()), kept, lost_some))
        if self._waiters:
            self.look()
        self.tidy()

    def add_at_once(self, made: Made, entry: Entry | None, body: bytes) -> None:
        """Adds a call, on the loop. Raises OSError where it can't."""
        kept = [] if entry is None else [(entry[1:], body if len(body) <= LARGEST_BODY else None)]
        self._log.append((_TURN, ((made, 1),), kept, False), wait=False)

    @property
    def is_long(self) -> bool:
        """Whether `tidy` has something to do."""
        return self._log.due is not None

    def tidy(self) -> None:
        """Has what the log comes to stand in the place of its older part, where that is long. Where that fails, whoever
        makes the log longer does it. Raises nothing.
        """
        number, self._log.due = self._log.due, None
        if number is None:
            return
        # Nobody may have asked for it here so far, and it would take the memory of all entries from then on.
        whole = self if self._reader.number and self._reader.number < number else LogJournal(self._file)
        whole.size = self.size
        try:
            whole._take(number)  # noqa: SLF001 - of its own class
            self._log.sum_up(number, (tuple(whole._calls.items()), whole.whole()))  # noqa: SLF001
        except OSError as error:
            self._fails(error)
        except _STRANGE:
            return  # whoever reads it says so
        finally:
            if whole is not self:
                whole.close()

    def clear(self, login: str | None) -> None:
        self._cleared.append(login)
        if not self._file.depth:
            self.settle()

    def settle(self) -> None:
        """Clears what was to be cleared in the transaction that has ended. Raises StoreError, and tries it again."""
        while self._cleared:
            self._append((_CLEAR, self._cleared[0]))
            del self._cleared[0]

    def give_up(self) -> None:
        """Clears nothing: the transaction has failed."""
        self._cleared.clear()

    def _append(self, record: Any) -> None:
        try:
            self._log.append(record)
        except OSError as error:
            raise self._fails(error) from error
        self.trouble.is_over()

    def _fails(self, error: OSError) -> StoreError:
        text = f"{self._path}: the journal beside it can't be written ({error.strerror}); make room on the disk"
        if self._file.trouble.now is None:  # else that has been said
            self.trouble.begins(text)
        return StoreError(text)

    def look(self) -> None:
        if not self._file.depth:
            self.settle()
        for _ in range(_TRIES):
            try:
                self._take()
            except FileNotFoundError:
                self._begin_anew()
            except OSError as error:
                raise StoreError(f"{self._path}: the journal beside it can't be read ({error.strerror})") from error
            except _STRANGE:
                what = "the journal beside it holds a record that this ifind-mock can't read"
                raise StoreError(f"{self._path}: {what}; use one version for all processes") from None
            else:
                return

    def _take(self, until: int | None = None) -> None:
        """Takes in what was added. Raises OSError, and what a strange record raises."""
        for record, is_sum in self._reader.read(until):
            if is_sum:
                calls, kept = record
                self._calls = Counter(dict(calls))
                self.restore(kept)
            elif record[0] == _CLEAR:
                super().clear(record[1])
            else:
                _, calls, entries, lost_some = record
                for made, number in calls:
                    self._calls[made] += number
                if lost_some:
                    self.lose()
                for fields, body in entries:
                    self.add(Entry(self.last_number + 1, *fields), body)

    def _begin_anew(self) -> None:
        """Reads from the beginning, as others have summed up what came next. The waiters have counted a part of it."""
        seen, waiters = self.last_number, self._waiters
        self._reader.close()
        self.forget()
        self._reader, self._waiters = LogReader(self._path), {}
        try:
            self._take()
        finally:
            self._waiters = waiters
        for entry in super()._of(None):
            if entry.number > seen:
                self._wake(entry)

    def calls(self) -> Mapping[Made, int]:
        """How many calls were made since the start."""
        self.look()
        return dict(self._calls)

    def wait(self, pattern: Pattern, wanted: int) -> Waiter:
        self.look()
        return super().wait(pattern, wanted)

    def entry(self, number: int) -> Entry | None:
        self.look()
        return super().entry(number)

    def bodies(self) -> Mapping[int, bytes]:
        self.look()
        return super().bodies()

    def dropped(self, pattern: Pattern) -> int | None:
        self.look()
        return super().dropped(pattern)

    def _of(self, login: str | None, *, after: int = 0, newest_first: bool = False) -> Iterator[Entry]:
        self.look()
        return iter([*super()._of(login, after=after, newest_first=newest_first)])  # another look may change it

    def _without_account(self) -> Iterator[Entry]:
        self.look()
        return iter([*super()._without_account()])

    def close(self) -> None:
        """Ends the use of the log."""
        self._reader.close()
        self._log.close()
