"""What the settings put into a store: accounts, stubs, faults and scenarios. Processes that share it put them once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from mockserver.core.chance import number
from mockserver.core.errors import NotFound, Refusal, StoreError
from mockserver.core.simulation import Simulation
from mockserver.core.tasks import Account
from mockserver.stores.store import Store

Rule: TypeAlias = "tuple[str | None, str, str]"
"""A rule of the settings in the store: its login, its kind (`stub`, `fault`, `scenario`), and its id or its name."""
_RULES = "rules"
"""The value of a store that says which rules these are."""


@dataclass(frozen=True, slots=True)
class ConfiguredRules:
    """The stubs, faults and scenarios of the settings. Used inside transactions that write. What is there besides keeps
    none of them out: a store in memory would not take back what was done before.
    """

    store: Store
    arm: Callable[[Any], str]  # arms the fault of a document, and gives its id
    begin: Callable[[str, Any], object]  # begins the scenario of the name and the document
    end: Callable[[str, str | None], object]  # takes away the scenario of the name and the login

    def change(self, simulation: Simulation) -> None:
        """Puts those of these settings in the place of those of other settings, unless another process has done so.
        Raises Refusal for one that can't be armed.
        """
        before = self._made()
        if before is None or before["of"] != _of(simulation):
            self._take_back(before["made"] if before else ())
            self.renew(simulation, None)

    def renew(self, simulation: Simulation, login: str | None) -> None:
        """Puts those of the login, with None all, once what was there of them has been cleared."""
        made = [*self._put(simulation, login)]
        before = self._made()
        if before is None or login is None or made:
            others = () if before is None or login is None else (one for one in before["made"] if one[0] != login)
            self.store.values.put(_RULES, json.dumps({"of": _of(simulation), "made": [*others, *made]}))

    def _put(self, simulation: Simulation, login: str | None) -> Iterator[Rule]:
        for stub in simulation.stubs:
            if login is None or stub.match.login == login:
                put, _ = self.store.stubs.put(stub, bounded=False)
                yield stub.match.login, "stub", put.id
        for place, document in enumerate(simulation.faults):
            whose = document.get("match", {}).get("login")
            if login is None or whose == login:
                with _at(f"faults[{place}]"):
                    armed = self.arm(document)
                yield whose, "fault", armed
        for place, document in enumerate(simulation.scenarios):
            whose = document["scenario"].get("login")
            if login is None or whose == login:
                with _at(f"scenarios[{place}]"):
                    self.begin(document["name"], document["scenario"])
                yield whose, "scenario", document["name"]

    def _made(self) -> dict[str, Any] | None:
        """A digest of the settings whose rules are in the store, as `of`, and as `made` these rules."""
        kept = self.store.values.get(_RULES)
        made: dict[str, Any] | None = None if kept is None else json.loads(kept)
        return made

    def _take_back(self, made: Iterable[Rule]) -> None:
        for login, kind, name in made:
            with suppress(NotFound):
                if kind == "scenario":
                    self.end(name, login)
                elif kind == "fault":
                    self.store.faults.disarm(name)
                else:
                    self.store.stubs.drop(name)


def digest(value: Any) -> str:
    """A short text that is the same for the same value in every process."""
    return f"{number(repr(value)):016x}"


def _of(simulation: Simulation) -> str:
    return digest([[stub.document for stub in simulation.stubs], simulation.faults, simulation.scenarios])


@contextmanager
def _at(where: str) -> Iterator[None]:
    """Sees the problems of a Refusal from further out."""
    try:
        yield
    except Refusal as refusal:
        raise refusal.at(where) from None


def settle_accounts(store: Store, accounts: Sequence[Account]) -> None:
    """Puts the accounts of the settings into the store, and takes away those that the settings no longer name. An
    account that stands in the settings as before stays as it is, with its changes by control.

    Raises StoreError where another process uses the store with other accounts: they are its callers'.
    """
    wanted = {account.login: digest(account) for account in accounts}

    def configured() -> dict[str, str]:
        return {account.login: account.configured for account in store.configured()}

    def change() -> None:
        store.expect_accounts([*wanted])
        for login in configured():
            if login not in wanted:
                store.drop_account(login)
        for account in accounts:
            before = store.account(account.login)
            if before is None or before.configured != wanted[account.login]:
                made = before or account
                kept = replace(
                    account, configured=wanted[account.login], day=made.day, used=made.used, creates=made.creates
                )
                store.put_account(kept)

    if not store.settle(lambda: configured() == wanted, change):
        theirs = configured()
        # Counted, since no message names a login.
        changed = sum(theirs[login] != digest for login, digest in wanted.items() if login in theirs)
        strange, absent = len(set(theirs) - set(wanted)), len(set(wanted) - set(theirs))
        how = f"with another token or other limits for {changed} of its {len(theirs)} accounts"
        if strange or absent:
            how = (
                f"with other accounts: {strange} of its {len(theirs)} are not in these settings, and {absent} of"
                f" the {len(wanted)} in these settings are not among its own"
            )
        remedy = "end that process, give both the same accounts, or name another state"
        raise StoreError(f"{store.name}: another process uses it {how}; {remedy}")
