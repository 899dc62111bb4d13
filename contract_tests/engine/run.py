"""One run of the suite: the target that is up, the client, the tasks, and the findings."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO
from urllib.parse import urlsplit

from contract_tests.api import calls
from contract_tests.api.calls import Account, Call
from contract_tests.budget.budget import Limits, NotChecked, limits_for
from contract_tests.budget.ledger import open_ledger
from contract_tests.budget.sender import open_sender
from contract_tests.contract.clauses import UsageError
from contract_tests.contract.editions import COMMON_SOURCE
from contract_tests.contract.profile import read_profile
from contract_tests.engine.api_client import ApiClient, TargetLost, TargetMoved
from contract_tests.engine.options import CheckOptions, read_rate
from contract_tests.engine.out_of_order import OUT
from contract_tests.engine.pool import EditionProbe, TaskPool
from contract_tests.engine.provision import UnreachableError, target_of, unreachable
from contract_tests.engine.taken_units import TakenUnits
from contract_tests.engine.target import Target, on_loopback
from contract_tests.engine.task_maker import TaskMaker
from contract_tests.engine.tasks import UNKNOWN_ID, TaskPoller
from contract_tests.findings.findings import Findings
from contract_tests.redact.mask import Mask
from contract_tests.redact.secrets import Secrets, national
from contract_tests.report.renderers import fixed_texts

HTTP_NOT_FOUND = 404


@dataclass(repr=False)
class Run:
    """A run."""

    options: CheckOptions
    target: Target
    findings: Findings
    api: ApiClient
    pool: TaskPool
    taken: TakenUnits
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    begun_at: float = field(default_factory=time.monotonic)
    """The same moment by a clock that nobody sets."""
    complete: bool = False
    unknown_id: int = UNKNOWN_ID
    wrong_token: str = "wrong-5f0c1b7e9a"

    @property
    def full(self) -> bool:
        """Whether HTTP method, format and source are crossed."""
        return self.pool.full

    @property
    def cut_short(self) -> bool:
        """Whether the budget of units, calls or time has held something back."""
        return bool(self.api.sender.budget.held_back)

    @property
    def overspent(self) -> bool:
        """Whether more units were taken than the budget has."""
        units = self.api.sender.budget.limits.units
        return units is not None and self.api.sender.budget.spent > units

    def account(self, name: str, daily_limit: int) -> Account:
        """A new account for a test. Raises NotChecked where none can be made."""
        if self.target.make_account is None:
            raise NotChecked("it needs an account whose limit is small, which the suite can make on a mock alone")
        self.api.sender.budget.check_call()
        try:
            made = self.target.make_account(name, daily_limit)
        except UsageError as error:
            raise NotChecked(str(error)) from None
        self.keep_secret(made)
        return made

    def keep_secret(self, account: Account) -> None:
        """Masks the account's credentials in all that is reported, and checks all answers for its token."""
        label = f"$IFIND_{{}}{account.name}" if account.name in ("", "2") else f"${account.name.upper()}_{{}}"
        self.findings.hide({account.login: label.format("LOGIN"), account.token: label.format("TOKEN")})
        self.api.tokens.add(account.token)

    @property
    def me(self) -> Account:
        """The main account."""
        return self.target.main

    @property
    def right_create(self) -> Call:
        """A create that the main account may make."""
        return calls.create(self.me, self.target.phones.ordinary, COMMON_SOURCE)

    @property
    def unknown_task(self) -> Call:
        """A call of result for an unknown task."""
        return calls.result(self.me, self.unknown_id)

    @property
    def bare_result(self) -> Call:
        """A call of result without any parameter."""
        return Call("result")

    @property
    def wrong_token_call(self) -> Call:
        """A call of result with a wrong token."""
        made = self.pool.maker.accepted
        return calls.result(self.me, made[0].id if made else self.unknown_id).but(token=self.wrong_token)

    def second(self) -> Account:
        """Another account than the main one. Raises NotChecked where there is none."""
        if self.target.second is None:
            raise NotChecked("it needs a second account: set IFIND_LOGIN2 and IFIND_TOKEN2")
        return self.target.second


