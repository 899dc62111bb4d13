"""The state that both stores keep in the process: armed faults and counts."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.core.errors import NotFound, Problem
from mockserver.core.messages import Micros
from mockserver.faults.faults import ArmedFault, Fault, strike
from mockserver.faults.matching import Facts


class ProcessState:
    """The store's verbs of faults and counts. A state file does not hold them: they end with the process, processes
    that share a file each have their own, and a transaction that fails does not take them back.
    """

    def __init__(self) -> None:
        self._armed: dict[str, ArmedFault] = {}
        self._last_fault = 0
        self._windows: dict[str, tuple[Micros, int]] = {}
        self._samples: dict[tuple[str, str], int] = {}

    def arm(self, fault: Fault) -> ArmedFault:
        self._last_fault += 1
        armed = ArmedFault(f"f{self._last_fault}", fault)
        self._armed[armed.id] = armed
        return armed

    def disarm(self, fault_id: str | None) -> None:
        if fault_id is None:
            self._armed.clear()
        elif self._armed.pop(fault_id, None) is None:
            armed = ", ".join(self._armed) or "none"
            raise NotFound(Problem("", f"{fault_id!r} is no armed fault", f"armed: {armed}"))

    def faults(self) -> Sequence[ArmedFault]:
        return tuple(self._armed.values())

    def strike(self, facts: Facts, seed: int, *, of_task: bool) -> ArmedFault | None:
        if not self._armed:
            return None
        counted, struck = strike(self._armed.values(), facts, seed, of_task=of_task)
        self._armed.update({one.id: one for one in counted})
        return struck

    def count_call(self, login: str, now: Micros, allowed: int, period: Micros) -> bool:
        start, count = self._windows.get(login, (now, 0))
        if not start <= now < start + period:
            start, count = now, 0
        self._windows[login] = (start, count + 1)
        return count < allowed

    def next_sample(self, login: str, what: str) -> int:
        self._samples[login, what] = number = self._samples.get((login, what), 0) + 1
        return number

    def reset(self, login: str | None) -> None:
        if login is None:
            self._armed, self._windows, self._samples = {}, {}, {}
            return
        self._armed = {i: one for i, one in self._armed.items() if one.fault.match.login != login}
        self._windows.pop(login, None)
        self._samples = {key: n for key, n in self._samples.items() if key[0] != login}
