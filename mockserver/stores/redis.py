"""The store in a Redis, which mocks on many machines share.

Each call of the API reads and writes by scripts that Redis runs one after another, so a charge and its task are one
step. A change that reads first, such as those of the control API, takes a lock, which no charge passes; its writes are
kept here until its end, and then made by one script, which refuses them where the lock was lost in the meantime.

Faults, scenarios, stubs, values, counts of calls and the journal end with the last process that uses the state.

What was answered is kept as long as Redis keeps it: see its `appendonly` and `appendfsync`.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import uuid4

from mockserver.core.clock import FASTEST, LATEST, Clock
from mockserver.core.delays import LONGEST, parse_delay
from mockserver.core.errors import Refusal, StoreError
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, LimitReached, Task
from mockserver.faults.records import Change
from mockserver.profile.editions import EDITIONS
from mockserver.standard_error import write_line
from mockserver.stores import redis_scripts as scripts
from mockserver.stores.journal import Entry
from mockserver.stores.redis_journal import RedisJournal, owner_of
from mockserver.stores.redis_link import Link, LostAnswer, Reply, parse_address
from mockserver.stores.retention import FEW
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

_MOST_KEPT = 10_000  # accounts

_FARTHEST = LATEST + LONGEST  # when a task may be ready; no time is farther from 1970
_SHIFT = 2**62
"""Added to a time to make it positive: 19 digits, which are in the order of the times as texts, too."""
_MOST = 2**63

_T = TypeVar("_T")


@dataclass(slots=True)
class _Written:
    """What a transaction has written so far, in the order of the writes and as its own reads see it."""

    token: str
    writes: list[tuple[str | int, ...]] = field(default_factory=list)
    accounts: dict[str, Account | None] = field(default_factory=dict)
    added: dict[str, None] = field(default_factory=dict)
    """The logins that the transaction adds, in their order. One that was taken away before, too."""
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
class _Seen:
    """What a transaction that has not written has read. Its own creates are in it."""

    accounts: dict[str, Account | None] = field(default_factory=dict)
    clocks: dict[str, Clock | None] = field(default_factory=dict)
    tasks: dict[int, Task | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The calls of a turn, and those that were held before."""

    calls: Mapping[Made, int]
    entries: Sequence[tuple[Entry, bytes | None]]
    lost_some: bool


@dataclass(frozen=True, slots=True)
class _Doubt:
    """What may have been done, though its caller got an error. It is taken back."""

    number: int | None  # of the step; None for tasks that were made for certain
    tasks: Sequence[tuple[Task, int]] = ()  # that it has made, with the days of their charges; with the id 0 it is one
    recorded: _Recorded | None = None


