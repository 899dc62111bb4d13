"""The judgement on a captured answer: what it is recognised as, and every problem."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.captured.answer_checks import CHECKS, Answer, http_fault
from contract_tests.captured.capture import MAX_BYTES, Asked, Capture
from contract_tests.contract.clauses import Problem, in_order, problem
from contract_tests.contract.editions import sections_of
from contract_tests.contract.outcome import Outcome
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context, Decoded, Unreadable

_TRIED = ("result", "create", "info")  # methods whose CSV layouts are tried for an unknown method; result has the most
_VAGUE = "no known columns"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def format_of(body: bytes) -> str:
    """The format that the first character indicates; CSV has no such character."""
    start = next((body[len(mark) :] for mark in _MARKS if body.startswith(mark)), body)
    first = start[:1024].replace(b"\0", b"").lstrip()[:1]
    return {b"{": "json", b"[": "json", b"<": "xml"}.get(first, "csv")


def read(capture: Capture, asked: Asked) -> Decoded:
    """The decoded answer. Raises Unreadable, which holds nothing of the answer."""
    _refuse_what_is_no_text(capture, asked)
    body = capture.body
    fmt = asked.format or format_of(body)
    if fmt != "csv":
        return read_answer(body, fmt, Context(asked.method or "result"))
    decoded = _read_csv(body, asked)
    # Any text decodes as one column without a header, so such a column must be known to be CSV.
    if asked.format is None and decoded.rows == "names" and decoded.choices.get("csv.header") == "no":
        csv_by_name = (capture.content_type or "").lower().startswith("text/csv")
        if asked.known.get("csv.header") != "no" and not csv_by_name:
            raise Unreadable("no CSV with known columns; for CSV without a header, name the format csv")
    return decoded


def _refuse_what_is_no_text(capture: Capture, asked: Asked) -> None:
    body = capture.body
    if len(body) > MAX_BYTES:
        raise Unreadable(f"more than {MAX_BYTES // 2**20} MiB, which is not looked at")
    if (lacking := (capture.length or 0) - len(body)) > 0:
        raise Unreadable(f"{len(body)} bytes, {lacking} fewer than its Content-Length says")
    if body.startswith(b"\x1f\x8b"):
        raise Unreadable("compressed bytes (gzip): capture the unpacked body, as curl --compressed does")
    if not body and asked.format != "csv":
        raise Unreadable("an empty body")
    if re.match(rb"\s*<(?:!doctype html|html)\b", body[:1024], re.IGNORECASE):
        raise Unreadable("an HTML page")


def _read_csv(body: bytes, asked: Asked) -> Decoded:
    misses: list[Unreadable] = []
    for method in [asked.method] if asked.method else _TRIED:
        try:
            return read_answer(body, "csv", Context(method, asked.section, asked.known))
        except Unreadable as miss:
            misses.append(miss)
    raise next((miss for miss in misses if _VAGUE not in str(miss)), misses[0])


def schema_of(model: Mapping[str, Any], asked: Asked) -> str | None:
    """The schema that applies; None where status and members do not decide. Every error is an `error`; a ready answer
    with an unknown section is `ready`.
    """
    status = model.get("status")
    if asked.schema or status == "error":
        return asked.schema or "error"
    if asked.method in ("create", "info"):
        return asked.method
    if status == "processing":
        return "processing"
    if status == "ready":
        sections = [asked.section] if asked.section else sections_of(model)
        return f"ready-{sections[0]}" if len(sections) == 1 else "ready"
    if asked.method is None and status == "ok" and "id" in model:
        return "create"
    is_info = "data" in model if status == "ok" else "status" not in model and isinstance(model.get("data"), Mapping)
    return "info" if asked.method is None and is_info else None


def method_of(schema: str | None, asked: Asked) -> str | None:
    """The method that answered; None for an error of unknown origin."""
    methods = {"create": "create", "info": "info", "processing": "result", "ready": "result"}
    return asked.method or methods.get((schema or "").partition("-")[0])


MOST = 1000  # problems that are kept of an answer, of promises and of assumptions each


@dataclass(frozen=True)
class Judgement:
    """What an answer was recognised as and what is wrong with it; None: not recognised."""

    format: str | None
    method: str | None
    schema: str | None
    problems: tuple[Problem, ...]
    model: Mapping[str, Any] = field(default_factory=dict)  # the decoded answer; empty for one that could not be read
    cut: bool = False  # whether there are more problems than are kept

    @property
    def outcome(self) -> Outcome:
        """BROKEN for a broken promise or law, REFUTED for assumptions only, else HOLDS."""
        if any(p.binding for p in self.problems):
            return Outcome.BROKEN
        return Outcome.REFUTED if self.problems else Outcome.HOLDS

    @property
    def title(self) -> str:
        """What the answer was recognised as, such as `ready-data in xml`."""
        known = self.schema or (f"an answer of {self.method}" if self.method else "no known answer")
        return f"{known} in {self.format}" if self.format else known

    def lines(self, most: int | None = None) -> Iterator[str]:
        """A line for each problem, broken promises first."""
        ranked = sorted(self.problems, key=lambda p: not p.binding)
        yield from (f"{outcome_of(p)}: {p}" for p in ranked[:most])
        if self.cut:
            yield "and more problems, which are not listed"
        elif len(ranked) > (most or len(ranked)):
            yield f"and {len(ranked[most:])} more; --output json lists them"

    def fails(self, *, strict: bool) -> bool:
        """Whether a promise or law is broken or, with strict, an assumption refuted."""
        return self.outcome is Outcome.BROKEN or (strict and self.outcome is Outcome.REFUTED)


def outcome_of(problem: Problem) -> Outcome:
    return Outcome.BROKEN if problem.binding else Outcome.REFUTED


def judge(capture: Capture, asked: Asked) -> Judgement:
    """Decodes the answer and runs every check. Raises UnknownSchemaError, and UsageError for a wrong profile."""
    try:
        decoded = read(capture, asked)
    except Unreadable as why:
        return _unreadable(capture, asked, str(why))
    schema = schema_of(decoded.model, asked)
    answer = Answer(capture, asked, decoded, method_of(schema, asked), schema)
    problems, cut = _problems(answer)
    return Judgement(decoded.format, answer.method, schema, tuple(in_order(problems)), decoded.model, cut)


def _unreadable(capture: Capture, asked: Asked, why: str) -> Judgement:
    seen = format_of(capture.body)
    fmt = asked.format or (None if seen == "csv" else seen)
    expected = f"an answer in {asked.format or 'JSON, XML or CSV'}"
    found = why if fmt or not capture.body else f"no JSON, no XML, and {why}"
    unread = problem("format.readable", "", "readable", expected, found)
    return Judgement(fmt, asked.method, asked.schema, (unread, *http_fault(capture)))


def _problems(answer: Answer) -> tuple[set[Problem], bool]:
    """The problems of all checks, at most MOST of each weight, and whether there are more."""
    kept: set[Problem] = set()
    room = {True: MOST, False: MOST}
    cut = False
    for check in CHECKS:
        reported = {(p.path, p.clause) for p in kept}
        for found in check(answer):
            if found in kept or (found.path, found.clause) in reported:
                continue
            if room[found.binding]:
                room[found.binding] -= 1
                kept.add(found)
            else:
                cut = True
                if found.binding:
                    break
    return kept, cut
