"""One run of the suite: the target that is up, the book that is kept, and the tasks that are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from contract_tests import calls
from contract_tests.api import Api, TargetLost
from contract_tests.calls import Account, Call
from contract_tests.clauses import UsageError, read_profile
from contract_tests.masking import Mask
from contract_tests.options import DEFAULT_BUDGET, CheckOptions, read_rate
from contract_tests.pool import Pool
from contract_tests.provision import UnreachableError, target_of
from contract_tests.spending import NotChecked, Spending
from contract_tests.target import Target, on_loopback
from contract_tests.transport import Pacer, Wire
from contract_tests.verdicts import Book

HTTP_NOT_FOUND = 404
CALLS = 60
"""Calls of the covering plan at most, polls of a task that is ready within some seconds included."""


@dataclass
class Run:
    """A run: what was asked, what is tested, what was found. unknown_id is one that no service has given yet."""

    options: CheckOptions
    target: Target
    book: Book
    api: Api
    pool: Pool
    full: bool
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
        labels = dict(self.book.mask.labels)
        labels |= {account.login: label.format("LOGIN"), account.token: label.format("TOKEN")}
        self.book.mask = Mask(labels, self.book.mask.shows)
        self.api.secrets.add(account.token)

    def stranger(self) -> Call:
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
    with target_of(options) as target:
        if not target.loopback and not options.yes:
            raise UsageError(f"{plan_of(options, target.base)}\nAdd --yes to go on.")
        shows = {} if target.private else {target.phones.ordinary: "$IFIND_PHONE"}
        book = Book(target.base, Mask(shows, shows=target.private), given)
        with Wire(pacer=_pacer(options, target, given.get("rate.limit", "off"))) as wire:
            api = Api(target, wire, book)
            pool = Pool(api, target, Spending(_budget(options, target)), options.poll_timeout, _full(options, target))
            pool.given_edition = given.get("edition")
            run = Run(options, target, book, api, pool, pool.full)
            for account in filter(None, (target.main, target.second)):
                run.keep_secret(account)
            _meet(run)
            yield run


def plan_of(options: CheckOptions, base: str) -> str:
    """What a run on a target elsewhere may cost, in a sentence."""
    units = DEFAULT_BUDGET if options.budget is None else options.budget
    pace = "as fast as it answers" if on_loopback(base) and not options.rate else f"at {options.rate or 1.0:g} a second"
    return (
        f"{base}: about {CALLS} calls {pace}, and creates that reserve at most {units} units of the"
        " account's daily limit"
    )


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
        told = run.api.once(calls.info(run.target.main))
        if told.http == HTTP_NOT_FOUND and not urlsplit(run.target.base).path:
            raise UsageError(f"{run.target.base}: there is no info; did you mean {run.target.base}/api?")
        if told.status == "error" and not run.target.provisioned and _refused(run):
            if any(finding.binding for finding in run.book.findings):
                return  # what is broken outranks what is refused: the report tells both
            raise UnreachableError(
                f"{run.target.base} refuses the credentials in every method: check IFIND_LOGIN and IFIND_TOKEN"
            )
    except TargetLost as lost:
        raise UnreachableError(f"{run.target.base} can't be reached: {lost}") from None


def _refused(run: Run) -> bool:
    """Whether right and wrong credentials are answered alike by info, result and create."""
    main, phone = run.target.main, run.target.phones.ordinary
    free = (calls.info(main), calls.result(main, run.unknown_id))
    if not all(run.api.once(c).says_like(run.api.once(c.but(token=run.wrong_token))) for c in free):
        return False
    costly = calls.create(main, phone, 2)
    try:
        return run.api.once(costly.but(token=run.wrong_token)).says_like(run.pool.try_create(costly, 2))
    except NotChecked:
        return False
