"""Runs `check` in this process on a stand-in, with the credentials that it knows."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest

from contract_tests.check.command import run
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.target import MAGIC
from contract_tests.report.renderers import RENDERERS
from contract_tests.session.session import Examined, examine
from support.standins.running import Standin

GRADES = "documented|law|observed|sister|assumed"
OUTCOMES = "holds|inconclusive|unaffordable|not checked|refuted|broken|error"


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has parity ask a mock for a phone with a few rows, not a hundred, which takes half the time. Two mocks of one
    profile are compared with a hundred.
    """
    monkeypatch.setattr("contract_tests.engine.provision.MAGIC", replace(MAGIC, hundred=None))


def check(target: Standin, **options: Any) -> tuple[int, str]:
    """Exit code and all that is printed."""
    out = io.StringIO()
    code = run(options_for(target, **options), out)
    return code, out.getvalue()


def examined(target: Standin, **options: Any) -> Examined:
    """The run itself."""
    return examine(options_for(target, **options))


def options_for(target: Standin, **options: Any) -> CheckOptions:
    """Options of `check`, which prints every clause; a report is a file by the name of its option."""
    reports = {name: options.pop(name) for name in RENDERERS if name in options}
    own = {"target": target.url, "environ": target.env, "poll_timeout": 3.0, "reports": reports, "all": True}
    return CheckOptions(**{**own, **options})


def outcomes(output: str) -> dict[str, str]:
    """The table of the report: clause to outcome."""
    return dict(re.findall(rf"^(\S+) +(?:{GRADES}) +({OUTCOMES})", output, re.MULTILINE))


def creates(target: Standin) -> int:
    """Creates that named a login and a token, as the target counts them."""
    return sum(1 for _, method, given in target.calls if method == "create" and {"login", "token"} <= set(given))
