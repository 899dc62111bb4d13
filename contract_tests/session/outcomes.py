"""Turns what a test found into its outcome in pytest, and what a session found into its exit code."""

from __future__ import annotations

import pytest

from contract_tests.budget.budget import NotChecked
from contract_tests.findings.checks import Checks
from contract_tests.findings.exit_code import BROKEN, BUDGET, HOLDS
from contract_tests.findings.outcome import Outcome
from contract_tests.session.stash import RUN, STOPPED


class BrokenPromise(Exception):
    """Findings that fail a test; as text, one below the other."""


def note_not_checked(checks: Checks, why: NotChecked) -> None:
    """Notes why a test's clauses were not checked."""
    kept = checks.findings.skipped
    if why.unaffordable or why.inconclusive:
        kept = checks.findings.unaffordable if why.unaffordable else checks.findings.inconclusive
    checks.not_checked(kept, str(why))


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
