"""What the creates of a run have really taken, by the count of the target itself."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS
from contract_tests.api.reply import Reply, units
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.api_client import ApiClient
from contract_tests.engine.task_maker import TaskMaker
from contract_tests.engine.tasks import Task, TaskPoller

_JSON, *_OTHERS = FORMATS


@dataclass(repr=False)
class TakenUnits:
    """Finds out, before a create leaves, what those before it took. What a task states and what an error says may be
    wrong, and so may info in one format: the highest number counts.

    Info is asked after the first refusal, after a refusal of what should be accepted, and after the first task, which
    is read in each format. Once it has shown more than was known, it is asked after each create, in each format.
    """

    api: ApiClient
    maker: TaskMaker
    poller: TaskPoller
    in_each_format: dict[str, Reply] = field(default_factory=dict)
    """Answers of info by format, with no create in between."""
    _before: dict[str, int] = field(default_factory=dict)
    """Used units by format, before the first create."""
    _now: dict[str, int] = field(default_factory=dict)
    _creates: int = 0
    """Those that had left when info was last asked."""
    _task_seen: bool = False
    _refusal_seen: bool = False
    _careful: bool = False
    """More was taken than the answers said."""
    _given_up: bool = False
    """What info shows is not what the creates have taken alone."""

    def look(self) -> None:
        """Brings the budget up to date. Sends nothing where units are without limit."""
        budget = self.api.sender.budget
        if budget.limits.units is None or self._given_up:
            return
        first_task = not self._task_seen and budget.spent > self.api.sender.spent_before
        unknown = [task for task in self.maker.accepted if self._lacks_cost(task)]
        with suppress(NotChecked):
            if not self._creates:
                self._note(self.api.send_cached(calls.info(self.api.target.main)))
            if (first_task and not budget.hidden) or self._is_due():
                self._ask(FORMATS if self._careful else FORMATS[:1], sure=not unknown)
            if first_task and unknown and self._taken(_JSON) > 0:
                self.api.units.is_prompt = True  # no task was polled yet
            for task in unknown:
                self._read(task, FORMATS if first_task else FORMATS[:1])
            if first_task:
                self._task_seen = True
                known = budget.spent - self.api.sender.spent_before
                late = _JSON in self._now and self._taken(_JSON) < known
                self._ask(FORMATS if late else _OTHERS, sure=True)

    def _lacks_cost(self, task: Task) -> bool:
        """Whether nothing is known of what a task of the source costs."""
        return task.reply.number in self.api.charges and task.source not in self.api.sender.budget.highest

    def _is_due(self) -> bool:
        """Whether creates that have left since info was last asked may have taken more than is known."""
        budget = self.api.sender.budget
        if len(budget.charges) == self._creates:
            return False
        if self._careful or budget.unexpected or budget.in_doubt:
            budget.allow_calls(len(FORMATS))
            return True
        first_refusal = not self._refusal_seen and budget.doubtful > 0
        self._refusal_seen |= first_refusal
        return first_refusal

    def _read(self, task: Task, formats: tuple[str, ...]) -> None:
        with suppress(NotChecked):
            for fmt in formats:
                self.poller.read(task, fmt)

    def _ask(self, formats: Iterable[str], *, sure: bool) -> None:
        """Asks info in the formats. sure: what each task states to cost is known. Raises NotChecked."""
        budget, shown = self.api.sender.budget, []
        if len(budget.charges) > self._creates and not budget.hidden:
            self.in_each_format.clear()
        for fmt in formats:
            self.in_each_format[fmt] = reply = self._info(fmt)
            shown += [fmt] if self._note(reply) else []
        self._creates = len(budget.charges)
        highest = max(shown, key=self._taken, default=None)
        if highest is None:
            budget.show(None)
        elif self._taken(highest) + self.api.sender.spent_before <= budget.spent or self._is_of_creates(highest):
            more = budget.show(self._taken(highest) + self.api.sender.spent_before)
            self._careful |= sure and more > 0

    def _info(self, fmt: str) -> Reply:
        return self.api.send(calls.info(self.api.target.main, fmt=None if fmt == _JSON else fmt))

    def _note(self, reply: Reply) -> bool:
        """Notes the used units that the answer shows; whether it shows any."""
        now, fmt = units(reply), reply.call.format
        if now is None:
            return False
        if fmt not in self._before:
            # Before the first create all formats have shown what JSON has.
            self._before[fmt] = self._before.get(_JSON, now.used)
        elif now.used < self._now[fmt]:  # the day has turned
            self._before[fmt] = now.used - self._taken(fmt)
        self._now[fmt] = now.used
        return True

    def _taken(self, fmt: str) -> int:
        """Units that were taken since before the first create, as info shows them in the format."""
        return self._now.get(fmt, 0) - self._before.get(fmt, 0)

    def _is_of_creates(self, fmt: str) -> bool:
        """Whether what info shows beyond what is known is of the creates: it grows neither by itself, as where others
        use the account, nor with each poll, which is a finding of its own.
        """
        if self.api.units.polls_cost:
            self._given_up = True
            return False
        self.api.sender.budget.allow_calls(2 + len(FORMATS))
        before = self._now[fmt]
        self._note(self._info(fmt))
        watch = self.api.units
        if self._now[fmt] == before and self.maker.accepted and watch.has_polled and not watch.polls_free:
            for polled in FORMATS:
                self.poller.poll(self.maker.accepted[0], polled)
            self._note(self._info(fmt))
        self._given_up = self._now[fmt] != before
        return not self._given_up
