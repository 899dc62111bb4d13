"""The plan of a run, rehearsed on a private mock: it lists what the suite does under these options.

Nothing is sent to the target. The rehearsal charges one unit a task, the least by the documentation; where a target
charges by records, a task costs as many as it finds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache

from contract_tests.api.calls import Account, Call, create
from contract_tests.budget.budget import UNITS, Limits
from contract_tests.budget.sender import open_sender
from contract_tests.contract.outcome import Outcome
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context
from contract_tests.engine.options import CheckOptions, GivenTask
from contract_tests.engine.provision import UnreachableError, accounts_on, private_mock
from contract_tests.engine.run import Run, limits_elsewhere
from contract_tests.engine.target import MAGIC
from contract_tests.findings.finding import ClauseResult
from contract_tests.report.report import JUDGED
from contract_tests.session.session import Examined, examine

MOST = 40
"""Units up to which larger budgets are rehearsed."""
PROCESSING = 5.0
"""Seconds that a task is assumed to need: "a few" in the documentation."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call of the plan."""

    number: int
    call: str
    units: int
    proves: tuple[str, ...]
    """The clauses that no call before it proves."""


@dataclass(frozen=True, slots=True)
class BudgetStep:
    """A larger budget, and the clauses that it proves and the one before does not."""

    units: int
    proves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do."""

    target: str
    steps: tuple[PlannedCall, ...]
    units: int
    """Units of the tasks that it makes."""
    limits: Limits
    seconds: float
    """About how long it takes."""
    provable: int
    unproven: tuple[ClauseResult, ...]
    """The clauses that it leaves open."""
    larger_budgets: tuple[BudgetStep, ...]


def plan_of(options: CheckOptions, target: str, *, larger: bool = True, second: bool = False) -> Plan:
    """The plan of a run on a target whose account is the user's. larger: also find what more units would prove; second:
    there is a second account. Raises UnreachableError where the private mock does not start, and KeyboardInterrupt.
    """
    with private_mock(options.profile, "--clause", "quota.unit=task") as base:
        budget = UNITS if options.budget is None else options.budget
        rehearsal = _Rehearsal(options, base, second)
        ended = rehearsal.examine(budget)
        if ended.run is None:
            raise UnreachableError(f"the rehearsal on a private mock did not begin: {ended.report.stopped}")
        budgets = tuple(rehearsal.larger_budgets(ended, budget)) if larger and not options.tasks else ()
        return _plan(options, target, ended, ended.run, budgets)


def provable(options: CheckOptions, *, second: bool = False) -> int | None:
    """The number of clauses that a run can prove; None where no private mock starts to show it. Raises UsageError."""
    profile = options.profile.read_bytes() if options.profile else b""
    tasks = tuple(GivenTask(0, task.source, task.phone and "") for task in options.tasks)
    plain = CheckOptions(
        profile=options.profile, budget=options.budget, full=options.full, only=options.only, tasks=tasks
    )
    with suppress(UnreachableError):
        return _provable(plain, profile, second=second)
    return None


@cache
def _provable(options: CheckOptions, _profile_content: bytes, *, second: bool) -> int:
    # The content is a part of the key of the cache: the path is the same after the file was changed.
    return plan_of(options, "http://127.0.0.1", larger=False, second=second).provable


@dataclass(frozen=True)
class _Rehearsal:
    options: CheckOptions
    base: str
    second: bool

    def examine(self, budget: int) -> Examined:
        """The run on new accounts, which it takes for the user's."""
        main, other = accounts_on(self.base)
        environ = {"IFIND_LOGIN": main.login, "IFIND_TOKEN": main.token, "IFIND_PHONE": MAGIC.ordinary}
        if self.second:
            environ |= {"IFIND_LOGIN2": other.login, "IFIND_TOKEN2": other.token}
        own = replace(self.options, target=self.base, environ=environ, budget=budget, tasks=self._tasks(main))
        ended = examine(replace(own, phone=None, rate=None, ledger=None))
        if ended.interrupted:
            raise KeyboardInterrupt  # the user means the whole command, and not its rehearsal
        return ended

    def _tasks(self, account: Account) -> tuple[GivenTask, ...]:
        """Tasks in place of those that the user names, of the same sources."""
        made = []
        with open_sender(self.base, Limits()) as sender:
            for task in self.options.tasks:
                response, _ = sender.send_create(create(account, MAGIC.ordinary, task.source))
                number = read_answer(response.body, "json", Context("create")).model.get("id")
                if isinstance(number, int):
                    made.append(GivenTask(number, task.source, task.phone and MAGIC.ordinary))
        return tuple(made)

    def larger_budgets(self, ended: Examined, budget: int) -> Iterator[BudgetStep]:
        """What 1, 3, 7, … units more would prove, until the budget holds nothing back. Each is a whole run."""
        known, more = _proven(ended), 1
        while _short(ended) and budget < MOST:
            budget, more = min(MOST, budget + more), 2 * more
            ended = self.examine(budget)
            gained = [clause for clause in _proven(ended) if clause not in known]
            known = [*known, *gained]
            if gained:
                yield BudgetStep(budget, tuple(gained))


