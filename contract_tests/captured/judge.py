"""The judgement on a captured answer: what it is recognised as, and every problem."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contract_tests.captured.answer_checks import CHECKS, CHECKS_OF_WRITING, Answer, http_fault, token
from contract_tests.captured.capture import MAX_BYTES, Asked, Capture
from contract_tests.captured.no_answer import mark_of, wrong_body
from contract_tests.contract.any_answer import OVERSIZED, is_by_api
from contract_tests.contract.clauses import Problem, in_order, problem
from contract_tests.contract.editions import sections_of
from contract_tests.contract.members import STATUSES
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.values import HTTP_OK
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context, Decoded, TooLarge, UnknownLayout, Unreadable

_TRIED = ("result", "create", "info")  # methods whose layouts are tried for an unknown one; result has the most

LONGEST_OF_OTHERS = 2**16
"""Bytes of the largest answer that may be one of create or info where its method is not known."""


def format_of(body: bytes) -> str:
    """The format that the first character indicates; CSV has no such character."""
    first = body.removeprefix(mark_of(body))[:1024].replace(b"\0", b"").lstrip()[:1]
    return {b"{": "json", b"[": "json", b"<": "xml"}.get(first, "csv")


def read(capture: Capture, asked: Asked) -> Decoded:
    """The decoded answer. Raises Unreadable and UnknownLayout, which hold nothing of the answer."""
    fmt = asked.format or (format_of(capture.body) if capture.body else "json")
    if len(capture.body) > MAX_BYTES:
        raise TooLarge(f"more than {MAX_BYTES // 2**20} MiB")
    if wrong := wrong_body(capture, fmt):
        raise Unreadable(wrong)
    if fmt == "json":
        return read_answer(capture.body, fmt, Context(asked.method or "result"))
    by_name = (capture.content_type or "").lower().startswith("text/csv")
    is_csv = asked.format == "csv" or asked.known.get("csv.header") == "no" or by_name
    return _read(capture.body, fmt, asked, guesses=fmt == "xml" or is_csv)


def _read(body: bytes, fmt: str, asked: Asked, *, guesses: bool) -> Decoded:
    """The first reading by a method and a section that is sure, else one that is not. Any text is a table without a
    line of names, so such a reading counts where the answer is known to be CSV.
    """
    doubtful: list[Decoded] = []
    misses: list[UnknownLayout | Unreadable] = []
    for context in _contexts(asked, len(body)):
        try:
            decoded = read_answer(body, fmt, context)
        except TooLarge:
            raise
        except (UnknownLayout, Unreadable) as miss:
            misses.append(miss)
            continue
        if decoded.format != fmt and asked.method is None and schema_of(decoded.model, asked) not in ("info", "error"):
            misses.append(Unreadable(f"JSON, where {fmt} was asked for"))
        elif decoded.doubt:
            doubtful.append(decoded)
        else:
            return decoded
    unknown = [miss for miss in misses if isinstance(miss, UnknownLayout)]
    if not guesses and (doubtful or unknown):
        raise Unreadable("no CSV with known columns; for CSV without a header, name the format csv")
    if doubtful:
        return doubtful[0]
    raise (unknown or misses)[0]


def _contexts(asked: Asked, size: int) -> Iterator[Context]:
    """What an answer may be, as far as that is open: a long one is none of a new task or of an account."""
    for method in [asked.method] if asked.method else _TRIED[: 1 if size > LONGEST_OF_OTHERS else None]:
        sections = (None, "data", "names") if method == "result" and asked.source is None else (asked.section,)
        yield from (Context(method, section, asked.known) for section in sections)


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
    model: Mapping[str, Any] = field(default_factory=dict, repr=False)  # empty for an answer that could not be read
    cut: bool = False  # whether there are more problems than are kept
    too_large: bool = False  # to be read
    doubt: str = ""  # why the members may be others than those read, so that they were not judged

    @property
    def outcome(self) -> Outcome:
        """BROKEN for a broken promise or law, REFUTED for assumptions only, INCONCLUSIVE for doubt, else HOLDS."""
        if any(p.binding for p in self.problems):
            return Outcome.BROKEN
        if self.problems:
            return Outcome.REFUTED
        return Outcome.INCONCLUSIVE if self.doubt else Outcome.HOLDS

    @property
    def is_unread(self) -> bool:
        """Whether the answer could not be read, or is in a layout that nobody knows."""
        return any(p.rule in ("readable", "layout") for p in self.problems) or (bool(self.doubt) and not self.model)

    @property
    def title(self) -> str:
        """What the answer was recognised as, such as `ready-data in xml`."""
        known = self.schema or (f"an answer of {self.method}" if self.method else "no known answer")
        known = f"perhaps {known}" if self.doubt else known
        return f"{known} in {self.format}" if self.format else known

    def lines(self, most: int | None = None) -> Iterator[str]:
        """A line for each problem, broken promises first."""
        if self.doubt:
            yield f"not judged: the members, because of {self.doubt}"
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


def judge(capture: Capture, asked: Asked, most: int = MOST) -> Judgement:
    """Decodes the answer and runs every check; keeps so many problems of each weight. Raises UnknownSchemaError, and
    UsageError for a wrong profile.
    """
    capture = capture.unpacked()
    try:
        decoded = read(capture, asked)
    except TooLarge as why:
        return replace(_unread(capture, asked, doubt=f"{why}: it can't be compared"), too_large=True)
    except Unreadable as why:
        if doubt := _by_server(capture, asked) or _empty_table(capture, asked):
            return _unread(capture, asked, doubt=doubt)
        return _unread(capture, asked, _unreadable(capture, asked, str(why)))
    except UnknownLayout as why:
        expected = "a layout that a choice of this clause covers"
        return _unread(capture, asked, problem(why.clause, "", "layout", expected, why.layout))
    if decoded.model.get("status") not in STATUSES and (by := _by_server(capture, asked)):
        return _unread(capture, asked, doubt=by)
    schema = schema_of(decoded.model, asked)
    answer = Answer(capture, asked, decoded, method_of(schema, asked), schema)
    problems, cut = _problems(answer, most)
    return Judgement(
        decoded.format, answer.method, schema, tuple(in_order(problems)), decoded.model, cut, doubt=decoded.doubt
    )


def _unread(capture: Capture, asked: Asked, *why: Problem, doubt: str = "") -> Judgement:
    """The judgement on an answer without members: what its bytes and its HTTP status show."""
    seen = format_of(capture.body)
    fmt = asked.format or (None if seen == "csv" and any(p.binding for p in why) else seen)
    problems = (*why, *http_fault(capture, asked), *token(capture, asked))
    return Judgement(fmt, asked.method, asked.schema, problems, doubt=doubt)


def _by_server(capture: Capture, asked: Asked) -> str:
    """Why an answer that is none of the API may be the web server's own, which breaks no promise; empty where not."""
    status, http_method = capture.status or 0, asked.http_method or ""
    if is_by_api(status, http_method, asked.method):
        return ""
    return f"HTTP {status}" if status in OVERSIZED else f"the HTTP method {http_method}, which nobody documents"


