"""Reports to render: one that is written out, and any number with texts that a hostile server may have sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from contract_tests.contract.clauses import GRADES, Clause, all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import ClauseResult, Finding
from contract_tests.report.report import History, Report, Retried, Spent

HOSTILE = [
    "<script>alert(1)</script>",
    "</style></script></pre><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' || {{ 7 * 7 }} {% raw %}",
    "]]><!-- &amp; &#0; <![CDATA[",
    "| a | b |\n| --- | --- |",
    "``` \n~~~~\n</details>\n# head",
    "**b** _i_ [a](javascript:x) ![i](x) $x$ www.evil.example http://evil.example",
    "\x1b[31m\x1b]8;;http://evil.example\x07link\x9b2J\r\n\t\x00",
    "\u202egnp.exe\u2066\u200f",
    "\ud800 \udfff \ufffe",
    "a" * 30_000,
    "Ольга 😀",
    "",
]
IDS = list(all_clauses())
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.lists(st.sampled_from(HOSTILE[:11]), max_size=3).map("".join),
)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@st.composite
def a_row(draw: st.DrawFn, clause_id: str) -> ClauseResult:
    clause = Clause(clause_id, draw(TEXTS), draw(st.sampled_from(list(GRADES))), draw(TEXTS), weak=draw(st.booleans()))
    outcome = draw(st.sampled_from(list(Outcome)))
    most = 4 if outcome in {Outcome.BROKEN, Outcome.REFUTED, Outcome.ERROR} else 0
    findings = st.builds(Finding, st.just(clause), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.booleans())
    return ClauseResult(clause, outcome, draw(TEXTS), draw(TEXTS), tuple(draw(st.lists(findings, max_size=most))))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    ids = draw(st.lists(st.sampled_from(IDS), max_size=6, unique=True))
    history = st.dictionaries(st.sampled_from(IDS), st.builds(History, st.none() | st.dates(), st.booleans()))
    number = st.integers(0, 10**6)
    return Report(
        target=draw(TEXTS),
        started=draw(st.datetimes(EARLIEST, timezones=st.just(UTC))),
        kit=draw(TEXTS),
        exit_code=draw(st.integers(0, 4)),
        strict=draw(st.booleans()),
        rows=tuple(draw(a_row(clause_id)) for clause_id in ids),
        spent=Spent(
            units=draw(number),
            budget=draw(st.none() | number),
            unknown=draw(number),
            calls=draw(number),
            seconds=draw(st.floats(0, 1e6)),
            counts=draw(st.booleans()),
        ),
        provable=draw(st.none() | st.integers(0, len(ids))),
        stopped=draw(TEXTS),
        retried=tuple(draw(st.lists(st.builds(Retried, TEXTS, TEXTS, st.integers(2, 3)), max_size=2))),
        errors=tuple(draw(st.lists(TEXTS, max_size=2))),
        history=draw(st.none() | history),
    )


def a_finding(clause_id: str, *, binding: bool = True) -> Finding:
    return Finding(
        all_clauses()[clause_id],
        'curl -sS "http://127.0.0.1/api/info?login=$IFIND_LOGIN"',
        "HTTP 200, text/html, 30 bytes; members: status",
        "cost",
        "a whole number",
        "text",
        binding,
    )


def row_of(clause_id: str, outcome: Outcome, *found: Finding, note: str = "") -> ClauseResult:
    return ClauseResult(all_clauses()[clause_id], outcome, "", note, found)


UNCHECKED = row_of("task.lifetime", Outcome.UNCHECKED, note="too long for a run")
SAMPLE = Report(
    target="http://127.0.0.1:1/api",
    started=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
    kit="0.1.0",
    exit_code=1,
    strict=False,
    rows=(
        row_of("create.ok", Outcome.HOLDS),
        row_of(
            "result.cost", Outcome.BROKEN, *(replace(a_finding("result.cost"), where=f"cost {n}") for n in range(5))
        ),
        row_of("xml.root", Outcome.REFUTED, a_finding("xml.root", binding=False)),
        row_of("result.photo", Outcome.UNAFFORDABLE, note="the budget of 5 units is spent"),
        UNCHECKED,
    ),
    spent=Spent(units=5, budget=4, unknown=1, calls=58, seconds=12.5),
    provable=4,
    retried=(Retried("curl -sS x", "timed out", 2),),
)
