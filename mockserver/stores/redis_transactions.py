"""Transactions on the state in a Redis: what is written in one step, what of it may have been done where an answer was
lost, and what other processes have changed meanwhile.

A change that reads first takes a lock, which no charge passes; its writes are kept here until its end, and then made by
one script, which refuses them where the lock was lost in the meantime.
"""

from __future__ import annotations

import random
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import uuid4

from mockserver.core.clock import Clock
from mockserver.core.errors import StoreError
from mockserver.core.tasks import Account, Task
from mockserver.machine_time import monotonic, monotonic_ns
from mockserver.standard_error import write_line
from mockserver.stores import redis_scripts as scripts
from mockserver.stores.journal import Entry
from mockserver.stores.redis_journal import RedisJournal
from mockserver.stores.redis_link import Link, LostAnswer, Reply, Script, parse_address
from mockserver.stores.redis_values import STRANGE, changes_of, fits, ready_key
from mockserver.stores.shared_store import HELD, TOMBSTONES, Changes, SharedStore
from mockserver.stores.state_run import WHOLE, Run
from mockserver.stores.store import Again, Made
from mockserver.stores.trouble import Trouble

FORMAT = "1"
AHEAD = 1000
"""Ids that are left out where Redis has lost some that were given out: other mocks may have given out later ones."""
LEASE = 2.0  # seconds for which the lock is held, unless its holder ends before
BUSY = 3.0  # seconds to wait for the lock: longer than the lease, so that a holder that died fails no call
LEAVING = 2.0  # seconds to wait for another process that was told to stop, where its accounts are to be changed

_T = TypeVar("_T")


@dataclass(slots=True)
class Written:
    """What a transaction has written so far, in the order of the writes and as its own reads see it."""

    token: str
    renewed: float  # when the lock was taken, or kept for longer
    writes: list[tuple[str | int, ...]] = field(default_factory=list)
    accounts: dict[str, Account | None] = field(default_factory=dict)
    known: dict[str, Account | None] = field(default_factory=dict)
    """What Redis has of accounts that were read: nobody changes them before the end."""
    added: dict[str, None] = field(default_factory=dict)
    """The logins that the transaction adds, in their order. One that was taken away before, too."""
    places: range = range(0)  # of accounts that it may still add
    many: int = 1  # how many it asks for next
    tasks: dict[int, Task] = field(default_factory=dict)
    made: list[tuple[Task, int]] = field(default_factory=list)  # tasks, and the days of their charges
    clocks: dict[str, Clock | None] = field(default_factory=dict)
    reset: set[str | None] = field(default_factory=set)
    """The logins of which what Redis has is reset; with None all."""
    failed: str = ""

    def hides(self, login: str | None) -> bool:
        """Whether what Redis has of the login is reset."""
        return not self.reset.isdisjoint((None, login))


