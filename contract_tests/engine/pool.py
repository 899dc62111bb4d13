"""The tasks of a run: each is made once, on demand, and serves every test that can share it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from contract_tests.api import calls
from contract_tests.api.account_info import units
from contract_tests.api.calls import FORMATS, GET, POST, WAYS, Account, Way
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.editions import ANY_SOURCE, EDITIONS, NO_SOURCE, SECTIONS, SOME, Edition
from contract_tests.engine.client import ApiClient
from contract_tests.engine.options import GivenTask
from contract_tests.engine.target import Target
from contract_tests.engine.tasks import Task, TaskPoller

LAST_RESORTS = (11, NO_SOURCE)
"""Sources that an edition must have where those before are refused, or one accepted without a source must take: if they
are refused, too, there may be another reason.
"""
COMMON = (2, 1)
"""Sources that every edition with sources has."""
BEST_FIRST = (2, 1, 4, 11, 3, 12)
"""Sources by what a task of theirs proves that none before it does: rows, names, a photo and the edition, the rest."""


@dataclass
class TaskPool:
    """Makes tasks, waits for them, reads them. full: cross what can be crossed; on_demand: make none but those that a test
    asks for.
    """

    api: ApiClient
    target: Target
    poll_timeout: float
    full: bool
    given_edition: str | None = None
    given_tasks: Sequence[GivenTask] = ()
    on_demand: bool = False
    offers: dict[int | None, Reply] = field(default_factory=dict)
    created: list[Reply] = field(default_factory=list)
    accepted: list[Task] = field(default_factory=list)
    crossed_creates: bool = False
    _shared: dict[tuple[int, str], Task | NotChecked] = field(default_factory=dict)
    _ids: set[object] = field(default_factory=set)
    _ways: Iterator[tuple[Way, str | None]] = field(init=False)
    poller: TaskPoller = field(init=False)
    edition_unproven: NotChecked | None = None
    _edition: Edition | None = None
    _bare: Task | None = None
    _made_ahead: bool = False

    def __post_init__(self) -> None:
        self._ways = cycle([(POST, None), (GET, "xml"), (POST, "csv"), (GET, None), (POST, "xml"), (GET, "csv")])
        self.poller = TaskPoller(self.api, self.target, self.poll_timeout)
        for given in self.given_tasks:
            self._shared.setdefault((given.source, self.target.phones.ordinary), self._taken_over(given))

    def _taken_over(self, given: GivenTask) -> Task:
        """A task that was made before the run, by somebody else."""
        account, phone = self.target.main, given.phone or ""
        made = Reply(calls.create(account, phone, given.source), None, None, "it was made before this run")
        task = Task(given.id, account, phone, given.source, SECTIONS[given.source], made, time.monotonic(), own=False)
        self.accepted.append(task)
        return task

    @property
    def source_required(self) -> bool:
        """Whether create without a source is refused: so it is in all editions but A. It costs nothing to find out
        where it is so.
        """
        if self.given_edition is not None:
            return EDITIONS[self.given_edition].required
        if self.given_tasks:
            return True
        if None not in self.offers:
            self._bare = self._offer(None)
        return self._bare is None

    @property
    def edition(self) -> Edition:
        """The edition of the page that the target follows, as far as the budget held what tells them apart."""
        if self._edition is None:
            name = self.given_edition
            if name is None and self.given_tasks:
                name = "C" if any(t.source > EDITIONS["B"].sources[-1] for t in self.given_tasks) else "B"
                self.edition_unproven = NotChecked("the tasks that --tasks names do not tell all sources")
            self._edition = EDITIONS[name] if name is not None else self._seen_edition()
        return self._edition

    def _seen_edition(self) -> Edition:
        """Edition A is where create is accepted without a source, and with one that no edition has. Where only the
        first holds, a required parameter is not required, which the test of `create.required` tells. What every
        edition has is made before what tells B from C: it proves more for a unit.
        """
        phone = self.target.phones.ordinary
        try:
            if not self.source_required and self._bare is not None:
                self._shared[2, phone] = self._bare
                if self._offer(NO_SOURCE) is not None:
                    return EDITIONS["A"]
            for source in () if self.on_demand else COMMON:
                self._made(source, phone)
            for source, name in ((4, "B"), (11, "C")):
                task = self._offer(source)
                if task is not None:
                    self._shared[source, phone] = task
                    return EDITIONS[name]
        except NotChecked as why:
            self.edition_unproven = why
            return EDITIONS["C"] if 4 in self.offers else SOME
        return EDITIONS["B"]

    def _offer(self, source: int | None) -> Task | None:
        """A task of a source that the target may not know; None where it is refused. Raises NotChecked."""
        phone, section = self.target.phones.ordinary, SECTIONS.get(source or 2, "data")
        try:
            reply = self.api.send(calls.create(self.target.main, phone, source))
        except NotChecked as why:
            if why.inconclusive and source is not None:
                self._shared[source, phone] = why
            raise
        self._look_at_limit(reply, self.target.main)
        if reply.status == "error" and (self._used_up(self.target.main) or source in LAST_RESORTS):
            self._refuse_where_used_up(self.target.main)
        self.offers[source] = reply
        if reply.status != "ok":
            return None
        return self._accepted(reply, self.target.main, phone, source or 2, section)

    def crossed(self) -> list[tuple[Way, str]]:
        """Ways and formats: all pairs, or each of both at least once."""
        if self.full:
            return [(way, fmt) for way in WAYS for fmt in FORMATS]
        return [(GET, "json"), (POST, "xml"), (GET, "csv")]

    def turn(self, number: int) -> tuple[Way, str]:
        """The way and format that come at a turn, so that tests may share a call."""
        crossed = self.crossed()
        return crossed[number % len(crossed)]

    def shared(self, source: int, phone: str | None = None) -> Task:
        """The run's task of a source and phone. Raises NotChecked where it could not be made."""
        found = self._made(source, phone or self.target.phones.ordinary)
        if isinstance(found, NotChecked):
            raise found
        return found

    def _made(self, source: int, phone: str) -> Task | NotChecked:
        """The run's task of a source and phone, or why there is none."""
        key = (source, phone)
        if key not in self._shared:
            self._shared[key] = self._first_that_is_made(*key)
        return self._shared[key]

    def _first_that_is_made(self, source: int, phone: str) -> Task | NotChecked:
        """A task made in the next way, or in the plainest where that one fails: one defect must not hide others."""
        way, fmt = next(self._ways)
        try:
            return self.make(source, phone, way=way, fmt=fmt)
        except NotChecked as why:
            if why.unaffordable or why.inconclusive or (way, fmt) == (GET, None):
                return why
        try:
            return self.make(source, phone)
        except NotChecked as why:
            return why

    def why_not(self, source: int) -> NotChecked:
        """Why there is no task of the source."""
        found = self._shared.get((source, self.target.phones.ordinary))
        if isinstance(found, NotChecked):
            return found
        return self.edition_unproven or NotChecked(f"no task of source {source} was made")

    def tasks(self, *sections: str) -> list[Task]:
        """All shared tasks that become ready, of the sections or of all, those that could be made."""
        self._make_ahead()
        found = []
        refusal = NotChecked(f"no source of edition {self.edition.name} fills {' or '.join(sections)}")
        for source, phone in self.plan():
            try:
                task = self.shared(source, phone)
                if not sections or task.section in sections:
                    self.poller.wait(task)
                    found.append(task)
            except NotChecked as why:
                refusal = why
                self.api.checks.left_out(f"source {source}: {why}")
        if not found:
            raise NotChecked(str(refusal), unaffordable=refusal.unaffordable, inconclusive=refusal.inconclusive)
        return found

    def plan(self) -> list[tuple[int, str]]:
        """Sources and phones of the shared tasks, those first that prove most for a unit."""
        phones = self.target.phones
        sources = sorted(self.edition.sources, key=BEST_FIRST.index)
        if self.given_tasks:
            return [(t.source, phones.ordinary) for t in self.given_tasks]
        if not self.target.provisioned:
            return [(s, phones.ordinary) for s in sources]
        known = [p for p in (phones.ordinary, phones.hundred, phones.awkward, phones.nothing, phones.one) if p]
        return [(s, p) for p in known for s in sources]

    def _make_ahead(self) -> None:
        """Makes all shared tasks at once, so that their waiting is one."""
        if self._made_ahead:
            return
        self._made_ahead = True
        for source, phone in self.plan():
            self._made(source, phone)

    def make(
        self,
        source: int,
        phone: str | None = None,
        *,
        account: Account | None = None,
        way: Way = GET,
        fmt: str | None = None,
    ) -> Task:
        """A new task. Raises NotChecked where it is refused, which is noted as a finding, or can't be afforded."""
        account, phone = account or self.target.main, phone or self.target.phones.ordinary
        section = self._edition.section(source) if self._edition else SECTIONS[source]
        reply = self.api.send(calls.create(account, phone, source, fmt=fmt, way=way))
        self._look_at_limit(reply, account)
        if reply.status == "error":
            self._refuse_where_used_up(account)
        self.created.append(reply)
        return self._accepted(reply, account, phone, source, section)

    def never(self) -> Task:
        """A task that is never ready. Raises NotChecked where there is none."""
        if self.target.phones.never is None:
            raise NotChecked("no phone is known here whose task takes its time")
        return self.shared(ANY_SOURCE, self.target.phones.never)

    def _accepted(self, reply: Reply, account: Account, phone: str, source: int, section: str) -> Task:
        """The task of a reply to create, which must be one. Raises NotChecked."""
        checks = self.api.checks
        if not checks.expect(
            "create.ok", reply.status == "ok", reply, where="status", found=reply.status, expected="'ok': a new task"
        ):
            raise NotChecked("create made no task")
        self.api.check_schema("create", reply, shows=("create.ok",))
        number = reply.model.get("id")
        if number is None:
            raise NotChecked("create told no id")
        checks.expect(
            "task.new-id",
            str(number) not in self._ids,
            reply,
            where="id",
            found=number,
            expected="an id not given before",
        )
        self._ids.add(str(number))
        reservation = self.api.reservations.get(reply.number)
        mine = reservation is None or not reservation.replayed
        task = Task(number, account, phone, source, section, reply, time.monotonic(), own=mine)
        self.accepted.append(task)
        return task

    def _look_at_limit(self, reply: Reply, account: Account) -> None:
        """A create of the user's account must be refused once all its units are used, by what info told at first."""
        if self._used_up(account) and reply.status in ("ok", "error"):
            self.api.checks.expect(
                "quota.refuses",
                reply.status == "error",
                reply,
                where="status, after all units were used",
                found=reply.status,
                expected="an error: the units of the day are used up",
            )

    def _used_up(self, account: Account) -> bool:
        """Whether the user's account has no unit left, by what info told at first and the tasks made since."""
        told = units(self.api.send_once(calls.info(self.target.main)))
        if self.target.provisioned or account != self.target.main or told is None or self.api.day_turned:
            return False
        return told.used + sum(1 for task in self.accepted if task.account == account and task.own) >= told.of

    def _refuse_where_used_up(self, account: Account) -> None:
        """A create that was refused since the day's units are used up says nothing else. Raises NotChecked."""
        if self.target.provisioned:
            return
        told = units(self.api.send(calls.info(account)))
        if told is not None and told.used >= told.of:
            raise NotChecked("the account's daily limit is used up", unaffordable=True)

    def replies(self, *sections: str) -> list[tuple[Task, Reply]]:
        """Every ready task as every format tells it; where all is crossed, over every way. What could not be read does
        not show that the test's clauses hold.
        """
        found = self._replies(*sections)
        for _, reply in found:
            if not reply.readable:
                for clause in self.api.checks.clauses:
                    self.api.findings.could_not_read(clause, reply)
        return found

    def _replies(self, *sections: str) -> list[tuple[Task, Reply]]:
        tasks = self.tasks(*sections)
        ways: tuple[Way | None, ...] = WAYS if self.full else (None,)
        return [(t, self.poller.read(t, f, w)) for t in tasks for f in self.formats_of(t) for w in ways]

    def replies_if_any(self) -> list[tuple[Task, Reply]]:
        """Every ready task as its formats tell it, as far as there is any; what there is not is left out, with why."""
        try:
            return self._replies()
        except NotChecked as why:
            self.api.checks.left_out(str(why))
            return []

    def formats_of(self, task: Task) -> tuple[str, ...]:
        """The formats in which a task is read: all, but where calls are counted only for one task of each section."""
        if self.target.provisioned or self.full:
            return FORMATS
        like = [t for t in self.tasks() if t.section == task.section]
        return FORMATS if task is like[0] else ("json",)