def _empty_table(capture: Capture, asked: Asked) -> str:
    """What an answer in CSV may be that has no byte; empty for any other."""
    may_be = capture.status == HTTP_OK and asked.format == "csv" and asked.method in (None, "result")
    return "a table without a line, as where nothing was found" if may_be and not capture.body.strip() else ""


_SEVERAL = re.compile(rb"\}\s*\{")
_WRITTEN_OUT = re.compile(rb"[}\]]\s*[1-5][0-9]{2}\s*\Z")


def _unreadable(capture: Capture, asked: Asked, why: str) -> Problem:
    is_text = asked.format or format_of(capture.body) != "csv" or not why.startswith("no CSV")
    expected = f"an answer in {asked.format or 'JSON, XML or CSV'}"
    if _SEVERAL.search(capture.body) and "Extra data" in why:
        why += ": of several answers, keep each in a file of its own"
    if _WRITTEN_OUT.search(capture.body[-64:]) and "Extra data" in why:
        why += ": if it is the HTTP status, as curl's --write-out appends it, leave it out"
    return problem("format.readable", "", "readable", expected, why if is_text else f"no JSON, no XML, and {why}")


def _problems(answer: Answer, most: int) -> tuple[set[Problem], bool]:
    """The problems of all checks, at most so many of each weight, and whether there are more."""
    kept: set[Problem] = set()
    room = {True: most, False: most}
    cut = False
    for check in CHECKS_OF_WRITING if answer.decoded.doubt else CHECKS:
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
