"""What answers do outside the clauses' choices: undocumented members, and assumptions that do not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.contract.editions import ANY_SOURCE, NO_EDITION, UNKNOWN_SOURCE
from contract_tests.contract.members import UNITS
from contract_tests.contract.profile import Uncovered
from contract_tests.contract.values import kind
from contract_tests.engine.run import Run
from contract_tests.learning.evidence import call_line, shape_of_reply
from contract_tests.learning.learned_profile import of_answers
from contract_tests.parity.observe import MEMBERS_AT, UNDOCUMENTED

OBJECTS: Mapping[tuple[str, str], tuple[str, str, tuple[str, ...]]] = {
    ("create.ok", ""): ("create", "ok", ()),
    ("result.processing", ""): ("result", "processing", ()),
    ("result.ready", ""): ("result", "ready", ()),
    ("result.row-fields", "data[]"): ("result", "ready", ("data",)),
    ("result.names", "names[]"): ("result", "ready", ("names",)),
    ("info.body", ""): ("info", "", ()),
    ("info.body", "data"): ("info", "", ("data",)),
    ("info.body", "data.api_limit"): ("info", "", ("data", "api_limit")),
    ("error.members", ""): ("", "error", ()),
}
"""The answers that have the object of a clause and a place: method (empty: any), status (empty: any but error), and the
path to it.
"""


def undocumented_members(run: Run) -> Iterator[Uncovered]:
    """Undocumented members, place by place. Their names are not shown, as they may hold anything."""
    replies = [reply for reply in run.api.replies if reply.decoded is not None]
    for (clause, at), (method, status, path) in OBJECTS.items():
        names = MEMBERS_AT[clause, at]
        asked = [r for r in replies if method in ("", r.call.method) and _is_of(r.status, status)]
        nested = [r for r in asked if r.decoded and r.decoded.format != "csv"]  # CSV lays flat what is in a member
        asked = nested or asked
        beside = [{name for o in _objects(reply.model, path) for name in o if name not in names} for reply in asked]
        counts = [(found, reply) for found, reply in zip(beside, asked, strict=True) if found]
        if counts:
            count, (_, last) = len(set().union(*beside)), counts[-1]
            members = "1 member" if count == 1 else f"{count} members"
            what = f"{members} beside {', '.join(names)} ({of_answers(len(counts), len(asked))})"
            where = f"{at}.{UNDOCUMENTED}" if at else UNDOCUMENTED
            yield Uncovered(clause, what, where, (), count, shape_of_reply(last), call_line(last))


def _is_of(word: str, status: str) -> bool:
    return word == status if status else word != "error"


def _objects(model: Mapping[str, Any], path: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """The objects at a path, those in a list included."""
    found: list[Any] = [model]
    for name in path:
        values = [value[name] for value in found if name in value]
        found = [entry for value in values for entry in (value if isinstance(value, list) else [value])]
        found = [entry for entry in found if isinstance(entry, Mapping)]
    return found


def text_units(run: Run) -> Iterator[Uncovered]:
    """Units of the account that are no numbers in JSON, which no assumption refutes."""
    asked = [r for r in run.api.replies if r.call.method == "info" and r.decoded and r.decoded.format == "json"]
    limits = [(limit, reply) for reply in asked for limit in _objects(reply.model, ("data", "api_limit"))]
    for name in UNITS:
        texts = [reply for limit, reply in limits if isinstance(limit.get(name), str)]
        if texts:
            where, last, word = f"data.api_limit.{name}", texts[-1], kind("")
            what = f"{where}: {word} ({of_answers(len(texts), len(limits))})"
            yield Uncovered("info.body", what, where, (word,), shape=shape_of_reply(last), call=call_line(last))


def strange_sources(run: Run) -> Iterator[Uncovered]:
    """That create takes a source of no edition, though it must name one."""
    reply = run.pool.maker.trial_replies.get(UNKNOWN_SOURCE)
    if reply is not None and reply.status == "ok" and "edition" not in run.findings.seen:
        words, shape, call = NO_EDITION[ANY_SOURCE], shape_of_reply(reply), call_line(reply)
        yield Uncovered("edition", ANY_SOURCE, words=words, shape=shape, call=call)


def refuted_assumptions(run: Run) -> Iterator[Uncovered]:
    """Findings about clauses that have no choices and are no promises."""
    for finding in (f for f in run.findings.all if f.clause.default is None and not f.binding):
        what = f"{finding.where or 'the answer'}: {finding.found}; expected {finding.expected}"
        call = re.sub(r'(?<=[?&"])(\w+)=[^&"]*', r"\1", finding.call)  # names of parameters without values
        where = re.sub(r"\[\d+\]", "" if finding.clause.id == "info.body" else "[]", finding.where)
        yield Uncovered(finding.clause.id, what, where, shape=finding.answer.partition(" bytes: ")[0], call=call)
