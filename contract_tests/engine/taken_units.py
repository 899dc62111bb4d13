"""What a run has really taken of the account's units, by the count of the target itself.

What a task states and what an error says may be wrong, and so may info in one format: the highest number counts, and
all that info shows since its first answer counts as taken by the run, also where others use the account. Info is asked

- before a create, where one has left since that may have taken units (from the second such on: where two have), after
  the first refusal, and after REFUSED more; once a task has stated less than was taken, after each create, and in each
  format;
- after the first task in each format;
- after FREE calls, whatever they are, or SUSPECT calls, once more was taken than the creates cost.

Where a format has shown more than JSON, it is the one that is asked; without a limit of calls, each format always is.

So no create leaves once info shows that the budget is used up. What is taken beyond it is what two creates take beyond
those before them, and what the REFUSED refused creates and the FREE other calls take since info was asked. No call at
all leaves once calls that are no creates are seen to have taken more than the budget: they may take it once more, and
what SUSPECT of them take. Where info shows a charge n calls late, the creates among the n calls before are passed, too.

What info never shows in JSON, nor in any format after the first task, can't be known. Then the budget bounds the number
of creates: each counts as a unit at least, and where info shows no units refused ones do, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, GET, POST, Call
from contract_tests.api.reply import Reply, used_units
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.api_client import ApiClient
from contract_tests.engine.task_maker import TaskMaker
from contract_tests.engine.tasks import Task, TaskPoller

_JSON, *_OTHERS = FORMATS
REFUSED = 8
"""Refused creates after which info is asked before the next create."""
FREE = 28
"""Calls after which info is asked, whatever they are."""
SUSPECT = 4
"""The same, once info has shown more than the creates took."""


@dataclass(slots=True)
class _Count:
    """The used units that info shows in one format."""

    start: int
    """Before the first create of the run; after the day has turned, so that what was taken before still counts."""
    used: int
    taken: int = 0
    """Since the first answer."""
    creates: int = 0
    """Those that had left by then."""
    _fallen: tuple[int, int] | None = None
    """The start and the used units before they became fewer."""

    def note(self, used: int, charged: int) -> None:
        """charged: units that creates are known to have taken since the last answer."""
        if self.used > used > charged + SUSPECT:  # no new day, but an old answer, or a count of what is left
            self.used, self.taken = used, max(self.taken, self.start - used)
            return
        if used < self.used:  # the day of the limit has turned, or the answer is an old one
            self._fallen = self._fallen or (self.start, self.used)
            self.start = used - self.taken
        elif self._fallen is not None and used >= self._fallen[1]:  # it was an old one
            self.start, self._fallen = self._fallen[0], None
        self.used, self.taken = used, max(self.taken, used - self.start)


@dataclass(repr=False)
class TakenUnits:
    """Keeps the budget up to date."""

    api: ApiClient
    maker: TaskMaker
    poller: TaskPoller
    in_each_format: dict[str, Reply] = field(default_factory=dict)
    """Answers of info by format, with no create in between; none until there are some."""
    over_post: Reply | None = None
    """The answer of info over POST, where it was asked."""
    _kept: dict[str, Reply] = field(default_factory=dict)
    """Answers of info by format since the last create."""
    _kept_at: int = 0
    """Creates that had left by then."""
    _counts: dict[str, _Count] = field(default_factory=dict)
    """By format."""
    _creates: int = 0
    """Creates that had left when info last showed units."""
    _sent: int = 0
    """Calls that had left when info was last asked."""
    _for_page: bool = False
    """Info was asked as for a page of another site."""
    _task_seen: bool = False
    _careful: bool = False
    """A task has stated less than was taken."""

    def note(self, reply: Reply) -> None:
        """Takes an answer of info for the main account into account."""
        budget, fmt = self.api.sender.budget, reply.call.format
        if budget.limits.units is None:
            return
        used, creates = used_units(reply), len(budget.charges)
        self._sent = len(self.api.sender.log)
        if reply.call.way == GET:  # whether info is answered over POST is open
            self._keep(reply, creates)
            budget.hidden |= used is None and fmt == self._format
        if used is None:
            return
        first = self._counts.get(_JSON)
        # Before the first create all formats have shown what JSON has.
        start = used if first is None else min(used, first.start)
        count = self._counts.setdefault(fmt, _Count(start, start))
        since = budget.charges[count.creates :]
        count.creates = creates
        count.note(used, sum(charge.units for charge in since))
        self._creates = creates
        taken = max(count.taken for count in self._counts.values())
        budget.show(taken + self.api.sender.spent_before, of_create=bool(since) and not self.api.units.polls_cost)

    @property
    def _format(self) -> str:
        """The format in which info has shown the most to be taken; JSON where no other has shown more."""
        return max(self._counts, key=lambda fmt: self._counts[fmt].taken, default=_JSON)

    @property
    def _formats(self) -> tuple[str, ...]:
        """The formats that are asked: each one where a task has stated less than was taken, or calls are unlimited."""
        each = self._careful or self.api.sender.budget.limits.calls is None
        return FORMATS if each else (self._format,)

    def _keep(self, reply: Reply, creates: int) -> None:
        """Keeps the answers in all formats with no create in between."""
        if creates != self._kept_at:
            self._kept, self._kept_at = {}, creates
        self._kept[reply.call.format] = reply
        if self._kept.keys() >= {*FORMATS}:
            self.in_each_format = dict(self._kept)

    def before(self, call: Call) -> None:
        """Asks info before the call leaves, where that is due. Sends nothing where units are without limit."""
        budget = self.api.sender.budget
        if budget.limits.units is None or call.method == "info":
            return
        with suppress(NotChecked):
            if call.method == "create":
                self.look()
            elif not budget.hidden and self._is_long():
                budget.allow_calls(len(self._formats) if budget.unstated else 0)
                self._ask(self._formats)

    def look(self) -> None:
        """Asks what the creates so far have taken. Raises NotChecked where no call may leave."""
        budget = self.api.sender.budget
        first_task = not self._task_seen and budget.spent > self.api.sender.spent_before
        unknown = [task for task in self.maker.accepted if self._lacks_cost(task)]
        self._careful |= self._is_understated()
        if self._is_due():
            self._ask(self._formats)
        if first_task and unknown and _JSON in self._counts and self._counts[_JSON].taken > 0:
            self.api.units.is_prompt = True  # no task was polled yet
        for task in unknown:
            self._read(task, FORMATS if first_task else FORMATS[:1])
        if first_task:
            self._task_seen = True
            known = budget.spent - self.api.sender.spent_before
            late = _JSON in self._counts and self._counts[_JSON].taken < known
            # Where JSON shows no units, each format is asked, JSON also as for a page, to settle whether any does.
            budget.allow_calls(len(FORMATS) + 1 if budget.hidden else 1 if late else 0)
            self._ask(FORMATS if late or not self._is_kept(_JSON) else _OTHERS)

    def _lacks_cost(self, task: Task) -> bool:
        """Whether nothing is known of what a task of the source costs."""
        return task.reply.number in self.api.charges and task.source not in self.api.sender.budget.highest

    def _is_understated(self) -> bool:
        """Whether info has shown more than the creates until then have taken by what is stated of each of them."""
        budget, unsettled = self.api.sender.budget, list(self.api.charges.values())
        until_then = budget.charges[: budget.shown_for]
        stated = sum(c.units for c in until_then) + budget.elsewhere
        known = not any(charge in unsettled for charge in until_then)
        return known and budget.shown > stated and not self.api.units.polls_cost

    def _is_due(self) -> bool:
        """Whether creates that have left since info last showed units may have taken more than is known."""
        budget = self.api.sender.budget
        before, since = budget.charges[: self._creates], budget.charges[self._creates :]
        if not since or (budget.hidden and not self._counts):
            return False
        if self._careful or budget.unexpected or budget.in_doubt:
            budget.allow_calls(len(FORMATS))
            return True
        paid_before, paid = (sum(charge.units > 0 for charge in charges) for charges in (before, since))
        refused_before, refused = len(before) - paid_before, len(since) - paid
        return self._is_long() or paid > (paid_before > 0) or refused >= (REFUSED if refused_before else 1)

    def _is_long(self) -> bool:
        """Whether so many calls have left since info was asked that it is asked again."""
        return len(self.api.sender.log) - self._sent >= (SUSPECT if self.api.sender.budget.unstated else FREE)

    def _is_kept(self, fmt: str) -> bool:
        return fmt in self._kept and self._kept_at == len(self.api.sender.budget.charges)

    def _read(self, task: Task, formats: tuple[str, ...]) -> None:
        with suppress(NotChecked):
            for fmt in formats:
                self.poller.read(task, fmt)

    def _ask(self, formats: Iterable[str]) -> None:
        """Asks info in the formats. Raises NotChecked."""
        for fmt in formats:
            if fmt != _JSON:
                self.api.send(calls.info(self.api.target.main, fmt=fmt))
            elif not self._shown_otherwise():
                self.api.send(calls.info(self.api.target.main))

    def _shown_otherwise(self) -> bool:
        """Asks info in a way that a test needs in any case; whether the answer shows units. Not where that is done."""
        main = self.api.target.main
        if self.over_post is None and not self.maker.accepted:
            self.over_post = self.api.send_unchecked(calls.info(main, way=POST))
            return used_units(self.over_post) is not None
        if not self._for_page:
            self._for_page = True
            return used_units(self.api.send_cached(calls.info_for_page(main))) is not None
        return False
