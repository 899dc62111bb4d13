"""The store in a Redis, which mocks on many machines share.

Each call of the API reads and writes by scripts that Redis runs one after another, so a charge and its task are one
step. Other changes, such as those of the control API, are transactions.

Faults, scenarios, stubs, values, counts of calls and the journal end with the last process that uses the state.

What was answered is kept as long as Redis keeps it: see its `appendonly` and `appendfsync`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from mockserver.core.clock import Clock
from mockserver.core.errors import StoreError
from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, LimitReached, Task
from mockserver.stores import redis_scripts as scripts
from mockserver.stores.redis_link import LostAnswer, Reply
from mockserver.stores.redis_transactions import Doubt, RedisTransactions, Seen, Written
from mockserver.stores.redis_values import (
    account_of,
    account_text,
    calls_of,
    clock_of,
    clock_text,
    owner_of,
    ready_key,
    sortable,
    task_of,
    task_text,
    time_of,
    without_charges,
)
from mockserver.stores.retention import FEW
from mockserver.stores.store import Again, Made

_MOST_KEPT = 10_000  # accounts
_TOGETHER = 1000  # accounts that are read together


class RedisStore(RedisTransactions):
    """The state of mocks in a Redis (see Store). Calls may come from several threads, one at a time."""

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

    def _look(self, seen: Seen, login: str | None = None, task_id: int | None = None) -> None:
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
        seen.clocks[owner_of(None)] = None if server is None else self._made(clock_of, server)
        if login is not None:
            seen.accounts[login] = self._made(account_of, *found) if found else None
            seen.clocks[owner_of(login)] = None if own is None else self._made(clock_of, own)
            self._keep(login, seen)
        if task_id is not None:
            seen.tasks[task_id] = None if text is None else self._made(task_of, task_id, text, stub)

    def _keep(self, login: str, seen: Seen) -> None:
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
        written, seen = self._written, self._seen or Seen()
        if written is not None and login in written.accounts:
            return written.accounts[login]
        known = seen.accounts if written is None else written.known
        if login not in known:
            self._look(seen, login)
            known[login] = seen.accounts[login]
        account = known[login]
        return None if account is None else self._as_reset(account)

    def expect_accounts(self, logins: Sequence[str]) -> None:
        if (written := self._written) is None:
            return
        for first in range(0, len(logins), _TOGETHER):
            part = logins[first : first + _TOGETHER]
            found = self._link.run(scripts.ACCOUNTS_OF, *part)
            for login, parts in zip(part, found, strict=True):
                written.known[login] = self._made(account_of, *parts) if parts else None

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
            return [self._as_reset(self._made(account_of, *one)) for one in found]
        found = [self._made(account_of, *one) for one in self._link.run(scripts.ACCOUNTS, "order", 0, -1)]
        there = [
            written.accounts.get(one.login, self._as_reset(one)) for one in found if one.login not in written.added
        ]
        everyone = [*there, *map(written.accounts.get, written.added)]
        return [one for one in everyone if one is not None][offset : None if limit is None else offset + limit]

    def account_number(self) -> int:
        return self._made(int, self._link.ask("GET", self._key("place")) or 0)

    def _next_place(self, written: Written) -> int:
        """The place of a new account. Of many, each question takes twice as many places as the one before."""
        if not written.places:
            last = self._made(int, self._link.ask("INCRBY", self._key("place"), written.many))
            written.places = range(last - written.many + 1, last + 1)
            written.many *= 2
        place, written.places = written.places[0], written.places[1:]
        return place

    def put_account(self, account: Account) -> None:
        login = account.login
        self._fits(login, account.token, account.paid_until, account.delay, account.configured)
        self._fits(account.daily_limit, account.day, account.used, account.creates)
        with self._writing() as written:
            known = self.account(login)
            if known is None:
                written.added[login] = None
                written.writes.append(("ZADD", "order", self._next_place(written), login))
            if known is None or without_charges(known) != without_charges(account):
                written.writes.append(("HSET", "accounts", login, account_text(account)))
                self._changed()
            written.writes.append(("put_counts", login, account.day, account.used, account.creates))
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
            old = [(self._made(task_of, task_id, text, None), text) for task_id, text in pairs]
            words = [word for task, text in old for word in (task.id, task.login, ready_key(task), text)]
            if words:
                self._link.run(scripts.FORGET, *words)

    def _create_at_once(self, task: Task, day: int, after: int | None) -> Task | LimitReached:
        self._number += 1
        words: list[str | int] = [task.login, day, task.cost, task_text(task), ready_key(task), task.stub or ""]
        if self._goes_by is not None:
            words += [self._goes_by, self._word, "" if after is None else after]
        try:
            given = self._run_unlocked(scripts.CREATE, self._process, self._number, *words, held="LOCKED")
        except LostAnswer:
            self._doubts.append(Doubt(self._number, [(replace(task, id=0), day)]))
            raise
        if given in ("STALE", "NOBODY"):
            self._forget()
            self._seen, self._checked = None if self._seen is None else Seen(), not self._in_turn
            raise Again
        self._checked = True
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
                raise Again
            used = account.used_on(day)
            if used >= account.daily_limit:
                return LimitReached(used, account.daily_limit)
            made = replace(task, id=int(self._link.ask("INCR", self._key("last"))))
            self.put_account(replace(account, day=day, used=used + task.cost, creates=account.creates + 1))
            words = (made.id, task.login, task_text(made), ready_key(made), task.stub or "")
            written.writes.append(("keep_task", *words))
            written.tasks[made.id] = made
            written.made.append((made, day))
        return made

    def read_task(self, task_id: int) -> Task | None:
        written = self._written
        if written is not None and task_id in written.tasks:
            return written.tasks[task_id]
        seen = self._seen or Seen()
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
        return [self._made(task_of, *one, None) for one in zip(found[::2], found[1::2], strict=True)]

    def put_ready(self, task: Task) -> None:
        self._fits(task.ready, task.polls)
        with self._writing() as written:
            before = self.read_task(task.id)
            if before is None:
                return
            after = replace(before, ready=task.ready, polls=task.polls)
            index = f"ready:{before.login}"
            for command, one in (("ZREM", before), ("ZADD", after)):
                if key := ready_key(one):
                    score = ("0",) if command == "ZADD" else ()
                    written.writes.append((command, index, *score, f"{key}:{one.id}"))
            written.writes.append(("HSET", "tasks", after.id, task_text(after)))
            written.tasks[after.id] = after

    def next_ready(self, now: Micros, login: str | None) -> Micros | None:
        if self._written is not None and self._written.writes:
            return self._next_ready_inside(now, login)
        found = self._link.run(scripts.NEXT_READY, sortable(now), *([] if login is None else [login]))
        return None if found is None else time_of(found)

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
        seen = self._seen or Seen()
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
                written.writes.append(("HSET", "clocks", owner, clock_text(clock)))
            written.clocks[owner] = clock
            self._changed()

    def count_call(self, login: str, now: Micros, allowed: int, period: Micros) -> Micros:
        start, count = map(int, self._link.run(scripts.COUNT_CALL, login, now, period))
        return 0 if count < allowed else start + period - now

    def next_sample(self, login: str, what: str) -> int:
        return int(self._link.run(scripts.NEXT_SAMPLE, login, what))

    def calls(self) -> Mapping[Made, int]:
        found = self._link.ask("HGETALL", self._key("calls"))
        return self._made(calls_of, found[::2], found[1::2])

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
