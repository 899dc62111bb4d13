"""Everything in which a captured answer breaks the contract; no problem holds a value of the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from contract_tests.api.calls import FORMATS
from contract_tests.captured.capture import Asked, Capture
from contract_tests.contract.any_answer import server_fault, status_word
from contract_tests.contract.clauses import Problem, all_clauses, problem
from contract_tests.contract.ready_checks import Model, ShownChoice, TaskFacts, check
from contract_tests.contract.validate import each_problem
from contract_tests.contract.values import ENCODING_OF, OF_HTTP, error_status, shape, with_charset
from contract_tests.decode.model import Decoded
from contract_tests.redact.mask import repeated


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
    """A choice that differs from the profile's, or that no choice covers. A name or a text of the answer's own is not
    reported; the words for what no choice covers are the reader's.
    """
    if answer.asked.profile is None or (answer.capture.recoded and clause in _OF_CHARSET):
        return
    due, about = answer.asked.known.get(clause), all_clauses()[clause]
    if not about.covers(seen):
        expected = "one of the choices" if due is None else f"the choice {due!r}"
        yield problem(clause, path, "choice", expected, f"{seen!r}, which no choice covers")
    elif due is not None and seen != due:
        yield problem(
            clause, path, "choice", f"the choice {due!r}", repr(seen) if seen in about.choices else "another one"
        )


_OF_CHARSET = ("csv.encoding", "csv.lacking", "xml.encoding")  # what no longer shows in text that a tool has decoded


def token(capture: Capture, asked: Asked) -> Iterator[Problem]:
    """The token of the call in the answer, which may be in a layout that nobody knows."""
    if repeated(asked.secrets, capture.body):
        yield problem("token.never-repeated", "", "not", "an answer without the token", "the token of the call")


def _token(answer: Answer) -> Iterator[Problem]:
    yield from token(answer.capture, answer.asked)


def _http_fault(answer: Answer) -> Iterator[Problem]:
    of_task = answer.method not in ("create", "info")
    yield from http_fault(answer.capture, answer.asked, answer.model, of_task=of_task)


def http_fault(
    capture: Capture, asked: Asked, model: Model = MappingProxyType({}), *, of_task: bool = False
) -> Iterator[Problem]:
    """An HTTP status that reports a fault of the server."""
    http_method, operation = asked.http_method or "", asked.method
    fault = server_fault(capture.status or 0, model, of_task=of_task, http_method=http_method, operation=operation)
    if not fault.holds:
        yield fault.problem("server.never-breaks")


def _http_status(answer: Answer) -> Iterator[Problem]:
    status, error = answer.capture.status, answer.model.get("status") == "error"
    code = answer.model.get("error_code") if error else None
    if status is None:
        return
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
    if rows is not None and due is not None and rows != due and answer.model.get(rows):
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


_READY = (
    "result.row-phone",
    "result.photo",
    "result.photo-lines",
    "result.ip",
    "result.times-ordered",
    "result.times",
    "quota.unit",
)
"""The schemas check the other clauses of ready answers, under a profile."""


def _follows_format(answer: Answer) -> Iterator[Problem]:
    """Whether an error, or an answer of info, is written in the format that was asked for."""
    asked, is_error = answer.asked.format, answer.model.get("status") == "error"
    if asked is not None and asked != FORMATS[0] and (is_error or answer.method == "info"):
        clause = "error.follows-format" if is_error else "info.follows-format"
        yield from _choice(answer, clause, "yes" if answer.decoded.format == asked else "no", "")


def _writing(answer: Answer) -> Iterator[Problem]:
    for clause, seen in answer.decoded.choices.items():
        yield from _choice(answer, clause, seen, "")


CHECKS: tuple[Callable[[Answer], Iterator[Problem]], ...] = (
    _token,
    _http_fault,
    _http_status,
    _content_type,
    _status,
    _section,
    _schema,
    _ready,
    _follows_format,
    _writing,
)
"""Of two checks that report one clause at one place, the first counts."""
CHECKS_OF_WRITING = (_token, _http_fault, _content_type, _writing)
"""Those that hold for an answer whose members are a guess."""
