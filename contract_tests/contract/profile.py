"""A profile: the target's choice for each open clause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from contract_tests.contract.clauses import UsageError, all_clauses, clause_of
from mockserver.textfiles import TextFileError, toml_of

Profile: TypeAlias = Mapping[str, object]  # choices by clause; what it leaves out stays open


def with_defaults(profile: Profile | None) -> Profile:
    """The profile, with the defaults of clauses.toml for what it leaves out."""
    return {**{c.id: c.default for c in all_clauses().values() if c.default is not None}, **(profile or {})}


def read_profile(file: Path) -> Mapping[str, Any]:
    """The choices of a profile file: its table [profile], each entry a choice or a table with a `choice`. Raises
    UsageError naming the option and the file, with every wrong entry.
    """
    try:
        document = toml_of(file.read_bytes())
    except OSError as error:
        raise UsageError(f"--profile: {file}: can't be read: {error.strerror}") from None
    except TextFileError as error:
        raise UsageError(f"--profile: {file}: {error}") from None
    table = document.get("profile")
    if not isinstance(table, Mapping):
        raise UsageError(
            f'--profile: {file}: has no table [profile]; write it as [profile] and lines such as edition = "B"'
        )
    chosen: dict[str, Any] = {}
    wrong: list[str] = []
    for name, entry in _flat(table):
        choice = entry["choice"] if isinstance(entry, Mapping) and "choice" in entry else entry
        try:
            chosen[name] = clause_of(name).read(choice)
        except UsageError as error:
            wrong.append(f"--profile: {file}: [profile]: {error}")
    if wrong:
        raise UsageError("\n".join(wrong))
    return chosen


def _flat(table: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    """The entries by clause id, which has dots: TOML reads `error.codes = 1` as a table within a table."""
    for key, value in table.items():
        name = f"{above}.{key}" if above else key
        leads_to_a_clause = any(known.startswith(f"{name}.") for known in all_clauses())
        inner = isinstance(value, Mapping) and name not in all_clauses() and leads_to_a_clause
        yield from _flat(value, name) if inner else [(name, value)]