class RedisStore(SharedStore):
    """The state of mocks in a Redis (see Store). Calls may come from several threads, one at a time.

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
        self._written: _Written | None = None
        self._seen: _Seen | None = None
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
        self._doubts: list[_Doubt] = []
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

    def _take_back(self, doubt: _Doubt) -> None:
        words = [
            word for task, day in doubt.tasks for word in (task.id or "", task.login, day, task.cost, _ready_key(task))
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
                self._seen = _Seen()

    def _catch_up_again(self, changes: Changes | None) -> None:
        """Takes in changes, in a turn. Raises Again, where there are some."""
        self._checked = True
        if changes is not None:
            self._take_in(changes)
            self._seen = None if self._written is not None else _Seen()
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
        self._depth, self._seen = 1, _Seen()
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

    def _uncreate(self) -> None:
        """Takes the tasks back that a transaction has made which fails: now, or when Redis is there again."""
        if not self._created:
            return
        doubt = _Doubt(None, [*self._created])
        try:
            self._take_back(doubt)
        except StoreError:
            self._doubts.append(doubt)

    def lock(self) -> None:
        self._lock()

    def _lock(self) -> _Written:
        if self._written is None:
            token = f"{self._process}:{time.monotonic_ns()}"
            end = time.monotonic() + BUSY
            while self._link.run(scripts.LOCK, token, round(LEASE * 1000)) is None:
                self._wait(end)
            self._written, self._seen = _Written(token), None
            self._catch_up()
            self._checked, self._goes_by = True, None
        if self._written.failed:
            raise StoreError(self._written.failed)
        return self._written

    def _wait(self, end: float) -> None:
        """Waits a moment for another's lock. Raises StoreError past the end."""
        if time.monotonic() > end:
            text = f"{self.name}: another process holds its lock; look for one that was stopped, and end it"
            self.trouble.begins(text)
            raise StoreError(text)
        time.sleep(random.uniform(0.0005, 0.003))  # noqa: S311 - nothing secret

    def _commit(self, written: _Written) -> None:
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
            self._doubts.append(_Doubt(self._number, written.made))
            raise
        except UnicodeEncodeError as error:
            raise self._unfit() from error
        if given != "DONE":
            raise StoreError(f"{self.name}: a change took longer than {LEASE:g} s, and was not made; try it again")

    def _unlock(self, written: _Written) -> None:
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
    def _writing(self) -> Iterator[_Written]:
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
        for value in values:
            if isinstance(value, int):
                if not -_MOST <= value < _MOST:
                    raise self._unfit()
            elif value is not None:
                try:
                    value.encode()
                except UnicodeEncodeError as error:
                    raise self._unfit() from error

    def settle(self, settled: Callable[[], bool], change: Callable[[], None]) -> bool:
        """See Store. Others that use the state are known by the names of their connections."""
        if self._change is None and self._run.begins:
            self._begin_run()
        end = time.monotonic() + LEAVING
        while True:
            with self.transaction(write=True):
                is_settled = settled()
                if not is_settled and not self._others():
                    change()
                    is_settled = True
                over = is_settled or time.monotonic() > end
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
        except (ValueError, TypeError, LookupError, Refusal):
            text = f"{self.name}: holds a value that no mock writes; name another state: ?name=…"
            self.trouble.begins(text)
            raise StoreError(text) from None

    def expect(self, login: str | None, task_id: int | None, *, creates: bool = False) -> None:
        if self._seen is None:
            return
        if creates and login is not None and self._knows(login):
            account, server, own = self._kept[login], owner_of(None), owner_of(login)
            self._seen.accounts[login] = account
            self._seen.clocks = {one: self._kept_clocks[one] for one in (server, own)}
            self._goes_by = self._known
        else:
            self._goes_by = None
            self._look(self._seen, login, task_id)

    def _knows(self, login: str) -> bool:
        """Whether a create of the account can go by what is kept: what lacks its limit can't, as charges may be taken
        back.
        """
        account = self._kept.get(login)
        return self._in_turn and account is not None and account.used < account.daily_limit

    def _look(self, seen: _Seen, login: str | None = None, task_id: int | None = None) -> None:
        """Reads the account and the clock of the login, the server's clock, and the task."""
        words = ["" if one is None else one for one in (login, task_id)]
        checks = not self._checked
        if checks:
            words += ["" if self._known is None else self._known, self._word]
        try:
            found_changes, server, found, own, text, stub = self._link.run(scripts.LOOK, *words)
        except UnicodeEncodeError:
            seen.accounts[login or ""] = None
            return
        if checks:
            if self._emptied:
                raise StoreError(self.trouble.now or self.name)
            self._catch_up_again(self._changes(None) if found_changes == "OTHER" else self._as_changes(found_changes))
        seen.clocks[owner_of(None)] = None if server is None else self._made(_clock, server)
        if login is not None:
            seen.accounts[login] = self._made(_account, *found) if found else None
            seen.clocks[owner_of(login)] = None if own is None else self._made(_clock, own)
            self._keep(login, seen)
        if task_id is not None:
            seen.tasks[task_id] = None if text is None else self._made(_task, task_id, text, stub)

    def _keep(self, login: str, seen: _Seen) -> None:
        """Keeps what a create of the account goes by next time."""
        account = seen.accounts[login]
        if account is None or not self._in_turn:
            return
        if len(self._kept) >= _MOST_KEPT:
            self._forget()
        self._kept[login] = account
        for owner in (owner_of(None), owner_of(login)):
            self._kept_clocks[owner] = seen.clocks[owner]

    def account(self, login: str) -> Account | None:
        written, seen = self._written, self._seen or _Seen()
        if written is not None and login in written.accounts:
            return written.accounts[login]
        if login not in seen.accounts:
            self._look(seen, login)
        account = seen.accounts[login]
        return None if account is None else self._as_reset(account)

    def _as_reset(self, account: Account) -> Account:
        """The account that Redis has, as the transaction sees it."""
        if self._written is not None and self._written.hides(account.login):
            return replace(account, used=0, creates=0)
        return account

    def accounts(self, offset: int = 0, limit: int | None = None) -> Sequence[Account]:
        return self._accounts("order", offset, limit)

    def configured(self) -> Sequence[Account]:
        return [account for account in self._accounts("configured", 0, None) if account.configured]

    def _accounts(self, index: str, offset: int, limit: int | None) -> Sequence[Account]:
        written = self._written
        if limit == 0:
            return []
        if written is None or not written.accounts:
            found = self._link.run(scripts.ACCOUNTS, index, offset, -1 if limit is None else offset + limit - 1)
            return [self._as_reset(self._made(_account, *one)) for one in found]
        found = [self._made(_account, *one) for one in self._link.run(scripts.ACCOUNTS, "order", 0, -1)]
        there = [
            written.accounts.get(one.login, self._as_reset(one)) for one in found if one.login not in written.added
        ]
        everyone = [*there, *map(written.accounts.get, written.added)]
        return [one for one in everyone if one is not None][offset : None if limit is None else offset + limit]

    def account_number(self) -> int:
        return self._made(int, self._link.ask("GET", self._key("place")) or 0)

    def put_account(self, account: Account) -> None:
        login = account.login
        self._fits(login, account.token, account.paid_until, account.delay, account.configured)
        self._fits(account.daily_limit, account.day, account.used, account.creates)
        with self._writing() as written:
            known = self.account(login)
            if known is None:
                written.added[login] = None
                written.writes.append(("ZADD", "order", self._link.ask("INCR", self._key("place")), login))
            if known is None or _static(known) != _static(account):
                written.writes.append(("HSET", "accounts", login, _account_text(account)))
                self._changed()
            for name in ("day", "used", "creates"):
                written.writes.append(("HSET", name, login, getattr(account, name)))
            if known is None or known.configured != account.configured:
                keep = ("ZADD", "configured", 0, login) if account.configured else ("ZREM", "configured", login)
                written.writes.append(keep)
            written.accounts[login] = account

    def drop_account(self, login: str) -> None:
        with self._writing() as written:
            if self.account(login) is None:
                return
            for name in ("accounts", "day", "used", "creates"):
                written.writes.append(("HDEL", name, login))
            written.writes += [("ZREM", "order", login), ("ZREM", "configured", login)]
            written.accounts[login] = None
            written.added.pop(login, None)
            self._changed()

    def create_task(self, task: Task, day: int, after: int | None = None) -> Task | LimitReached:
        self._fits(task.login, task.phone, task.ip, task.stub, *(task.failure or ()))
        self._fits(task.created, task.cost, day)
        made = self._create_at_once(task, day, after) if self._written is None else self._create_later(task, day)
        if isinstance(made, Task):
            self._last = max(self._last, made.id)
            if not self._depth:
                self._retain(1)
        return made

    def _retain(self, creates: int) -> None:
        """Drops tasks that are not kept any more, a few for each of so many creates."""
        if self.retention is None or not creates or (gone := self.retention.gone(self._last)) <= 0:
            return
        with suppress(StoreError):  # they are dropped after a later create
            found = self._link.run(scripts.OLDEST, gone, FEW * creates)
            pairs = zip(found[::2], found[1::2], strict=True)
            old = [(self._made(_task, task_id, text, None), text) for task_id, text in pairs]
            words = [word for task, text in old for word in (task.id, task.login, _ready_key(task), text)]
            if words:
                self._link.run(scripts.FORGET, *words)

    def _create_at_once(self, task: Task, day: int, after: int | None) -> Task | LimitReached:
        self._number += 1
        end = time.monotonic() + BUSY
        words: list[str | int] = [task.login, day, task.cost, _task_text(task), _ready_key(task), task.stub or ""]
        if self._goes_by is not None:
            words += [self._goes_by, self._word, "" if after is None else after]
        try:
            while (given := self._link.run(scripts.CREATE, self._process, self._number, *words)) == "LOCKED":
                self._wait(end)
        except LostAnswer:
            self._doubts.append(_Doubt(self._number, [(replace(task, id=0), day)]))
            raise
        if given == "STALE":
            self._forget()
            self._seen, self._checked = _Seen(), False
            raise Again
        self._checked = True
        if given == "NOBODY":
            raise KeyError(task.login)
        if isinstance(given, list) and len(given) == 2:  # noqa: PLR2004 - the units used and the limit
            return LimitReached(int(given[0]), int(given[1]))
        return self._created_at_once(task, day, given)

    def _created_at_once(self, task: Task, day: int, given: Reply) -> Task:
        """Takes note of a create. given: the id, the units used and the tasks made; the id alone, where it was asked
        again.
        """
        task_id, *counts = given if isinstance(given, list) else [given]
        made = replace(task, id=int(task_id))
        if counts and (kept := self._kept.get(task.login)) is not None:
            self._kept[task.login] = replace(kept, day=day, used=int(counts[0]), creates=int(counts[1]))
        if self._depth:
            self._created.append((made, day))
        if self._seen is not None:
            self._seen.tasks[made.id] = made
            if (account := self._seen.accounts.get(task.login)) is not None:
                used = account.used_on(day) + task.cost
                self._seen.accounts[task.login] = replace(account, day=day, used=used, creates=account.creates + 1)
        return made

    def _create_later(self, task: Task, day: int) -> Task | LimitReached:
        """Creates with the other writes of the transaction."""
        with self._writing() as written:
            account = self.account(task.login)
            if account is None:
                raise KeyError(task.login)
            used = account.used_on(day)
            if used >= account.daily_limit:
                return LimitReached(used, account.daily_limit)
            made = replace(task, id=int(self._link.ask("INCR", self._key("last"))))
            self.put_account(replace(account, day=day, used=used + task.cost, creates=account.creates + 1))
            words = (made.id, task.login, _task_text(made), _ready_key(made), task.stub or "")
            written.writes.append(("keep_task", *words))
            written.tasks[made.id] = made
            written.made.append((made, day))
        return made

    def read_task(self, task_id: int) -> Task | None:
        written = self._written
        if written is not None and task_id in written.tasks:
            return written.tasks[task_id]
        seen = self._seen or _Seen()
        if task_id not in seen.tasks:
            self._look(seen, None, task_id)
        task = seen.tasks[task_id]
        return None if task is None or (written is not None and written.hides(task.login)) else task

    def tasks(
        self, login: str | None, offset: int = 0, limit: int | None = None, *, newest_first: bool = False
    ) -> Sequence[Task]:
        written = self._written
        index = "ids" if login is None else f"of:{login}"
        if limit == 0:
            return []
        if written is None:
            last = -1 if limit is None else offset + limit - 1
            return self._tasks(index, offset, last, newest_first=newest_first)
        known = {task.id: task for task in self._tasks(index, 0, -1) if not written.hides(task.login)}
        own = {one.id: one for one in written.tasks.values() if login in (None, one.login)}
        everything = [replace(task, stub=None) for _, task in sorted({**known, **own}.items(), reverse=newest_first)]
        return everything[offset : None if limit is None else offset + limit]

    def _tasks(self, index: str, first: int, last: int, *, newest_first: bool = False) -> list[Task]:
        found = self._link.run(scripts.TASKS, index, first, last, int(newest_first))
        return [self._made(_task, *one, None) for one in zip(found[::2], found[1::2], strict=True)]

    def put_ready(self, task: Task) -> None:
        self._fits(task.ready, task.polls)
        with self._writing() as written:
            before = self.read_task(task.id)
            if before is None:
                return
            after = replace(before, ready=task.ready, polls=task.polls)
            index = f"ready:{before.login}"
            for command, one in (("ZREM", before), ("ZADD", after)):
                if key := _ready_key(one):
                    score = ("0",) if command == "ZADD" else ()
                    written.writes.append((command, index, *score, f"{key}:{one.id}"))
            written.writes.append(("HSET", "tasks", after.id, _task_text(after)))
            written.tasks[after.id] = after

    def next_ready(self, now: Micros, login: str | None) -> Micros | None:
        if self._written is not None and self._written.writes:
            return self._next_ready_inside(now, login)
        found = self._link.run(scripts.NEXT_READY, _sortable(now), *([] if login is None else [login]))
        return None if found is None else int(found.partition(":")[0]) - _SHIFT

    def _next_ready_inside(self, now: Micros, login: str | None) -> Micros | None:
        """As a transaction that has written sees it."""
        following = (
            [login] if login is not None else [one.login for one in self.accounts() if not self.clock(one.login)]
        )
        own = (task for one in following for task in self.tasks(one) if task.polls is None)
        return min((task.ready for task in own if task.ready is not None and task.ready > now), default=None)

    def clock(self, login: str | None) -> Clock | None:
        owner, written = owner_of(login), self._written
        if written is not None and owner in written.clocks:
            return written.clocks[owner]
        if written is not None and (written.hides(login) if login is not None else None in written.reset):
            return None
        seen = self._seen or _Seen()
        if owner not in seen.clocks:
            self._look(seen, login)
        return seen.clocks.get(owner)

    def put_clock(self, login: str | None, clock: Clock | None) -> None:
        owner = owner_of(login)
        self._fits(owner)
        with self._writing() as written:
            if clock is None:
                written.writes.append(("HDEL", "clocks", owner))
            else:
                written.writes.append(("HSET", "clocks", owner, _clock_text(clock)))
            written.clocks[owner] = clock
            self._changed()

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
        return self._made(_changes, *found)

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

    def count_call(self, login: str, now: Micros, allowed: int, period: Micros) -> Micros:
        start, count = map(int, self._link.run(scripts.COUNT_CALL, login, now, period))
        return 0 if count < allowed else start + period - now

    def next_sample(self, login: str, what: str) -> int:
        return int(self._link.run(scripts.NEXT_SAMPLE, login, what))

    def record(self, calls: Iterable[Made], entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        """See Store. Nobody waits for what the script gives: that is read with the next answer of Redis, to whatever is
        asked next.
        """
        self._link.collect()
        self._uncounted.update(calls)
        self._unwritten += entries
        self._number += 1
        number, sent, given = self._number, _Recorded(self._uncounted, self._unwritten, self._lost_some), ""
        self._let_go()

        def settle(last: Reply, error: StoreError | None) -> None:
            nonlocal given
            if error is None:
                given = last
                self._journal_trouble.is_over()
            elif isinstance(error, LostAnswer):
                self._doubts.append(_Doubt(number, recorded=sent))
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

    def _hold_again(self, sent: _Recorded) -> None:
        """Holds calls that were not recorded."""
        self._uncounted.update(sent.calls)
        self._unwritten[:0] = sent.entries
        self._lost_some |= sent.lost_some
        self._hold()

    def calls(self) -> Mapping[Made, int]:
        found = self._link.ask("HGETALL", self._key("calls"))
        return self._made(_calls, found[::2], found[1::2])

    def reset(self, login: str | None) -> None:
        with self._writing() as written:
            written.writes.append(("reset_all",) if login is None else ("reset", login))
            written.reset.add(login)
            written.tasks = {i: one for i, one in written.tasks.items() if login not in (None, one.login)}
            written.clocks = {} if login is None else {**written.clocks, owner_of(login): None}
            for one, account in written.accounts.items():
                if account is not None and login in (None, one):
                    written.accounts[one] = replace(account, used=0, creates=0)
            super().reset(login)

    def close(self) -> None:
        with suppress(StoreError):
            self._link.collect()
        self._link.close()

    def _key(self, name: str) -> str:
        return f"{self._link.address.tag}:{name}"


def _sortable(at: Micros) -> str:
    return f"{at + _SHIFT:019d}"


def _ready_key(task: Task) -> str:
    """When the task is ready by time alone, as the index of its login has it; else nothing."""
    return "" if task.ready is None or task.polls is not None else _sortable(task.ready)


def _kind_and_key(name: str) -> tuple[str, str]:
    kind, _, key = name.partition(" ")
    return kind, key


def _changes(last: str, whole: int, records: Sequence[Sequence[str]]) -> Changes:
    in_order = sorted(records, key=lambda record: int(record[3] or 0))
    made = [Change(*_kind_and_key(name), value, int(number)) for name, value, number, _ in in_order]
    return Changes(int(last), bool(whole), made)


def _calls(names: Sequence[str], numbers: Sequence[str]) -> dict[Made, int]:
    made = (name.split(" ") for name in names)
    return {(method, outcome, int(status)): int(n) for (method, outcome, status), n in zip(made, numbers, strict=True)}


def _static(account: Account) -> Account:
    return replace(account, day=0, used=0, creates=0)


def _account_text(account: Account) -> str:
    """Its limit comes first, where the script finds it; its charges stand elsewhere."""
    own = (account.daily_limit, account.token, account.paid_until, account.demo, account.delay, account.seed)
    return json.dumps([*own, account.configured], ensure_ascii=False)


def _account(login: str, text: str, *counts: str) -> Account:
    limit, token, paid_until, demo, delay, seed, configured = json.loads(text)
    if delay is not None:
        parse_delay(delay, "delay")
    day, used, creates = map(int, counts)
    return Account(login, token, limit, paid_until, bool(demo), delay, seed, day, used, creates, configured)


def _task_text(task: Task) -> str:
    """All but its id, which is its name, and what its stub finds, which may be much."""
    head = [task.login, task.phone, task.source, task.ip, task.created, task.ready, task.cost, task.seed, task.demo]
    return json.dumps([*head, task.edition, task.failure, task.polls], ensure_ascii=False)


def _task(task_id: str | int, text: str, stub: str | None) -> Task:
    login, phone, source, ip, created, ready, cost, seed, demo, edition, failure, polls = json.loads(text)
    if str(source) not in EDITIONS[edition].sources or max(abs(created), abs(ready or 0)) > _FARTHEST:
        raise ValueError
    failed = None if failure is None else (failure[0], failure[1])
    head = (int(task_id), login, phone, source, ip, created, ready, cost, int(seed), bool(demo))
    return Task(*head, edition, failed, polls, stub)


def _clock_text(clock: Clock) -> str:
    return json.dumps([clock.base, clock.since, clock.speed])


def _clock(text: str) -> Clock:
    base, since, speed = json.loads(text)
    if not (abs(base) <= _FARTHEST and 0 <= speed <= FASTEST):
        raise ValueError
    return Clock(base, since, speed)
