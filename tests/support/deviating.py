"""A mock that deviates in one way, as a target whose account is the user's: `with deviating(…) as target: …`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from contract_tests.engine.options import CheckOptions
from contract_tests.findings.finding import ClauseResult
from contract_tests.session.session import Examined, examine
from mockserver.assembly import open_gateway
from mockserver.mutants.hook import MutantHook
from mockserver.mutants.kit.mutant import Mutant
from mockserver.profile.profile import resolve
from mockserver.settings.loading import load
from mockserver.wire.serving import serve_mock
from support.in_process import CLAUSES

ACCOUNTS = {"anna@example.com": "7f3a9c5be1d2408e", "boris@example.com": "0c6be2f8d1a94375"}
"""Tokens by login, the main account first."""
PHONE = "70001234567"
RIGHT = Mutant("nothing is different")


@dataclass(frozen=True, slots=True)
class Deviating:
    """A target that runs."""

    url: str

    @property
    def env(self) -> dict[str, str]:
        """The variables that name the credentials and the phone."""
        (login, token), (login2, token2) = ACCOUNTS.items()
        named = {"LOGIN": login, "TOKEN": token, "LOGIN2": login2, "TOKEN2": token2, "PHONE": PHONE}
        return {f"IFIND_{key}": value for key, value in named.items()}

    def examined(self, **options: Any) -> Examined:
        """A run of the suite."""
        own = {"target": self.url, "environ": self.env, "poll_timeout": 2.0, "budget": 1000}
        return examine(CheckOptions(**{**own, **options}))

    def rows(self, *only: str, **options: Any) -> Mapping[str, ClauseResult]:
        """What a run says of each clause."""
        report = self.examined(only=only, **options).report
        assert not report.errors
        return {row.clause.id: row for row in report.rows}


@contextmanager
def deviating(mutant: Mutant = RIGHT, profile: Mapping[str, Any] | None = None, **options: Any) -> Iterator[Deviating]:
    """The mock with the edits of a mutant, a profile, and settings."""
    settings = replace(load({"delay": "100ms", **options}, {}), profile=resolve(CLAUSES, profile or {}))
    gateway = open_gateway(settings, hook=partial(MutantHook, mutant))
    for login, token in ACCOUNTS.items():
        gateway.mock.put_account(login, {"token": token, "daily_limit": 1_000_000})
    with serve_mock(gateway, settings) as url:
        yield Deviating(f"{url}/api")
