"""The calls that both targets get, in this order: how each is made, and which clauses its answers can show.

A target whose tasks cost one unit each charges 8 units at most. A target that does not read the source (edition A)
makes a task of any source, so the last sources are left out there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import cycle
from typing import Any, TypeAlias

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, GET, MULTIPART, POST, WAYS, Call, Way
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.editions import B_OR_C, EDITIONS, SECTIONS, UNKNOWN_SOURCE, Edition
from contract_tests.contract.ready_checks import CHECKS
from contract_tests.engine.target import Phones
from contract_tests.parity.observe import any_of
from contract_tests.parity.side import BARE, Side

OWN, NEITHER = "an answer of its own", "neither: two values are refused"
ANY_TEXT, NOT_FOUND = "any text is taken", "accepted, and nothing is found"
"""Words of the suite for what no choice covers."""
MakeCall: TypeAlias = Callable[[Side], Call]  # raises NotChecked where that side does not allow the call


@dataclass(frozen=True, slots=True)
class ScriptStep:
    name: str
    make_call: MakeCall
    clauses: tuple[str, ...]  # that its answers can show; the first decides where one side alone accepts the call
    fmt: str | None = None
    way: Way = GET
    kind: str = ""  # the kind of error that the answer is
    words: tuple[str, str] = ("accepted", "refused")
    """What the first clause calls an accepted call and a refused one; `any_of` joins words that may all be right."""
    like: Mapping[str, str] = field(default_factory=dict)
    """What it calls an error that is like the target's answer to another step, by that step."""
    apart: tuple[str, ...] = ()  # further steps whose errors must not be alike for any of this to show
    names: str = ""  # the parameter that the error names
    after_refusal: str = ""  # the step that both sides must refuse, or this one shows nothing
    unless_accepted: str = ""  # the step whose create makes this one needless where it was accepted
    probe: bool = False  # the API itself need not answer the call
    provisioned: bool = False  # it needs accounts made for the run, on both sides

    @property
    def clause(self) -> str:
        return self.clauses[0]

    @property
    def readable(self) -> str:
        """The clause by which its answers can be read."""
        return "format.readable" if self.fmt else "format.default"

    @property
    def label(self) -> str:
        """The call in short, such as `POST xml: without id`."""
        return f"{self.way}{f' {self.fmt}' if self.fmt else ''}: {self.name}"

    def call(self, side: Side) -> Call:
        """The call to a side. Raises NotChecked where that side does not allow it."""
        if self.provisioned and not side.run.target.provisioned:
            raise NotChecked("it needs accounts made for the run, on both sides")
        call = self.make_call(side).by(self.way)
        return call if self.fmt is None else call.but(format=self.fmt)


TURNS = tuple(zip(FORMATS, cycle(WAYS), strict=False))  # each format, over both ways


def _in_each(name: str, make_call: MakeCall, *clauses: str, **more: Any) -> list[ScriptStep]:
    return [ScriptStep(name, make_call, clauses, fmt, way, **more) for fmt, way in TURNS]


def _create(source: int | None, phone: Callable[[Phones], str | None] = lambda _: None) -> MakeCall:
    return lambda side: calls.create(side.me, phone(side.run.target.phones) or side.phone, source)


def _info(side: Side) -> Call:
    return calls.info(side.me)


def _result_of(name: str) -> MakeCall:
    return lambda side: calls.result(side.me, side.task(name).id)


def _unknown(side: Side) -> Call:
    return calls.result(side.me, side.run.unknown_id)


def _unknown_but(*left_out: str, wrong_token: bool = False, **values: str) -> MakeCall:
    """A result call of an unknown id, without some parameters and with other values of some."""

    def make_call(side: Side) -> Call:
        token = {"token": side.run.wrong_token} if wrong_token else {}
        return _unknown(side).but(**dict.fromkeys(left_out), **values, **token)

    return make_call


MAIN = "source 2"
_RESULT = _result_of(MAIN)


def _unknown_id(side: Side) -> tuple[str, str]:
    return "id", str(side.run.unknown_id)