@dataclass(slots=True)
class Seen:
    """What a transaction that has not written has read. Its own creates are in it."""

    accounts: dict[str, Account | None] = field(default_factory=dict)
    clocks: dict[str, Clock | None] = field(default_factory=dict)
    tasks: dict[int, Task | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The calls of a turn, and those that were held before."""

    calls: Mapping[Made, int]
    entries: Sequence[tuple[Entry, bytes | None]]
    lost_some: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """What may have been done, though its caller got an error. It is taken back."""

    number: int | None  # of the step; None for tasks that were made for certain
    tasks: Sequence[tuple[Task, int]] = ()  # that it has made, with the days of their charges; with the id 0 it is one
    recorded: Recorded | None = None


class RedisTransactions(SharedStore):
    """What a store in a Redis writes and reads by.

    A create is one step, which others see at once, also inside a transaction that has not written yet; where that fails
    later on, the create is taken back. Once another write has failed inside a transaction, nothing of it is kept: its
    further writes raise StoreError, and so does the end of the outermost block.
    """

    def __init__(self, url: str, run: Run = WHOLE) -> None:
        """Opens the state of a URL `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?name=NAME]`. Raises StoreError."""
        address = parse_address(url)
        self.name = str(address)
        self._run = run
        self._process = uuid4().hex
        self._number = 0  # of the last step, by which Redis knows one that is asked for again
        self._last = 0  # the highest id that was given out here
        self._depth = 0
        self._written: Written | None = None
        self._seen: Seen | None = None
        self._change: Callable[[], None] | None = None
        """What has settled the state. A Redis that has lost it needs it again."""
        self._begun = self._emptied = False
        self._word = ""  # of the state that is there: it is another once Redis has lost the first
        self._looks = True  # whether it takes in what others have changed
        self._checked = True
        """Whether the turn, or the transaction outside of one, has taken in what others have changed. A turn does so
        once: all its calls have come before.
        """
        self._in_turn = False
        self._kept: dict[str, Account] = {}  # accounts as of the last change that is known, and as they were seen last
        self._kept_clocks: dict[str, Clock | None] = {}  # and clocks, by their owners
        self._goes_by: int | None = None
        """The number of the last change by which the call goes that is being decided; None where it has read anew."""
        self._created: list[tuple[Task, int]] = []
        """The tasks that the transaction has made at once, with the days of their charges."""
        self._doubts: list[Doubt] = []
        self.trouble = Trouble(self.name, write_line)
        self._journal_trouble = Trouble(f"{self.name}: the journal", write_line, HELD)
        self._link = Link(address, self.trouble, self._begin)
        self._journal = RedisJournal(self._link, self._write, self._made)
        self._journal.is_whole = self._holds_no_calls
        super().__init__(self._journal)
        self._link.ask("PING")

    def _begin(self) -> None:
        """Makes a new connection ready. Raises StoreError."""
        self._forget()
        self._journal.forget()  # a Redis that has lost its last moments gives their numbers again
        found, made, self._word = self._link.run(scripts.OPEN, FORMAT, self._last, uuid4().hex, AHEAD)
        if found != FORMAT:
            what = f"has format {found}, this ifind-mock reads format {FORMAT}"
            raise StoreError(f"{self.name}: {what}; name another state, or take the ifind-mock that made it")
        if made and self._begun:
            self._emptied = True
            self._known = self._told = None
            lost = "has lost what it held; see its appendonly, and whether another program has emptied it"
            text = f"{self.name}: {lost}. Accounts of the settings are put back"
            self.trouble.begins(text)
            raise StoreError(text)
        self._begun = True
        # Its answer is not waited for: where Redis had to be given the script anew, the next question would come first.
        self._link.ask("SCRIPT", "LOAD", scripts.RECORD.text)
        while self._doubts:
            self._take_back(self._doubts[0])
            del self._doubts[0]
        if self._change is not None:
            self._link.ask("CLIENT", "SETNAME", self._client_name)

    def _take_back(self, doubt: Doubt) -> None:
        words = [
            word for task, day in doubt.tasks for word in (task.id or "", task.login, day, task.cost, ready_key(task))
        ]
        number = "" if doubt.number is None else doubt.number
        done = self._link.run(scripts.UNDO, self._process, number, *words)
        if doubt.recorded is not None and not done:
            self._hold_again(doubt.recorded)

    def _forget(self) -> None:
        """Keeps no accounts and clocks any more: they may have changed."""
        self._kept.clear()
        self._kept_clocks.clear()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """See Store. What others have changed is taken in with what the first call reads or creates."""
        if self._depth or self._emptied:
            with self.transaction():
                yield
            return
        self._in_turn, self._checked = True, False
        try:
            with self.transaction():
                yield
        finally:
            self._in_turn, self._checked, self._goes_by = False, True, None

    def check(self) -> None:
        if self._in_turn:
            if not self._checked:
                self._goes_by = None
                self._catch_up_again(self._changes(self._known))
            if self._seen is not None:
                self._seen = Seen()

    def _catch_up_again(self, changes: Changes | None) -> None:
        """Takes in changes, in a turn. Raises Again, where there are some."""
        self._checked = True
        if changes is not None:
            self._take_in(changes)
            self._seen = None if self._written is not None else Seen()
            self._checked = False
            raise Again

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[None]:
        """What is written inside is kept together or not at all. From the first write that is no create, or with
        write=True from the start, others can't write until the end.

        Raises StoreError where it could not be kept, at the end of the outermost block.
        """
        if self._depth:
            if write:
                self._lock()
            yield
            return
        self._depth, self._seen = 1, Seen()
        try:
            with self._in_step():
                if write:
                    self._lock()
                elif not self._in_turn:
                    self._catch_up()
                if emptied := self._emptied:
                    self._put_back()
                yield
                if self._written is not None:
                    self._commit(self._written)
                self._emptied = self._emptied and not emptied
            self._retain(len(self._created) + (0 if self._written is None else len(self._written.made)))
        except BaseException:
            if self._written is not None:
                self._unlock(self._written)
            self._uncreate()
            raise
        finally:
            if self._written is not None and self._written.writes:
                self._forget()
            self._depth, self._written, self._seen = 0, None, None
            self._created.clear()

    @abstractmethod
    def _retain(self, creates: int) -> None:
        """Drops tasks that are not kept any more, a few for each of so many creates."""

    def _uncreate(self) -> None:
        """Takes the tasks back that a transaction has made which fails: now, or when Redis is there again."""
        if not self._created:
            return
        doubt = Doubt(None, [*self._created])
        try:
            self._take_back(doubt)
        except StoreError:
            self._doubts.append(doubt)

    def lock(self) -> None:
        self._lock()

    def _lock(self) -> Written:
        if self._written is None:
            token = f"{self._process}:{monotonic_ns()}"
            self._run_unlocked(scripts.LOCK, token, round(LEASE * 1000), held=None)
            self._written, self._seen = Written(token, monotonic()), None
            self._catch_up()
            self._checked, self._goes_by = True, None
        elif monotonic() - self._written.renewed > LEASE / 2:
            self._renew(self._written)
        if self._written.failed:
            raise StoreError(self._written.failed)
        return self._written

    def _renew(self, written: Written) -> None:
        """Keeps the lock for a change that takes long."""
        written.renewed = monotonic()
        if self._link.run(scripts.RENEW, written.token, round(LEASE * 1000)) is None:
            written.failed = self._too_slow()

    def _run_unlocked(self, script: Script, *words: str | int, held: str | None) -> Reply:
        """What the script gives as soon as it does not give `held`, by which it says that another process has the lock.
        Raises StoreError where that one keeps it for long.
        """
        end = monotonic() + BUSY
        while (given := self._link.run(script, *words)) == held:
            if monotonic() > end:
                text = f"{self.name}: another process holds its lock; look for one that was stopped, and end it"
                self.trouble.begins(text)
                raise StoreError(text)
            time.sleep(random.uniform(0.0005, 0.003))  # noqa: S311 - nothing secret
        return given

    def _commit(self, written: Written) -> None:
        if written.failed:
            raise StoreError(written.failed)
        if not written.writes:
            self._unlock(written)
            return
        self._number += 1
        words = [word for write in written.writes for word in (len(write), *write)]
        try:
            given = self._link.run(scripts.COMMIT, written.token, self._process, self._number, *words)
        except LostAnswer:
            self._doubts.append(Doubt(self._number, written.made))
            raise
        except UnicodeEncodeError as error:
            raise self._unfit() from error
        if given != "DONE":
            raise StoreError(self._too_slow())

    def _too_slow(self) -> str:
        return f"{self.name}: a change took longer than {LEASE:g} s, and was not made; try it again"

    def _unlock(self, written: Written) -> None:
        try:
            self._link.run(scripts.UNLOCK, written.token)
        except StoreError:
            return  # it ends by itself

    def _unfit(self) -> StoreError:
        return StoreError(f"{self.name}: it holds numbers of 64 bits and Unicode text alone")

    def _write(self, *words: str | int) -> None:
        """Has the transaction make a write: a command of Redis and its words, or a function of the script COMMIT."""
        with self._writing() as written:
            written.writes.append(words)

    @contextmanager
    def _writing(self) -> Iterator[Written]:
        """What the transaction has written, of which a failure inside keeps nothing."""
        with self.transaction():
            written = self._lock()
            try:
                yield written
            except StoreError as error:
                written.failed = str(error)
                raise

    def _fits(self, *values: str | int | None) -> None:
        """Raises StoreError for a value that no store can hold."""
        if not all(map(fits, values)):
            raise self._unfit()

    def settle(self, settled: Callable[[], bool], change: Callable[[], None]) -> bool:
        """See Store. Others that use the state are known by the names of their connections."""
        if self._change is None and self._run.begins:
            self._begin_run()
        end = monotonic() + LEAVING
        while True:
            with self.transaction(write=True):
                is_settled = settled()
                if not is_settled and not self._others():
                    change()
                    is_settled = True
                over = is_settled or monotonic() > end
                # Who waits for others is none to them: else two whose settings change at once would wait in vain.
                named = is_settled or (over and self._change is not None)
                self._link.ask("CLIENT", "SETNAME", self._client_name if named else "")
            if over:
                self._change = change if is_settled else self._change
                return is_settled
            time.sleep(random.uniform(0.005, 0.03))  # noqa: S311 - nothing secret

    def _begin_run(self) -> None:
        """Takes away, unseen, what ends with the last process that uses the state, where that one has ended."""
        self._looks = False
        try:
            with self.transaction(write=True):
                if self._others():
                    return
                self._known = self._made(int, self._link.ask("GET", self._key("version")) or 0)
                self.clear_records(*(kind for one in self._sets for kind in one.KINDS))
                self.journal.clear(None)
                self._write("UNLINK", "calls")
        finally:
            self._looks, self._known = True, None

    def _put_back(self) -> None:
        if self._change is not None:
            self._lock()
            self._change()
            self.emptied()

    @property
    def _client_name(self) -> str:
        return f"{self._link.address.tag}:{self._process}"

    def _others(self) -> bool:
        """Whether another process uses the state."""
        names = {word for word in self._link.ask("CLIENT", "LIST").split() if word.startswith("name=")}
        names.discard(f"name={self._client_name}")
        return any(name.startswith(f"name={self._link.address.tag}:") for name in names)

    def _made(self, make: Callable[..., _T], *parts: Reply) -> _T:
        """What the parts hold. Raises StoreError for values that no mock writes."""
        try:
            return make(*parts)
        except STRANGE:
            text = f"{self.name}: holds a value that no mock writes; name another state: ?name=…"
            self.trouble.begins(text)
            raise StoreError(text) from None

    def _changes(self, after: int | None) -> Changes | None:
        if not self._looks:
            return None
        while (found := self._link.run(scripts.CHANGES, "" if after is None else after, self._word)) == "OTHER":
            after = None
            self._begin()
        return self._as_changes(found)

    def _as_changes(self, found: Reply) -> Changes | None:
        if found is None:
            return None
        self._forget()
        return self._made(changes_of, *found)

    def _put_change(self) -> int:
        number = self._next_change()
        self._write("SET", "version", number)
        return number

    def _put_record(self, kind: str, key: str, value: str) -> int:
        number = self._next_change()
        self._write("put_record", f"{kind} {key}", value, number)
        return number

    def _drop_record(self, kind: str, key: str) -> int:
        number = self._next_change()
        self._write("drop_record", f"{kind} {key}", number, number - TOMBSTONES)
        return number

    def _clear_records(self, kinds: Sequence[str]) -> int:
        number = self._next_change()
        self._write("clear_records", number, *kinds)
        return number

    def _next_change(self) -> int:
        """Its number; nobody else can make one until the end of the transaction."""
        if self._written is None and self._depth:
            self._lock()
        return (self._known or 0) + 1

    def record(self, calls: Iterable[Made], entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        """See Store. Nobody waits for what the script gives: that is read with the next answer of Redis, to whatever is
        asked next.
        """
        self._link.collect()
        self._uncounted.update(calls)
        self._unwritten += entries
        self._number += 1
        number, sent, given = self._number, Recorded(self._uncounted, self._unwritten, self._lost_some), ""
        self._let_go()

        def settle(last: Reply, error: StoreError | None) -> None:
            nonlocal given
            if error is None:
                given = last
                self._journal_trouble.is_over()
            elif isinstance(error, LostAnswer):
                self._doubts.append(Doubt(number, recorded=sent))
            else:
                self._hold_again(sent)
                if self.trouble.now is None:
                    self._journal_trouble.begins(str(error))

        words = self._journal.words(sent.calls, sent.entries, lost_some=sent.lost_some)
        try:
            self._link.send(scripts.RECORD, (self._process, number, *words), settle)
        except StoreError as error:
            settle(None, error)
        if self._journal.has_waiters:
            self._link.collect()
            if given:
                self._journal.added(given, sent.entries)

    def _holds_no_calls(self) -> bool:
        doubtful = any(doubt.recorded is not None for doubt in self._doubts)
        return not (doubtful or self._uncounted or self._unwritten or self._lost_some)

    def _hold_again(self, sent: Recorded) -> None:
        """Holds calls that were not recorded."""
        self._uncounted.update(sent.calls)
        self._unwritten[:0] = sent.entries
        self._lost_some |= sent.lost_some
        self._hold()

    def close(self) -> None:
        with suppress(StoreError):
            self._link.collect()
        self._link.close()

    def _key(self, name: str) -> str:
        return f"{self._link.address.tag}:{name}"
