"""Names in CSV as places in an answer: nested members are laid flat, in one of several ways."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from contract_tests.contract.members import ACCOUNT, COLUMNS, MEMBERS, UNITS
from contract_tests.decode.names import REMEMBERED, known_name

Step: TypeAlias = "str | int"
"""A member's name, or the number of a list's entry."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in the answer."""

    steps: tuple[Step, ...]
    way: str  # how the names on the way are joined, as a choice of info.csv or a word; empty for one name


_JOINED: Mapping[str, re.Pattern[str]] = {
    "dotted": re.compile(r"[\w -]+(?:\.[\w -]+)+"),
    "slash": re.compile(r"/?[\w -]+(?:/[\w -]+)+"),
    "brackets": re.compile(r"[\w -]+(?:\[[\w -]+\])+"),
    "another separator": re.compile(r"\w+(?:(?:->|::?|\s*>\s*|\s|-|\|)\w+)+"),
}
_UNDERSCORED = re.compile(r"(data|names|api_limit)_(?:([0-9]{1,6})_)?(\w+)", re.IGNORECASE)
_NUMBERED = re.compile(r"[^\W\d]+_([0-9]{1,6})_([a-z]+)", re.IGNORECASE)
_LISTS = ("data", "names", "api_limit")


def place_of(name: str) -> Place | None:
    """The place that a name stands for; None for a name that nobody knows."""
    if (known := known_name(name)) is not None:
        return Place((known,), "")
    return _joined_place(name) if len(name) <= _LONGEST else None


@lru_cache(REMEMBERED)
def _joined_place(name: str) -> Place | None:
    for way, pattern in _JOINED.items():
        if pattern.fullmatch(name):
            apart = r"\w+" if way == "another separator" else r"[\w -]+"
            steps = _inner([_step(part.strip()) for part in re.findall(apart, name)])
            return Place(steps, way) if steps else None
    steps = tuple(_underscored(name))
    if len(steps) == 1 and (numbered := _NUMBERED.fullmatch(name)):
        steps = _inner([_step(part) for part in numbered.groups()])
    found = Place(steps, "underscore") if len(steps) > 1 else None
    return found if found and known_name(str(steps[-1])) else _run_together(name) or found


def _run_together(name: str) -> Place | None:
    """The place of a value of an account or of a row, whatever stands between the names, or nothing: `data__0__url`."""
    found = _TOGETHER.fullmatch(re.sub(r"[\W_]+", "", name).lower())
    if found is None:
        return None
    steps = tuple(int(part) if part.isdigit() else known_name(part) or part for part in found.groups() if part)
    return Place(steps, "another separator") if len(steps) > 1 else None


def _together(names: Iterable[str]) -> str:
    return "|".join(name.replace("_", "") for name in names)


_TOGETHER = re.compile(
    rf"(data)?([0-9]{{1,6}})?(apilimit)?({_together((*ACCOUNT, *UNITS))})"
    rf"|(data|names)([0-9]{{1,6}})({_together(COLUMNS)})"
)
_LONGEST = 100  # characters of a name of several


def _inner(steps: list[Step]) -> tuple[Step, ...]:
    """The steps from the first known member on: an answer may be in a wrapper, or rows in a list of another name."""
    for at, step in enumerate(steps):
        if step in _LISTS or (at and at == len(steps) - 1 and step in MEMBERS):
            return tuple(steps[at:])
        if isinstance(step, int) and at == len(steps) - 2 and steps[-1] in COLUMNS:
            return ("data", step, steps[-1])
    return ()


def _step(part: str) -> Step:
    return int(part) if part.isascii() and part.isdigit() else known_name(part) or part


def _underscored(name: str) -> Iterable[Step]:
    while found := _UNDERSCORED.fullmatch(name):
        yield known_name(found[1]) or found[1]
        if found[2]:
            yield int(found[2])
        name = found[3]
    yield known_name(name) or name


def is_known(name: str) -> bool:
    """Whether a name is documented, alone or as a path."""
    return place_of(name.strip()) is not None


def field_of(name: str, section: str, fields: Collection[Step]) -> str | None:
    """The field of an entry that a column's name stands for: `title`, `data.title`; None for another name."""
    place = place_of(name)
    if place is None or place.steps[-1] not in fields:
        return None
    return str(place.steps[-1]) if place.steps[:-1] in ((), (section,)) else None


# The account.


def account_place(name: str) -> Place | None:
    """The place of an account's member, however much of it the name has; None for another name."""
    place = place_of(name)
    if place is None:
        return None
    inner = [step for step in place.steps if step != "data" and not isinstance(step, int)]
    if inner and inner[0] in UNITS:
        inner.insert(0, "api_limit")
    return Place(("data", *inner), _way(place, inner)) if inner and inner[0] in ACCOUNT else None


def _way(place: Place, inner: list[Any]) -> str:
    """The choice of info.csv that a name of the account shows; empty where several would explain it."""
    if any(isinstance(step, int) for step in place.steps):
        return "paths with an entry's number"
    if place.steps[0] == "data":
        return place.way
    if place.way:
        return "paths without data"
    return "leaf" if inner[-1] in UNITS else ""


def put(model: dict[str, Any], steps: tuple[Step, ...], value: Any) -> bool:
    """Puts a value at a place, with the objects on the way; whether nothing stood in its way. Lists are made by
    `with_lists`.
    """
    node: dict[Any, Any] = model
    for step in steps[:-1]:
        node = node.setdefault(step, {})
        if not isinstance(node, dict):
            return False
    if steps[-1] in node:
        return False
    node[steps[-1]] = value
    return True


def with_lists(value: Any) -> Any:
    """The value with lists for objects whose names are the numbers of entries."""
    if not isinstance(value, dict):
        return value
    members = {name: with_lists(member) for name, member in value.items()}
    if members and all(isinstance(name, int) for name in members):
        return [members[number] for number in sorted(members)]
    return {str(name): member for name, member in members.items()}
