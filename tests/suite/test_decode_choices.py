"""What the mock writes in any profile is read as it was meant, and what the reader tells is what the profile says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests.decode.answers import read_answer
from contract_tests.decode.compare import formats_differ
from contract_tests.decode.model import Context, Decoded
from mockserver.core.messages import Answer
from mockserver.formats.writers import FORMATS, prepared
from mockserver.profile.profile import resolve
from support.in_process import CLAUSES

WRITTEN = ("xml.", "csv.", "json.", "info.csv")
OPEN = {c.id: c.every_choice() for c in CLAUSES.values() if c.default is not None and c.id.startswith(WRITTEN)}
TASK = {"cost": "2", "ip": "127.0.0.1", "create_time": 1893456000, "end_time": 1893456003}
NAMES = ("Оля", 'Вася, "Зайцев"', "Анна & <Ко>", "")


def row(number: int) -> dict[str, str]:
    return {
        "title": f'Диван «Икея» {number}; "х"',
        "price": "" if number else "1500",
        "time": "2030-01-01 00:00:00",
        "phone": "70001234567",
        "name": "Оля",
        "description": "Строка\r\nдве, три|\tи\\n \U0001f600" if number else "да",
        "location": "Адрес",
        "source": "avito.ru",
        "category": "Мебель",
        "url": f"http://x/{number}",
    }


def sections(filled: str, value: Any, others: str) -> dict[str, Any]:
    """The sections of an answer, of which one is filled; others: a choice of result.sections."""
    empty: Mapping[str, Any] = {
        "all": {"data": [], "names": [], "photo": ""},
        "null": dict.fromkeys(("data", "names", "photo")),
        "false": dict.fromkeys(("data", "names", "photo"), False),
        "relevant": {},
    }[others]
    return {
        name: value if name == filled else empty[name]
        for name in ("data", "names", "photo")
        if name in {*empty, filled}
    }


@st.composite
def answers(draw: st.DrawFn) -> tuple[Answer, Context]:
    """An answer of any kind with its context."""
    kind = draw(st.sampled_from(["data", "names", "photo", "processing", "created", "error", "info"]))
    others, count = draw(st.sampled_from(["all", "null", "false", "relevant"])), draw(st.integers(0, 3))
    account = {"api_limit": {"used": 1, "of": 9}, "api_time_limit": "2030-01-01 00:00:00", "demo": "0"}
    ready: Mapping[str, Any] = {
        "data": [row(n) for n in range(count)],
        "names": [{"name": name} for name in NAMES[:count]],
        "photo": ("aGVsbG8/", "", None, "aGk=")[count],
    }
    if kind in ready:
        body = {"status": "ready", **sections(kind, ready[kind], others), **TASK}
        return Answer(body, rows=kind if kind != "photo" else None), Context("result", kind)
    bodies: Mapping[str, tuple[dict[str, Any], str]] = {
        "processing": ({"status": "processing"}, "result"),
        "created": ({"status": "ok", "id": 5}, "create"),
        "error": (
            {"status": "error", "error_code": (400, -1)[count % 2], "message": 'Нет <доступа>, и "всё"/'},
            "result",
        ),
        "info": ({"status": "ok", "data": [account] if count else account}, "info"),
    }
    body, method = bodies[kind]
    return Answer(body), Context(method)


PROFILES = st.fixed_dictionaries({name: st.sampled_from(choices) for name, choices in OPEN.items()})


def read(fmt: str, answer: Answer, context: Context, profile: Mapping[str, Any]) -> Decoded:
    return read_answer(prepared(fmt, resolve(CLAUSES, profile).rendering)[1](answer), fmt, context)


def meant(profile: Mapping[str, Any]) -> dict[str, Any]:
    """The profile, with a declaration where the encoding must be named."""
    return {**profile, **({"xml.declaration": "yes"} if profile.get("xml.encoding") == "cp1251" else {})}


@given(asked=answers(), fmt=st.sampled_from(FORMATS), profile=PROFILES)
@settings(max_examples=500)
def test_an_answer_is_read_as_it_was_meant_and_tells_its_profile(
    asked: tuple[Answer, Context], fmt: str, profile: dict[str, Any]
) -> None:
    answer, context = asked
    decoded = read(fmt, answer, context, profile)

    assert decoded.doubt or formats_differ(answer.body, decoded, context) is None
    assert decoded.doubt or decoded.choices.items() <= meant(profile).items()


@given(asked=answers(), fmt=st.sampled_from(FORMATS), profile=PROFILES)
@settings(max_examples=500)
def test_where_json_is_known_nothing_is_in_doubt(
    asked: tuple[Answer, Context], fmt: str, profile: dict[str, Any]
) -> None:
    answer, context = asked
    decoded = read(fmt, answer, Context(context.method, context.section, reference=answer.body), profile)

    assert not decoded.doubt
    assert formats_differ(answer.body, decoded, context) is None
    assert decoded.choices.items() <= meant(profile).items()


@pytest.mark.parametrize(
    ("clause", "choice"), [(clause, choice) for clause, choices in OPEN.items() for choice in choices]
)
def test_every_choice_shows_in_some_answer(clause: str, choice: Any) -> None:
    fmt = "csv" if clause == "info.csv" else clause.partition(".")[0]
    profile = {clause: choice, **({"csv.encoding": "cp1251"} if clause == "csv.lacking" else {})}
    account = {"api_limit": {"used": 1, "of": 9}, "api_time_limit": "2030-01-01 00:00:00", "demo": "0"}
    kinds = [
        (
            Answer({"status": "ready", **sections("data", [row(0), row(1)], "all"), **TASK}, rows="data"),
            Context("result", "data"),
        ),
        (
            Answer(
                {"status": "ready", **sections("names", [{"name": n} for n in NAMES], "null"), **TASK}, rows="names"
            ),
            Context("result", "names"),
        ),
        (Answer({"status": "ok", "data": account}), Context("info")),
        (Answer({"status": "ok", "id": 5}), Context("create")),
    ]
    seen = set()
    for answer, context in kinds:
        known = Context(context.method, context.section, reference=answer.body)
        seen.add(read(fmt, answer, known, profile).choices.get(clause))

    assert seen - {None} == {choice}
