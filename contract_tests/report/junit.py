"""A report as JUnit XML, in the shape that GitHub's test reporters, GitLab and Jenkins read: a test case a clause."""

from __future__ import annotations

from datetime import UTC

from lxml import etree

from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import ClauseResult
from contract_tests.report.report import Report
from contract_tests.report.visible import line, visible
from contract_tests.report.wording import asides, figures, in_short, totals

MAX_MESSAGE = 500  # characters of an attribute
MAX_TEXT = 10_000  # characters of each text of a finding
SKIPPED = (Outcome.INCONCLUSIVE, Outcome.UNAFFORDABLE, Outcome.UNCHECKED)


def render(report: Report) -> bytes:
    """The XML document. A clause that was not looked at is skipped with the reason; a refuted one passes and says so,
    or fails where refuted assumptions count.
    """
    suite = etree.Element("testsuite", name=f"contract of {line(report.target, MAX_MESSAGE)}")
    for row in report.rows:
        _add_clause(suite, row, report)
    if texts := [*filter(None, [report.stopped]), *report.errors]:
        # Without a case of its own, a run that never began would look like a good one.
        case = etree.SubElement(suite, "testcase", classname="run", name="the run itself", time="0.000")
        _add(case, "error", *(visible(text, MAX_TEXT) for text in texts), message=texts[0], type="run")
    if report.rows:
        texts = [figures(report), totals(report), *asides(report)]
        _add(suite, "system-out", "\n".join(line(text, MAX_TEXT) for text in texts))
    for name, value in _counts(suite, report).items():
        suite.set(name, value)
    root = etree.Element("testsuites")
    for name in ("tests", "failures", "errors", "time"):  # Jenkins takes no `skipped` here
        root.set(name, suite.get(name, "0"))
    root.append(suite)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _counts(suite: etree._Element, report: Report) -> dict[str, str]:
    fates = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    counts = {"tests": str(len(suite.findall("testcase")))}
    counts |= {name: str(len(suite.findall(f"testcase/{tag}"))) for name, tag in fates.items()}
    # The schemas of JUnit know no time zone here.
    stamp = report.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return counts | {"time": f"{report.spent.seconds:.3f}", "timestamp": stamp}


def _add_clause(suite: etree._Element, row: ClauseResult, report: Report) -> None:
    name = line(f"{row.clause.id}: {row.clause.title}", MAX_MESSAGE)
    took = f"{report.seconds.get(row.clause.id, 0):.3f}"
    case = etree.SubElement(suite, "testcase", classname=row.clause.grade, name=name, time=took)
    findings = [visible(str(finding), MAX_TEXT) for finding in row.findings]
    note = visible(row.note, MAX_TEXT)
    if row.outcome is Outcome.BROKEN or (report.strict and row.outcome is Outcome.REFUTED):
        message = in_short(row.findings[0]) if row.findings else row.note
        _add(case, "failure", *(findings or [note]), message=message, type=row.outcome)
    elif row.outcome is Outcome.ERROR:
        _add(case, "error", note, *findings, message=row.note, type=row.outcome)
    elif row.outcome in SKIPPED:
        _add(case, "skipped", message=f"{row.outcome}: {row.note}")
    else:
        texts = [f"seen: {visible(row.seen, MAX_TEXT)}"] if row.seen else []
        texts += [f"note: {note}"] if row.note else []
        if row.outcome is Outcome.REFUTED:
            texts = [row.outcome, *texts, *findings]
        if texts:
            _add(case, "system-out", "\n".join(texts))


def _add(parent: etree._Element, tag: str, *texts: str, **attributes: str) -> None:
    """Adds an element with its attributes and its texts, an empty line between them."""
    made = etree.SubElement(parent, tag, {name: line(value, MAX_MESSAGE) for name, value in attributes.items()})
    made.text = "\n\n".join(texts) or None
