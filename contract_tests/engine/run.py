"""One run of the suite: the target that is up, the findings that are kept, and the tasks that are made."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from contract_tests.api import calls
from contract_tests.api.calls import Account, Call
from contract_tests.budget.budget import Budget, NotChecked
from contract_tests.budget.ledger import open_ledger
from contract_tests.budget.sender import Limits, Sender
from contract_tests.contract.clauses import UsageError
from contract_tests.contract.profile import read_profile
from contract_tests.engine.client import ApiClient, TargetLost
from contract_tests.engine.options import DEFAULT_BUDGET, RUN_TIMEOUT, CheckOptions, read_rate
from contract_tests.engine.pool import TaskPool
from contract_tests.engine.provision import UnreachableError, target_of
from contract_tests.engine.target import Target, on_loopback
from contract_tests.findings.findings import Findings
from contract_tests.redact.mask import Mask
from contract_tests.redact.secrets import Secrets
from contract_tests.transport.client import HttpClient
from contract_tests.transport.rate_limit import Pacer

HTTP_NOT_FOUND = 404
CALLS = 60
"""Calls of the covering plan at most, polls of a task that is ready within some seconds included."""


@dataclass
class Run:
    """A run: what was asked, what is tested, what was found. unknown_id is one that no service has given yet."""

    options: CheckOptions
    target: Target
    findings: Findings
    api: ApiClient
    pool: TaskPool
    full: bool
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    complete: bool = False
    unknown_id: int = 999_999_999_999
    wrong_token: str = "wrong-5f0c1b7e9a"

    def account(self, name: str, daily_limit: int) -> Account:
        """An account of its own for a test. Raises NotChecked where none can be made."""
        if self.target.make_account is None:
            raise NotChecked("it needs an account whose limit is small, which the suite can make on a mock alone")
        made = self.target.make_account(name, daily_limit)
        self.keep_secret(made)
        return made

    def keep_secret(self, account: Account) -> None:
        """Masks the account's credentials in all that is told, and looks for its token in all answers."""
        label = f"$IFIND_{{}}{account.name}" if account.name in ("", "2") else f"${account.name.upper()}_{{}}"
        self.findings.hide({account.login: label.format("LOGIN"), account.token: label.format("TOKEN")})
        self.api.secrets.add(account.token)

    def holds_secret(self, content: bytes) -> bool:
        """Whether the bytes hold a credential of the run."""
        return self.findings.secrets.found_in(content) is not None

    def wrong_token_call(self) -> Call:
        """A call of result with a wrong token."""
        made = self.pool.accepted
        return calls.result(self.target.main, made[0].id if made else self.unknown_id).but(token=self.wrong_token)

    def second(self) -> Account:
        """Another account than the main one. Raises NotChecked where there is none."""
        if self.target.second is None:
            raise NotChecked("it needs a second account: set IFIND_LOGIN2 and IFIND_TOKEN2")
        return self.target.second


@contextmanager
def open_run(options: CheckOptions) -> Iterator[Run]:
    """The run that the options describe.

    Raises UsageError for what can't be done so, UnreachableError where nobody answers or the credentials are refused.
    """
    given = read_profile(options.profile) if options.profile else {}
    with target_of(options) as target, ExitStack() as closing:
        if not target.loopback and not options.yes:
            raise UsageError(f"{cost_of(options, target.base)}\nAdd --yes to go on.")
        phones = {phone for phone in (target.phones.ordinary, *(t.phone for t in options.tasks)) if phone}
        findings = Findings(target.base, Mask({}, shows=target.private), Secrets(shown=(target.base,)), given)
        if not target.private:
            findings.hide(dict.fromkeys(phones, "$IFIND_PHONE"))
        limits = _limits(options, target)
        wire = closing.enter_context(
            HttpClient(
                deadline=options.call_timeout,
                pacer=_pacer(options, target, given.get("rate.limit", "off")),
                end=limits.end,
            )
        )
        ledger = None
        if options.ledger is not None:
            ledger = closing.enter_context(open_ledger(options.ledger, target.base, target.main))
        forbidden = "no task is made where --tasks names those to look at" if options.tasks else ""
        sender = Sender(target.base, wire, Budget(_budget(options, target), forbidden), limits, ledger)
        api = ApiClient(target, sender, findings)
        pool = TaskPool(
            api,
            target,
            options.poll_timeout,
            _full(options, target),
            given.get("edition"),
            options.tasks,
            on_demand=bool(options.only),
        )
        run = Run(options, target, findings, api, pool, pool.full)
        for account in filter(None, (target.main, target.second)):
            run.keep_secret(account)
        sender.holds_secret = run.holds_secret
        _meet(run)
        yield run
        if ledger is not None and run.complete:
            ledger.close_run()


