"""Flat answers: names and values into nested members, with the way in which they were laid flat."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from contract_tests.contract.members import ACCOUNT, UNITS
from contract_tests.decode.csv_names import Place, account_place, place_of, put, with_lists
from contract_tests.decode.json import json_value
from contract_tests.decode.model import Misfit, TooLarge, UnknownLayout, Unreadable, typed

_LISTS = ("data", "names", "api_limit")
"""Members that are no texts, so that a cell can't hold one as it is."""
OF_JSON = (_ONE_OF_JSON, _CELLS_OF_JSON) = ("json", "JSON in cells")
"""The words of info.csv for an account of which cells are JSON."""
LOST = "Array"  # what PHP writes for a list where a text should be


def nested(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, Any], dict[str, str]]:
    """The members, and the choices of info.csv and csv.rows that their names and values show. Raises Misfit,
    UnknownLayout.
    """
    model: dict[str, Any] = {}
    ways: dict[str, set[str]] = {"info.csv": set(), "csv.rows": set()}
    for name, text in pairs:
        account = account_place(name)
        place = account or place_of(name) or Place((name,), "")
        value, is_json = _value(str(place.steps[-1]), text)
        if not put(model, place.steps, value):
            raise Misfit("a name that stands twice")
        of_account = place is account or _is_account(value)
        way = (_ONE_OF_JSON if place.steps == ("data",) or not of_account else _CELLS_OF_JSON) if is_json else place.way
        ways["info.csv" if of_account else "csv.rows"].add(way if is_json or of_account else way and "flattened")
    model = with_lists(model)
    if "names" not in model and _are_names(model.get("data")):
        model["names"] = model.pop("data")  # in a list of another name
    if isinstance(names := model.get("names"), list):
        model["names"] = [entry if isinstance(entry, Mapping) else {"name": entry} for entry in names]
    shown = {clause: found - {""} for clause, found in ways.items()}
    if model.get("status", "ready") != "ready":
        del shown["csv.rows"]  # members that nobody knows, of another answer
    return model, {c: found.pop() if len(found) == 1 else "several ways" for c, found in shown.items() if found}


def _are_names(data: Any) -> bool:
    return bool(data) and isinstance(data, list) and all(isinstance(e, Mapping) and [*e] == ["name"] for e in data)


def _is_account(value: Any) -> bool:
    """Whether a value is an account, or a list of one."""
    account = value[0] if isinstance(value, list) and len(value) == 1 else value
    return isinstance(account, Mapping) and bool({*ACCOUNT} & account.keys())


def cell_value(name: str, text: str) -> str | int:
    """A member's value. White space around units is layout, and a comma may divide their decimals."""
    return typed(name, _DECIMALS.sub(r"\1.\2", text.strip()) if name in _UNITS else text)


_UNITS = ("cost", *UNITS)
_DECIMALS = re.compile(r"\A([0-9]{1,15}),([0-9]{1,4})\Z")


def _value(name: str, text: str) -> tuple[Any, bool]:
    """A cell's value, and whether it is JSON. Raises UnknownLayout for a list that is written otherwise."""
    if name not in _LISTS or text == LOST:
        return cell_value(name, text), False
    if not text.strip():
        return [] if name in ("data", "names") else {}, False
    try:
        value = json_value(text)
    except TooLarge:
        raise
    except Unreadable:
        value = None
    if not isinstance(value, Mapping | list):
        raise UnknownLayout("csv.rows", "lists as text")
    return value, True
