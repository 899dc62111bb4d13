"""The calls that both targets get, in this order: how each is made, and which clauses its answers can show.

A target whose tasks cost one unit each is charged 8 units at most: a source that is not read (edition A) makes tasks of
whatever is named, so the last sources are left out there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from contract_tests.api import calls
from contract_tests.api.calls import GET, MULTIPART, POST, Call, Way
from contract_tests.contract.editions import NO_SOURCE
from contract_tests.parity.normalise import NO_CLAUSE
from contract_tests.parity.side import BARE, Side
from contract_tests.parity.step import Make, Step


def _in_each(name: str, call: Make, *shows: str, kind: str = "", kinds: Mapping[str, str] | None = None) -> list[Step]:
    """The step in each format, over both ways."""
    turns = (("json", GET), ("xml", POST), ("csv", GET))
    return [Step(name, call, shows, fmt, way, kind, kinds=kinds) for fmt, way in turns]


def _create(source: int | None, phone: str = "") -> Make:
    return lambda side: calls.create(side.me, phone or side.phone, source)


def _nothing(source: int) -> Make:
    return lambda side: calls.create(side.me, side.run.target.phones.nothing or side.phone, source)


def _failing(side: Side) -> Call:
    return calls.create(side.me, side.run.target.phones.failing or side.phone, 2)


def _unknown(side: Side) -> Call:
    return calls.result(side.me, side.run.unknown_id)


def _result(side: Side) -> Call:
    return calls.result(side.me, side.task(MAIN).id)


def _task_of(name: str) -> Make:
    return lambda side: calls.result(side.me, side.task(name).id)


def _twice(side: Side) -> Call:
    call = _result(side)
    return replace(call, params=(*call.params, ("id", str(side.run.unknown_id))))


def _foreign(side: Side) -> Call:
    return calls.result(side.run.second(), side.task(MAIN).id)


def _without(*names: str, **values: str) -> Make:
    """A call of result without parameters, and with other values of some."""
    return lambda side: _unknown(side).but(**dict.fromkeys(names), **_meant(side, values))


def _meant(side: Side, values: Mapping[str, str]) -> dict[str, str]:
    return {name: side.run.wrong_token if value == WRONG else value for name, value in values.items()}


WRONG = "(wrong)"
MAIN = "source 2"

INFO: tuple[Step, ...] = (
    Step("info", lambda s: calls.info(s.me), ("info.answers", "info.shape", "info.body")),
    Step("info", lambda s: calls.info(s.me), ("info.answers", "info.shape", "info.body"), "xml"),
    Step("info", lambda s: calls.info(s.me), ("info.answers", "info.csv", "info.body"), "csv"),
    Step("info", lambda s: calls.info(s.me), ("info.methods", "info.body"), "json", POST, words=("both", "get")),
)
CREATES: tuple[Step, ...] = (
    Step(MAIN, _create(2), ("create.ok",)),
    Step(BARE, _create(None), ("edition",), None, POST, words=("no source is needed", "a source is needed")),
    Step("source 1", _create(1), ("edition",), "xml", POST),
    Step("a phone with +", lambda s: calls.create(s.me, f"+{s.phone}", 2), ("phone.invalid",), "json",
         kind="invalid", words=("strip", "error")),
    Step("phone abc", _create(2, "abc"), ("phone.invalid", "error.invalid-names"), "json", kind="invalid"),
    Step("create without phone", lambda s: _create(2)(s).but(phone=None), ("create.required",), "xml", kind="missing"),
    Step("source 3", _create(3), ("edition",), "csv"),
    Step("source 4", _create(4), ("edition",), "json", POST, spares=BARE),
    Step("source 11", _create(11), ("edition",), "xml", spares=BARE),
    Step("source 12", _create(12), ("edition",), "csv", POST, spares=BARE),
    Step(f"source {NO_SOURCE}", _create(NO_SOURCE), ("edition",), "json", kind="invalid", spares=BARE),
    Step("source 2, nothing found", _nothing(2), ("create.ok",), mocks=True),
    Step("source 3, nothing found", _nothing(3), ("create.ok",), mocks=True),
    Step("a task that fails", _failing, ("create.ok",), mocks=True),
    Step("a used-up limit", lambda s: calls.create(s.poor(), s.phone, 2), ("quota.refuses",), "json",
         kind="limit", mocks=True),
)  # fmt: skip
PROCESSING: tuple[Step, ...] = tuple(
    Step("a new task", _result, ("result.processing",), fmt, way)
    for fmt, way in (("json", GET), ("xml", POST), ("csv", GET))
)
FORMAT = "format bogus"
REFUSED: tuple[Step, ...] = (
    *_in_each("without login and token", _without("login", "token"), "error.missing", kind="missing"),
    *_in_each("without id", _without("id"), "result.required", kind="missing"),
    *_in_each("a wrong token", _without(token=WRONG), "credentials.refused", kind="credentials"),
    Step("info with a wrong token", lambda s: calls.info(s.me).but(token=s.run.wrong_token), ("credentials.refused",),
         kind="credentials"),
    *_in_each("an unknown id", _unknown, "task.unknown", kind="unknown-task"),
    *_in_each("id abc", _without(id="abc"), "id.invalid", kinds={"unknown-task": "unknown", "": "error"}),
    Step("without token and id", _without("token", "id"), ("error.missing-names",), kind="missing"),
    Step("a wrong token, without id", _without("id", token=WRONG), ("check.order",),
         kinds={"missing": "parameters-first", "credentials": "credentials-first"}),
    Step("an empty id", _without(id=""), ("param.empty-is-missing",), kinds={"missing": "yes", "": "no"}),
    Step(FORMAT, lambda s: calls.info(s.me), ("format.invalid",), "bogus", kind="invalid", words=("json", "error")),
    Step(f"{FORMAT}, without id", _without("id"), ("check.format-first",), "bogus",
         kinds={"missing": "no", "invalid": "yes"}, fails=FORMAT),
    Step("id twice, first a task's", _twice, ("param.repeated",), words=("first", "last")),
    Step("id in query and body, in the body a task's",
         lambda s: replace(_result(s), query=(("id", str(s.run.unknown_id)),)), ("param.both",),
         way=POST, words=("body", "query")),
    Step("a multipart form", _result, ("param.multipart",), way=MULTIPART, words=("read", "ignored")),
    Step("another account's task", _foreign, ("task.foreign-error",),
         kinds={"unknown-task": "unknown-task", "credentials": "credentials"}),
    Step("an unknown method", lambda s: Call("nosuchmethod", s.me.params), ("not-found",),
         kind="unknown-method", probe=True),
    Step("another HTTP method", _unknown, (NO_CLAUSE,), way=Way("PUT", "query"), kind="http-method", probe=True),
)  # fmt: skip
SHARED_SOURCES = ("source 2", "source 1", "source 3", "source 4", "source 11", "source 12")
"""The steps whose tasks are read in every format; the others' are read once, for what they took."""
READ: Mapping[str, tuple[str, ...]] = {
    "json": ("result.ready", "result.sections", "result.photo-empty", "result.times", "result.times-ordered",
             "result.cost", "result.ip",
             "result.own-section", "result.empty", "result.row-fields", "result.row-phone", "row.phone", "row.time",
             "row.price", "row.source", "row.category", "result.names", "result.photo", "quota.unit"),
    "xml": ("result.ready", "result.sections", "result.times"),
    "csv": ("result.row-fields",),
}  # fmt: skip
WRITTEN: Mapping[str, tuple[str, ...]] = {
    "json": ("content-type.json", "json.escapes"),
    "xml": ("content-type.xml", "xml.root", "xml.item", "xml.declaration", "xml.empty"),
    "csv": ("content-type.csv", "csv.delimiter", "csv.header", "csv.encoding", "csv.line-end", "csv.flat"),
}
"""The clauses that any answer in a format can show."""


SHOWN = frozenset(
    clause
    for shows in (*READ.values(), *WRITTEN.values(), *(s.shows for s in (*INFO, *CREATES, *PROCESSING, *REFUSED)))
    for clause in shows
)
"""The clauses that some call can show."""


def finished(name: str) -> Step:
    """What became of a task that is not read in every format."""
    return Step(
        f"the task of {name}", lambda side: calls.result(side.me, side.task(name).id), ("result.becomes-ready",)
    )


def reading(name: str, number: int) -> list[Step]:
    """The ready answers of a task in every format; number turns the ways."""
    ways = (GET, POST) if number % 2 else (POST, GET)
    return [
        Step(f"the task of {name}", _task_of(name), ("result.becomes-ready", *READ[fmt]), fmt, ways[i % 2])
        for i, fmt in enumerate(READ)
    ]
