"""One of the two targets: its run and the tasks that it made."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from contract_tests.api.calls import Account, Call
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.budget.sender import source_of
from contract_tests.contract.editions import SECTIONS, sections_of
from contract_tests.engine.run import Run
from contract_tests.engine.tasks import LONGEST_ID, Task


@dataclass(eq=False)
class Side:
    run: Run
    phone: str = field(repr=False)  # the number that is looked up
    tasks: dict[str, Task] = field(default_factory=dict)  # the tasks that were made, by the name of their step

    @property
    def me(self) -> Account:
        return self.run.target.main

    def task(self, name: str) -> Task:
        """The task that a step made. Raises NotChecked where it made none."""
        if name not in self.tasks:
            raise NotChecked("no task was made on both sides")
        return self.tasks[name]

    def keep(self, name: str, reply: Reply) -> None:
        """Keeps the task of a create, where it made one."""
        if reply.status != "ok" or reply.model.get("id") is None or len(str(reply.model["id"])) > LONGEST_ID:
            return
        source, phone = source_of(reply.call), reply.call.param("phone") or ""
        section = SECTIONS.get(source, "")
        self.tasks[name] = Task(reply.model["id"], self.me, phone, source, section, reply, time.monotonic())

    def wait(self) -> None:
        """Polls every task until it is done or late, and notes its cost."""
        for task in self.tasks.values():
            if task.last is None:
                self.run.pool.poller.until_done(task)

    def section_of(self, call: Call) -> str | None:
        """The section of the task that a call names; None where it names none that was made."""
        named = call.param("id") if call.method == "result" else None
        task = next((task for task in self.tasks.values() if str(task.id) == named), None)
        return self.section(task)[0] if task else None

    def section(self, task: Task) -> tuple[str, bool]:
        """The section that the task's source fills, and whether its answer shows so."""
        model: Mapping[str, object] = task.last.model if task.last else {}
        if len(sections := sections_of(model)) == 1:
            return sections[0], True
        return "data" if BARE in self.tasks else task.section or "data", False


BARE = "no source"  # the step whose task is made where sources are no parameter
