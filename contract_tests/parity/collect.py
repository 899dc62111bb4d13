"""Sends the script to both targets, step by step, and collects the answers in pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from contract_tests.api import calls
from contract_tests.api.calls import Call
from contract_tests.api.reply import Reply, units
from contract_tests.budget.budget import NotChecked
from contract_tests.budget.sender import source_of
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.ready_checks import TaskFacts
from contract_tests.parity.comparison import NO_TASK, AnswerPair
from contract_tests.parity.script import CREATES, INFO, MAIN, PROCESSING, REFUSED, ScriptStep, finished, reading
from contract_tests.parity.side import BARE, Side


@dataclass(repr=False)
class Collector:
    """The answers of two sides so far."""

    sides: tuple[Side, Side]
    pairs: list[AnswerPair] = field(default_factory=list)

    def run(self) -> None:
        """Sends everything. Raises TargetLost where a target is gone; `pairs` then holds the answers until then."""
        self._send(INFO)
        for step in CREATES:
            self._send([step])
            if step.name == MAIN:
                self._send(PROCESSING)
            if not all(side.run.target.provisioned for side in self.sides):
                self._wait()  # the cost of a task is known before the next one is paid
        self._wait()
        made = [step for step in CREATES if all(step.name in side.tasks for side in self.sides)]
        readable = [step.name for step in made if not step.kind and step.name != BARE]
        for number, name in enumerate(readable):
            self._read(name, number)
        for step in made:
            a, b = (side.tasks[step.name].last for side in self.sides)
            if step.name not in readable:
                self.pairs.append(AnswerPair(finished(step.name), (a, b) if a and b else None))
        self._send(REFUSED)

    def _wait(self) -> None:
        for side in self.sides:
            with suppress(NotChecked):  # the calls that are left are not sent either, and say why
                side.wait()

    def _send(self, steps: Iterable[ScriptStep], facts: tuple[TaskFacts, TaskFacts] = NO_TASK) -> None:
        for step in steps:
            try:
                self.pairs.append(AnswerPair(step, self._replies(step), facts))
            except NotChecked as why:
                self.pairs.append(AnswerPair(step, why=str(why), unaffordable=why.outcome is Outcome.UNAFFORDABLE))

    def _replies(self, step: ScriptStep) -> tuple[Reply, Reply]:
        """Both answers; raises NotChecked where there can't be both, and keeps the tasks of a create."""
        made = [step.call(side) for side in self.sides]
        self._check(step, made)
        replies: list[Reply] = []
        lost: NotChecked | None = None
        for side, call in zip(self.sides, made, strict=True):
            api = side.run.api
            try:
                section = side.section_of(call)
                replies.append(api.send_unchecked(call) if step.probe else api.send(call, section=section))
            except NotChecked as why:
                lost = why
        if lost is not None:
            raise lost
        if made[0].method == "create":
            for side, reply in zip(self.sides, replies, strict=True):
                side.keep(step.name, reply)
            refused = [side for side, reply in zip(self.sides, replies, strict=True) if reply.status == "error"]
            if len(refused) == 1 and _is_used_up(refused[0]):
                raise NotChecked("the daily limit of an account is used up")
        one, other = replies
        return one, other

    def _check(self, step: ScriptStep, made: Sequence[Call]) -> None:
        """Raises NotChecked where a call may not be sent to both: the answer of one side alone shows nothing."""
        if step.unless_accepted and any(step.unless_accepted in side.tasks for side in self.sides):
            raise NotChecked("a create without a source was accepted: sources need not be known")
        for side, call in zip(self.sides, made, strict=True):
            side.run.taken.before(call)
            side.run.api.sender.budget.check_call()
            if call.method == "create":
                side.run.api.sender.budget.check_units(source_of(call))

    def _read(self, name: str, number: int) -> None:
        """Reads a task in every format, where its source fills the same section on both sides."""
        tasks = [side.tasks[name] for side in self.sides]
        (own, sure), (other, other_sure) = (side.section(task) for side, task in zip(self.sides, tasks, strict=True))
        steps = reading(name, number)
        if own == other:
            self._send(steps, (TaskFacts(tasks[0].phone, own), TaskFacts(tasks[1].phone, other)))
            return
        step = ScriptStep(f"what {name} fills", steps[0].make_call, ("edition",))
        if sure and other_sure:
            self.pairs.append(AnswerPair(step, sections=(own, other)))
        else:
            self.pairs.append(AnswerPair(step, why="nothing was found on one side"))


def _is_used_up(side: Side) -> bool:
    limit = units(side.run.api.send(calls.info(side.me)))
    return limit is not None and limit.used >= limit.of
