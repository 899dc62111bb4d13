"""Everything in which a captured answer breaks the contract; no problem holds a value of the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from contract_tests.captured.capture import Asked, Capture
from contract_tests.contract.any_answer import server_fault, status_word
from contract_tests.contract.clauses import Problem, all_clauses, problem
from contract_tests.contract.csvw import TABLES, csv_problems
from contract_tests.contract.ready_checks import Model, ShownChoice, TaskFacts, check
from contract_tests.contract.validate import each_problem
from contract_tests.contract.values import ENCODING_OF, OF_HTTP, error_status, form_of_time, shape, with_charset
from contract_tests.decode.csv import read_lines
from contract_tests.decode.model import Decoded
from contract_tests.redact.mask import SecretMatcher


@dataclass(frozen=True)
class Answer:
    """A captured answer that was decoded, with what is known of its call."""

    capture: Capture
    asked: Asked
    decoded: Decoded
    method: str | None
    schema: str | None  # the schema that applies; None: unknown

    @property
    def model(self) -> Mapping[str, Any]:
        return self.decoded.model


def _choice(answer: Answer, clause: str, seen: str, path: str) -> Iterator[Problem]:
    """A choice that differs from the profile's. A name or a text of the answer's own is not reported."""
    due = answer.asked.known.get(clause)
    if due is not None and seen != due:
        found = repr(seen) if seen in all_clauses()[clause].choices else "another one"
        yield problem(clause, path, "choice", f"the choice {due!r}", found)


def _token(answer: Answer) -> Iterator[Problem]:
    if SecretMatcher(dict.fromkeys(answer.asked.secrets, "token")).found_in(answer.capture.body):
        yield problem("token.never-repeated", "", "not", "an answer without the token", "the token of the call")


def http_fault(capture: Capture, model: Model = MappingProxyType({}), *, of_task: bool = False) -> Iterator[Problem]:
    """An HTTP status that reports a fault of the server."""
    fault = server_fault(capture.status or 0, model, of_task=of_task)
    if not fault.holds:
        yield fault.problem("server.never-breaks")


def _http_status(answer: Answer) -> Iterator[Problem]:
    status, error = answer.capture.status, answer.model.get("status") == "error"
    code = answer.model.get("error_code") if error else None
    if status is None:
        return
    yield from http_fault(answer.capture, answer.model, of_task=answer.method not in ("create", "info"))
    choice = answer.asked.known.get("error.http-status")
    due = error_status(choice, code) if choice else status
    if status != due and not (error and status in OF_HTTP):
        yield problem("error.http-status", "HTTP status", "choice", str(due), str(status))


def _content_type(answer: Answer) -> Iterator[Problem]:
    clause, sent = f"content-type.{answer.decoded.format}", answer.capture.content_type
    due = answer.asked.known.get(clause)
    if answer.capture.status is None or due is None or sent is None:
        return
    writing = ENCODING_OF.get(clause, "")
    encoding = answer.decoded.choices.get(writing, answer.asked.known.get(writing))
    if sent != (expected := with_charset(due, encoding)):
        yield problem(clause, "Content-Type", "choice", expected, "another one" if sent else "none")


def _status(answer: Answer) -> Iterator[Problem]:
    """A status by which no schema is known."""
    if answer.schema is not None:
        return
    status = answer.model.get("status")
    if answer.method == "result":
        yield status_word("result", answer.model).problem("result.ready")
    elif status == "ok":
        expected = "id, as in an answer of create, or data, as in one of info (or name its method)"
        yield problem("format.readable", "", "recognised", expected, "neither")
    else:
        found = shape(status) if "status" in answer.model else "nothing"
        yield problem("format.readable", "status", "enum", "ok, processing, ready or error", found)


def _section(answer: Answer) -> Iterator[Problem]:
    due, rows = answer.asked.section, answer.decoded.rows
    if rows is not None and due is not None and rows != due:
        expected = f"the section {due}, which the source fills"
        yield problem("result.own-section", "", "columns", expected, f"rows of {rows}")


def _schema(answer: Answer) -> Iterator[Problem]:
    """The answer against its schema; rows alone (CSV) against the part for them."""
    profile = None if answer.asked.profile is None else answer.decoded.shown(answer.asked.profile)
    found = each_problem(answer.schema, answer.model, profile=profile) if answer.schema else ()
    yield from (p for p in found if p.path.startswith(answer.decoded.rows or ""))


def _ready(answer: Answer) -> Iterator[Problem]:
    if answer.model.get("status") != "ready":
        return
    facts = TaskFacts(phone=answer.asked.phone or "")
    for clause in _READY:
        for found in check(clause, answer.model, facts, rows_only=answer.decoded.rows is not None):
            if isinstance(found, ShownChoice):
                yield from _choice(answer, clause, found.choice, found.path)
            elif not found.holds and found.value is not None:  # the schema reports what is missing
                yield found.problem(clause)


_READY = ("result.row-phone", "result.photo", "result.ip", "result.times-ordered", "result.times", "quota.unit")
"""The schemas check the other clauses of ready answers, under a profile."""


def _writing(answer: Answer) -> Iterator[Problem]:
    for clause, seen in answer.decoded.choices.items():
        yield from _choice(answer, clause, seen, "")


def _lines(answer: Answer) -> Iterator[Problem]:
    """CSV under a profile: its lines against the table description, in the dialect that they show."""
    profile, name, known = answer.asked.profile, answer.schema, answer.asked.known
    if answer.decoded.format != "csv" or profile is None or name not in TABLES:
        return
    choices = answer.decoded.choices
    delimiter = choices.get("csv.delimiter", known.get("csv.delimiter", ","))
    times = _covered({"result.times": form_of_time(answer.model.get("create_time"))})
    lines = read_lines(answer.capture.body, delimiter)
    yield from csv_problems(lines, str(name), {**times, **profile, **_covered(choices)})


def _covered(choices: Mapping[str, str]) -> dict[str, str]:
    return {clause: choice for clause, choice in choices.items() if all_clauses()[clause].covers(choice)}


CHECKS: tuple[Callable[[Answer], Iterator[Problem]], ...] = (
    _token,
    _http_status,
    _content_type,
    _status,
    _section,
    _schema,
    _ready,
    _writing,
    _lines,
)
"""Of two checks that report one clause at one place, the first counts."""