def cost_of(options: CheckOptions, base: str) -> str:
    """What a run on a target elsewhere may cost, in a sentence."""
    units = DEFAULT_BUDGET if options.budget is None else options.budget
    pace = "as fast as it answers" if on_loopback(base) and not options.rate else f"at {options.rate or 1.0:g} a second"
    calls_ = "any number of calls" if options.full else f"at most {CALLS} calls"
    if options.tasks:
        return f"{base}: {calls_} {pace}, and no task is made"
    return f"{base}: {calls_} {pace}, and creates that reserve at most {units} units of the account's daily limit"


def _limits(options: CheckOptions, target: Target) -> Limits:
    """The covering plan on an account that is the user's has a limit of calls and of time. A server of the suite's own
    accounts is a mock, whose faults are its own: there nothing is tried twice.
    """
    covering = not target.provisioned and not _full(options, target)
    seconds = options.run_timeout or (RUN_TIMEOUT if covering else None)
    pauses: tuple[float, ...] = () if target.provisioned else (0.05, 0.15) if target.loopback else (1.0, 3.0)
    return Limits(CALLS if covering else None, None if seconds is None else time.monotonic() + seconds, pauses)


def _full(options: CheckOptions, target: Target) -> bool:
    return target.private if options.full is None else options.full


def _budget(options: CheckOptions, target: Target) -> int | None:
    return options.budget if options.budget is not None or target.provisioned else DEFAULT_BUDGET


def _pacer(options: CheckOptions, target: Target, limit: str) -> Pacer:
    """The pace that was asked for, else that of the place; in any case below the limit that the profile tells."""
    paces = [options.rate or (None if target.loopback else 1.0), None if limit == "off" else 0.9 * read_rate(limit)]
    return Pacer(min((pace for pace in paces if pace is not None), default=None))


def _meet(run: Run) -> None:
    """The first call: is there anybody, and are the credentials taken? Those that were made for the run are right, so
    their refusal is the tests' to judge.
    """
    try:
        told = run.api.send_once(calls.info(run.target.main))
        if told.http == HTTP_NOT_FOUND and not urlsplit(run.target.base).path:
            raise UsageError(f"{run.target.base}: there is no info; did you mean {run.target.base}/api?")
        if told.status == "error" and not run.target.provisioned and _refused(run):
            if any(finding.binding for finding in run.findings.all):
                return  # what is broken outranks what is refused: the report tells both
            raise UnreachableError(
                f"{run.target.base} refuses the credentials in every method: check IFIND_LOGIN and IFIND_TOKEN,"
                " and the path of the URL"
            )
    except NotChecked:
        return  # the limits of the run do not even hold this: each test tells it
    except TargetLost as lost:
        raise UnreachableError(f"{run.target.base} can't be reached: {lost}") from None


def _refused(run: Run) -> bool:
    """Whether right and wrong credentials are answered alike by info, result and create."""
    main, phone = run.target.main, run.target.phones.ordinary
    free = (calls.info(main), calls.result(main, run.unknown_id))
    if not all(run.api.send_once(c).says_like(run.api.send_once(c.but(token=run.wrong_token))) for c in free):
        return False
    if run.options.tasks:
        return True
    costly = calls.create(main, phone, 2)
    try:
        return run.api.send_once(costly.but(token=run.wrong_token)).says_like(run.api.send_once(costly))
    except NotChecked:
        return False
