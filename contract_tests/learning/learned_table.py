"""A learned profile on a terminal: a table by clause, what no choice covers, what was not seen, and the totals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from contract_tests.learning.learned_profile import LearnedChoice, LearnedProfile
from contract_tests.report.console import console_of, print_table
from contract_tests.report.visible import line
from contract_tests.report.wording import MAX_CELL, in_short, taken


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
    counts = {
        "clauses learned": len(learned.choices),
        "of them seen once": once,
        "things that no choice covers": len(learned.uncovered),
        "broken promises": len(learned.broken),
    }
    totals = [f"{n} {what}" for what, n in counts.items() if n or what == "clauses learned"]
    return f"{learned.target}: {' · '.join([*totals, *taken(learned.spent)])} · {file}"
