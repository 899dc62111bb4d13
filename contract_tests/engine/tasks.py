"""A task, and how it is polled: until it is ready, and then in every format, each answer compared with those before."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, GET, POST, WAYS, Account, Way
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.decode.compare import reads_differ
from contract_tests.engine.api_client import ApiClient
from contract_tests.findings.checks import difference_in_words
from contract_tests.redact.mask import SafeText

LONGEST_ID = 1000
"""Characters of an id with which a task is asked for: it would stand in each call, and a call in each finding."""
UNKNOWN_ID = 999_999_999_999
"""An id that no service has given yet."""
IMPATIENT = 3.0
"""Seconds that a task gets after another one was late."""
POLLS = tuple(zip((None, "xml", "csv", "json", "xml", "csv", "json", None), (GET, POST) * 4, strict=True))
"""The formats and ways in which a task is polled, by turns."""


@dataclass(eq=False)
class Task:
    """A task that was made, or that --tasks names."""

    id: object
    account: Account
    phone: str = field(repr=False)
    source: int
    section: str
    """The section that its source fills; empty where that is not known."""
    reply: Reply
    """The answer of its create."""
    made: float
    """The moment (monotonic) at which it was made."""
    ready: Reply | None = None
    """The first ready answer in JSON."""
    ready_since: float = 0.0
    failed: Reply | None = None
    """An answer that is neither processing nor ready, and the last one."""
    late: bool = False
    own: bool = True
    """This very run has made it, and not one that was stopped."""
    reads: dict[tuple[str, Way], Reply] = field(default_factory=dict)
    """Ready answers by format and way."""
    missed: dict[str, Reply] = field(default_factory=dict)
    """By format, an answer that should have been a ready one and was not."""
    unclear: list[Reply] = field(default_factory=list)
    """Answers in unknown layouts, before JSON was known, which may tell what is in them."""
    last: Reply | None = None
    """The last answer of `until_done`."""


@dataclass(repr=False)
class TaskPoller:
    """Polls tasks."""

    api: ApiClient
    poll_timeout: float
    processing: list[Reply] = field(default_factory=list)
    """The answers to tasks that were not ready."""
    _polls: Iterator[tuple[str | None, Way]] = field(default_factory=lambda: cycle(POLLS))
    _read: Counter[tuple[str, Way]] = field(default_factory=Counter)
    _formats: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The formats in which ready tasks were read, by section."""
    _impatient: bool = False
    """A task has taken too long."""
    _may_fail: bool = False
    """A task has ended in an error."""
    _finished: float = 0.0
    """The moment (monotonic) at which all tasks of before were done."""
    _usual: float = 0.0
    """Seconds after which a task is polled: those after which another was ready."""

    def poll(self, task: Task, fmt: str | None = "json", way: Way = GET) -> Reply:
        """Polls a task. One that was ready must be so, and must say the same as before."""
        reply = self.api.send(calls.result(task.account, task.id, fmt=fmt, way=way), section=task.section or None)
        if reply.has_unknown_layout and task.reads and not any(read == "json" for read, _ in task.reads):
            self.poll(task)  # what JSON has tells what is in the layout
            reply = self.api.read_again(reply, task.section)
        self.compare(task, reply)
        if reply.status == "ready" and reply.decoded is not None:
            task.reads.setdefault((fmt or "json", way), reply)
            self._read[fmt or "json", way] += 1
            self._formats[task.section].add(fmt or "json")
            if task.ready is not None and not reply.decoded.doubt:
                self.api.settle(task.reply, reply.cost)
        elif reply.status == "processing":
            self.processing.append(reply)
        elif task.ready is None and reply.has_unknown_layout:
            task.unclear.append(reply)
        elif task.ready is not None or not reply.readable:
            task.missed.setdefault(fmt or "json", reply)
        return reply

    def compare(self, task: Task, reply: Reply) -> None:
        """Compares another answer about a task with those that were read before."""
        checks = self.api.checks
        if task.reads:
            checks.expect_status("task.ready-stays", reply, reply.status == "ready", "'ready', as before")
        if reply.status != "ready" or reply.decoded is None:
            return
        for before in task.reads.values():
            if before.decoded is not None and before.decoded.format == reply.decoded.format:
                differs = reads_differ(before.model, reply.model)
                found = difference_in_words(before.model, reply.model, differs or "", "an earlier read had")
                checks.expect(
                    "task.reads-equal", differs is None, reply, differs or "", found, "the same at every read"
                )
                break

    def read(self, task: Task, fmt: str = "json", way: Way | None = None) -> Reply:
        """The answer of a ready task in a format; polled once. Raises NotChecked where it is not ready in time."""
        self.wait(task)
        kept = (reply for (f, w), reply in task.reads.items() if f == fmt and way in (None, w))
        return next(kept, task.missed.get(fmt) if way is None else None) or self.poll(
            task, fmt, way or self._seldom(fmt)
        )

    def _seldom(self, fmt: str) -> Way:
        """The way in which ready tasks were read least in the format, and then in any."""
        return min(WAYS, key=lambda way: (self._read[fmt, way], sum(self._read[each, way] for each in FORMATS)))

    def wait(self, task: Task) -> Reply:
        """Polls until the task is ready; its answer in JSON. Raises NotChecked where it takes too long, or ends in an
        error, which is not judged here.
        """
        if task.ready is not None:
            return task.ready
        if task.late or task.failed:
            raise NotChecked("the task did not become ready")
        odd: Reply | None = None
        plain = self._is_known(task.section)
        for waited in self._turns(task):
            reply = self.poll(task, *(("json", GET) if plain else next(self._polls)))
            if reply.status not in ("ready", "processing") and not plain:
                # One format or HTTP method that fails must not hide what another one shows.
                plain, odd = True, reply if reply.readable else None
                reply = self.poll(task)
            if reply.status == "ready":
                self._usual = waited
                task.ready = self._ready_in_json(task, reply)
                if odd is not None:
                    self._check_odd(task, odd)
                return task.ready
            if reply.status != "processing":
                odd = odd or reply
                if waited > IMPATIENT or self._impatient or self._may_fail:
                    break
        raise self._ended(task, reply)

    def _ended(self, task: Task, reply: Reply) -> NotChecked:
        """The reason that a task leaves that is not ready by its last answer."""
        if reply.status == "processing":
            task.late = self._impatient = True
            return self.not_ready(reply, f"not ready after {time.monotonic() - task.made:.1f} s")
        task.failed, self._may_fail = reply, True
        if reply.status == "error":
            return NotChecked("the task ended in an error")
        return self.not_ready(reply, repr(reply.status))

    def _is_known(self, section: str) -> bool:
        """Whether a ready task of the section was read in every format, so that JSON alone has to be, where calls are
        counted.
        """
        return self.api.sender.budget.limits.calls is not None and self._formats[section] >= {*FORMATS}

    def until_done(self, task: Task) -> Reply:
        """Polls until the task is no longer processing, or late; the last answer, whose cost is noted."""
        for _ in self._turns(task):
            task.last = reply = self.poll(task)
            if reply.status != "processing":
                break
        else:
            self._impatient = True
        self.api.settle(task.reply, reply.cost)
        return reply

    def _turns(self, task: Task) -> Iterator[float]:
        """A turn for each poll: the seconds since the task was made. The first comes when a task may be ready, each
        further one after a longer pause; the last one when the task's time is up, also where that ran out while an
        answer was awaited. The time is short after another task was late. On a private mock a task is first polled in
        each format and way, and then the clock is put forward.
        """
        patience = min(self.poll_timeout, IMPATIENT) if self._impatient else self.poll_timeout
        pause = 0.02 if self.api.target.provisioned else 0.4 if self.api.target.loopback else 1.5
        finish = self.api.target.finish_tasks
        if finish is None:
            self.api.sender.pause(min(self._usual, patience) - (time.monotonic() - task.made))
        for turn in count():
            if finish is not None and task.made > self._finished and (self._usual or turn == len(POLLS)):
                finish()
                self._finished = time.monotonic()
            waited = time.monotonic() - task.made
            yield waited
            if waited >= patience:
                return
            if finish is not None and task.made > self._finished:
                continue
            self.api.sender.pause(min(pause, patience - (time.monotonic() - task.made)))
            pause = min(pause * 1.5, 0.25) if self.api.target.provisioned else pause * 4

    def _ready_in_json(self, task: Task, reply: Reply) -> Reply:
        self.api.checks.expect("result.becomes-ready", True, reply)
        ready = reply if reply.call.format == "json" else self.poll(task, "json", self._seldom("json"))
        task.ready_since = time.monotonic()
        for key, early in task.reads.items():
            if early.call.format != "json" and (again := self.api.read_again(early, task.section)).status == "ready":
                task.reads[key] = again  # what JSON has tells between readings, and what empty elements stand for
        for unclear in task.unclear:
            again = self.api.read_again(unclear, task.section)
            if again.status == "ready" and ready.status == "ready":
                self.compare(task, again)
                task.reads.setdefault((unclear.call.format, unclear.call.way), again)
        for read in (ready, *task.reads.values()):
            self.api.settle(task.reply, read.cost)
        return ready

    def _check_odd(self, task: Task, odd: Reply) -> None:
        """Judges the answer, neither processing nor ready, of a task that is ready by now. The same call is sent again:
        where it is not answered by a ready task either, its HTTP method is to blame.
        """
        again = self.api.send(odd.call, section=task.section or None)
        if again.status == "ready":
            clause, reply, expected = "result.processing", odd, "'processing': the task was ready later"
        elif odd.call.way == GET:
            return
        else:
            clause, reply, expected = "result.methods", again, "'ready': result over GET and over POST"
        found = reply.status or reply.model.get("status")
        self.api.checks.expect(clause, False, reply, "status", found, expected)

    def not_ready(self, reply: Reply, found: str) -> NotChecked:
        """The reason that a broken promise leaves."""
        expected = f"'ready' within {self.poll_timeout:g} s"
        self.api.checks.expect("result.becomes-ready", False, reply, "status", SafeText(found), expected)
        return NotChecked("the task did not become ready")
