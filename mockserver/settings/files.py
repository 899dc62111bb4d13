"""Reads the files that settings are made from: TOML, profiles, and the project's own tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from mockserver import data
from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.inputs import fields
from mockserver.people.words import Words
from mockserver.profile.clauses import Clause, parse_clauses
from mockserver.profile.profile import choice_in, choices_of


@cache
def clauses() -> Mapping[str, Clause]:
    """The clauses of schemas/clauses.toml."""
    return parse_clauses(data.toml("schemas", "clauses.toml"))


@cache
def words() -> Words:
    """The words of fixtures/words.toml."""
    data.path("fixtures", "words.toml")  # where it is missing, that is found now
    return Words(partial(data.toml, "fixtures", "words.toml"))


@cache
def ready_scenarios() -> Mapping[str, Mapping[str, Any]]:
    """The documents of fixtures/scenarios, by name."""
    folder = data.path("fixtures") / "scenarios"
    return {file.stem: data.toml("fixtures", "scenarios", file.name) for file in sorted(folder.glob("*.toml"))}


def scenario_named(where: str, text: str) -> Mapping[str, Any]:
    """The name and the document of a scenario: a ready one, or that of a file `….toml`, whose name it takes. Raises
    Refusal for a name that no ready one has, and for a file that can't be read.
    """
    if text in ready_scenarios():
        return {"name": text, "scenario": ready_scenarios()[text]}
    if not text.endswith(".toml"):
        known = unknown(where, text, ready_scenarios(), noun="a ready scenario")
        raise Refusal(replace(known, remedy=f"{known.remedy}; or name a file ….toml"))
    path = Path(fields.path(where, text))
    try:
        return {"name": path.stem, "scenario": read_toml(path)}
    except Refusal as refusal:
        raise refusal.at(where, ": ") from None


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises Refusal naming it, with the line of a mistake."""
    try:
        return data.toml_of(data.bytes_of(path))
    except FileNotFoundError:
        raise Refusal(Problem(str(path), "does not exist", "check the path")) from None
    except OSError as error:
        raise Refusal(Problem(str(path), f"can't be read: {error.strerror}", "name another file")) from None
    except data.TextFileError as error:
        raise Refusal(Problem(str(path), error.what, error.remedy)) from None


def read_profile(path: Path) -> Mapping[str, Any]:
    """The checked choices of a profile file's table [profile]. Raises Refusal naming the file and all that is wrong."""
    document = read_toml(path)
    if not isinstance(document.get("profile"), Mapping):
        raise Refusal(Problem(str(path), "has no table [profile]", "write the clauses below a line [profile]"))
    return checked_choices(f"{path}: profile", document["profile"])


def checked_choices(where: str, choices: Mapping[str, Any], joint: str = ".") -> Mapping[str, Any]:
    """The choices by clause, without a learnt profile's notes. Raises Refusal naming the place and the clause."""
    try:
        choices_of(clauses(), choices)
    except Refusal as refusal:
        raise refusal.at(where, joint) from None
    return {name: choice_in(entry) for name, entry in choices.items()}


def overlaid(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The choices of two profiles; the second comes first, entry by entry in a table."""
    both = {name for name in over if isinstance(over[name], Mapping) and isinstance(under.get(name), Mapping)}
    return {**under, **over, **{name: {**under[name], **over[name]} for name in both}}
