"""A task, and how it is asked for: until it is ready, and then in every format, each answer held to those before."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

from contract_tests.api import calls
from contract_tests.api.calls import GET, POST, WAYS, Account, Way
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.values import whole_units
from contract_tests.decode.compare import difference
from contract_tests.engine.client import ApiClient
from contract_tests.engine.target import Target
from contract_tests.redact.mask import Shape


@dataclass(eq=False)
class Task:
    """A task that was made, or that --tasks names. section is the one that its source fills; made and ready_since are
    moments (monotonic); missed are reads by format that should have told what the task found, and did not; own says
    that this very run has made it, and not one that was stopped.
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
    own: bool = True
    reads: dict[tuple[str, Way], Reply] = field(default_factory=dict)
    missed: dict[str, Reply] = field(default_factory=dict)


@dataclass
class TaskPoller:
    """Asks for tasks. processing are the answers to those that were not done."""

    api: ApiClient
    target: Target
    poll_timeout: float
    processing: list[Reply] = field(default_factory=list)
    _polls: Iterator[tuple[str | None, Way]] = field(default_factory=lambda: cycle(POLLS))
    _read: Counter[tuple[str, Way]] = field(default_factory=Counter)
    _impatient: bool = False

    def poll(self, task: Task, fmt: str | None = "json", way: Way = GET) -> Reply:
        """Asks for a task anew. A task that was ready must be so, and must say the same as before."""
        reply = self.api.send(calls.result(task.account, task.id, fmt=fmt, way=way), section=task.section)
        self.compare(task, reply)
        if reply.status == "ready" and reply.decoded is not None:
            task.reads.setdefault((fmt or "json", way), reply)
            self._read[fmt or "json", way] += 1
        elif reply.status == "processing":
            self.processing.append(reply)
        elif not reply.readable or task.ready is not None:
            task.missed.setdefault(fmt or "json", reply)
        return reply

    def compare(self, task: Task, reply: Reply) -> None:
        """Holds another answer about a task to those that were read before."""
        checks = self.api.checks
        if task.reads:
            checks.expect(
                "task.ready-stays",
                reply.status == "ready",
                reply,
                where="status",
                found=reply.status,
                expected="'ready', as before",
            )
        if reply.status != "ready" or reply.decoded is None:
            return
        for before in task.reads.values():
            if before.decoded is not None and before.decoded.format == reply.decoded.format:
                differs = difference(before.model, reply.model)
                checks.expect(
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
        return next(kept, task.missed.get(fmt) if way is None else None) or self.poll(
            task, fmt, way or self._seldom(fmt)
        )

    def _seldom(self, fmt: str) -> Way:
        """The way in which ready tasks have been read least in the format."""
        return min(WAYS, key=lambda way: self._read[fmt, way])

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
            reply = self.poll(task, *(("json", GET) if plain else next(self._polls)))
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
        while (reply := self.poll(task)).status == "processing" and time.monotonic() < end:
            time.sleep(0.02 if self.target.loopback else 1.0)
        return reply

    def _ready_in_json(self, task: Task, reply: Reply) -> Reply:
        found, expected = reply.status, "'ready'"
        self.api.checks.expect("result.becomes-ready", holds=True, reply=reply, found=found, expected=expected)
        told = reply if reply.call.format == "json" else self.poll(task, "json", self._seldom("json"))
        task.ready_since = time.monotonic()
        self._count_cost(task, told)
        return told

    def _look_at_odd(self, task: Task, odd: Reply) -> None:
        """What a task answered, that is ready by now, when it was neither processing nor ready: asked again so, it is
        ready, or it is the HTTP method that is not answered.
        """
        again = self.api.send(odd.call, section=task.section)
        if again.status == "ready":
            clause, reply, expected = "result.processing", odd, "'processing': the task was ready later"
        elif odd.call.way == GET:
            return
        else:
            clause, reply, expected = "result.methods", again, "'ready': result over GET and over POST"
        found = reply.status or reply.model.get("status")
        self.api.checks.expect(clause, holds=False, reply=reply, where="status", found=found, expected=expected)

    def _not_ready(self, reply: Reply, told: str = "") -> NotChecked:
        self.api.checks.expect(
            "result.becomes-ready",
            holds=False,
            reply=reply,
            where="status",
            found=Shape(told or repr(reply.status)),
            expected=f"'ready' within {self.poll_timeout:g} s",
        )
        return NotChecked("the task did not become ready")

    def _count_cost(self, task: Task, reply: Reply) -> None:
        cost = whole_units(reply.model.get("cost"))
        if cost is not None:
            self.api.settle(task.reply, cost)


IMPATIENT = 3.0
"""Seconds that a task gets after another one has taken too long."""
POLLS: tuple[tuple[str | None, Way], ...] = (
    (None, GET),
    ("xml", POST),
    ("csv", GET),
    ("json", POST),
    ("xml", GET),
    ("csv", POST),
    ("json", GET),
    (None, POST),
)
"""How a task is asked for that is not known to be done, by turns."""
