"""assert_conforms: what it returns, what it reports and how."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contract_tests.captured.capture import Capture
from contract_tests.captured.conforms import DoesNotConform, assert_conforms
from contract_tests.captured.sent import SentCall
from contract_tests.contract.clauses import UsageError
from support.clients import (
    BAD,
    CREATED,
    TOKEN,
    URL,
)
from support.samples import FIXTURES, SAMPLES, name_of, schema_of


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_every_sample_conforms_and_its_members_are_given(sample: Path) -> None:
    model = assert_conforms(sample.read_bytes())

    kind = schema_of(sample).partition("-")[0]
    assert model["status"] == {"create": "ok", "info": "ok"}.get(kind, kind)
    if sample.suffix == ".json":
        assert model == json.loads(sample.read_bytes())


def test_a_text_is_taken_too() -> None:
    assert assert_conforms(CREATED.decode()) == {"status": "ok", "id": 1}


def test_the_reprs_of_what_is_judged_hold_no_secret() -> None:
    call = SentCall("POST", URL, (("token", TOKEN),))

    assert TOKEN in repr(call.asked.secrets)
    for thing in (call, call.asked, Capture(f'{{"message":"{TOKEN}"}}'.encode())):
        assert TOKEN not in repr(thing)


# What a response shows.


@dataclass
class Request:
    method: str = "GET"
    url: Any = URL
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class LikeRequests:
    content: bytes
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    request: Any = field(default_factory=Request)


def test_an_answer_that_repeats_the_token_of_its_call_does_not_conform() -> None:
    repeats = json.dumps({"status": "error", "error_code": 1, "message": f"no {TOKEN}"}).encode()

    assert assert_conforms(repeats)
    with pytest.raises(DoesNotConform, match=r"token\.never-repeated, law") as caught:
        assert_conforms(LikeRequests(repeats))
    assert TOKEN not in str(caught.value)


def test_an_address_that_is_an_object_is_read_as_text() -> None:
    class Address:
        def __str__(self) -> str:
            return URL

    with pytest.raises(DoesNotConform, match="create in json"):
        assert_conforms(LikeRequests(b'{"status":"processing"}', request=Request(url=Address())))


def test_json_is_due_where_the_call_named_no_format() -> None:
    table = b"status,id\r\nok,1\r\n"

    assert assert_conforms(LikeRequests(table, request=Request("POST")))
    with pytest.raises(DoesNotConform, match="an answer in json"):
        assert_conforms(LikeRequests(table))
    assert assert_conforms(LikeRequests(table), format="csv")


def test_every_problem_is_listed_those_that_break_a_promise_first() -> None:
    ready = json.loads((FIXTURES / "synthetic/json/ready-data-one.json").read_bytes())
    ready["data"][0] |= {"price": "dear", "title": None, "phone": "7 000 000 00 02"}
    del ready["cost"]

    with pytest.raises(DoesNotConform) as caught:
        assert_conforms(json.dumps(ready), source=2, phone="70000000001", profile={})

    lines = [line.strip().partition(":")[::2] for line in str(caught.value).splitlines()[1:]]
    assert [(word, rest.split(":")[0].strip()) for word, rest in lines] == [
        ("broken", "cost"),
        ("broken", "data[0].phone"),
        ("broken", "data[0].title"),
        ("refuted", "data[0].price"),
    ]
    clauses = {"result.ready", "result.row-phone", "result.row-fields", "row.price"}
    assert {p.clause for p in caught.value.problems} == clauses


def test_an_assumption_counts_with_strict_only(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[profile]\n"xml.root" = "answer"\n', encoding="utf-8")
    body = b"<r><status>processing</status></r>"

    assert assert_conforms(body, profile=tmp_path / "p.toml")
    with pytest.raises(DoesNotConform, match=r"refuted: the answer: expected the choice 'answer', found another one"):
        assert_conforms(body, profile=tmp_path / "p.toml", strict=True)


def test_a_layout_that_no_choice_covers_breaks_no_promise_and_counts_with_strict() -> None:
    body = b"<rows><row><c>a</c></row><row><c>b</c></row></rows>"

    assert assert_conforms(body, method="create", format="xml") == {}
    with pytest.raises(DoesNotConform, match="refuted: the answer: expected a layout that a choice of this clause"):
        assert_conforms(body, method="create", format="xml", strict=True)


def test_members_that_are_a_guess_are_given_and_not_judged() -> None:
    table = b"Access denied\r\n"

    assert assert_conforms(table, method="result", format="csv", strict=True)["names"] == [{"name": "Access denied"}]


def test_it_is_an_assertion_that_fails() -> None:
    with pytest.raises(AssertionError):
        assert_conforms(BAD)


@pytest.mark.parametrize("wrong", [{"method": "delete"}, {"format": "yaml"}, {"source": 5}])
def test_an_unknown_argument_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="allowed are"):
        assert_conforms(CREATED, **wrong)


def test_an_unknown_clause_of_a_profile_is_refused() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'xml\.root'"):
        assert_conforms(CREATED, profile={"xml.rot": "a"})


def test_a_failure_with_the_local_variables_shown_holds_no_body_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        f"""
import httpx
from mockserver.testing import assert_conforms

REQUEST = httpx.Request("GET", {URL!r})

def test_an_answer():
    assert_conforms(httpx.Response(200, content={BAD!r}, request=REQUEST))

def test_a_stream():
    assert_conforms(httpx.Response(200, content=iter([{BAD!r}]), request=REQUEST))
""",
        encoding="utf-8",
    )

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--showlocals", "--tb=long", "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "2 failed" in done.stdout
    assert not {"conforms.py", "responses.py"} & {*re.findall(r"\w+\.py", done.stdout)}
    shown = [line for line in done.stdout.splitlines() if not line.startswith((">", "    "))]
    assert not [line for line in shown if TOKEN in line or "secret-value" in line]


def test_it_is_loaded_when_it_is_asked_for_and_loads_no_transport() -> None:
    program = """
import sys, contract_tests
before = {*sys.modules}
contract_tests.assert_conforms
print("jsonschema" in before, {"h11", "pytest", "contract_tests.transport.client"} & {*sys.modules})
"""

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout == "False set()\n"
