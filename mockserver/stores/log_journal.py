"""The journal in the log beside a state file, which the processes that use that file share."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from mockserver.core.errors import StoreError
from mockserver.standard_error import write_line
from mockserver.stores.call_log import GAP, STRANGE, CallLog, LogReader
from mockserver.stores.journal import LARGEST_BODY, Entry, MuchLeft, Pattern
from mockserver.stores.memory_journal import MemoryJournal
from mockserver.stores.shared_store import HELD
from mockserver.stores.sqlite_file import SqliteFile
from mockserver.stores.store import Made
from mockserver.stores.trouble import Trouble

_TURN, _CLEAR = "turn", "clear"
_AT_ONCE, _REST = 50, 0.003
"""So many records are read, and then so many seconds waited, where nobody waits for them: a thread that works without a
pause holds up the others.
"""
_FEW = 200  # records that a look may read at once; as many may have come since the part before was read
_OTHERS = "another program has removed, cut or damaged a file of it; leave them to the mock"
_TRIES = 5  # to read a log of which others sum up a part meanwhile


class _Ended(Exception):
    """The journal is closed."""


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
        self._holds = False  # whether the store holds calls that could not be added
        self._is_whole = True  # whether none of any process were held at the last look
        self._is_short = self._is_said = False  # whether calls of it are lost, and whether that was said
        self.add_held: Callable[[], object] = lambda: None
        """Has the store add what it holds."""
        self._tidier: threading.Thread | None = None
        self._ended = threading.Event()
        self.trouble = Trouble(f"{path}: the journal", write_line, HELD)
        with suppress(OSError):  # said once a call is to be added
            self._log.open()

    def extend(self, entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        self.add_turn({}, entries, lost_some=False)

    def add_turn(
        self, calls: Mapping[Made, int], entries: Sequence[tuple[Entry, bytes | None]], *, lost_some: bool
    ) -> None:
        """Adds entries and counts of calls. lost_some: see `SharedStore`. Raises StoreError."""
        kept = [
            (entry[1:], body if body is not None and len(body) <= LARGEST_BODY else None) for entry, body in entries
        ]
        self._holds = True
        self._append((_TURN, tuple(calls.items()), kept, lost_some))
        self._holds = False
        self._log.lacks(False)
        if self._waiters:
            self.look()
        self.tidy()

    def add_at_once(self, made: Made, entry: Entry | None, body: bytes) -> None:
        """Adds a call, on the loop. Raises OSError where it can't."""
        kept = [] if entry is None else [(entry[1:], body if len(body) <= LARGEST_BODY else None)]
        self._log.append((_TURN, ((made, 1),), kept, False), wait=False)
        if self._log.was_cut:
            with suppress(StoreError):  # the next look tries it again
                self._note_cut(self._log)

    def tidy(self) -> None:
        """Has what the log comes to stand in the place of its older part, where that is long: later, in a thread of its
        own. From whichever thread.
        """
        if self._log.due is None or (self._tidier is not None and self._tidier.is_alive()):
            return
        number, self._log.due = self._log.due, None
        tidier = threading.Thread(target=self._sum_up, args=(number,), name="ifind-mock-journal", daemon=True)
        with suppress(RuntimeError):  # the system allows no more threads: whoever makes the log longer does it
            tidier.start()
            self._tidier = tidier

    def _sum_up(self, number: int) -> None:
        # Not by what was read here: nobody may have asked for it so far, and another thread may ask now.
        whole = LogJournal(self._file)
        whole.size = self.size
        try:
            whole._take(number, self._rest)
            self._log.sum_up(number, whole._sums(self._rest))
        except (OSError, _Ended, *STRANGE):
            return  # whoever makes the log longer does it, and whoever reads or writes it says what is wrong
        finally:
            whole.close()

    def _rest(self) -> None:
        """Lets the other threads go on, in the middle of much work."""
        if self._ended.wait(_REST):
            raise _Ended

    def clear(self, login: str | None) -> None:
        self._cleared.append(login)
        if not self._file.depth:
            self.settle()

    def settle(self) -> None:
        """Clears what was to be cleared in the transaction that has ended. Raises StoreError; it is not tried again, as
        other calls come meanwhile.
        """
        cleared, self._cleared = self._cleared, []
        if cleared and self._holds:
            self.add_held()  # they came before
            if self._holds:
                raise StoreError(self.trouble.now or self._file.trouble.now or f"{self._path}: is in trouble")
        for login in cleared:
            self._append((_CLEAR, login))

    def give_up(self) -> None:
        """Clears nothing: the transaction has failed."""
        self._cleared.clear()

    def _append(self, record: Any) -> None:
        try:
            self._log.append(record)
        except OSError as error:
            self._log.lacks(self._holds)
            raise self._fails(error) from error
        self.trouble.is_over()
        if self._log.was_cut:
            self._note_cut(self._log)

    def _note_cut(self, found_by: CallLog | LogReader) -> None:
        """Tells all who read the log that calls of it are lost."""
        found_by.was_cut = False
        try:
            self._append((_TURN, (), [], True))
        except StoreError:
            found_by.was_cut = True
            raise
        self._say_short()

    def _say_short(self) -> None:
        if not self._is_said:
            self._is_said = True
            write_line(f"{self._path}: calls of its journal, the files {self._path.name}-calls-*, are lost: {_OTHERS}")

    def _fails(self, error: OSError) -> StoreError:
        text = f"{self._path}: the journal beside it can't be written ({error.strerror}); make room on the disk"
        if self._file.trouble.now is None:  # else that has been said
            self.trouble.begins(text)
        return StoreError(text)

    def look(self) -> None:
        if self._holds and not self._cleared:
            self.add_held()
        if self.in_parts and self._read_on():
            raise MuchLeft(self._read_on)
        # Before it is read: what is added from now on may be read or not.
        self._is_whole = self._log.is_whole(self._reader.numbers())
        for _ in range(_TRIES):
            try:
                self._take_all()
            except FileNotFoundError:
                self._begin_anew()
            except OSError as error:
                raise StoreError(f"{self._path}: the journal beside it can't be read ({error.strerror})") from error
            except STRANGE:
                self._start_over()
                what = "the journal beside it holds a record that this ifind-mock can't read"
                raise StoreError(f"{self._path}: {what}; use one version for all processes") from None
            else:
                return

    def _take_all(self) -> None:
        """Takes in what was added, and finds out whether anything is lost."""
        self._log.look()
        if self._log.was_cut:
            self._note_cut(self._log)
        self._take()
        if self._reader.was_cut:
            self._note_cut(self._reader)
            self._take()
        if self._is_short:
            self._say_short()

    def _read_on(self) -> bool:
        """Takes in the next part of what was added. Tells whether much is left."""
        try:
            part = self._reader.part()
            self._take_part(part)
        except FileNotFoundError:
            if self._waiters:
                return False  # a look finds out which of the calls they have not counted
            self._start_over()
            return True
        except STRANGE:
            self._start_over()
            return False  # a look says what is wrong
        except OSError:
            return False
        return len(part) > _FEW

    def _take(self, until: int | None = None, rest: Callable[[], object] = lambda: None) -> None:
        """Takes in what was added. Raises OSError, and what a strange record raises. rest is called now and then."""
        while part := self._reader.part(until):
            self._take_part(part, rest)

    def _take_part(self, part: Sequence[tuple[Any, bool]], rest: Callable[[], object] = lambda: None) -> None:
        for number, (record, is_sum) in enumerate(part, 1):
            if number % _AT_ONCE == 0:
                rest()
            if record is GAP:
                self._is_short = True
                self.lose()
            elif is_sum:
                self._take_sum(record)
            elif record[0] == _CLEAR:
                super().clear(record[1])
            else:
                _, calls, entries, lost_some = record
                for made, times in calls:
                    self._calls[made] += times
                if lost_some:
                    self.lose()
                for fields, body in entries:
                    self.add(Entry(self.last_number + 1, *fields), body)

    def _sums(self, rest: Callable[[], object]) -> Iterator[Any]:
        """All that it holds, as `_take_sum` takes it."""
        yield "calls", tuple(self._calls.items())
        for part in self.parts():
            rest()
            yield part

    def _take_sum(self, record: Any) -> None:
        what, held = record
        if what == "calls":
            self._calls = Counter(dict(held))
        else:
            self.restore(what, held)

    def _begin_anew(self) -> None:
        """Reads from the beginning, as others have summed up what came next. The waiters have counted a part of it."""
        seen, waiters = self.last_number, self._waiters
        self._start_over()
        self._waiters = {}
        try:
            self._take()
        finally:
            self._waiters = waiters
        for entry in super()._of(None):
            if entry.number > seen:
                self._wake(entry)

    def _start_over(self) -> None:
        """Has all be read from the beginning."""
        self._reader.close()
        self.forget()
        self._calls.clear()

    def calls(self) -> Mapping[Made, int]:
        """How many calls were made since the start."""
        self.look()
        return dict(self._calls)

    def entry(self, number: int) -> Entry | None:
        self.look()
        return super().entry(number)

    def bodies(self) -> Mapping[int, bytes]:
        self.look()
        return super().bodies()

    def dropped(self, pattern: Pattern) -> int | None:
        was_whole = self._is_whole  # when the entries were read
        self.look()
        return super().dropped(pattern) if was_whole and self._is_whole else None

    def _of(self, login: str | None, *, after: int = 0, newest_first: bool = False) -> Iterator[Entry]:
        self.look()
        return iter([*super()._of(login, after=after, newest_first=newest_first)])  # another look may change it

    def _without_account(self) -> Iterator[Entry]:
        self.look()
        return iter([*super()._without_account()])

    def close(self) -> None:
        """Ends the use of the log."""
        self._ended.set()
        if self._tidier is not None:
            self._tidier.join()
        self._reader.close()
        self._log.close()
