"""Makes tasks: each shared one once, on demand."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle

from contract_tests.api import calls
from contract_tests.api.calls import GET, POST, Account, Way
from contract_tests.api.reply import Reply, units
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.editions import COMMON_SOURCE, SECTIONS
from contract_tests.contract.outcome import Outcome
from contract_tests.engine.api_client import ApiClient
from contract_tests.engine.options import GivenTask
from contract_tests.engine.tasks import LONGEST_ID, Task
from contract_tests.redact.mask import SafeText

LAST_RESORTS = (11,)
"""Sources that are tried last: where one is refused, too, info is asked whether the daily limit is the reason."""
_BARRED = (401, 402, 403, 423)
"""Codes by which an account may be refused that is not paid, or not open to the API."""
_UNPAID = re.compile(
    r"paid\b|payment|\bpay\b|subscri|expired|tariff|\bplan\b|balance|funds|demo|access|account"
    r"|оплат|оплач|тариф|подписк|ист[её]к|закончил|баланс|средств|доступ|демо|аккаунт|кабинет"
)
BARRED = (
    "the account can't create: create refuses it by an error of its own; see to it with the service that it is paid and"
    " open to this API, or name tasks that exist by --tasks"
)
CREATE_WAYS = ((POST, None), (GET, "xml"), (POST, "csv"), (GET, None), (POST, "xml"), (GET, "csv"))
"""How shared tasks are made, by turns."""


@dataclass(repr=False)
class TaskMaker:
    """Makes tasks, and keeps those that tests share by source and phone."""

    api: ApiClient
    trial_replies: dict[int | None, Reply] = field(default_factory=dict)
    """Answers to creates of a source that the target may not know."""
    created: list[Reply] = field(default_factory=list)
    """Answers to all other creates."""
    accepted: list[Task] = field(default_factory=list)
    barred: list[Reply] = field(default_factory=list)
    """Refusals of creates that are right, for the account alone."""
    shared: dict[tuple[int, str], Task | NotChecked] = field(default_factory=dict)
    """The shared tasks, or why there is none."""
    _ids: set[object] = field(default_factory=set)
    _ways: Iterator[tuple[Way, str | None]] = field(default_factory=lambda: cycle(CREATE_WAYS))

    @property
    def replies(self) -> list[Reply]:
        """The answers to all creates."""
        return [*self.trial_replies.values(), *self.created]

    def take_over(self, given: Iterable[GivenTask]) -> None:
        """Shares tasks that were made before the run, by somebody else."""
        main = self.api.target.main
        for task in given:
            create = calls.create(main, task.phone or "", task.source)
            reply = Reply(create, None, None, "it was made before this run")
            made = self._keep(task.id, reply, main, task.phone or "", task.source, own=False)
            self.shared.setdefault((task.source, self.api.target.phones.ordinary), made)

    def try_create(self, source: int | None) -> Task | None:
        """A task of a source that the target may not know; None where it is refused. Raises NotChecked."""
        main, phone = self.api.target.main, self.api.target.phones.ordinary
        try:
            reply = self.api.send(calls.create(main, phone, source))
        except NotChecked as why:
            if why.outcome is Outcome.INCONCLUSIVE and source is not None:
                self.shared[source, phone] = why
            raise
        self._check_limit(reply, main, refusal_shows_it=source in LAST_RESORTS)
        if any(map(reply.says_like, self.barred)):
            raise NotChecked(BARRED, Outcome.INCONCLUSIVE)
        self.trial_replies[source] = reply
        return self._accept(reply, main, phone, source or COMMON_SOURCE) if reply.status == "ok" else None

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
            if why.outcome is not Outcome.UNCHECKED or (way, fmt) == (GET, None):
                return why
        try:
            return self.make(source, phone)
        except NotChecked as why:
            return why

    def make(
        self, source: int, phone: str = "", *, account: Account | None = None, way: Way = GET, fmt: str | None = None
    ) -> Task:
        """A new task. Raises NotChecked where it is refused, which is noted as a finding, or can't be afforded."""
        account, phone = account or self.api.target.main, phone or self.api.target.phones.ordinary
        reply = self.api.send(calls.create(account, phone, source, fmt=fmt, way=way))
        self._check_limit(reply, account, refusal_shows_it=True)
        self._check_barred(reply)
        self.created.append(reply)
        return self._accept(reply, account, phone, source)

    def _check_limit(self, reply: Reply, account: Account, *, refusal_shows_it: bool) -> None:
        """Checks that a create is refused once the units of the user's account are used up. Raises NotChecked where
        info shows that this is why it was refused: that shows nothing else.
        """
        if self.api.target.provisioned or reply.status not in ("ok", "error"):
            return
        used_up, expected = self._used_up(account), "an error: the units of the day are used up"
        if used_up and reply.status == "ok":
            # The day of the limit may have turned: info must say so, too.
            now = units(self.api.send(calls.info(account)))
            used_up = now is not None and now.used >= now.of
        if used_up:
            self.api.checks.expect_error("quota.refuses", reply, expected, "status, after all units were used")
        if reply.status == "error" and (used_up or refusal_shows_it):
            now = units(self.api.send(calls.info(account)))
            if now is not None and now.used >= now.of:
                raise NotChecked("the account's daily limit is used up", Outcome.UNAFFORDABLE)

    def _check_barred(self, reply: Reply) -> None:
        """Raises NotChecked for the refusal of a right create that is about the user's account: one that says so in
        words, or has such a code while no create is accepted. That of wrong credentials is none.
        """
        code, words = reply.code in _BARRED and not self.accepted, _UNPAID.search(reply.message.lower())
        if self.api.target.provisioned or reply.status != "error" or not (code or words):
            return
        token = reply.call.param("token")
        if any(other.call.param("token") != token and reply.says_like(other) for other in self.api.replies[:-1]):
            return
        self.barred.append(reply)
        if any(map(reply.says_like, self.trial_replies.values())):  # it has not looked at the parameters
            self.api.findings.not_checked("create.required", Outcome.INCONCLUSIVE, BARRED)
        raise NotChecked(BARRED, Outcome.INCONCLUSIVE)

    def _used_up(self, account: Account) -> bool:
        """Whether the account has no unit left, by the first answer of info and the tasks made since."""
        first = units(self.api.send_cached(calls.info(self.api.target.main)))
        if account != self.api.target.main or first is None or self.api.units.day_turned:
            return False
        return first.used + sum(task.account == account and task.own for task in self.accepted) >= first.of

    def accept(self, reply: Reply, source: int) -> Task:
        """The task of a reply to a create that a test has sent for the main account. Raises NotChecked."""
        return self._accept(reply, self.api.target.main, reply.call.param("phone") or "", source)

    def _accept(self, reply: Reply, account: Account, phone: str, source: int) -> Task:
        """The task of a reply to create, which must be one. Raises NotChecked."""
        checks = self.api.checks
        if not checks.expect_status("create.ok", reply, reply.status == "ok", "'ok': a new task"):
            raise NotChecked("create made no task")
        checks.schema("create", reply, shows=("create.ok",))
        number = reply.model.get("id")
        if number is None:
            raise NotChecked("create stated no id")
        if len(str(number)) > LONGEST_ID:
            raise NotChecked(f"create stated an id of more than {LONGEST_ID} characters")
        new = str(number) not in self._ids
        found = SafeText("the id of an earlier task")
        checks.expect("task.new-id", new, reply, "id", found, "an id not given before")
        self._ids.add(str(number))
        charge = self.api.charges.get(reply.number)
        return self._keep(number, reply, account, phone, source, own=charge is None or not charge.replayed)

    def _keep(self, number: object, reply: Reply, account: Account, phone: str, source: int, *, own: bool) -> Task:
        task = Task(number, account, phone, source, SECTIONS.get(source, "data"), reply, time.monotonic(), own=own)
        self.accepted.append(task)
        return task
