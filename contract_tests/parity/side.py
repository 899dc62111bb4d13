"""One of the two targets: its run, the tasks that it made, and what it answered."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from contract_tests.api import calls
from contract_tests.api.calls import Account
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.editions import SECTIONS
from contract_tests.contract.values import whole_units
from contract_tests.engine.run import Run


@dataclass(eq=False)
class Task:
    """A task that a side made. source is None where create named none; made is a moment (monotonic); last is what was
    told of it last, in JSON.
    """

    id: object
    source: int | None
    phone: str
    reply: Reply
    made: float
    last: Reply | None = None


@dataclass(eq=False)
class Side:
    """A target of the two. phone is the number that is looked up, tasks are those made, by the name of their step; late
    says that one of them was not done in time.
    """

    run: Run
    phone: str
    tasks: dict[str, Task] = field(default_factory=dict)
    limited: Account | None = None
    late: bool = False

    @property
    def me(self) -> Account:
        """The main account."""
        return self.run.target.main

    @property
    def base(self) -> str:
        """The target's URL."""
        return self.run.target.base

    @property
    def units(self) -> int:
        """Units that its creates took."""
        return self.run.api.sender.budget.spent

    def task(self, name: str) -> Task:
        """The task that a step made. Raises NotChecked where it made none."""
        if name not in self.tasks:
            raise NotChecked("no task was made on both sides")
        return self.tasks[name]

    def poor(self) -> Account:
        """An account without a unit. Raises NotChecked where none can be made."""
        self.limited = self.limited or self.run.account("poor", 0)
        return self.limited

    def keep(self, name: str, reply: Reply) -> None:
        """Keeps the task of a create, where it made one."""
        if reply.status != "ok" or reply.model.get("id") is None:
            return
        told = reply.call.param("source") or ""
        source = int(told) if told.isascii() and told.isdigit() else None
        phone = reply.call.param("phone") or ""
        self.tasks[name] = Task(reply.model["id"], source, phone, reply, time.monotonic())

    def wait(self) -> None:
        """Asks for every task until it is done or late, and settles what it took."""
        for task in self.tasks.values():
            if task.last is None:
                task.last = self._asked(task)
                cost = whole_units(task.last.model.get("cost"))
                if cost is not None:
                    self.run.api.settle(task.reply, cost)

    def _asked(self, task: Task) -> Reply:
        """The last answer to a task: it is done, or time is up."""
        pause = 0.02 if self.run.target.provisioned else 0.15 if self.run.target.loopback else 1.0
        patience = min(self.run.options.poll_timeout, IMPATIENT if self.late else math.inf)
        while True:
            reply = self.run.api.send(calls.result(self.me, task.id), section=SECTIONS.get(task.source or 2))
            if reply.status != "processing":
                return reply
            if time.monotonic() - task.made + pause > patience:
                self.late = True
                return reply
            time.sleep(pause)
            pause = min(pause * 1.5, 5.0)

    def section(self, task: Task) -> tuple[str, bool]:
        """The section that the task's source fills, and whether its answer shows so."""
        model: Mapping[str, object] = task.last.model if task.last else {}
        for there in (_filled(model), [s for s in DOCUMENTED if s in model]):
            if len(there) == 1:
                return there[0], True
        return "data" if BARE in self.tasks else SECTIONS.get(task.source or 2, "data"), False


BARE = "no source"
"""The step whose task is made where sources are no parameter."""
DOCUMENTED = ("data", "names", "photo")
"""The sections of a ready answer."""


IMPATIENT = 3.0
"""Seconds that a task gets after another one has taken too long."""


def _filled(model: Mapping[str, object]) -> list[str]:
    return [section for section in DOCUMENTED if model.get(section)]
