"""Why no answer of a run showed a clause: what an answer must hold to show it, and whether any held that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract_tests.api.reply import Reply
from contract_tests.contract.clauses import Clause
from contract_tests.contract.members import TIMES
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.ready_checks import entries
from contract_tests.findings.findings import Findings
from contract_tests.report.wording import counted


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer must hold to show a clause."""

    what: str
    holds: Callable[[Reply], bool] = lambda _: True
    """Whether an answer that could be read holds it."""
    format: str = ""  # that the call asked for; empty: any
    method: str = ""  # of the call; empty: any
    ready: bool = False  # a task must be ready

    def may_be(self, reply: Reply) -> bool:
        """Whether the answer, as far as that shows without reading it, could hold this."""
        fits = self.format in ("", reply.call.format) and self.method in ("", reply.call.method)
        return fits and (not self.ready or reply.call.method == "result")

    def is_in(self, reply: Reply) -> bool:
        """Whether an answer that could be read holds this."""
        written = self.format in ("", reply.decoded.format if reply.decoded else "")
        return reply.readable and written and (not self.ready or reply.status == "ready") and self.holds(reply)


def why_unseen(clause: Clause, findings: Findings, replies: Sequence[Reply]) -> str:
    """The reason why no choice of the clause was seen, for a profile: a test's own, or what the answers were."""
    reasons = findings.reasons.get(clause.id, {})
    held_back, others = (Outcome.UNAFFORDABLE, Outcome.ERROR), (Outcome.INCONCLUSIVE, Outcome.UNCHECKED)
    given = [next((reasons[o] for o in outcomes if o in reasons), "") for outcomes in (held_back, others)]
    evidence = EVIDENCE.get(clause.id)
    found = _found(evidence, replies) if evidence and not given[0] else ""
    if clause.id == "csv.lacking" and (encodings := findings.seen.get("csv.encoding", {}).keys() - {"cp1251"}):
        found = f"CSV was in {' and '.join(sorted(encodings))}, which lacks no character"
    return findings.mask.text(given[0] or found or given[1] or clause.unseen or "no answer showed it")


def _found(evidence: Evidence, replies: Sequence[Reply]) -> str:
    """What the answers were that could have held the evidence; empty where none came."""
    asked = [reply for reply in replies if evidence.may_be(reply)]
    holding = sum(evidence.is_in(reply) for reply in asked)
    unread = [reply for reply in asked if not reply.readable]
    of_format = f" in {evidence.format.upper()}" if evidence.format else ""
    if holding:
        return f"{counted(holding, 'answer')}{of_format} had {evidence.what}, and left the choice open"
    if unread:
        first = unread[0]
        others = f"; no other had {evidence.what}" if len(unread) < len(asked) else ""
        number = f"{counted(len(unread), 'answer')}{of_format} {'was' if len(unread) == 1 else 'were'} not read"
        return f"{number}: an answer {first.unread} ({first.call.name}){others}"
    return f"no answer{of_format} had {evidence.what}" if asked else ""


def _values(value: Any) -> Iterator[Any]:
    """A value and all values in it."""
    yield value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _values(one)


def _any(test: Callable[[Any], bool]) -> Callable[[Reply], bool]:
    """Whether some value in the answer passes the test."""
    return lambda reply: any(map(test, _values(reply.model)))


def _texts(test: Callable[[str], bool]) -> Callable[[Reply], bool]:
    return _any(lambda value: isinstance(value, str) and test(value))


def _of_section(*names: str, least: int = 1) -> Callable[[Reply], bool]:
    return lambda reply: any(len(entries(reply.model, name)) >= least for name in names)


def _in_cp1251(text: str) -> bool:
    return len(text.encode("cp1251", "ignore").decode("cp1251")) == len(text)


_BEYOND_ASCII = ("text beyond ASCII", _texts(lambda text: not text.isascii()))
_ENTRY = ("a list with an entry", _any(lambda value: isinstance(value, list) and bool(value)))
_EMPTY = ("an empty value", _any(lambda value: value in ("", None) or value == []))
_ROWS = ("a section with a row", _of_section("data", "names"))

EVIDENCE: Mapping[str, Evidence] = {
    "result.photo-empty": Evidence(
        "an empty photo", lambda r: "photo" in r.model and not r.model["photo"], "json", "result", ready=True
    ),
    "result.times": Evidence(
        "create_time or end_time", lambda r: any(n in r.model for n in TIMES), method="result", ready=True
    ),
    "result.sections": Evidence("a task that was ready", method="result", ready=True),
    "row.phone": Evidence("a row of data", _of_section("data"), "json", "result", ready=True),
    "quota.unit": Evidence("more than one record", _of_section("data", "names", least=2), method="result", ready=True),
    "info.csv": Evidence("members of the account", lambda r: "data" in r.model, "csv", "info"),
    "info.follows-format": Evidence("the account", lambda r: r.status != "error", method="info"),
    "json.escapes": Evidence("text beyond ASCII or a slash", _texts(lambda t: not t.isascii() or "/" in t), "json"),
    "json.indent": Evidence("members", format="json"),
    **{
        f"xml.{name}": Evidence(what, holds, "xml")
        for name, what, holds in (
            ("encoding", *_BEYOND_ASCII),
            ("escapes", *_BEYOND_ASCII),
            ("item", *_ENTRY),
            ("list", *_ENTRY),
            ("names", "an entry of names", _of_section("names")),
            ("text", "a text", _texts(bool)),
            ("empty", *_EMPTY),
            *((name, "elements", lambda _: True) for name in ("declaration", "root", "indent", "layout")),
        )
    },
    **{
        f"csv.{name}": Evidence(what, holds, "csv")
        for name, what, holds in (
            ("delimiter", "a second column", lambda r: len(r.model) > 1 or _of_section("data")(r)),
            ("encoding", *_BEYOND_ASCII),
            ("rows", *_ROWS),
            ("flat", "an answer without rows", lambda r: r.decoded is not None and r.decoded.rows is None),
            *((name, "a line", lambda _: True) for name in ("header", "line-end", "layout")),
        )
    },
    "xml.null": Evidence("null", _any(lambda value: value is None), "json"),
    "csv.lacking": Evidence("a character that windows-1251 lacks", _texts(lambda text: not _in_cp1251(text)), "json"),
    "csv.quotes": Evidence("a cell", format="csv"),
}
"""What shows the open clauses of how answers are written and of what is in them."""
