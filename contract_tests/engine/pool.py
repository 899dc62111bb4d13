"""The tasks that the tests of a run share, their answers, and the edition that they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, WAYS, Way
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.editions import B_OR_C, COMMON_SOURCE, EDITIONS, UNKNOWN_SOURCE, Edition
from contract_tests.contract.outcome import Outcome
from contract_tests.engine.api_client import ApiClient
from contract_tests.engine.options import GivenTask
from contract_tests.engine.task_maker import TaskMaker
from contract_tests.engine.tasks import UNKNOWN_ID, Task, TaskPoller

COMMON = (2, 1)  # sources that every edition with sources has
BEST_FIRST = (2, 1, 4, 11)
"""Sources whose task proves what none before it does: rows, names, a photo and the edition. The others come after."""
AGAIN = 12
"""Calls that a task may take that is made again."""
PROVES_NOTHING = (12,)
"""Sources that the page does not name, and that show no edition: they are asked for in a full run alone."""


@dataclass(repr=False)
class EditionProbe:
    """Finds out the edition by creates, unless a profile states it or tasks are given."""

    maker: TaskMaker
    stated: str | None = None
    """The edition of the profile."""
    given_tasks: Sequence[GivenTask] = ()
    on_demand: bool = False
    """Makes no task that does not show the edition."""
    unproven: NotChecked | None = None
    """Why the edition is not sure."""
    _edition: Edition | None = None
    _sourceless: Task | None = None
    """The task of a create without a source."""
    _of_any_source: Task | None = None
    """The task of a create with a source that no edition has."""

    @property
    def source_required(self) -> bool:
        """Whether create without a source is refused, as in all editions but A. A refusal costs nothing."""
        if self.stated is not None:
            return EDITIONS[self.stated].required
        if self.given_tasks:
            return True
        if None not in self.maker.trial_replies:
            self._sourceless = self.maker.try_create(None)
        return self._sourceless is None

    @property
    def any_source(self) -> bool:
        """Whether create accepts a source that no edition has. A refusal costs nothing."""
        if UNKNOWN_SOURCE not in self.maker.trial_replies:
            self._of_any_source = self.maker.try_create(UNKNOWN_SOURCE)
        return self.maker.trial_replies[UNKNOWN_SOURCE].status == "ok"

    @property
    def has_newer_sources(self) -> bool:
        """Whether create accepts a source that only the newest edition has. Raises NotChecked."""
        newer = next(source for source in EDITIONS["C"].sources if source not in EDITIONS["B"].sources)
        if newer not in self.maker.trial_replies:
            self.maker.try_create(newer)
        return self.maker.trial_replies[newer].status == "ok"

    @property
    def edition(self) -> Edition:
        """The edition, as far as the budget held what distinguishes them."""
        if self._edition is None:
            self._edition = self._known() or self._seen()
        return self._edition

    def _known(self) -> Edition | None:
        """The edition of the profile, or the one that fits the given tasks."""
        if self.stated is None and self.given_tasks:
            self.unproven = NotChecked("the tasks that --tasks names do not cover all sources")
            return EDITIONS["C" if any(t.source not in EDITIONS["B"].sources for t in self.given_tasks) else "B"]
        return None if self.stated is None else EDITIONS[self.stated]

    def _seen(self) -> Edition:
        """Edition A is where create is accepted without a source, and with one that no edition has. Where only the
        first holds, a required parameter is not required, which the test of `create.required` reports. What every
        edition has is made before what distinguishes B from C: it proves more for a unit.
        """
        maker, phone = self.maker, self.maker.api.target.phones.ordinary
        try:
            if not self.source_required and self._sourceless is not None:
                maker.shared[COMMON_SOURCE, phone] = self._of_any_source or self._sourceless
                if self.any_source:
                    return EDITIONS["A"]
            for source in () if self.on_demand else COMMON:
                maker.share(source, phone)
            for source, name in ((4, "B"), (11, "C")):
                task = maker.try_create(source)
                if task is not None:
                    maker.shared[source, phone] = task
                    return EDITIONS[name]
        except NotChecked as why:
            self.unproven = why
            if self._of_any_source is not None and not isinstance(maker.shared.get((COMMON_SOURCE, phone)), Task):
                maker.shared[COMMON_SOURCE, phone] = self._of_any_source
            return EDITIONS["C"] if 4 in maker.trial_replies else B_OR_C
        return EDITIONS["B"]


@dataclass(repr=False)
class TaskPool:
    """Makes tasks, waits for them, and reads them."""

    api: ApiClient
    maker: TaskMaker
    probe: EditionProbe
    poller: TaskPoller
    full: bool
    """Cross what can be crossed."""
    crossed_creates: bool = False
    """The creates of a full run were sent."""
    _made_ahead: bool = False
    _judged: set[Task] = field(default_factory=set)
    """The tasks that have ended in an error, of which the run has said what that shows."""

    def ways_and_formats(self, *when_not_full: tuple[Way, str | None]) -> list[tuple[Way, str | None]]:
        """Ways and formats: all pairs in a full run; in another these, by default each of both at least once."""
        if self.full:
            return [(way, fmt) for way in WAYS for fmt in FORMATS]
        return [*when_not_full] or list(zip(cycle(WAYS), FORMATS, strict=False))

    def shared(self, source: int, phone: str | None = None) -> Task:
        """The run's task of a source and phone. Raises NotChecked where it could not be made."""
        found = self.maker.share(source, phone or self.api.target.phones.ordinary)
        if isinstance(found, NotChecked):
            raise found
        return found

    def ready(self, source: int, phone: str | None = None) -> Task:
        """The shared task, once it is ready. Nobody documents whether tasks fail, so one that ends in an error is made
        again, and what the second one shows is judged. Raises NotChecked.
        """
        task = self.shared(source, phone)
        try:
            self.poller.wait(task)
        except NotChecked:
            if task.failed is None or task.failed.status != "error" or task in self._judged:
                raise
            self._judged.add(task)
            return self._made_again(task, task.failed)
        return task

    def _made_again(self, task: Task, failed: Reply) -> Task:
        """The shared task in place of one that has ended in an error. Raises NotChecked where none is ready."""
        gone = self._is_like_unknown(failed)
        if gone and task.own:
            raise self.poller.not_ready(failed, "'error', as for an unknown task")
        ended = "was made before this run and is not kept any more" if gone else "ended in an error"
        why = f"a task of source {task.source} {ended}"
        self.api.sender.budget.allow_calls(AGAIN)
        try:
            again = self.maker.make(task.source, task.phone)
        except NotChecked as lack:
            outcome = Outcome.UNAFFORDABLE if lack.outcome is Outcome.UNAFFORDABLE else Outcome.INCONCLUSIVE
            self.api.findings.not_checked("result.becomes-ready", outcome, f"{why}, and none was made again: {lack}")
            raise
        self._judged.add(again)
        try:
            self.poller.wait(again)
        except NotChecked:
            if again.failed is None or again.failed.status != "error":
                raise
            raise self.poller.not_ready(again.failed, "'error', of two tasks, the one made after the other") from None
        self.maker.shared[task.source, task.phone] = again
        if not gone:
            note = f"{why}, and the same one was ready when it was made again"
            self.api.findings.not_checked("result.becomes-ready", Outcome.INCONCLUSIVE, note)
        return again

    def _is_like_unknown(self, error: Reply) -> bool:
        """Whether an error is that of a task that is not known, which differs from the one of a call without id."""
        call = calls.result(self.api.target.main, UNKNOWN_ID)
        unknown = self.api.send_cached(call)
        return error.says_like(unknown) and not unknown.says_like(self.api.send_cached(call.but(id=None)))

    def why_not(self, source: int) -> NotChecked:
        """Why there is no task of the source."""
        found = self.maker.shared.get((source, self.api.target.phones.ordinary))
        if isinstance(found, NotChecked):
            return found
        return self.probe.unproven or NotChecked(f"no task of source {source} was made")

    def tasks(self, *sections: str) -> list[Task]:
        """All shared tasks that become ready, of the sections or of all."""
        if not self._made_ahead:  # all at once, so that they are waited for together
            self._made_ahead = True
            for source, phone in self.plan():
                self.maker.share(source, phone)
        found = []
        refusal = NotChecked(f"no source of edition {self.probe.edition.name} fills {' or '.join(sections)}")
        for source, phone in self.plan():
            try:
                if not sections or self.shared(source, phone).section in sections:
                    found.append(self.ready(source, phone))
            except NotChecked as why:
                refusal = why
                self.api.checks.left_out(f"source {source}: {why}")
        if not found:
            raise NotChecked(str(refusal), refusal.outcome)
        return found

    def plan(self) -> list[tuple[int, str]]:
        """Sources and phones of the shared tasks, those first that prove most for a unit."""
        phones = self.api.target.phones
        own = self.probe.edition.sources
        sources = [*(s for s in BEST_FIRST if s in own), *(s for s in own if s not in BEST_FIRST)]
        if self.probe.given_tasks:
            return [(t.source, phones.ordinary) for t in self.probe.given_tasks]
        if not self.api.target.provisioned:
            return [(s, phones.ordinary) for s in sources if self.full or s not in PROVES_NOTHING]
        known = [p for p in (phones.ordinary, phones.hundred, phones.awkward, phones.nothing, phones.one) if p]
        return [(s, p) for p in known for s in sources]

    def replies(self, *sections: str) -> list[tuple[Task, Reply]]:
        """Every ready task in each of its formats; where all is crossed, over every way. An answer that could not be
        read does not show that the test's clauses hold.
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
        """The replies, or none with a note of the reason."""
        try:
            return self._replies()
        except NotChecked as why:
            self.api.checks.left_out(str(why))
            return []

    def formats_of(self, task: Task) -> tuple[str, ...]:
        """The formats in which a task is read: all; where calls are counted JSON, those in which it was read already,
        and for the first task of each section those in which none of the section was.
        """
        if self.api.target.provisioned or self.full:
            return FORMATS
        like = [t for t in self.tasks() if t.section == task.section]
        read = {fmt for fmt, _ in task.reads}
        elsewhere = {fmt for t in like for fmt, _ in t.reads}
        return tuple(f for f in FORMATS if f == FORMATS[0] or f in read or (task is like[0] and f not in elsewhere))
