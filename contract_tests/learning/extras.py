"""What answers do beside the clauses' choices: members that the page does not have, and beliefs that do not hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contract_tests.api.reply import Reply
from contract_tests.decode.model import COLUMNS
from contract_tests.engine.run import Run
from contract_tests.learning.learned_profile import Uncovered, answers
from contract_tests.learning.shapes import call_line, shape_of_reply

READY = ("status", "data", "names", "photo", "cost", "ip", "create_time", "end_time")
LIMIT = ("used", "of")
ACCOUNT = ("api_limit", "api_time_limit", "demo")


def _section(name: str) -> Callable[[Mapping[str, Any]], list[Any]]:
    return lambda model: model[name] if isinstance(model.get(name), list) else []


def _account(model: Mapping[str, Any]) -> list[Any]:
    data = model.get("data")
    return data if isinstance(data, list) else [data]


def _limit(model: Mapping[str, Any]) -> list[Any]:
    return [account.get("api_limit") for account in _account(model) if isinstance(account, Mapping)]


KNOWN: tuple[tuple[str, str, str, Callable[[Mapping[str, Any]], list[Any]], tuple[str, ...]], ...] = (
    ("create.ok", "create", "ok", lambda model: [model], ("status", "id")),
    ("result.processing", "result", "processing", lambda model: [model], ("status",)),
    ("result.ready", "result", "ready", lambda model: [model], READY),
    ("result.row-fields", "result", "ready", _section("data"), COLUMNS),
    ("result.names", "result", "ready", _section("names"), ("name",)),
    ("info.body", "info", "ok", lambda model: [model], ("status", "data")),
    ("info.body", "info", "ok", _account, ACCOUNT),
    ("info.body", "info", "ok", _limit, LIMIT),
    ("error.members", "", "error", lambda model: [model], ("status", "error_code", "message")),
)
"""Clause, method (empty: any), status, the objects in an answer, and the names that are known of them."""


def unknown_members(run: Run) -> Iterator[Uncovered]:
    """Members beside the known ones, clause by clause; their names are not told, as they may hold anything."""
    replies = _replies(run)
    for clause, method, status, objects, names in KNOWN:
        asked = [r for r in replies if r.status == status and method in ("", r.call.method)]
        more = {id(r): n for r in asked if (n := _beyond(objects(r.model), names))}
        if more:
            last = next(reply for reply in reversed(asked) if id(reply) in more)
            beside = "1 member" if more[id(last)] == 1 else f"{more[id(last)]} members"
            what = f"{beside} beside {', '.join(names)} ({answers(len(more), len(asked))})"
            yield Uncovered(clause, what, shape_of_reply(last), call_line(last))


def _beyond(objects: list[Any], names: tuple[str, ...]) -> int:
    """The most members beside the known names that one of the objects has."""
    return max((len({*found} - {*names}) for found in objects if isinstance(found, Mapping)), default=0)


def _replies(run: Run) -> list[Reply]:
    """The run's answers, each once, as far as it has kept them."""
    findings, pool = run.findings, run.pool
    kept = [reply for seen in findings.seen.values() for reply in seen.values()]
    kept += [reply for samples in findings.kinds.values() for reply, _ in samples]
    kept += [*pool.maker.offers.values(), *pool.maker.created, *pool.poller.processing]
    kept += [reply for task in pool.maker.accepted for reply in task.reads.values()]
    return sorted({reply.number: reply for reply in kept if reply.readable}.values(), key=lambda reply: reply.number)


def beliefs_refuted(run: Run) -> Iterator[Uncovered]:
    """Findings about clauses that have no choices and bind nobody."""
    told: set[tuple[str, str, str]] = set()
    for finding in run.findings.all:
        if finding.clause.default is None and not finding.binding and finding.key not in told:
            told.add(finding.key)
            what = f"{finding.where or 'the answer'}: {finding.found}; expected {finding.expected}"
            yield Uncovered(
                finding.clause.id, what, finding.answer.partition(" bytes: ")[0], _without_values(finding.call)
            )


def _without_values(curl: str) -> str:
    """A curl line with the names of its parameters alone."""
    return re.sub(r'(?<=[?&"])(\w+)=[^&"]*', r"\1", curl)
