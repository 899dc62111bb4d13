"""The tasks of a run: each is made once, on demand, and serves every test that can share it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from contract_tests import calls
from contract_tests.accounts import units
from contract_tests.api import Api
from contract_tests.calls import FORMATS, GET, POST, WAYS, Account, Way
from contract_tests.comparing import difference
from contract_tests.editions import ANY_SOURCE, EDITIONS, NO_SOURCE, SECTIONS, SOME, Edition
from contract_tests.masking import Shape
from contract_tests.options import GivenTask
from contract_tests.reply import Reply
from contract_tests.spending import NotChecked
from contract_tests.target import Target

LAST_RESORTS = (11,)
"""Sources that an edition must have where those before are refused: if they are, too, there may be another reason."""
COMMON = (2, 1)
"""Sources that every edition with sources has."""
BEST_FIRST = (2, 1, 4, 11, 3, 12)
"""Sources by what a task of theirs proves that none before it does: rows, names, a photo and the edition, the rest."""


@dataclass(eq=False)
class Task:
    """A task that was made, or that --tasks names. section is the one that its source fills; made and ready_since are
    moments (monotonic); missed are reads by format that should have told what the task found and did not; mine says that this very run has made it, and not one that was stopped.
    """

    id: object
    account: Account
    phone: str
    source: int
    section: str
    reply: Reply
    made: float
    ready: Reply | None = None
    ready_since: float = 0.0
    failed: Reply | None = None
    late: bool = False
    mine: bool = True
    reads: dict[tuple[str, Way], Reply] = field(default_factory=dict)
    missed: dict[str, Reply] = field(default_factory=dict)


@dataclass
class Pool:
    """Makes tasks, waits for them, reads them. full: cross what can be crossed; few: make none but those that a test
    asks for.
    """

    api: Api
    target: Target
    poll_timeout: float
    full: bool
    given_edition: str | None = None
    given_tasks: Sequence[GivenTask] = ()
    few: bool = False
    offers: dict[int | None, Reply] = field(default_factory=dict)
    created: list[Reply] = field(default_factory=list)
    processing: list[Reply] = field(default_factory=list)
    accepted: list[Task] = field(default_factory=list)
    crossed_creates: bool = False
    _shared: dict[tuple[int, str], Task | NotChecked] = field(default_factory=dict)
    _ids: set[object] = field(default_factory=set)
    _ways: Iterator[tuple[Way, str | None]] = field(init=False)
    _polls: Iterator[tuple[str | None, Way]] = field(init=False)
    _read: Counter[tuple[str, Way]] = field(default_factory=Counter)
    edition_unproven: NotChecked | None = None
    _edition: Edition | None = None
    _bare: Task | None = None
    _impatient: bool = False
    _made_ahead: bool = False

    def __post_init__(self) -> None:
        self._ways = cycle([(POST, None), (GET, "xml"), (POST, "csv"), (GET, None), (POST, "xml"), (GET, "csv")])
        self._polls = cycle(
            (
                (None, GET),
                ("xml", POST),
                ("csv", GET),
                ("json", POST),
                ("xml", GET),
                ("csv", POST),
                ("json", GET),
                (None, POST),
            )
        )
        for given in self.given_tasks:
            self._shared.setdefault((given.source, self.target.phones.ordinary), self._taken_over(given))

    def _taken_over(self, given: GivenTask) -> Task:
        """A task that was made before the run, by somebody else."""
        account, phone = self.target.main, given.phone or ""
        made = Reply(calls.create(account, phone, given.source), None, None, "it was made before this run")
        task = Task(given.id, account, phone, given.source, SECTIONS[given.source], made, time.monotonic(), mine=False)
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
            for source in () if self.few else COMMON:
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
            reply = self.api.ask(calls.create(self.target.main, phone, source))
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
                    self.wait(task)
                    found.append(task)
            except NotChecked as why:
                refusal = why
                self.api.verdict.left_out(f"source {source}: {why}")
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
        reply = self.api.ask(calls.create(account, phone, source, fmt=fmt, way=way))
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
        verdict = self.api.verdict
        if not verdict.expect(
            "create.ok", reply.status == "ok", reply, where="status", found=reply.status, expected="'ok': a new task"
        ):
            raise NotChecked("create made no task")
        self.api.check_schema("create", reply, shows=("create.ok",))
        number = reply.model.get("id")
        if number is None:
            raise NotChecked("create told no id")
        verdict.expect(
            "task.new-id",
            str(number) not in self._ids,
            reply,
            where="id",
            found=number,
            expected="an id not given before",
        )
        self._ids.add(str(number))
        payment = self.api.payments.get(reply.number)
        mine = payment is None or not payment.replayed
        task = Task(number, account, phone, source, section, reply, time.monotonic(), mine=mine)
        self.accepted.append(task)
        return task

    def _look_at_limit(self, reply: Reply, account: Account) -> None:
        """A create of the user's account must be refused once all its units are used, by what info told at first."""
        if self._used_up(account) and reply.status in ("ok", "error"):
            self.api.verdict.expect(
                "quota.refuses",
                reply.status == "error",
                reply,
                where="status, after all units were used",
                found=reply.status,
                expected="an error: the units of the day are used up",
            )

    def _used_up(self, account: Account) -> bool:
        """Whether the user's account has no unit left, by what info told at first and the tasks made since."""
        told = units(self.api.once(calls.info(self.target.main)))
        if self.target.provisioned or account != self.target.main or told is None or self.api.day_turned:
            return False
        return told.used + sum(1 for task in self.accepted if task.account == account and task.mine) >= told.of

    def _refuse_where_used_up(self, account: Account) -> None:
        """A create that was refused since the day's units are used up says nothing else. Raises NotChecked."""
        if self.target.provisioned:
            return
        told = units(self.api.ask(calls.info(account)))
        if told is not None and told.used >= told.of:
            raise NotChecked("the account's daily limit is used up")

    def ask(self, task: Task, fmt: str | None = "json", way: Way = GET) -> Reply:
        """Asks for a task anew. A task that was ready must be so, and must say the same as before."""
        reply = self.api.ask(calls.result(task.account, task.id, fmt=fmt, way=way), section=task.section)
        self.compare(task, reply)
        if reply.status == "ready" and reply.reading is not None:
            task.reads.setdefault((fmt or "json", way), reply)
            self._read[fmt or "json", way] += 1
        elif reply.status == "processing":
            self.processing.append(reply)
        elif not reply.readable or task.ready is not None:
            task.missed.setdefault(fmt or "json", reply)
        return reply

    def compare(self, task: Task, reply: Reply) -> None:
        """Holds another answer about a task to those that were read before."""
        verdict = self.api.verdict
        if task.reads:
            verdict.expect(
                "task.ready-stays",
                reply.status == "ready",
                reply,
                where="status",
                found=reply.status,
                expected="'ready', as before",
            )
        if reply.status != "ready" or reply.reading is None:
            return
        for before in task.reads.values():
            if before.reading is not None and before.reading.format == reply.reading.format:
                differs = difference(before.model, reply.model)
                verdict.expect(
                    "task.reads-equal",
                    differs is None,
                    reply,
                    where=differs or "",
                    found=Shape("not what an earlier read told"),
                    expected="the same at every read",
                )
                break

    def read(self, task: Task, fmt: str = "json", way: Way | None = None) -> Reply:
        """What a ready task says in a format; asked for once. Raises NotChecked where it is not ready in time."""
        self.wait(task)
        kept = (reply for (f, w), reply in task.reads.items() if f == fmt and way in (None, w))
        return next(kept, task.missed.get(fmt) if way is None else None) or self.ask(
            task, fmt, way or self._seldom(fmt)
        )

    def _seldom(self, fmt: str) -> Way:
        """The way in which ready tasks have been read least in the format."""
        return min(WAYS, key=lambda way: self._read[fmt, way])

    def replies(self, *sections: str) -> list[tuple[Task, Reply]]:
        """Every ready task as every format tells it; where all is crossed, over every way. What could not be read does
        not show that the test's clauses hold.
        """
        found = self._replies(*sections)
        for _, reply in found:
            if not reply.readable:
                for clause in self.api.verdict.clauses:
                    self.api.book.could_not_read(clause, reply)
        return found

    def _replies(self, *sections: str) -> list[tuple[Task, Reply]]:
        tasks = self.tasks(*sections)
        ways: tuple[Way | None, ...] = WAYS if self.full else (None,)
        return [(t, self.read(t, f, w)) for t in tasks for f in self.formats_of(t) for w in ways]

    def whatever(self) -> list[tuple[Task, Reply]]:
        """Every ready task as its formats tell it, as far as there is any; what there is not is left out, with why."""
        try:
            return self._replies()
        except NotChecked as why:
            self.api.verdict.left_out(str(why))
            return []

    def formats_of(self, task: Task) -> tuple[str, ...]:
        """The formats in which a task is read: all, but where calls are counted only for one task of each section."""
        if self.target.provisioned or self.full:
            return FORMATS
        like = [t for t in self.tasks() if t.section == task.section]
        return FORMATS if task is like[0] else ("json",)

    def wait(self, task: Task) -> Reply:
        """Asks until the task is ready; its answer in JSON. Raises NotChecked where it fails or takes too long."""
        if task.ready is not None:
            return task.ready
        if task.late or task.failed:
            raise NotChecked("the task did not become ready")
        odd: Reply | None = None
        plain = False
        pause = 0.02 if self.target.provisioned else 0.15 if self.target.loopback else 1.5
        while True:
            reply = self.ask(task, *(("json", GET) if plain else next(self._polls)))
            if reply.status == "ready":
                task.ready = self._ready_in_json(task, reply)
                if odd is not None:
                    self._look_at_odd(task, odd)
                return task.ready
            if reply.status != "processing" and not plain:
                # One format or HTTP method that fails must not hide what can be seen in another one.
                plain, odd = True, reply if reply.readable else None
                continue
            waited = time.monotonic() - task.made
            if reply.status != "processing":
                odd = odd or reply
                if waited > IMPATIENT or self._impatient:
                    task.failed, self._impatient = reply, True
                    raise self._not_ready(reply)
            pause = min(pause, max(self.poll_timeout - waited, 0.0))
            if not pause or (self._impatient and waited > IMPATIENT):
                task.late = self._impatient = True
                raise self._not_ready(reply, f"not ready after {waited:.1f} s")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25) if self.target.provisioned else pause * 3

    def until_done(self, task: Task) -> Reply:
        """Asks until the task is done, well or not."""
        end = time.monotonic() + self.poll_timeout
        while (reply := self.ask(task)).status == "processing" and time.monotonic() < end:
            time.sleep(0.02 if self.target.loopback else 1.0)
        return reply

    def _ready_in_json(self, task: Task, reply: Reply) -> Reply:
        found, expected = reply.status, "'ready'"
        self.api.verdict.expect("result.becomes-ready", holds=True, reply=reply, found=found, expected=expected)
        told = reply if reply.call.format == "json" else self.ask(task, "json", self._seldom("json"))
        task.ready_since = time.monotonic()
        self._count_cost(task, told)
        return told

    def _look_at_odd(self, task: Task, odd: Reply) -> None:
        """What a task answered, that is ready by now, when it was neither processing nor ready: asked again so, it is
        ready, or it is the HTTP method that is not answered.
        """
        again = self.api.ask(odd.call, section=task.section)
        if again.status == "ready":
            clause, reply, expected = "result.processing", odd, "'processing': the task was ready later"
        elif odd.call.way == GET:
            return
        else:
            clause, reply, expected = "result.methods", again, "'ready': result over GET and over POST"
        found = reply.status or reply.model.get("status")
        self.api.verdict.expect(clause, holds=False, reply=reply, where="status", found=found, expected=expected)

    def _not_ready(self, reply: Reply, told: str = "") -> NotChecked:
        self.api.verdict.expect(
            "result.becomes-ready",
            holds=False,
            reply=reply,
            where="status",
            found=Shape(told or repr(reply.status)),
            expected=f"'ready' within {self.poll_timeout:g} s",
        )
        return NotChecked("the task did not become ready")

    def _count_cost(self, task: Task, reply: Reply) -> None:
        cost = reply.model.get("cost")
        if isinstance(cost, str) and cost.isascii() and cost.isdigit() and len(cost) < 10:
            self.api.settle(task.reply, int(cost))


IMPATIENT = 3.0
"""Seconds that a task gets after another one has taken too long."""
