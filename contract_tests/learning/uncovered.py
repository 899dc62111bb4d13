"""What answers do outside the clauses' choices: undocumented members, and assumptions that do not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.api.reply import Reply
from contract_tests.contract.members import ACCOUNT, COLUMNS, ERROR, READY, UNITS
from contract_tests.engine.run import Run
from contract_tests.learning.evidence import call_line, shape_of_reply
from contract_tests.learning.learned_profile import Uncovered, of_answers

OBJECTS: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("create.ok", "create", "ok", (), ("status", "id")),
    ("result.processing", "result", "processing", (), ("status",)),
    ("result.ready", "result", "ready", (), READY),
    ("result.row-fields", "result", "ready", ("data",), COLUMNS),
    ("result.names", "result", "ready", ("names",), ("name",)),
    ("info.body", "info", "ok", (), ("status", "data")),
    ("info.body", "info", "ok", ("data",), ACCOUNT),
    ("info.body", "info", "ok", ("data", "api_limit"), UNITS),
    ("error.members", "", "error", (), ERROR),
)
"""Clause, method (empty: any), status, the path of objects in such an answer, the documented names of their members."""


def undocumented_members(run: Run) -> Iterator[Uncovered]:
    """Undocumented members, clause by clause. Their names are not shown, as they may hold anything."""
    replies = _replies(run)
    for clause, method, status, path, names in OBJECTS:
        asked = [reply for reply in replies if reply.status == status and method in ("", reply.call.method)]
        beside = [max((len(o.keys() - {*names}) for o in _objects(r.model, path)), default=0) for r in asked]
        counts = [(n, reply) for n, reply in zip(beside, asked, strict=True) if n]
        if counts:
            count, last = counts[-1]
            members = "1 member" if count == 1 else f"{count} members"
            what = f"{members} beside {', '.join(names)} ({of_answers(len(counts), len(asked))})"
            yield Uncovered(clause, what, shape_of_reply(last), call_line(last))


def _objects(model: Mapping[str, Any], path: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """The objects at a path, those in a list included."""
    found: list[Any] = [model]
    for name in path:
        values = [value[name] for value in found if name in value]
        found = [entry for value in values for entry in (value if isinstance(value, list) else [value])]
        found = [entry for entry in found if isinstance(entry, Mapping)]
    return found


def _replies(run: Run) -> list[Reply]:
    """The answers that the run has kept, each once."""
    findings, pool = run.findings, run.pool
    kept = [reply for seen in findings.seen.values() for reply in seen.values()]
    kept += [reply for samples in findings.kinds.values() for reply, _ in samples]
    kept += [*pool.maker.trial_replies.values(), *pool.maker.created, *pool.poller.processing]
    kept += [reply for task in pool.maker.accepted for reply in task.reads.values()]
    return sorted({reply.number: reply for reply in kept if reply.readable}.values(), key=lambda reply: reply.number)


def refuted_assumptions(run: Run) -> Iterator[Uncovered]:
    """Findings about clauses that have no choices and are no promises."""
    for finding in (f for f in run.findings.all if f.clause.default is None and not f.binding):
        what = f"{finding.where or 'the answer'}: {finding.found}; expected {finding.expected}"
        call = re.sub(r'(?<=[?&"])(\w+)=[^&"]*', r"\1", finding.call)  # names of parameters without values
        yield Uncovered(finding.clause.id, what, finding.answer.partition(" bytes: ")[0], call)
