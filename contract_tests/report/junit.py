"""A report as JUnit XML, in the shape that GitHub's test reporters and GitLab read: a test case a clause."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from types import MappingProxyType

from lxml import etree

from contract_tests.findings.finding import ClauseResult
from contract_tests.findings.outcome import Outcome
from contract_tests.report.report import Report
from contract_tests.report.visible import line, visible
from contract_tests.report.wording import asides, figures, in_short, totals

MOST_MESSAGE, MOST_TEXT = 500, 10_000
"""Characters of an attribute, and of each text of a finding."""


def render(report: Report) -> bytes:
    """The XML document. A clause that was not looked at is skipped with the reason; a refuted one passes and says so,
    or fails where refuted assumptions count.
    """
    suite = etree.Element("testsuite", name=f"contract of {line(report.target, MOST_MESSAGE)}")
    for row in report.rows:
        _case(suite, row, strict=report.strict)
    if report.stopped or report.errors:
        _run_itself(suite, report)
    if report.rows:
        told = (figures(report), totals(report), *asides(report))
        etree.SubElement(suite, "system-out").text = "\n".join(line(text, MOST_TEXT) for text in told)
    for name, value in _counts(suite, report).items():
        suite.set(name, value)
    root = etree.Element("testsuites")
    for name in ("tests", "failures", "errors", "skipped", "time"):
        root.set(name, suite.get(name, "0"))
    root.append(suite)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _counts(suite: etree._Element, report: Report) -> dict[str, str]:
    kinds = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error"}
    count = {name: str(len(suite.findall(path))) for name, path in (*kinds.items(), ("skipped", "testcase/skipped"))}
    # The schemas of JUnit know no time zone here.
    stamp = report.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return count | {"time": f"{report.spent.seconds:.3f}", "timestamp": stamp}


def _case(suite: etree._Element, row: ClauseResult, *, strict: bool) -> None:
    name = line(f"{row.clause.id}: {row.clause.title}", MOST_MESSAGE)
    case = etree.SubElement(suite, "testcase", classname=row.clause.grade, name=name, time="0.000")
    tell = _failure if strict and row.outcome is Outcome.REFUTED else _TELL[row.outcome]
    tell(case, row)


def _passed(case: etree._Element, row: ClauseResult) -> None:
    told = [f"{label}: {visible(text, MOST_TEXT)}" for label, text in (("seen", row.seen), ("note", row.note)) if text]
    if row.outcome is not Outcome.HOLDS:
        told = [str(row.outcome), *told, *_findings(row)]
    if told:
        etree.SubElement(case, "system-out").text = "\n".join(told)


def _failure(case: etree._Element, row: ClauseResult) -> None:
    message = in_short(row.findings[0]) if row.findings else row.note
    told = etree.SubElement(case, "failure", message=line(message, MOST_MESSAGE), type=str(row.outcome))
    told.text = "\n\n".join(_findings(row)) or visible(row.note, MOST_TEXT)


def _error(case: etree._Element, row: ClauseResult) -> None:
    told = etree.SubElement(case, "error", message=line(row.note, MOST_MESSAGE), type=str(row.outcome))
    told.text = "\n\n".join([visible(row.note, MOST_TEXT), *_findings(row)])


def _skipped(case: etree._Element, row: ClauseResult) -> None:
    etree.SubElement(case, "skipped", message=line(f"{row.outcome}: {row.note}", MOST_MESSAGE))


def _findings(row: ClauseResult) -> list[str]:
    return [visible(str(finding), MOST_TEXT) for finding in row.findings]


def _run_itself(suite: etree._Element, report: Report) -> None:
    """A case for what befell the run and no clause: without it a run that never began would look like a good one."""
    told = [text for text in (report.stopped, *report.errors) if text]
    case = etree.SubElement(suite, "testcase", classname="run", name="the run itself", time="0.000")
    error = etree.SubElement(case, "error", message=line(told[0] if told else "", MOST_MESSAGE), type="run")
    error.text = "\n\n".join(visible(text, MOST_TEXT) for text in told)


_TELL: Mapping[Outcome, Callable[[etree._Element, ClauseResult], None]] = MappingProxyType(
    {
        Outcome.HOLDS: _passed,
        Outcome.REFUTED: _passed,
        Outcome.BROKEN: _failure,
        Outcome.ERROR: _error,
        Outcome.INCONCLUSIVE: _skipped,
        Outcome.UNAFFORDABLE: _skipped,
        Outcome.UNCHECKED: _skipped,
    }
)
