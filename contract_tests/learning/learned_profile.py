"""A learned profile: choices, what no choice covers, what was not seen; as data, as TOML and on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TextIO

from contract_tests.contract.clauses import Clause
from contract_tests.contract.profile import Uncovered
from contract_tests.findings.finding import Finding
from contract_tests.redact.write import toml_text
from contract_tests.report.console import console_of, print_table
from contract_tests.report.report import Report
from contract_tests.report.visible import encodable, line
from contract_tests.report.wording import MAX_CELL, counted, in_short, taken

Choice = str | Mapping[str, int | str]  # a word, or a table by kind of error


@dataclass(frozen=True, slots=True)
class LearnedChoice:
    """The choice of an open clause."""

    clause: Clause
    choice: Choice
    shown: int  # answers that showed this choice
    answers: int  # answers that showed any choice of the clause
    evidence: str  # one of the calls in short, without values
    kinds: Mapping[str, int] = field(default_factory=dict)  # of a table: answers by kind of error

    @property
    def seen(self) -> str:
        return of_answers(self.shown, self.answers)


@dataclass(frozen=True, slots=True)
class Unseen:
    """A clause, or a kind of error (`error.codes.limit`), that no answer showed."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class LearnedProfile:
    report: Report  # of the run
    choices: tuple[LearnedChoice, ...]
    uncovered: tuple[Uncovered, ...]
    unseen: tuple[Unseen, ...]
    broken: tuple[Finding, ...]  # findings about documented promises and laws


Item = LearnedChoice | Uncovered | Unseen


def profile_of(report: Report, items: Sequence[Item], findings: Iterable[Finding]) -> LearnedProfile:
    """All that a run has shown, in one."""
    choices = tuple(item for item in items if isinstance(item, LearnedChoice))
    uncovered = tuple(item for item in items if isinstance(item, Uncovered))
    unseen = tuple(item for item in items if isinstance(item, Unseen))
    return LearnedProfile(report, choices, uncovered, unseen, tuple(f for f in findings if f.binding))


def of_answers(shown: int, of: int) -> str:
    """Such as `3 of 4 answers`."""
    return f"{shown} of {of} answers"


def profile_file(learned: LearnedProfile) -> bytes:
    """The profile as TOML: a table [profile] of the choices, the one that is read, [[uncovered]] and [unseen]."""
    return ("\n".join(_lines(learned)) + "\n").encode()


def _lines(learned: LearnedProfile) -> Iterator[str]:
    report, day = learned.report, learned.report.started.date().isoformat()
    calls = f"{report.spent.calls} calls"
    yield f"# The choices of {line(report.target)}, as {calls} showed them on {day} (ifind-mock {report.kit})."
    yield "# What was seen is no promise: `1 of 1 answers` is a choice that was seen once."
    if not learned.choices:
        yield "[profile]"
    for choice in learned.choices:
        yield f"\n[profile.{_text(choice.clause.id)}]"
        yield f"choice = {_value(choice.choice)}"
        yield 'grade = "observed"'
        yield f"date = {day}"
        yield f"seen = {_text(choice.seen)}"
        if choice.kinds:
            yield f"kinds = {_value({kind: of_answers(count, count) for kind, count in choice.kinds.items()})}"
        yield f"evidence = {_text(choice.evidence)}"
    for uncovered in learned.uncovered:
        yield "\n[[uncovered]]"
        for name in (own.name for own in fields(uncovered)):
            if value := getattr(uncovered, name):
                yield f"{name} = {_value(value)}"
    if learned.unseen:
        yield "\n[unseen]"
        yield from (f"{_text(unseen.name)} = {_text(unseen.why)}" for unseen in learned.unseen)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{kind} = {_value(entry)}" for kind, entry in value.items()) + " }"
    if isinstance(value, tuple):  # with a comma at its end, so that no text is taken for a key when secrets are masked
        return "[" + " ".join(f"{_text(entry)}," for entry in value) + "]"
    return _text(value) if isinstance(value, str) else str(value)


def _text(text: str) -> str:
    return toml_text(encodable(text))


def write_table(out: TextIO, learned: LearnedProfile, file: str) -> None:
    """Writes it for a reader; `file` says where the profile is."""
    console = console_of(out)
    for finding in learned.broken:
        what = f"BROKEN {finding.clause.id}: {in_short(finding)}"
        console.print(line(what, MAX_CELL), style="bold red", soft_wrap=True)
    rows = [(choice.clause.id, _choice(choice), choice.seen, _note(choice)) for choice in learned.choices]
    print_table(console, ("clause", "choice", "seen", "note"), rows, unbroken=("clause", "seen"))
    uncovered = [(entry.clause, entry.what, entry.call) for entry in learned.uncovered]
    print_table(console, ("no choice covers", "what", "call"), uncovered, unbroken=("no choice covers",))
    unseen = [(entry.name, entry.why) for entry in learned.unseen]
    print_table(console, ("not seen", "why"), unseen, unbroken=("not seen",))
    console.print(line(_totals(learned, file), 2 * MAX_CELL), soft_wrap=True)


def _choice(choice: LearnedChoice) -> str:
    """The choice in short: of a table of messages the kinds alone, as the messages are the target's words."""
    if isinstance(choice.choice, Mapping):
        return ", ".join(kind if isinstance(v, str) else f"{kind} {v}" for kind, v in choice.choice.items())
    return choice.choice or '""'


def _note(choice: LearnedChoice) -> str:
    """That it rests on one answer, which proves no rule; else what the choice means."""
    if choice.shown == 1:
        return "seen once"
    if once := [kind for kind, count in choice.kinds.items() if count == 1]:
        return f"seen once: {', '.join(once)}"
    if (choice.clause.id, choice.choice) == ("cors", "off"):
        return "no call named an Origin"
    return choice.clause.meaning.get(choice.choice, "") if isinstance(choice.choice, str) else ""


def _totals(learned: LearnedProfile, file: str) -> str:
    once = sum(1 in (choice.shown, *choice.kinds.values()) for choice in learned.choices)
    counts = (
        (once, f"{once} of them seen once"),
        (len(learned.uncovered), f"{len(learned.uncovered)} that no choice covers"),
        (len(learned.broken), counted(len(learned.broken), "broken promise")),
    )
    totals = [f"{counted(len(learned.choices), 'clause')} learned", *(text for count, text in counts if count)]
    return f"{learned.report.target}: {' · '.join([*totals, *taken(learned.report.spent)])} · {file}"
