"""Reports: every renderer shows all that a report holds, and no text of a target becomes markup."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree, html
from markdown_it import MarkdownIt
from rich.cells import cell_len

from contract_tests.contract.clauses import GRADES, all_clauses
from contract_tests.contract.outcome import Outcome
from contract_tests.findings.finding import ClauseResult, Finding
from contract_tests.report.html import PAGE
from contract_tests.report.markdown import MAX_BYTES
from contract_tests.report.renderers import RENDERERS
from contract_tests.report.report import History, Report
from contract_tests.report.terminal import write_terminal
from contract_tests.report.visible import encodable, line, visible
from contract_tests.report.wording import LOOKS, figures, headline
from mockserver import data
from support.checking import examined
from support.made_reports import HOSTILE, SAMPLE, TEXTS, UNCHECKED, a_finding, reports, row_of
from support.standins.running import serving

SCHEMA = json.loads(data.path("schemas", "reports", "check.schema.json").read_text(encoding="utf-8"))
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LAW = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def tamed(value: Any, name: str = "") -> Any:
    """The same report with harmless texts: what is not empty becomes x. Ids, grades and what begins a call are kept."""
    if isinstance(value, Outcome) or name in {"id", "grade"}:
        return value
    if isinstance(value, str):
        return ("curl x" if value.startswith("curl ") else "x") if value else ""
    if isinstance(value, tuple):
        return tuple(tamed(entry) for entry in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: tamed(getattr(value, f.name), f.name) for f in fields(value)}
        return replace(value, **changed)
    return value


def bones(root: etree._Element) -> list[Any]:
    """The tags and attribute names of a tree, comments included, without any text."""
    return [(element.tag, sorted(map(str, element.attrib))) for element in root.iter()]


def page(report: Report) -> html.HtmlElement:
    return html.document_fromstring(RENDERERS["html"].render(report).decode("utf-8"))


def junit(report: Report) -> etree._Element:
    return etree.fromstring(RENDERERS["junit"].render(report), etree.XMLParser(huge_tree=True))


def markdown(report: Report) -> html.HtmlElement:
    """The summary as a reader of Markdown makes it HTML, raw HTML let through."""
    made = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(
        RENDERERS["summary"].render(report).decode("utf-8")
    )
    return html.document_fromstring(f"<div>{made}</div>")


def terminal(report: Report, *, whole: bool = True, columns: int | None = None) -> str:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns or ""))
        write_terminal(out, report, whole=whole)
    return out.getvalue()


@given(reports())
@LAW
def test_the_same_report_gives_the_same_bytes(report: Report) -> None:
    for renderer in RENDERERS.values():
        assert renderer.render(report) == renderer.render(report)


TREES: dict[str, Callable[[Report], etree._Element]] = {"html": page, "junit": junit, "markdown": markdown}


@pytest.mark.parametrize("name", TREES)
@given(report=reports())
@LAW
def test_no_text_of_a_report_becomes_markup(name: str, report: Report) -> None:
    tree = TREES[name]

    assert bones(tree(report)) == bones(tree(tamed(report)))


@given(reports())
@LAW
def test_the_page_shows_every_clause_with_its_outcome_and_every_finding(report: Report) -> None:
    root = page(report)
    shown = {li.get("id"): li for li in root.xpath("//li[@class='clause']")}

    assert set(shown) == {row.clause.id for row in report.rows}
    for row in report.rows:
        li = shown[row.clause.id]
        assert li.get("data-outcome") == row.outcome.name.lower()
        assert li.xpath("string(.//*[@class='badge'])").endswith(row.outcome)
        assert flat(li.xpath("string(.//h3)")) == flat(visible(row.clause.title, 20_000))
        answers = [flat(text) for text in li.xpath(".//pre[@class='answer']/text()")]
        given = [flat(visible(finding.answer, 20_000)) for finding in row.findings]
        assert [*filter(None, answers)] == [*filter(None, given)]


def flat(text: str) -> str:
    """White space at the edges counts for nothing: HTML drops a line break that begins a pre."""
    return text.strip()


@given(reports())
@LAW
def test_the_page_has_both_figures_and_counts_each_grade_and_outcome(report: Report) -> None:
    root = page(report)
    judged = sum(row.outcome in {Outcome.HOLDS, Outcome.BROKEN, Outcome.REFUTED} for row in report.rows)

    provable = "" if report.provable is None else str(report.provable)
    told = [root.xpath(f"string(//*[@id='{name}'])") for name in ("proven", "provable")]
    assert told == ([str(judged), provable] if report.rows else ["", ""])
    expected = Counter((row.clause.grade, row.outcome.name.lower()) for row in report.rows)
    cells = {
        (tr.xpath("string(th/text())"), td.get("data-outcome")): int(td.text)
        for tr in root.xpath("//section[@class='overview']//tbody/tr")
        for td in tr.xpath("td[@data-outcome]")
    }
    assert Counter(cells) == expected


def test_the_page_loads_nothing_and_runs_nothing_but_its_own_script() -> None:
    text = RENDERERS["html"].render(SAMPLE).decode("utf-8")
    root = page(SAMPLE)
    policy = root.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")

    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        (inline,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not root.xpath("//*[@src or @style or @action] | //link | //*[starts-with(name(@*[1]), 'on')]")
    assert all(href.startswith("#") for href in root.xpath("//@href"))
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_has_a_language_a_title_and_a_name_for_every_control() -> None:
    root = page(SAMPLE)

    assert root.get("lang") == "en"
    assert headline(SAMPLE) in root.xpath("string(//title)")
    for control in root.xpath("//input | //button"):
        assert control.xpath("string(ancestor::label)").strip() or (control.text or "").strip(), control.attrib
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def mixed(one: str, share: float, other: str) -> str:
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_of_the_page_stands_out_from_what_is_behind_it(theme: str) -> None:
    css = (PAGE / "page.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--([a-z]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    colours = {name: light if theme == "light" else dark for name, light, dark in pairs}
    outcomes = [outcome.name.lower() for outcome in Outcome]

    for name in ("ink", "soft", "accent", *outcomes):
        for behind in ("page", "card"):
            assert contrast(colours[name], colours[behind]) >= 4.5, (name, behind)
    for name in outcomes:
        assert contrast(colours[name], mixed(colours[name], 0.12, colours["card"])) >= 4.5, name
    assert contrast("#2b1a00", colours["amber"]) >= 4.5


@given(reports())
@LAW
def test_the_json_report_holds_everything_and_fits_its_schema(report: Report) -> None:
    shown = RENDERERS["json"].render(report)
    read = json.loads(shown)

    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(read)
    assert shown.isascii()
    assert read["schema"] == SCHEMA["$id"]
    assert (read["target"], read["stopped"]) == (encodable(report.target), encodable(report.stopped))
    assert [(c["id"], c["grade"], c["outcome"]) for c in read["clauses"]] == [
        (row.clause.id, row.clause.grade, row.outcome.value) for row in report.rows
    ]
    for clause, row in zip(read["clauses"], report.rows, strict=True):
        assert [f["answer"] for f in clause["findings"]] == [encodable(f.answer) for f in row.findings]
        assert (clause["seen"], clause["note"]) == (encodable(row.seen), encodable(row.note))
    assert read["figures"] == {"clauses": len(report.rows), "proven": report.proven, "provable": report.provable}
    assert sum(read["totals"].values()) == len(report.rows)
    assert datetime.fromisoformat(read["started"]) == report.started.replace(
        microsecond=report.started.microsecond // 1000 * 1000
    )


def test_the_schema_is_valid_and_lists_the_words_that_the_kit_knows() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$defs"]["outcome"]["enum"] == [outcome.value for outcome in Outcome]
    assert SCHEMA["$defs"]["grade"]["enum"] == list(GRADES)
    assert SCHEMA["properties"]["totals"]["required"] == [outcome.value for outcome in Outcome]
    assert set(GRADES) == {clause.grade for clause in all_clauses().values()}
    assert set(LOOKS) == set(Outcome)


@given(reports())
@LAW
def test_junit_has_a_case_for_each_clause_with_its_fate(report: Report) -> None:
    root = junit(report)
    cases = root.findall("testsuite/testcase")
    fates = {
        Outcome.HOLDS: None,
        Outcome.REFUTED: "failure" if report.strict else None,
        Outcome.BROKEN: "failure",
        Outcome.ERROR: "error",
        **dict.fromkeys((Outcome.INCONCLUSIVE, Outcome.UNAFFORDABLE, Outcome.UNCHECKED), "skipped"),
    }

    for row, case in zip(report.rows, cases, strict=False):
        shown = [child.tag for child in case if child.tag != "system-out"]
        assert shown == [fate for fate in [fates[row.outcome]] if fate]
        assert case.get("classname") == row.clause.grade
        assert str(case.get("name")).startswith(f"{row.clause.id}: ")
    of_the_run = [case for case in cases if case.get("classname") == "run"]
    assert len(of_the_run) == bool(report.stopped or report.errors)
    assert len(cases) == len(report.rows) + len(of_the_run)


NUMBER, TIME = r"[0-9]+", r"[0-9]+\.[0-9]+"
JUNIT: dict[str, tuple[dict[str, str], set[str]]] = {
    "testsuites": ({"tests": NUMBER, "failures": NUMBER, "errors": NUMBER, "time": TIME}, {"testsuite"}),
    "testsuite": (
        {"name": ".+", "tests": NUMBER, "failures": NUMBER, "errors": NUMBER, "skipped": NUMBER, "time": TIME}
        | {"timestamp": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"},
        {"testcase", "system-out"},
    ),
    "testcase": ({"classname": ".+", "name": ".+", "time": TIME}, {"failure", "error", "skipped", "system-out"}),
    "failure": ({"message": ".*", "type": ".+"}, set()),
    "error": ({"message": ".*", "type": ".+"}, set()),
    "skipped": ({"message": ".*"}, set()),
    "system-out": ({}, set()),
}
"""The rules that the schemas of Jenkins' xunit plugin, of GitLab and of GitHub's reporters share: what an element has,
each attribute by a pattern, and what it may hold. Jenkins takes no `skipped` and no `timestamp` of testsuites.
"""


@given(reports())
@LAW
def test_junit_keeps_to_the_elements_and_attributes_that_its_readers_know(report: Report) -> None:
    check_junit(junit(report))


def check_junit(root: etree._Element, *but: str) -> None:
    """Holds a document to JUNIT. but: attributes that it need not have."""
    (suite,) = root
    for element in root.iter():
        attributes, inside = JUNIT[str(element.tag)]
        assert {*element.attrib, *but} == {*attributes, *but}, element.tag
        for name, pattern in attributes.items():
            assert name not in element.attrib or re.fullmatch(pattern, element.attrib[name], re.DOTALL), (
                element.tag,
                name,
            )
        assert {str(child.tag) for child in element} <= inside, element.tag
    counts = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error"}
    for name, path in counts.items():
        assert root.get(name) == suite.get(name) == str(len(suite.findall(path)))
    assert suite.get("skipped") == str(len(suite.findall("testcase/skipped")))
    assert [child.tag for child in suite].count("system-out") <= 1


def test_the_time_of_a_clause_is_its_share_of_its_tests() -> None:
    with serving("courier") as target:
        report = examined(target, only=("info.answers", "create.ok")).report
    took = {case.get("name").partition(":")[0]: float(case.get("time")) for case in junit(report).iter("testcase")}

    assert min(took.values()) > 0
    assert sum(took.values()) <= report.spent.seconds + 0.01
    read = json.loads(RENDERERS["json"].render(report))
    assert {clause["id"]: clause["seconds"] for clause in read["clauses"]} == took


@given(reports())
@LAW
def test_the_summary_shows_the_figures_and_every_clause_that_is_not_proven(report: Report) -> None:
    root = markdown(report)
    rows = [[td.text_content() for td in tr.xpath("td")] for tr in root.xpath("//tr[td]")]

    assert headline(report) in root.xpath("string(//h2)")
    assert not report.rows or figures(report) in root.xpath("string(//strong[contains(., 'decided')])")
    for row in report.rows:
        if row.outcome not in {Outcome.HOLDS, Outcome.BROKEN, Outcome.REFUTED}:
            assert any(cells[:3] == [row.clause.id, row.clause.grade, row.outcome] for cells in rows)
    assert len(root.xpath("//details")) == sum(len(row.findings) for row in report.rows)
    assert not root.xpath("//a | //img | //em | //script")


@pytest.mark.parametrize("text", HOSTILE)
def test_the_summary_shows_a_text_as_it_is(text: str) -> None:
    found = replace(a_finding("xml.root"), answer=text)
    report = replace(SAMPLE, rows=(replace(UNCHECKED, note=text), row_of("xml.root", Outcome.REFUTED, found)))
    root = markdown(report)
    (cell,) = root.xpath("//td[.='task.lifetime']/../td[4]")

    assert words(cell.text_content()) == words(line(text, 300))
    assert words(f"answer: {line(text, 2_000)} where:") in words(root.xpath("string(//pre)"))


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_summary_stays_below_what_github_takes_and_says_what_was_left_out() -> None:
    clause = all_clauses()["result.cost"]
    many = tuple(Finding(clause, "c" * 9_000, "`" * 9_000, f"{n}", "f", "e", binding=True) for n in range(2_000))
    rows = (
        ClauseResult(clause, Outcome.BROKEN, "", "", many),
        *(replace(UNCHECKED, note="|" * 500) for _ in range(2_000)),
    )
    shown = RENDERERS["summary"].render(replace(SAMPLE, rows=rows)).decode()
    left = list(map(int, re.findall("… and ([0-9]+) more, left out here", shown)))

    assert MAX_BYTES * 0.6 < len(shown.encode()) < 1_048_576 * 0.6
    assert left[0] == 2_000 - shown.count("<details>")
    assert left[1] == 2_000 - shown.count("assumed | not checked |")


@given(reports())
@LAW
def test_the_terminal_is_given_no_control_character(report: Report) -> None:
    assert CONTROLS.findall(terminal(report)) == []


@given(reports(), st.sampled_from([60, 200]))
@LAW
def test_the_terminal_shows_every_clause_where_all_are_wanted(report: Report, columns: int) -> None:
    shown = terminal(report, columns=columns)

    for row in report.rows:
        assert re.search(rf"^{re.escape(row.clause.id)} +{row.clause.grade} +{row.outcome}\b", shown, re.MULTILINE)


@given(reports())
@LAW
def test_the_terminal_shows_by_default_only_what_does_not_hold(report: Report) -> None:
    shown = terminal(replace(report, history=None, retried=(), errors=()), whole=False)
    silent = {Outcome.HOLDS, Outcome.UNCHECKED, Outcome.UNAFFORDABLE}
    named = "|".join(re.escape(row.clause.id) for row in report.rows if row.outcome in silent)

    assert not re.search(rf"^(?:{named or '(?!)'})\b", shown, re.MULTILINE)
    assert bool(named) == ("--all lists" in shown)
    for row in report.rows:
        if row.findings and row.outcome in {Outcome.BROKEN, Outcome.REFUTED}:
            assert f"{row.outcome.upper()} {row.clause.id} (" in shown


@given(reports(), st.sampled_from([60, 80, 200]), st.booleans())
@LAW
def test_no_line_on_a_terminal_is_longer_than_the_terminal(report: Report, columns: int, whole: bool) -> None:
    shown = terminal(report, whole=whole, columns=columns)

    assert [text for text in shown.split("\n") if cell_len(text) > columns or text != text.rstrip(" ")] == []


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_terminal_breaks_no_word_and_its_commands_can_be_pasted(columns: int) -> None:
    call = (
        'curl -sS -G http://127.0.0.1:8080/api/create --data-urlencode login="$IFIND_LOGIN"'
        """ --data-urlencode 'phone=1 '"'"' "2" 3' -d source=2 -d format=xml"""
    )
    rows = (row_of("result.cost", Outcome.BROKEN, replace(a_finding("result.cost"), call=call)), *SAMPLE.rows[2:])
    shown = terminal(replace(SAMPLE, rows=rows), columns=columns, whole=False)
    command = re.search(r"call: +(curl.*?[^\\])\n", shown, re.DOTALL)
    words = {"(documented):", "unaffordable", "exit", "decided;"}

    assert words <= set(shown.split())
    assert command is not None
    assert shlex.split(command[1].replace("\\\n", "")) == shlex.split(call)


@pytest.mark.parametrize("variable", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_terminal_that_wants_no_colour_gets_none(variable: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    write_terminal(coloured := Terminal(), SAMPLE)
    for name, value in variable.items():
        monkeypatch.setenv(name, value)
    write_terminal(plain := Terminal(), SAMPLE)

    assert "\x1b[" in coloured.getvalue()
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.getvalue()) == plain.getvalue()


def test_where_units_cost_nothing_no_report_speaks_of_a_budget() -> None:
    spent = replace(SAMPLE.spent, counts=False, budget=None)
    rows = [row for row in SAMPLE.rows if row.outcome is not Outcome.UNAFFORDABLE]
    free = replace(SAMPLE, spent=spent, rows=tuple(rows), history=None)
    written = [renderer.render(free).decode() for name, renderer in RENDERERS.items() if name != "json"]

    assert not any("budget" in text for text in (*written, terminal(free, columns=120)))


VERDICTS = [
    ({}, 1, "BROKEN: 1 promise: result.cost - exit code 1"),
    ({"rows": SAMPLE.rows[:1], "exit_code": 0}, 0, "HOLDS: nothing is broken - exit code 0"),
    (
        {"rows": [row for row in SAMPLE.rows if row.outcome in (Outcome.HOLDS, Outcome.REFUTED)], "exit_code": 0},
        0,
        "HOLDS: nothing is broken; refuted: 1 assumption: xml.root - exit code 0",
    ),
    (
        {"rows": SAMPLE.rows[:1], "exit_code": 0},
        2,
        "HOLDS: nothing is broken; an output is lost - exit code 2",
    ),
    ({"rows": (UNCHECKED,), "exit_code": 0}, 0, "NOT DECIDED: 0 of 1 clause decided - exit code 0"),
    ({"rows": SAMPLE.rows[2:3], "strict": True}, 1, "REFUTED: 1 assumption: xml.root - exit code 1"),
    ({"rows": SAMPLE.rows[2:4], "exit_code": 4}, 4, "UNAFFORDABLE: 1 clause: result.photo - exit code 4"),
    ({"rows": SAMPLE.rows[:1], "exit_code": 4}, 4, "UNAFFORDABLE: 5 units taken, where the budget is 4 - exit code 4"),
    ({"rows": (), "exit_code": 3, "stopped": "nobody there"}, 3, "STOPPED: nothing was checked - exit code 3"),
    (
        {"rows": SAMPLE.rows[:1], "stopped": "Ctrl-C"},
        1,
        "STOPPED: the run ended before its time - exit code 1",
    ),
    ({"rows": SAMPLE.rows[:1], "errors": ("x",)}, 1, "ERROR: the kit itself failed - exit code 1"),
    (
        {"rows": (row_of("create.ok", Outcome.INCONCLUSIVE, note="too large"),)},
        1,
        "INCONCLUSIVE: 1 promise: create.ok - exit code 1",
    ),
]


@pytest.mark.parametrize(("changes", "code", "expected"), VERDICTS)
def test_the_last_line_says_what_was_found_and_the_exit_code(changes: dict[str, Any], code: int, expected: str) -> None:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        write_terminal(out, replace(SAMPLE, **changes), code=code)

    assert out.getvalue().splitlines()[-1] == expected


def test_the_terminal_has_the_totals_first_then_the_table_then_the_findings_and_last_the_verdict() -> None:
    shown = terminal(SAMPLE, columns=120)
    marks = [
        "http://127.0.0.1:1/api: 1 holds · 1 broken · 1 refuted · 1 unaffordable · 1 not checked · 58 calls · 5 units",
        "3 of 5 clauses decided; this budget can decide 4",
        "1 unit above the budget",
        "1 unit charged, unknown",
        "clause ",
        "create.ok ",
        "RETRIED timed out; answered at try 2",
        "REFUTED xml.root (assumed): cost: a whole number; expected text",
        "BROKEN result.cost (documented): cost is text",
        "  found:    a whole number",
        "  and 2 more of result.cost",
        "BROKEN: 1 promise: result.cost - exit code 1",
    ]
    places = [shown.find(mark) for mark in marks]

    assert -1 not in places, shown
    assert places == sorted(places), shown
    assert shown.count("BROKEN ") == 3
    assert shown.endswith(f"{marks[-1]}\n")


def test_the_terminal_shows_when_a_clause_was_last_proven_where_there_is_a_history() -> None:
    history = {
        "create.ok": History(date(2029, 12, 31), stale=False),
        "result.cost": History(date(2029, 1, 1), stale=True),
    }
    shown = terminal(replace(SAMPLE, history=history), columns=120)

    assert "last decided live" not in terminal(SAMPLE)
    assert re.search(r"create\.ok +documented +holds +2029-12-31 *$", shown, re.MULTILINE)
    assert re.search(r"result\.cost +documented +broken +2029-01-01, stale *$", shown, re.MULTILINE)
    assert re.search(r"xml\.root +assumed +refuted +never *$", shown, re.MULTILINE)


def test_a_terminal_that_knows_ascii_alone_gets_the_report_too() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    write_terminal(out, SAMPLE)
    out.flush()

    assert b"1 holds \\xb7 1 broken" in raw.getvalue()


@given(reports())
@LAW
def test_no_headline_sounds_good_where_the_exit_code_does_not(report: Report) -> None:
    good = re.fullmatch("Nothing is broken(, .* refuted)?|Nothing was decided", headline(report))

    assert not (good and report.exit_code), headline(report)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "1 promise broken, 1 assumption refuted"),
        ({"rows": SAMPLE.rows[:1], "exit_code": 0}, "Nothing is broken"),
        ({"rows": (UNCHECKED,), "exit_code": 0}, "Nothing was decided"),
        (
            {"rows": SAMPLE.rows[2:4], "exit_code": 4},
            "Nothing is broken, 1 assumption refuted, but units, calls or time did not suffice",
        ),
        ({"rows": SAMPLE.rows[2:3], "strict": True}, "1 assumption refuted"),
        ({"rows": SAMPLE.rows[:1]}, "The run failed with exit code 1"),
        ({"rows": (), "exit_code": 3, "stopped": "nobody there"}, "Nothing was checked"),
        ({"rows": SAMPLE.rows[:1], "stopped": "Ctrl-C"}, "The run ended before its time"),
        ({"rows": SAMPLE.rows[:1], "errors": ("x",)}, "The kit itself failed"),
    ],
)
def test_the_headline_names_the_worst_that_came_out(changes: dict[str, Any], expected: str) -> None:
    assert headline(replace(SAMPLE, **changes)) == expected


def test_the_exit_code_stays_in_one_piece_on_a_narrow_terminal() -> None:
    rows = tuple(
        row_of(name, Outcome.BROKEN, a_finding(name)) for name in ("result.required", "result.cost", "create.ok")
    )
    for columns in range(30, 90):
        *_, last = terminal(replace(SAMPLE, rows=rows), columns=columns, whole=False).splitlines()

        assert last.endswith("- exit code 1")
        assert len(last) <= columns


@given(TEXTS)
def test_what_is_made_visible_can_be_written_and_moves_nothing(text: str) -> None:
    assert CONTROLS.findall(line(text)) == []
    assert visible(text).encode().decode() == visible(text)
    assert encodable(text).encode().decode() == encodable(text)


def test_a_text_that_is_safe_is_shown_as_it_is_and_a_long_one_says_so() -> None:
    assert visible("Ольга\n\t😀 €") == "Ольга\n\t😀 €"
    assert visible("\x1b[0m\u202e\ud800") == "\\x1b[0m\\u202e\\ud800"
    assert visible("abcdef", 3) == "abc… (6 characters)"
