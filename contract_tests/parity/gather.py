"""Sends the script to both targets, step by step, and keeps the answers in pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from contract_tests.api import calls
from contract_tests.api.account_info import units
from contract_tests.api.calls import Call
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.budget.sender import source_of
from contract_tests.parity.compare import Pair
from contract_tests.parity.observations import About
from contract_tests.parity.script import CREATES, INFO, PROCESSING, REFUSED, SHARED_SOURCES, finished, reading
from contract_tests.parity.side import Side, encoding
from contract_tests.parity.step import Step

MAIN_STEP = SHARED_SOURCES[0]


@dataclass
class Gathering:
    """The answers of two sides so far."""

    a: Side
    b: Side
    pairs: list[Pair] = field(default_factory=list)

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both."""
        return self.a, self.b

    def run(self) -> None:
        """Sends everything. Raises TargetLost where a target is gone; what was gathered until then stays in pairs."""
        self._send(INFO)
        for step in CREATES:
            self._send([step])
            if step.name == MAIN_STEP:
                self._send(PROCESSING)
            if not all(side.run.target.provisioned for side in self.sides):
                self._wait()  # what a task has taken is known before the next one is paid
        self._wait()
        for number, name in enumerate((*SHARED_SOURCES, *_EXTRAS)):
            if all(name in side.tasks for side in self.sides):
                self._read(name, number)
        for name in sorted((self.a.tasks.keys() & self.b.tasks.keys()) - {*SHARED_SOURCES, *_EXTRAS}):
            self.pairs.append(Pair(finished(name), self.a.tasks[name].last, self.b.tasks[name].last))
        self._send(REFUSED)

    def _wait(self) -> None:
        for side in self.sides:
            side.wait()

    def told(self) -> list[Pair]:
        """The pairs, with what is known of each side's CSV in the end."""
        known = [encoding(r for p in self.pairs for r in (p.replies or ())[i : i + 1]) for i in (0, 1)]
        return [
            replace(pair, about=(replace(pair.about[0], encoding=known[0]), replace(pair.about[1], encoding=known[1])))
            for pair in self.pairs
        ]

    def _send(self, steps: Iterable[Step], about: tuple[About, About] = (About(), About())) -> None:
        self.pairs.extend(self._pair(step, about) for step in steps)

    def _pair(self, step: Step, about: tuple[About, About]) -> Pair:
        try:
            made = [step.made(side) for side in self.sides]
            self._check(step, made)
        except NotChecked as why:
            return Pair(step, None, None, about, str(why), why.unaffordable)
        replies: list[Reply] = []
        lost: NotChecked | None = None
        for side, call in zip(self.sides, made, strict=True):
            try:
                replies.append(
                    side.run.api.send_unchecked(call)
                    if step.probe
                    else side.run.api.send(call, section=_section(about))
                )
            except NotChecked as why:
                lost = why
        if lost is not None:
            return Pair(step, None, None, about, str(lost), lost.unaffordable)
        return self._kept(step, replies, about)

    def _check(self, step: Step, made: list[Call]) -> None:
        """Raises NotChecked where a create may not leave to both: what one side alone answers shows nothing."""
        if step.spares and any(step.spares in side.tasks for side in self.sides):
            raise NotChecked("a create without a source was accepted: sources need not be known")
        for side, call in zip(self.sides, made, strict=True):
            if call.method == "create" and not side.run.api.sender.budget.holds(source_of(call)):
                budget = side.run.api.sender.budget.limits.units
                raise NotChecked(f"the budget of {budget} units does not hold another task", unaffordable=True)

    def _kept(self, step: Step, replies: list[Reply], about: tuple[About, About]) -> Pair:
        if replies[0].call.method == "create":
            for side, reply in zip(self.sides, replies, strict=True):
                side.keep(step.name, reply)
            refused = [reply.status == "error" for reply in replies]
            if refused[0] != refused[1] and _used_up(self.sides[refused.index(True)]):
                return Pair(step, None, None, about, "the daily limit of an account is used up")
        return Pair(step, replies[0], replies[1], about)

    def _read(self, name: str, number: int) -> None:
        """A task's answers, where its source fills the same on both sides."""
        told = [side.section(side.tasks[name]) for side in self.sides]
        (own, sure), (other, other_sure) = told
        phones = [side.tasks[name].phone for side in self.sides]
        about = (About(phones[0], own), About(phones[1], other))
        steps = list(reading(name, number))
        step = Step(f"what {name} fills", steps[0].call, ("edition",))
        if own == other:
            self._send(steps, about)
        elif sure and other_sure:
            self.pairs.append(Pair(step, None, None, fills=(own, other)))
        else:
            self.pairs.append(Pair(step, None, None, why="nothing was found on one side"))


_EXTRAS = ("source 2, nothing found", "source 3, nothing found", "a task that fails")


def _section(about: tuple[About, About]) -> str | None:
    return about[0].section or None


def _used_up(side: Side) -> bool:
    told = units(side.run.api.send(calls.info(side.me)))
    return told is not None and told.used >= told.of
