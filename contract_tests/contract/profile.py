"""A profile: the target's choice for each open clause, and what no choice covers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from contract_tests.contract.clauses import UsageError, all_clauses, clause_of, suggest
from mockserver.data import TextFileError, bytes_of, toml_of

T = TypeVar("T")
R = TypeVar("R")
Profile: TypeAlias = Mapping[str, object]  # choices by clause; what it leaves out stays open


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Behaviour of a target that no choice of a clause covers."""

    clause: str
    what: str  # it, in words for a reader
    where: str = ""  # the place in the answers, such as `data[].price`; empty: the clause has one place
    words: tuple[str, ...] = ()  # what is seen there in place of a choice; empty: it is not told
    members: int = 0  # undocumented members at the place; 0: it is about something else
    shape: str = ""  # types and documented names of an answer that shows it, without values
    call: str = ""


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A profile as a file holds it."""

    choices: Mapping[str, Any] = field(default_factory=dict)
    uncovered: tuple[Uncovered, ...] = ()  # its tables [[uncovered]]


def with_defaults(profile: Profile | None) -> Profile:
    """The profile, with the defaults of clauses.toml for what it leaves out."""
    return {**{c.id: c.default for c in all_clauses().values() if c.default is not None}, **(profile or {})}


def read_profile(file: Path) -> Mapping[str, Any]:
    """The choices of a profile file. Raises UsageError as `read_profile_file`."""
    return read_profile_file(file).choices


def read_profile_file(file: Path) -> ProfileFile:
    """A profile file: its table [profile], each entry a choice or a table with a `choice`, and its [[uncovered]].

    Raises UsageError naming the option and the file, with every wrong entry.
    """
    document = _document(file)
    table = document.get("profile")
    if not isinstance(table, Mapping):
        raise UsageError(
            f'--profile: {file}: has no table [profile]; write it as [profile] and lines such as edition = "B"'
        )
    wrong: list[str] = []
    chosen = dict(_each(_flat(table), _choice, f"--profile: {file}: [profile]", wrong))
    entries = document.get("uncovered", [])
    if not isinstance(entries, list):
        wrong.append(f"--profile: {file}: uncovered: is not a list of tables; write each below a line [[uncovered]]")
        entries = []
    uncovered = _each(enumerate(entries, start=1), _uncovered, f"--profile: {file}: [[uncovered]]", wrong)
    if wrong:
        raise UsageError("\n".join(wrong))
    return ProfileFile(chosen, tuple(entry for _, entry in uncovered))


def _document(file: Path) -> Mapping[str, Any]:
    try:
        if file.exists() and not file.is_file() and not file.is_dir():
            raise UsageError(f"--profile: {file}: is not a file that can be read again; name another")
        return toml_of(bytes_of(file))
    except OSError as error:
        raise UsageError(f"--profile: {file}: can't be read: {error.strerror}") from None
    except TextFileError as error:
        raise UsageError(f"--profile: {file}: {error}") from None


def _each(
    entries: Iterable[tuple[T, Any]], read: Callable[[T, Any], R], where: str, wrong: list[str]
) -> list[tuple[T, R]]:
    """The entries as read, each with its key. What is wrong with any of them is added to wrong."""
    found: list[tuple[T, R]] = []
    for key, entry in entries:
        try:
            found.append((key, read(key, entry)))
        except UsageError as error:
            wrong.append(f"{where}: {error}")
    return found


def _choice(clause: str, entry: object) -> Any:
    choice = entry["choice"] if isinstance(entry, Mapping) and "choice" in entry else entry
    return clause_of(clause).read(choice)


_KINDS: Mapping[str, tuple[type, str]] = {
    **dict.fromkeys(("clause", "what", "where", "shape", "call"), (str, "text")),
    "words": (list, "list of texts"),
    "members": (int, "number"),
}
"""The keys of [[uncovered]]: the type of each, and its name."""


def _uncovered(number: int, entry: object) -> Uncovered:
    """A table of [[uncovered]]. Raises UsageError."""
    if not isinstance(entry, Mapping):
        raise UsageError(f"{number}: {entry!r} is not a table; write it below a line [[uncovered]]")
    for key, value in entry.items():
        if key not in _KINDS:
            raise UsageError(f"{number}: {suggest(str(key), _KINDS, noun='key')}")
        type_, name = _KINDS[key]
        if not isinstance(value, type_) or (isinstance(value, list) and not all(isinstance(v, str) for v in value)):
            raise UsageError(f"{number}: {key}: {value!r} is not a {name}")
    if "clause" not in entry:
        raise UsageError(f'{number}: names no clause; write clause = "…"')
    named: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}
    return Uncovered(**{"what": clause_of(entry["clause"]).title, **named})


def _flat(table: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    """The entries by clause id, which has dots: TOML reads `error.codes = 1` as a table within a table."""
    for key, value in table.items():
        name = f"{above}.{key}" if above else key
        leads_to_a_clause = any(known.startswith(f"{name}.") for known in all_clauses())
        inner = isinstance(value, Mapping) and name not in all_clauses() and leads_to_a_clause
        yield from _flat(value, name) if inner else [(name, value)]