def provable_live(options: CheckOptions) -> frozenset[str]:
    """The clauses that some run on a user's account can decide: one with a second account and units enough. Raises
    UnreachableError and UsageError.
    """
    plain = CheckOptions(profile=options.profile)
    with private_mock(options.profile, "--clause", "quota.unit=task") as base:
        return frozenset(_proven(_Rehearsal(plain, base, second=True).examine(MOST)))


def _short(ended: Examined) -> bool:
    return any(row.outcome is Outcome.UNAFFORDABLE for row in ended.report.rows)


def _proven(ended: Examined) -> list[str]:
    return [row.clause.id for row in ended.report.rows if row.outcome in JUDGED]


def _plan(options: CheckOptions, target: str, ended: Examined, run: Run, larger: tuple[BudgetStep, ...]) -> Plan:
    report, limits = ended.report, limits_elsewhere(options, target)
    calls = len(run.api.sender.log)
    return Plan(
        target=target,
        steps=tuple(_steps(run, _proven(ended))),
        units=report.spent.units,
        limits=limits,
        seconds=(calls / limits.rate if limits.rate else 0.0) + (0.0 if options.tasks else PROCESSING),
        provable=report.proven,
        unproven=tuple(row for row in report.rows if row.outcome not in JUDGED),
        larger_budgets=larger,
    )


def _steps(run: Run, decided: Collection[str]) -> Iterator[PlannedCall]:
    first: dict[int, list[str]] = {}
    for clause, number in run.findings.first_checked.items():
        if clause in decided:  # a clause may be seen to hold in one test while another one could not be afforded
            first.setdefault(number, []).append(clause)
    for number, (call, charge) in enumerate(run.api.sender.log, 1):
        units = charge.units if charge else 0
        yield PlannedCall(number, _in_words(call, run), units, tuple(first.get(number, ())))


def _in_words(call: Call, run: Run) -> str:
    """The call in words: what it asks for, and what is wrong with it."""
    lacking = [name for name in _REQUIRED.get(call.method, ()) if call.param(name) is None]
    words, source, number = [call.name], call.param("source"), call.param("id")
    if call.method == "create" and source:
        words.append(f"of source {source}")
    if lacking:
        words.append(f"without {', '.join(lacking)}")
    words.append(_credentials(call, run))
    if number is not None:
        made = number in {str(task.id) for task in run.pool.maker.accepted}
        words.append("of a task" if made else _IDS.get(number, "of no task"))
    return " ".join(filter(None, words))


_REQUIRED = {"create": ("login", "token", "phone", "source"), "result": ("login", "token", "id")}
_IDS = {"": "with an empty id", "abc": "with an id that is not a number"}


def _credentials(call: Call, run: Run) -> str:
    main, second = run.target.main, run.target.second
    login, token = call.param("login"), call.param("token")
    if token == run.wrong_token:
        return "with a wrong token"
    if second is not None and (login, token) == (second.login, second.token):
        return "by the second account"
    return "" if login in (None, main.login) and token in (None, main.token) else "with others' credentials"
