"""A report as JUnit XML, in the shape that GitHub's test reporters, GitLab and Jenkins read: a test case a clause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from lxml import etree

from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import ClauseResult
from contract_tests.report.report import Report
from contract_tests.report.visible import line, visible
from contract_tests.report.wording import asides, figures, in_short, totals

MAX_MESSAGE = 500  # characters of an attribute
MAX_TEXT = 10_000  # characters of each text of a finding
SKIPPED = (Outcome.INCONCLUSIVE, Outcome.UNAFFORDABLE, Outcome.UNCHECKED)


class JUnitCase(NamedTuple):
    """A test case."""

    classname: str
    name: str
    fate: str = ""  # failure, error or skipped, and empty where it passes
    message: str = ""  # the fate in short
    kind: str = ""  # the fate by its type; a skipped case has none
    texts: tuple[str, ...] = ()  # of the fate, or of what a case that passes has to say
    seconds: float | None = None  # None: not known of a single case


def render(report: Report) -> bytes:
    """The XML document. A clause that was not looked at is skipped with the reason; a refuted one passes and says so,
    or fails where refuted assumptions count.
    """
    return document(
        f"contract of {report.target}",
        [_case_of(row, report) for row in report.rows],
        [*filter(None, [report.stopped]), *report.errors],
        [figures(report), totals(report), *asides(report)],
        started=report.started,
        seconds=report.spent.seconds,
    )


def document(
    name: str,
    cases: Sequence[JUnitCase],
    troubles: Sequence[str],
    figures: Iterable[str],
    *,
    started: datetime,
    seconds: float,
) -> bytes:
    """The XML document of a suite. troubles: why the run ended before its time; figures: lines on the whole run, which
    stand where there are cases.
    """
    suite = etree.Element("testsuite", name=line(name, MAX_MESSAGE))
    for case in cases:
        _add_case(suite, case)
    if troubles:
        # Without a case of its own, a run that never began would look like a good one.
        texts = tuple(visible(text, MAX_TEXT) for text in troubles)
        _add_case(suite, JUnitCase("run", "the run itself", "error", troubles[0], "run", texts, 0.0))
    if cases:
        _add(suite, "system-out", "\n".join(line(text, MAX_TEXT) for text in figures))
    for key, value in _counts(suite, started, seconds).items():
        suite.set(key, value)
    root = etree.Element("testsuites")
    for key in ("tests", "failures", "errors", "time"):  # Jenkins takes no `skipped` here
        root.set(key, suite.get(key, "0"))
    root.append(suite)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _counts(suite: etree._Element, started: datetime, seconds: float) -> dict[str, str]:
    fates = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    counts = {"tests": str(len(suite.findall("testcase")))}
    counts |= {name: str(len(suite.findall(f"testcase/{tag}"))) for name, tag in fates.items()}
    # The schemas of JUnit know no time zone here.
    stamp = started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return counts | {"time": f"{seconds:.3f}", "timestamp": stamp}


def _case_of(row: ClauseResult, report: Report) -> JUnitCase:
    case = JUnitCase(
        row.clause.grade, f"{row.clause.id}: {row.clause.title}", seconds=report.seconds.get(row.clause.id, 0.0)
    )
    findings = tuple(visible(str(finding), MAX_TEXT) for finding in row.findings)
    note = visible(row.note, MAX_TEXT)
    if row.outcome is Outcome.BROKEN or (report.strict and row.outcome is Outcome.REFUTED):
        message = in_short(row.findings[0]) if row.findings else row.note
        return case._replace(fate="failure", message=message, kind=row.outcome, texts=findings or (note,))
    if row.outcome is Outcome.ERROR:
        return case._replace(fate="error", message=row.note, kind=row.outcome, texts=(note, *findings))
    if row.outcome in SKIPPED:
        return case._replace(fate="skipped", message=f"{row.outcome}: {row.note}")
    texts = [f"seen: {visible(row.seen, MAX_TEXT)}"] if row.seen else []
    texts += [f"note: {note}"] if row.note else []
    if row.outcome is Outcome.REFUTED:
        texts = [row.outcome, *texts, *findings]
    return case._replace(texts=tuple(texts))


def _add_case(suite: etree._Element, case: JUnitCase) -> None:
    made = etree.SubElement(suite, "testcase", classname=case.classname, name=line(case.name, MAX_MESSAGE))
    if case.seconds is not None:
        made.set("time", f"{case.seconds:.3f}")
    if case.fate:
        kind = {"type": case.kind} if case.kind else {}
        _add(made, case.fate, *case.texts, message=case.message, **kind)
    elif case.texts:
        _add(made, "system-out", "\n".join(case.texts))


def _add(parent: etree._Element, tag: str, *texts: str, **attributes: str) -> None:
    """Adds an element with its attributes and its texts, an empty line between them."""
    made = etree.SubElement(parent, tag, {name: line(value, MAX_MESSAGE) for name, value in attributes.items()})
    made.text = "\n\n".join(texts) or None
