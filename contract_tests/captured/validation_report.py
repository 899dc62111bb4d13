"""The report of `validate`: as JSON, and in lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from contract_tests.captured.files import FileResult, Validation
from contract_tests.captured.judge import Judgement, outcome_of
from contract_tests.contract.outcome import Outcome
from contract_tests.redact.unsafe import UNSAFE, json_safe, spelled

MOST_LINES = 50  # problems of an answer in the text; JSON has all that were kept


def as_json(validation: Validation) -> str:
    """The report as schemas/reports/validation.schema.json describes it."""
    files = [_entry(result) for result in validation.files]
    archives = [
        {"file": name, "kind": a.kind, "entries": a.entries, "answers": len(a.answers), "ignored": a.ignored}
        for name, a in validation.archives
    ]
    return json_safe(json.dumps({"files": files, "recordings": archives, "exit_code": validation.exit_code}, indent=2))


def _entry(result: FileResult) -> dict[str, Any]:
    judgement = result.judgement or Judgement(None, None, None, ())
    return {
        "file": result.file,
        "format": judgement.format,
        "method": judgement.method,
        "schema": judgement.schema,
        "outcome": result.outcome,
        "trouble": result.trouble or None,
        "doubt": judgement.doubt or None,
        "problems": [{**vars(p), "outcome": outcome_of(p)} for p in judgement.problems],
        "cut": judgement.cut,
    }


def as_text(validation: Validation) -> str:
    """The report in lines: each answer with its problems, then what files of recordings hold, then the number of
    answers by outcome.
    """
    lines = [line for result in validation.files for line in _lines(result)]
    lines += [f"{name}: {archive}" for name, archive in validation.archives if archive.answers]
    if len(validation.files) > 1:
        outcomes = [result.outcome for result in validation.files]
        counts = [f"{outcomes.count(word)} {word}" for word in Outcome if word in outcomes]
        several = any("#" in result.file for result in validation.files)
        lines.append(f"{len(outcomes)} {'answers' if several else 'files'}: {', '.join(counts)}")
    return "\n".join(UNSAFE.sub(spelled, line) for line in lines)


def _lines(result: FileResult) -> Iterator[str]:
    if result.judgement is None:
        yield f"{result.file}: {result.outcome}: {result.trouble}"
        return
    yield f"{result.file}: {result.judgement.title}: {result.outcome}"
    yield from (f"  {line}" for line in result.judgement.lines(MOST_LINES))
