"""The report on captured answers, as text and as JSON, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contract_tests.captured.judge import Judgement, binding
from contract_tests.findings.exit_code import BROKEN, HOLDS, USAGE
from contract_tests.findings.outcome import Outcome

TOLD = 50
"""Problems of an answer that the text tells; JSON tells all that were kept."""


@dataclass(frozen=True)
class Looked:
    """A file and the judgement on its answer; without one, trouble says why it was not looked at."""

    file: str
    judgement: Judgement | None
    trouble: str = ""


@dataclass(frozen=True)
class Validation:
    """What came of all the files."""

    files: tuple[Looked, ...]
    strict: bool

    @property
    def exit_code(self) -> int:
        """2 where a file could not be looked at, else 1 where an answer is broken, else 0."""
        if any(looked.judgement is None for looked in self.files):
            return USAGE
        return BROKEN if any(j.fails(strict=self.strict) for j in self.judgements) else HOLDS

    @property
    def judgements(self) -> list[Judgement]:
        """Those that there are."""
        return [looked.judgement for looked in self.files if looked.judgement is not None]

    @property
    def troubles(self) -> list[str]:
        """Of each file that was not looked at, which and why."""
        return [f"{looked.file}: {looked.trouble}" for looked in self.files if looked.judgement is None]


def as_json(validation: Validation) -> str:
    """The report as schemas/reports/validation.schema.json describes it."""
    files = [_entry(looked) for looked in validation.files]
    return json.dumps({"files": files, "exit_code": validation.exit_code}, indent=2)


def _entry(looked: Looked) -> dict[str, Any]:
    judgement = looked.judgement
    if judgement is None:
        nothing = {"format": None, "method": None, "schema": None, "outcome": Outcome.UNCHECKED}
        return {"file": looked.file, **nothing, "trouble": looked.trouble, "problems": [], "cut": False}
    return {
        "file": looked.file,
        "format": judgement.format,
        "method": judgement.method,
        "schema": judgement.schema,
        "outcome": judgement.outcome,
        "trouble": None,
        "problems": [
            {
                "path": p.path,
                "expected": p.expected,
                "found": p.found,
                "rule": p.rule,
                "grade": p.grade,
                "clause": p.clause,
                "outcome": Outcome.BROKEN if binding(p) else Outcome.REFUTED,
            }
            for p in judgement.problems
        ],
        "cut": judgement.cut,
    }


def as_text(validation: Validation) -> str:
    """The report in lines: for each answer what it was held to and what is wrong; in the end, how many of which."""
    lines = [line for looked in validation.files for line in _lines(looked)]
    if len(validation.files) > 1:
        outcomes = [j.outcome if (j := looked.judgement) else Outcome.UNCHECKED for looked in validation.files]
        counts = [f"{outcomes.count(word)} {word}" for word in Outcome if word in outcomes]
        lines.append(f"{len(outcomes)} files: {', '.join(counts)}")
    return "\n".join(lines)


def _lines(looked: Looked) -> Iterator[str]:
    judgement = looked.judgement
    if judgement is None:
        yield f"{looked.file}: {Outcome.UNCHECKED}: {looked.trouble}"
        return
    yield f"{looked.file}: {described(judgement)}: {judgement.outcome}"
    yield from (f"  {line}" for line in told(judgement, TOLD))


def described(judgement: Judgement) -> str:
    """What the answer was held to, such as `ready-data in xml`."""
    held = judgement.schema or (f"an answer of {judgement.method}" if judgement.method else "no known answer")
    return f"{held} in {judgement.format}" if judgement.format else held


def told(judgement: Judgement, most: int | None = None) -> Iterator[str]:
    """A line for each problem, those that break a promise first."""
    ranked = sorted(judgement.problems, key=lambda p: not binding(p))
    for p in ranked[:most]:
        yield f"{Outcome.BROKEN if binding(p) else Outcome.REFUTED}: {p}"
    if judgement.cut:
        yield "and more than can be told"
    elif len(ranked) > (most or len(ranked)):
        yield f"and {len(ranked) - len(ranked[:most])} more, which --output json tells"
