"""Makes tasks: each shared one once, on demand."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle

from contract_tests.api import calls
from contract_tests.api.calls import GET, POST, Account, Way
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.editions import ANY_SOURCE, NO_SOURCE, SECTIONS, Edition
from contract_tests.engine.api_client import ApiClient
from contract_tests.engine.daily_limit import DailyLimit
from contract_tests.engine.option_values import GivenTask
from contract_tests.engine.target import Target
from contract_tests.engine.tasks import Task

LAST_RESORTS = (11, NO_SOURCE)
"""Sources that an edition must have where those before are refused, or one accepted without a source must take: if they
are refused, too, there may be another reason.
"""
CREATE_WAYS = ((POST, None), (GET, "xml"), (POST, "csv"), (GET, None), (POST, "xml"), (GET, "csv"))
"""How shared tasks are made, by turns."""


@dataclass
class TaskMaker:
    """Makes tasks, and keeps those that tests share by source and phone."""

    api: ApiClient
    target: Target
    edition: Edition | None = None
    """Set once it is known."""
    offers: dict[int | None, Reply] = field(default_factory=dict)
    """Answers to creates of a source that the target may not know."""
    created: list[Reply] = field(default_factory=list)
    """Answers to all other creates."""
    accepted: list[Task] = field(default_factory=list)
    shared: dict[tuple[int, str], Task | NotChecked] = field(default_factory=dict)
    """The shared tasks, or why there is none."""
    _ids: set[object] = field(default_factory=set)
    _ways: Iterator[tuple[Way, str | None]] = field(default_factory=lambda: cycle(CREATE_WAYS))

    def __post_init__(self) -> None:
        self.limit = DailyLimit(self.api, self.accepted)

    def take_over(self, given: Iterable[GivenTask]) -> None:
        """Shares tasks that were made before the run, by somebody else."""
        main = self.target.main
        for task in given:
            create = calls.create(main, task.phone or "", task.source)
            reply = Reply(create, None, None, "it was made before this run")
            section, now = SECTIONS[task.source], time.monotonic()
            made = Task(task.id, main, task.phone or "", task.source, section, reply, now, own=False)
            self.accepted.append(made)
            self.shared.setdefault((task.source, self.target.phones.ordinary), made)

    def offer(self, source: int | None) -> Task | None:
        """A task of a source that the target may not know; None where it is refused. Raises NotChecked."""
        main, phone = self.target.main, self.target.phones.ordinary
        try:
            reply = self.api.send(calls.create(main, phone, source))
        except NotChecked as why:
            if why.inconclusive and source is not None:
                self.shared[source, phone] = why
            raise
        self.limit.check(reply, main)
        if reply.status == "error" and (self.limit.used_up(main) or source in LAST_RESORTS):
            self.limit.stop_where_used_up(main)
        self.offers[source] = reply
        if reply.status != "ok":
            return None
        return self._accept(reply, main, phone, source or ANY_SOURCE, SECTIONS.get(source or ANY_SOURCE, "data"))

    def share(self, source: int, phone: str) -> Task | NotChecked:
        """The shared task of a source and phone, or why there is none."""
        if (source, phone) not in self.shared:
            self.shared[source, phone] = self._first_made(source, phone)
        return self.shared[source, phone]

    def _first_made(self, source: int, phone: str) -> Task | NotChecked:
        """A task made in the next way, or in the plainest where that one fails: one defect must not hide others."""
        way, fmt = next(self._ways)
        try:
            return self.make(source, phone, way=way, fmt=fmt)
        except NotChecked as why:
            if why.unaffordable or why.inconclusive or (way, fmt) == (GET, None):
                return why
        try:
            return self.make(source, phone)
        except NotChecked as why:
            return why

    def make(
        self,
        source: int,
        phone: str | None = None,
        *,
        account: Account | None = None,
        way: Way = GET,
        fmt: str | None = None,
    ) -> Task:
        """A new task. Raises NotChecked where it is refused, which is noted as a finding, or can't be afforded."""
        account, phone = account or self.target.main, phone or self.target.phones.ordinary
        section = self.edition.section(source) if self.edition else SECTIONS[source]
        reply = self.api.send(calls.create(account, phone, source, fmt=fmt, way=way))
        self.limit.check(reply, account)
        if reply.status == "error":
            self.limit.stop_where_used_up(account)
        self.created.append(reply)
        return self._accept(reply, account, phone, source, section)

    def _accept(self, reply: Reply, account: Account, phone: str, source: int, section: str) -> Task:
        """The task of a reply to create, which must be one. Raises NotChecked."""
        checks = self.api.checks
        if not checks.expect_status("create.ok", reply, reply.status == "ok", "'ok': a new task"):
            raise NotChecked("create made no task")
        checks.schema("create", reply, shows=("create.ok",))
        number = reply.model.get("id")
        if number is None:
            raise NotChecked("create stated no id")
        new = str(number) not in self._ids
        checks.expect("task.new-id", new, reply, where="id", found=number, expected="an id not given before")
        self._ids.add(str(number))
        charge = self.api.charges.get(reply.number)
        own = charge is None or not charge.replayed
        task = Task(number, account, phone, source, section, reply, time.monotonic(), own=own)
        self.accepted.append(task)
        return task