@contextmanager
def open_run(options: CheckOptions, opened: Callable[[Run], object] = lambda _: None) -> Iterator[Run]:
    """The run that the options describe; `opened` gets it before its first call.

    Raises UsageError for options that don't fit the target, UnreachableError where nobody answers or the credentials
    are refused.
    """
    profile = read_profile(options.profile) if options.profile else {}
    with target_of(options) as target, ExitStack() as closing:
        if not target.loopback and not options.yes:
            raise UsageError(f"{cost_of(options, target.base)}\nAdd --yes to go on.")
        phones = {phone for phone in (target.phones.ordinary, *(t.phone for t in options.tasks)) if phone}
        secrets = Secrets(shown=urls_of(target.base), fixed=() if target.own_mock else fixed_texts())
        findings = Findings(target.base, Mask({}, shows=target.own_mock), secrets, profile)
        if not target.own_mock:
            findings.hide(dict.fromkeys((*phones, *map(national, phones)), "$IFIND_PHONE"))
        file, rate = options.ledger, profile.get("rate.limit", "off")
        ledger = closing.enter_context(open_ledger(file, target.base, target.main)) if file else None
        full = target.own_mock if options.full is None else options.full
        limits = limits_for(
            options.limits,
            full=full,
            loopback=target.loopback,
            own_accounts=target.provisioned,
            rate_limit=None if rate == "off" else read_rate(rate),
        )
        sending = open_sender(target.base, limits, call_timeout=options.call_timeout, ledger=ledger)
        sender = closing.enter_context(sending)
        api = ApiClient(target, sender, findings)
        maker = TaskMaker(api)
        maker.take_over(options.tasks)
        probe = EditionProbe(maker, profile.get("edition"), options.tasks, on_demand=bool(options.only))
        poller = TaskPoller(api, options.poll_timeout)
        pool = TaskPool(api, maker, probe, poller, full)
        taken = TakenUnits(api, maker, poller)
        sender.before, api.noted = taken.before, taken.note
        run = Run(options, target, findings, api, pool, taken)
        for account in filter(None, (target.main, target.second)):
            run.keep_secret(account)
        findings.is_over = lambda: sender.budget.time_up
        sender.holds_secret = lambda content: findings.secrets.found_in(content) is not None
        opened(run)
        _check_target(run)
        yield run
        if ledger is not None and run.complete:
            ledger.close_run()


def urls_of(base: str) -> tuple[str, ...]:
    """The URLs that reports show of a target: an answer may link to them, and a part of one is no secret."""
    return (base, *(f"{base}/{method}?" for method in calls.METHODS))


def limits_elsewhere(options: CheckOptions, base: str) -> Limits:
    """The limits of a run on a target whose account is the user's."""
    return limits_for(options.limits, full=bool(options.full), loopback=on_loopback(base))


def cost_of(options: CheckOptions, base: str) -> str:
    """What a run on a target elsewhere may cost, in a sentence."""
    limits = limits_elsewhere(options, base)
    rate = f"at {limits.rate:g} a second" if limits.rate else "as fast as it answers"
    number = "any number of calls" if limits.calls is None else f"at most {limits.calls} calls, plus retries,"
    creates = f"creates that reserve at most {limits.units} units of the account's daily limit"
    return f"{base}: {number} {rate}, and {'no task is made' if options.tasks else creates}"


def confirm(what: str, out: TextIO) -> None:
    """Shows what would be sent, and asks for a yes. Raises UsageError without one, or without a terminal to ask at."""
    print(what, file=out)
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask at: add --yes to go on.")
    print("Go on? Type yes: ", end="", file=out, flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise UsageError("Nothing was sent.")


def _check_target(run: Run) -> None:
    """Makes the first call: is the API there, and does it take the credentials? Those that were made for the run are
    right, so their refusal is judged by the tests.
    """
    try:
        reply = run.api.send_cached(calls.info(run.me))
        if reply.http == HTTP_NOT_FOUND and not urlsplit(run.target.base).path:
            raise UsageError(f"{run.target.base}/info is not there (HTTP 404); did you mean {run.target.base}/api?")
        if reply.status == "error" and not run.target.provisioned and _refused(run):
            if any(finding.binding for finding in run.findings.all):
                return  # a broken promise outranks refused credentials: the report shows both
            mock = "; for a mock, unset them: the suite makes its own accounts" if on_loopback(run.target.base) else ""
            raise UnreachableError(
                f"{run.target.base} refuses the credentials in every method: check IFIND_LOGIN and IFIND_TOKEN,"
                f" and the path of the URL{mock}"
            )
    except NotChecked:
        if run.api.is_out and not run.findings.all:
            raise UnreachableError(f"{run.target.base}: {OUT}") from None
        return  # the limits of the run hold no call at all: each test says so
    except TargetMoved as moved:
        raise UnreachableError(str(moved)) from None
    except TargetLost as lost:
        raise unreachable(run.target.base, lost) from None


def _refused(run: Run) -> bool:
    """Whether info, result and create answer right and wrong credentials alike."""
    send, create = run.api.send_cached, run.right_create
    if not all(send(c).says_like(send(c.but(token=run.wrong_token))) for c in (calls.info(run.me), run.unknown_task)):
        return False
    try:
        return bool(run.options.tasks) or send(create.but(token=run.wrong_token)).says_like(send(create))
    except NotChecked:
        return False
