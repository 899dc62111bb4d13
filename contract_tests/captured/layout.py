"""What is wrong with how an answer is written and sent: its HTTP head, and what a profile says of its bytes."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.captured.answer import Answer, problem, wrong_choice
from contract_tests.captured.capture import Capture
from contract_tests.contract import values
from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.csv_rows import csv_problems
from contract_tests.contract.csvw import TABLES
from contract_tests.contract.validate import SchemaProblem
from contract_tests.decode.csv import read_lines

HTTP_OK = 200


def look_at_writing(answer: Answer) -> Iterator[SchemaProblem]:
    """The choices that the bytes show are the profile's."""
    for clause, seen in answer.decoded.choices.items():
        yield from wrong_choice(answer, clause, seen, "")


def look_at_lines(answer: Answer) -> Iterator[SchemaProblem]:
    """CSV under a profile: its lines against the table description, laid out as they show themselves."""
    given, name, choices = answer.asked.profile, answer.schema, answer.decoded.choices
    if answer.decoded.format != "csv" or given is None or name is None or name not in TABLES:
        return
    delimiter = choices.get("csv.delimiter", answer.asked.known.get("csv.delimiter", ","))
    shown = {"result.times": values.form_of_time(answer.model.get("create_time"))}
    open_ = {c: choice for c, choice in shown.items() if all_clauses()[c].covers(choice)}
    seen = {c: choice for c, choice in choices.items() if all_clauses()[c].covers(choice)}
    yield from csv_problems(read_lines(answer.capture.body, delimiter), name, {**open_, **given, **seen})


def look_at_http(answer: Answer) -> Iterator[SchemaProblem]:
    """The HTTP status and the Content-Type, where they were kept; what the profile says of them."""
    code, error = answer.model.get("error_code"), answer.model.get("status") == "error"
    capture, may_fail = answer.capture, answer.method not in ("create", "info")
    if capture.status is None:
        return
    # A task that has failed is told by its result, and the HTTP status may mirror its code.
    if not (error and may_fail and code == capture.status):
        yield from http_fault(capture)
    mirrored = code if error and isinstance(code, int) and 400 <= code < 600 else HTTP_OK
    due = {"body": HTTP_OK, "mirror": mirrored}.get(answer.asked.known.get("error.http-status", ""), capture.status)
    if capture.status != due:
        yield problem("error.http-status", "HTTP status", "choice", str(due), str(capture.status))
    yield from _content_type(answer)


def http_fault(capture: Capture) -> Iterator[SchemaProblem]:
    """An HTTP status that says that the server broke."""
    if capture.status is not None and capture.status >= 500:
        yield problem("server.never-breaks", "HTTP status", "maximum", "a status below 500", str(capture.status))


def _content_type(answer: Answer) -> Iterator[SchemaProblem]:
    clause, told = f"content-type.{answer.decoded.format}", answer.capture.content_type
    due = answer.asked.known.get(clause)
    if due is None or told is None:
        return
    encoding = answer.decoded.choices.get("csv.encoding", answer.asked.known.get("csv.encoding"))
    due = due.replace("{charset}", "windows-1251" if encoding == "cp1251" else "utf-8")
    if told != due:
        yield problem(clause, "Content-Type", "choice", due, "another one" if told else "none")
