"""The rules that meet one call, in their order: a step of a scenario, then the armed faults."""

from __future__ import annotations

from mockserver.faults.actions import Strike
from mockserver.faults.armed import ArmedFaults
from mockserver.faults.kinds import NO_EFFECT, Effect
from mockserver.faults.matching import Facts
from mockserver.faults.scenarios import PASS, RunningScenario, Scenarios


class CallRules:
    """The rules for one call, at most one of each aspect, and one step. The aspects are asked for one after another:
    those of a call that comes in, then that of its task, and of its form.
    """

    def __init__(self, scenarios: Scenarios, faults: ArmedFaults, facts: Facts, seed: int) -> None:
        self.facts = facts
        self.struck: list[Strike] = []  # what has met the call so far
        self.met: RunningScenario | None = None  # the scenario whose step has met it, as it was then
        self._scenarios = scenarios
        self._faults = faults
        self._seed = seed
        self._later: list[Strike] = []  # what of the step has not been asked for

    def meet(self, *aspects: str) -> Effect:
        """Has the rules for these aspects meet the call. Gives the effect of the first aspect."""
        if self.met is None and (met := self._scenarios.meet(self.facts, aspects)) is not None:
            self.met, self._later = met, met.strikes()
        now = [one for one in self._later if one.aspect in (PASS, *aspects)]
        self._later = [one for one in self._later if one not in now]
        now += self._faults.strike(self.facts, self._seed, aspects, {one.aspect for one in now})
        self.struck += now
        return next((one.effect for one in now if one.aspect == aspects[0]), NO_EFFECT)
