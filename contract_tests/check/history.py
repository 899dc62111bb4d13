"""The file of --history: when each clause was last proven on a target, and which are due again."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from contract_tests.contract.clauses import UsageError
from contract_tests.report.report import JUDGED, History, Report
from mockserver.data import TextFileError, bytes_of, text_of

LAYOUT = 1
MOST_SHOWN = 100
"""Characters of a name in the file that a message shows."""


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """The file: by target and clause, the day (UTC) of the last proof and its outcome."""

    targets: Mapping[str, Mapping[str, Mapping[str, str]]]

    def of(self, report: Report, stale_after: timedelta, provable: Collection[str]) -> Mapping[str, History]:
        """The history of each clause of a report, the report's own proofs included. provable: the clauses that some run
        on the target can decide; no other one is due, unless it was decided once.
        """
        before = self.targets.get(report.target, {})
        today = report.started.date()
        proven_now = {row.clause.id for row in report.rows if row.outcome in JUDGED}
        found = {}
        for row in report.rows:
            known = before.get(row.clause.id)
            last = today if row.clause.id in proven_now else date.fromisoformat(known["proven"]) if known else None
            old = row.clause.id in provable if last is None else today - last > stale_after
            found[row.clause.id] = History(last, stale=old and not row.clause.unseen)
        return found

    def with_report(self, report: Report) -> bytes:
        """The file's new content: the report's proofs over those before. Other targets stay as they are."""
        today = report.started.date().isoformat()
        own = dict(self.targets.get(report.target, {}))
        own |= {
            row.clause.id: {"proven": today, "outcome": row.outcome.value}
            for row in report.rows
            if row.outcome in JUDGED
        }
        document = {"layout": LAYOUT, "targets": {**self.targets, report.target: own}}
        # In ASCII, which can hold every text that was read, also half of a surrogate pair.
        return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def read_history(file: Path) -> HistoryFile:
    """The file's content; empty where there is no such file yet. Raises UsageError naming file and place."""
    if file.exists() and not file.is_file():
        raise UsageError(f"--history: {file}: is not a file that can be read again; name another")
    try:
        document = json.loads(text_of(bytes_of(file)))
    except FileNotFoundError:
        return HistoryFile({})
    except OSError as error:
        raise UsageError(f"--history: {file}: can't be read: {error.strerror}") from None
    except TextFileError as error:
        raise UsageError(f"--history: {file}: {error}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"--history: {file}: is not a history (no JSON); name another file") from None
    wrong = _wrong(document)
    if wrong:
        raise UsageError(f"--history: {file}: {wrong}; correct it, or name another file")
    return HistoryFile(document["targets"])


def _wrong(document: Any) -> str:
    """What is wrong with the document; empty where nothing is. Clauses of another version of the kit are kept."""
    if not isinstance(document, dict) or not isinstance(document.get("targets"), dict):
        return "is not a history: it lacks targets"
    if document.get("layout") != LAYOUT:
        return f"is not of the layout {LAYOUT}, which this version of the kit knows"
    for target, known in document["targets"].items():
        if not isinstance(known, dict):
            return f"targets.{target[:MOST_SHOWN]} is not a table"
        for clause, entry in known.items():
            if not isinstance(entry, dict) or not _is_day(entry.get("proven")):
                where = f"targets.{target[:MOST_SHOWN]}.{clause[:MOST_SHOWN]}"
                return f"{where}.proven is not a day such as {datetime.now(UTC).date()}"
            if not all(isinstance(value, str) for value in entry.values()):
                return f"targets.{target[:MOST_SHOWN]}.{clause[:MOST_SHOWN]} holds something that is no text"
    return ""


def _is_day(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(date.fromisoformat(text))
    except ValueError:
        return False
