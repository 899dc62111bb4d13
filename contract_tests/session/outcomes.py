"""Turns what a test found into its outcome in pytest, and what a session found into its exit code and report."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

import pytest

from contract_tests.api.calls import curl
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.run import Run
from contract_tests.findings.checks import Checks
from contract_tests.findings.exit_code import BROKEN, BUDGET, HOLDS
from contract_tests.findings.outcome import Outcome
from contract_tests.report.report import Report, Retried, Spent
from contract_tests.session.stash import OPTIONS, RUN, STOPPED


class BrokenPromise(Exception):
    """Findings that fail a test; as text, one below the other."""


def note_not_checked(checks: Checks, why: NotChecked) -> None:
    """Notes why a test's clauses were not checked."""
    otherwise = Outcome.INCONCLUSIVE if why.inconclusive else Outcome.UNCHECKED
    checks.left_out(str(why), Outcome.UNAFFORDABLE if why.unaffordable else otherwise)


def raise_outcome(checks: Checks, why: NotChecked | None) -> None:
    """Raises unless the test passes: a broken promise fails it, a refuted assumption is an expected failure, and a test
    that could not check its clauses is skipped.
    """
    binding = [f for f in checks.own if f.binding or checks.strict]
    if binding:
        raise BrokenPromise("\n\n".join(map(str, binding)))
    if checks.own:
        raise pytest.xfail.Exception("; ".join(f"{f.clause.id}: {f.found}, assumed {f.expected}" for f in checks.own))
    if why is not None:
        raise pytest.skip.Exception(str(why))


def exit_code(config: pytest.Config, *, failed: bool) -> int:
    """The exit code of DESIGN: a broken promise outranks a target out of reach and a budget that does not suffice."""
    if RUN not in config.stash:
        code, _ = config.stash.get(STOPPED, (BROKEN if failed else HOLDS, ""))
        return code
    run = config.stash[RUN]
    fatal = {Outcome.BROKEN, Outcome.ERROR} | ({Outcome.REFUTED} if run.options.strict else set())
    if failed or fatal.intersection(row.outcome for row in run.findings.rows()):
        return BROKEN
    asked = {row.outcome for row in run.findings.rows(run.options.only)}
    return BUDGET if Outcome.UNAFFORDABLE in asked or (not run.options.only and run.cut_short) else HOLDS


def report_at_end(config: pytest.Config, code: int = 0) -> Report:
    """The report of the session's run, which has ended with the code; of one that could not begin, why."""
    run, (_, stopped) = config.stash.get(RUN, None), config.stash.get(STOPPED, (0, ""))
    kit, options = version("ifind-mock"), config.stash[OPTIONS]
    if run is None:
        nothing = Spent(units=0, budget=None, unknown=0, calls=0, seconds=0.0)
        return Report(options.target, datetime.now(UTC), kit, code, False, (), nothing, stopped=stopped)
    rows = run.findings.rows(options.only)
    if options.only:
        rows += [r for r in run.findings.rows() if r.findings and r.clause.id not in options.only]
    mask, base = run.findings.mask, run.target.base
    return Report(
        target=base,
        started=run.begun,
        kit=kit,
        exit_code=code,
        strict=options.strict,
        rows=tuple(rows),
        spent=_spent(run),
        stopped=stopped,
        retried=tuple(
            Retried(curl(sent.call, base, mask), mask.text(sent.failure), sent.tries) for sent in run.api.sender.retried
        ),
    )


def _spent(run: Run) -> Spent:
    """Units include those that info shows beyond the costs that were read, such as of tasks that were never polled."""
    sender, budget, watch = run.api.sender, run.api.sender.budget, run.api.units
    unread = 0
    if not run.target.provisioned and watch.used and not watch.day_turned:
        unread = max(0, watch.used[-1] - watch.used[0] - (budget.spent - sender.spent_before))
    return Spent(
        units=budget.spent + unread,
        budget=budget.limits.units,
        unknown=budget.unknown,
        calls=len(sender.log),
        seconds=(datetime.now(UTC) - run.begun).total_seconds(),
        counts=not run.target.provisioned,
    )
