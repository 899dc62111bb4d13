"""Near misses: what comes close to an answer is refused where it is wrong, and every constraint is needed for it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from contract_tests.contract import resolve, validate
from support.samples import (
    JSON_EDITS,
    edited,
    miss_id,
    name_of,
    near_misses,
    of_format,
    read_json,
    schema_of,
)
from support.subschemas import constraints, written

MISSES = near_misses("json")


def near_miss(miss: dict[str, Any]) -> Any:
    return edited(read_json(miss["base"]), miss["edit"], JSON_EDITS)


def reported(miss: dict[str, Any]) -> set[tuple[str, str]]:
    found = validate.problems(miss["schema"], near_miss(miss), profile=miss.get("profile"))
    return {(p.path, p.rule) for p in found}


@pytest.mark.parametrize("miss", MISSES, ids=miss_id)
def test_a_near_miss_is_refused_where_it_is_wrong(miss: dict[str, Any]) -> None:
    assert (miss["path"], miss["rule"]) in reported(miss)


@pytest.mark.parametrize("miss", [m for m in MISSES if "profile" in m], ids=miss_id)
def test_what_only_a_profile_refuses_is_open_without_one(miss: dict[str, Any]) -> None:
    assert validate.problems(miss["schema"], near_miss(miss)) == []


def test_more_members_than_are_documented_are_taken() -> None:
    for sample in of_format("json"):
        answer = read_json(name_of(sample))
        answer["eleventh"] = None
        for row in answer.get("data", []) if isinstance(answer.get("data"), list) else []:
            row["eleventh"] = {"a": 1}

        assert validate.problems(schema_of(sample), answer) == []


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Takes a constraint away from a file."""
    read = resolve.document

    def clear() -> None:
        for cached in (resolve.resolved, validate._validator):
            cached.cache_clear()

    def remove(name: str, place: tuple[str | int, ...]) -> None:
        changed = read(name)
        node = changed
        for step in place[:-1]:
            node = node[step]
        del node[place[-1]]
        monkeypatch.setattr(resolve, "document", lambda n: deepcopy(changed) if n == name else read(n))
        clear()

    yield remove
    monkeypatch.undo()
    clear()


@pytest.mark.few(60)
@pytest.mark.parametrize(("name", "place"), list(constraints()), ids=lambda x: x if isinstance(x, str) else written(x))
def test_each_constraint_is_needed_by_a_near_miss(without: Any, name: str, place: tuple[str | int, ...]) -> None:
    rule = "required" if "required" in place[-2:] else place[-1]
    without(name, place)

    for miss in MISSES:
        if rule in ("$ref", miss["rule"]) and (miss["path"], miss["rule"]) not in reported(miss):
            return
    pytest.fail("no near miss shows what this constraint is good for")
