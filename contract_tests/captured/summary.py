"""The report on captured answers, as text and as JSON, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contract_tests.captured.judge import Judgement
from contract_tests.contract.clauses import Problem
from contract_tests.findings.exit_code import BROKEN, HOLDS, USAGE
from contract_tests.findings.outcome import Outcome

MOST_LINES = 50  # problems of an answer in the text; JSON has all that were kept


@dataclass(frozen=True)
class FileResult:
    """A file and the judgement on its answer."""

    file: str
    judgement: Judgement | None
    trouble: str = ""  # why there is no judgement

    @property
    def outcome(self) -> Outcome:
        """The judgement's; UNCHECKED without one."""
        return self.judgement.outcome if self.judgement else Outcome.UNCHECKED


@dataclass(frozen=True)
class Validation:
    """The results of all files."""

    files: tuple[FileResult, ...]
    strict: bool

    @property
    def exit_code(self) -> int:
        """2 where a file could not be read, else 1 for a broken answer, else 0."""
        judgements = [result.judgement for result in self.files]
        failed = any(j.fails(strict=self.strict) for j in judgements if j)
        return USAGE if None in judgements else BROKEN if failed else HOLDS

    @property
    def troubles(self) -> list[str]:
        """Each file that could not be read, with the reason."""
        return [f"{result.file}: {result.trouble}" for result in self.files if result.judgement is None]


def as_json(validation: Validation) -> str:
    """The report as schemas/reports/validation.schema.json describes it."""
    files = [_entry(result) for result in validation.files]
    return json.dumps({"files": files, "exit_code": validation.exit_code}, indent=2)


def _entry(result: FileResult) -> dict[str, Any]:
    judgement = result.judgement or Judgement(None, None, None, ())
    return {
        "file": result.file,
        "format": judgement.format,
        "method": judgement.method,
        "schema": judgement.schema,
        "outcome": result.outcome,
        "trouble": result.trouble or None,
        "problems": [{**vars(p), "outcome": _outcome(p)} for p in judgement.problems],
        "cut": judgement.cut,
    }


def as_text(validation: Validation) -> str:
    """The report in lines: each answer with its problems, then the number of files by outcome."""
    lines = [line for result in validation.files for line in _lines(result)]
    if len(validation.files) > 1:
        outcomes = [result.outcome for result in validation.files]
        counts = [f"{outcomes.count(word)} {word}" for word in Outcome if word in outcomes]
        lines.append(f"{len(outcomes)} files: {', '.join(counts)}")
    return "\n".join(lines)


def _lines(result: FileResult) -> Iterator[str]:
    if result.judgement is None:
        yield f"{result.file}: {result.outcome}: {result.trouble}"
        return
    yield f"{result.file}: {described(result.judgement)}: {result.outcome}"
    yield from (f"  {line}" for line in problem_lines(result.judgement, MOST_LINES))


def described(judgement: Judgement) -> str:
    """What the answer was recognised as, such as `ready-data in xml`."""
    known = judgement.schema or (f"an answer of {judgement.method}" if judgement.method else "no known answer")
    return f"{known} in {judgement.format}" if judgement.format else known


def problem_lines(judgement: Judgement, most: int | None = None) -> Iterator[str]:
    """A line for each problem, broken promises first."""
    ranked = sorted(judgement.problems, key=lambda p: not p.binding)
    yield from (f"{_outcome(p)}: {p}" for p in ranked[:most])
    if judgement.cut:
        yield "and more problems, which are not listed"
    elif len(ranked) > (most or len(ranked)):
        yield f"and {len(ranked[most:])} more; --output json lists them"


def _outcome(problem: Problem) -> Outcome:
    return Outcome.BROKEN if problem.binding else Outcome.REFUTED
