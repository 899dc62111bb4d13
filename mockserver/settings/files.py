"""Reads the files that settings are made from: TOML, profiles, and the project's own tables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mockserver import data
from mockserver.core.errors import Problem, Refusal
from mockserver.people.words import Words, parse_words
from mockserver.profile.clauses import Clause, parse_clauses
from mockserver.profile.profile import choice_in, choices_of


@cache
def clauses() -> Mapping[str, Clause]:
    """The clauses of schemas/clauses.toml."""
    return parse_clauses(data.toml("schemas", "clauses.toml"))


@cache
def words() -> Words:
    """The words of fixtures/words.toml."""
    return parse_words(data.toml("fixtures", "words.toml"))


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