INFO: tuple[ScriptStep, ...] = (
    ScriptStep("info", _info, ("info.answers", "info.shape", "info.body")),
    ScriptStep("info", _info, ("info.answers", "info.shape", "info.body"), "xml"),
    ScriptStep("info", _info, ("info.answers", "info.csv", "info.body"), "csv"),
    ScriptStep("info", _info, ("info.methods", "info.body"), "json", POST, words=("both", "get")),
)


def _editions(accepts: Callable[[Edition], bool]) -> tuple[str, str]:
    """The editions that accept a create, and those that refuse it."""
    accepting = [name for name, edition in EDITIONS.items() if accepts(edition)]
    return any_of(accepting), any_of(EDITIONS.keys() - {*accepting}) or "refused"


def _of_source(source: int) -> dict[str, Any]:
    """The clause that a create with a source shows, and the words for it."""
    return {"clauses": ("edition",), "words": _editions(lambda e: source in e.sources or not e.required)}


OF_SOME_EDITIONS = tuple(n for n in SECTIONS if n not in B_OR_C.sources)
"""Sources that not every edition with sources has."""
CREATES: tuple[ScriptStep, ...] = (
    ScriptStep(MAIN, _create(2), ("create.ok",)),
    ScriptStep(BARE, _create(None), ("edition",), None, POST, words=_editions(lambda edition: not edition.required)),
    ScriptStep("source 1", _create(1), fmt="xml", way=POST, **_of_source(1)),
    ScriptStep("a phone with +", lambda s: calls.create(s.me, f"+{s.phone}", 2), ("phone.invalid",), "json",
               kind="invalid", words=(any_of(("strip", NOT_FOUND, ANY_TEXT)), "error"), names="phone"),
    ScriptStep("phone abc", _create(2, lambda _: "abc"), ("phone.invalid", "error.invalid-names"), "json",
               kind="invalid", words=(ANY_TEXT, "refused"), names="phone"),
    ScriptStep("create without phone", lambda s: _create(2)(s).but(phone=None), ("create.required",), "xml",
               kind="missing"),
    ScriptStep("source 3", _create(3), fmt="csv", **_of_source(3)),
    *(ScriptStep(f"source {n}", _create(n), fmt=fmt, way=way, unless_accepted=BARE, **_of_source(n))
      for n, fmt, way in zip(OF_SOME_EDITIONS, cycle(FORMATS), cycle((POST, GET)), strict=False)),
    ScriptStep(f"source {UNKNOWN_SOURCE}", _create(UNKNOWN_SOURCE), fmt="json", kind="invalid",
               unless_accepted=BARE, names="source", **_of_source(UNKNOWN_SOURCE)),
    ScriptStep("source 2, nothing found", _create(2, lambda phones: phones.nothing), ("create.ok",), provisioned=True),
    ScriptStep("source 3, nothing found", _create(3, lambda phones: phones.nothing), ("create.ok",), provisioned=True),
    ScriptStep("source 2, awkward text", _create(2, lambda phones: phones.awkward), ("create.ok",), provisioned=True),
    ScriptStep("a task that fails", _create(2, lambda phones: phones.failing), ("create.ok",), provisioned=True),
    ScriptStep("a used-up limit", lambda s: calls.create(s.run.account("poor", 0), s.phone, 2), ("quota.refuses",),
               "json", kind="limit", provisioned=True),
)  # fmt: skip
PROCESSING = tuple(_in_each("a new task", _RESULT, "result.processing"))
FORMAT, UNKNOWN, NO_ID, WRONG, BLANK = (
    "format bogus",
    "an unknown id",
    "without id",
    "a wrong token",
    "without any parameter",
)
REFUSED: tuple[ScriptStep, ...] = (
    *_in_each("without login and token", _unknown_but("login", "token"), "error.missing", kind="missing"),
    *_in_each(NO_ID, _unknown_but("id"), "result.required", kind="missing"),
    *_in_each(WRONG, _unknown_but(wrong_token=True), "credentials.refused", kind="credentials"),
    ScriptStep("info with a wrong token", lambda s: _info(s).but(token=s.run.wrong_token), ("credentials.refused",),
               kind="credentials"),
    *_in_each(UNKNOWN, _unknown, "task.unknown", kind="unknown-task"),
    *_in_each("id abc", _unknown_but(id="abc"), "id.invalid", kind="invalid", words=("no error", "error"), names="id",
              like={UNKNOWN: "unknown"}, apart=(NO_ID,)),
    ScriptStep(BLANK, lambda s: s.run.bare_result, ("error.missing-names",), kind="missing", apart=(WRONG, NO_ID)),
    ScriptStep("a wrong token, without id", _unknown_but("id", wrong_token=True), ("check.order",),
               words=("accepted", OWN), like={NO_ID: "parameters-first", WRONG: "credentials-first"}),
    ScriptStep("an empty id", _unknown_but(id=""), ("param.empty-is-missing",), words=("accepted", "no"),
               like={NO_ID: "yes"}, apart=(UNKNOWN,)),
    ScriptStep(FORMAT, _RESULT, ("format.invalid",), "bogus", kind="invalid", words=("json", "error"), names="format"),
    ScriptStep(f"{FORMAT}, without id", _unknown_but("id"), ("check.format-first",), "bogus", words=("accepted", OWN),
               like={FORMAT: "yes", NO_ID: "no"}, apart=(UNKNOWN,), after_refusal=FORMAT),
    ScriptStep("id twice, first a task's", lambda s: replace(_RESULT(s), params=(*_RESULT(s).params, _unknown_id(s))),
               ("param.repeated",), words=("first", NEITHER), like={UNKNOWN: "last"}, apart=(NO_ID,)),
    ScriptStep("id in query and body, in the body a task's", lambda s: replace(_RESULT(s), query=(_unknown_id(s),)),
               ("param.both",), way=POST, words=("body", NEITHER), like={UNKNOWN: "query"}, apart=(NO_ID,)),
    ScriptStep("a multipart form", _RESULT, ("param.multipart",), way=MULTIPART, words=("read", "refused"),
               like={BLANK: "ignored"}, apart=(UNKNOWN,)),
    ScriptStep("another account's task", lambda s: calls.result(s.run.second(), s.task(MAIN).id),
               ("task.foreign-error",), words=("ready", "neither answer"),
               like={UNKNOWN: "unknown-task", WRONG: "credentials"}),
    ScriptStep("an unknown method", lambda s: Call("nosuchmethod", s.me.params), ("not-found",),
               kind="unknown-method", words=("HTTP 200", "error"), apart=(NO_ID, WRONG), probe=True),
    ScriptStep("another HTTP method", _RESULT, ("http-method.other",), way=Way("PUT", "query"), kind="http-method",
               words=("as-get", "refused"), probe=True),
)  # fmt: skip
READ: Mapping[str, tuple[str, ...]] = {
    "json": ("result.ready", "result.own-section", "result.cost", "result.row-fields", "row.time", "row.price",
             "row.source", *CHECKS),
    "xml": ("result.ready", "result.sections", "result.times"),
    "csv": ("result.row-fields",),
}  # fmt: skip
"""The clauses that a ready answer in a format can show."""
WRITTEN: Mapping[str, tuple[str, ...]] = {
    fmt: (f"content-type.{fmt}", *(name for name in all_clauses() if name.startswith(f"{fmt}."))) for fmt in FORMATS
}
"""The clauses that any answer in a format can show."""
COMPARABLE = frozenset[str]().union(
    *READ.values(), *WRITTEN.values(), *(step.clauses for step in (*INFO, *CREATES, *PROCESSING, *REFUSED))
)
"""The clauses that some call can show."""


def finished(name: str) -> ScriptStep:
    """The last answer about a task that is not read in every format."""
    return ScriptStep(f"the task of {name}", _result_of(name), ("result.becomes-ready",))


def reading(name: str, number: int) -> list[ScriptStep]:
    """The ready answers of a task in every format; the ways alternate with the number of the task."""
    ways = (GET, POST) if number % 2 else (POST, GET)
    return [
        ScriptStep(
            f"the task of {name}", _result_of(name), ("result.becomes-ready", *READ.get(fmt, ())), fmt, ways[i % 2]
        )
        for i, fmt in enumerate(FORMATS)
    ]
