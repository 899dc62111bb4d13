"""What an answer shows, place by place, in words by which two answers can be compared: headers, writing, members and
their types, values. Ids, moments and personal values are not observed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract_tests.api.reply import Reply, content_type
from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.editions import SECTION_NAMES
from contract_tests.contract.members import ACCOUNT, COLUMNS, ERROR, READY, TIMES, UNITS
from contract_tests.contract.ready_checks import CHECKS, CheckResult, TaskFacts, check, entries
from contract_tests.contract.validate import broken_clauses
from contract_tests.contract.values import OF_HTTP, account_shape, kind, status_choices, with_blank
from contract_tests.decode.model import Decoded

NO_CLAUSE = "no-clause"  # the report's line for differences that belong to no clause
ABSENT = "absent"
ANOTHER = "something else"
MOST_OTHERS = 1000  # members of an object that are observed beside the documented ones, by the order of their names
UNDOCUMENTED = "(a member of no documentation)"


@dataclass(frozen=True, slots=True)
class Observation:
    clause: str
    values: frozenset[str]
    """All values that the answer allows: one where it is unambiguous, none where it allows any."""
    shown: str  # the value in words that hold nothing of the answer
    where: str  # the place in words that hold nothing of the answer
    parent: str | None = None  # the object around the place: an answer that has it without the place differs


@dataclass
class Observations:
    format: str = ""  # of the answer; empty where it is not read
    by_place: dict[str, Observation] = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)  # the places of its objects

    def add(
        self, place: str, clause: str, *values: str, shown: str = "", where: str = "", parent: str | None = None
    ) -> None:
        """Adds an observation; `where` is for a place whose name is the server's own."""
        shown = shown or any_of(values) or "nothing that shows its type"
        self.by_place[place] = Observation(clause, frozenset(values), shown, where or place, parent)

    def add_members(self, clause: str, objects: Sequence[Mapping[str, Any]], at: str = "") -> None:
        """Adds the types of the members of the objects at a place, taken together. Of a member that is not documented
        the name is not shown, as it may hold anything, and it may lack in some of the objects.
        """
        self.objects.add(at)
        prefix = f"{at}." if at else ""
        names, documented = {name for one in objects for name in one}, MEMBERS_AT[clause, at]
        for name in (*sorted(names.intersection(documented)), *sorted(names.difference(documented))[:MOST_OTHERS]):
            kinds = {kind(one[name]) for one in objects if name in one and not _is_nothing(clause, at, name, one[name])}
            if name not in documented:
                # Other formats than JSON may leave out what has nothing in it.
                parent = at if self.format == "json" else None
                self.add(prefix + name, clause, *kinds, where=prefix + UNDOCUMENTED, parent=parent)
                continue
            kinds |= {ABSENT} if any(name not in one for one in objects) else set()
            self.add(prefix + name, _OWN_CLAUSES.get((clause, name), clause), *_joined(clause, name, kinds), parent=at)

    def add_status(self, clause: str, model: Mapping[str, Any]) -> None:
        """Adds the status word, where there is one."""
        if "status" in model:
            word = model["status"] if isinstance(model["status"], str) else ""
            plain = re.fullmatch(r"[A-Za-z_-]{0,20}", word)
            self.add("status", clause, word, shown=repr(word) if plain else "another text", parent="")


MEMBERS_AT: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("create.ok", ""): ("status", "id"),
    ("result.processing", ""): ("status",),
    ("result.ready", ""): READY,
    ("result.row-fields", "data[]"): COLUMNS,
    ("result.names", "names[]"): ("name",),
    ("info.body", ""): ("status", "data"),
    ("info.body", "data"): ACCOUNT,
    ("info.body", "data.api_limit"): UNITS,
    ("error.members", ""): ERROR,
}
"""The documented members of an object, by clause and place."""
_OWN_CLAUSES = {("result.ready", "ip"): "result.ip", ("result.row-fields", "phone"): "row.phone"}
"""Members that have a clause of their own."""
_PHONE_TYPES = {"text": "text", "a whole number": "number"}
"""Choices of row.phone by the type that shows them."""


def _is_nothing(clause: str, at: str, name: str, value: object) -> bool:
    """Whether a value shows no type: what is null, false or empty for one account or row may be anything for another.
    What an account has is not documented, nor are members beside the documented ones.
    """
    empty = value is None or value is False or (isinstance(value, str | list | Mapping) and not value)
    return empty and (clause == "info.body" or name not in MEMBERS_AT[clause, at])


def _joined(clause: str, name: str, kinds: set[str]) -> list[str]:
    """Types as the one value of a place."""
    words = {
        _PHONE_TYPES.get(word, word) if (clause, name) == ("result.row-fields", "phone") else word for word in kinds
    }
    return [any_of(words)] if words else []


_OR = " or "


def any_of(words: Iterable[str]) -> str:
    """The words as alternatives: `record or task`."""
    return _OR.join(sorted(words))


def alternatives(values: Iterable[str]) -> set[str]:
    """The words of values that `any_of` has joined."""
    return {word for value in values for word in value.split(_OR)}


def observe(reply: Reply, facts: TaskFacts, encodings: Mapping[str, str]) -> Observations:
    """What a reply shows, beside whether the call was accepted and the kind of its error. encodings: the choices of
    xml.encoding and csv.encoding that the target has shown.
    """
    decoded = reply.decoded
    seen = Observations(decoded.format if decoded else "")
    _observe_http(seen, reply, encodings)
    if decoded is None or reply.response is None:
        return seen
    nothing = finds_nothing(reply)
    for clause, choice in decoded.choices.items():
        word, shows_it = AMBIGUOUS.get((clause, choice), ("", None))
        also = [word] if word and not (shows_it and shows_it.search(reply.response.body)) else []
        place = f"writing, {clause}{NOTHING_FOUND if nothing and clause in OF_SECTIONS else ''}"
        seen.add(place, clause, choice, *also, shown=repr(choice))
    if decoded.format == "csv" and "csv.encoding" not in decoded.choices:
        # A byte order mark shows even in ASCII; the other two encodings write ASCII alike.
        seen.add("writing, csv.encoding", "csv.encoding", "utf-8", "cp1251", shown="no mark, and ASCII alone")
    method = reply.call.method
    if reply.call.format != "json" and (reply.status == "error" or method == "info"):
        what, clause = ("an error", "error") if reply.status == "error" else ("info", "info")
        seen.add(f"the format of {what}", f"{clause}.follows-format", "no" if decoded.format == "json" else "yes")
    name = "error" if reply.status == "error" else reply.status if method == "result" else method
    if observe_body := _BODIES.get(name):
        observe_body(seen, decoded, facts)
    return seen


def finds_nothing(reply: Reply) -> bool:
    """Whether a task is ready and nothing was found, so that the answer does not show how that is written."""
    return reply.status == "ready" and not any(map(reply.model.get, SECTION_NAMES))


NOTHING_FOUND = ", where nothing was found"
OF_SECTIONS = ("csv.rows", "csv.layout", "xml.empty", "xml.item", "xml.list", "xml.layout", "xml.null")
"""Clauses whose choice an answer shows by what was found: one without it is compared with such alone."""
AMBIGUOUS: Mapping[tuple[str, str], tuple[str, re.Pattern[bytes] | None]] = {
    ("xml.text", "escaped"): ("CDATA for some texts", re.compile(rb"&(?:amp|lt|gt);")),
    ("csv.lacking", "?"): ("? and transliterated", None),
}
"""Choices that an answer also shows where a target does what no choice covers, and that answer has nothing that needs
it: the reader's word for that, and what shows in the bytes that it is the choice.
"""


def _observe_http(seen: Observations, reply: Reply, encodings: Mapping[str, str]) -> None:
    if reply.response is None:
        return
    origin = reply.response.header("access-control-allow-origin")
    shown = {None: "off", "*": "'*'"}.get(origin, "an origin")
    seen.add("Access-Control-Allow-Origin", "cors", origin or "off", shown=shown)
    seen.add("a redirect", NO_CLAUSE, f"HTTP {reply.http}" if 300 <= reply.http < 400 else "no")
    if reply.decoded is None:
        return
    fmt = reply.decoded.format
    header = reply.response.header("content-type") or ""
    blank = with_blank(header, encodings.get(f"{fmt}.encoding"))
    shown = repr(content_type(reply.response))
    seen.add(f"Content-Type of {fmt}", f"content-type.{fmt}", header, blank, shown=shown)
    if reply.status != "error":
        seen.add("HTTP status", "error.http-status", f"HTTP {reply.http} of an answer that is not an error")
    elif reply.http not in OF_HTTP:
        seen.add("HTTP status", "error.http-status", *status_choices(reply.http, reply.code))


def _observe_create(seen: Observations, decoded: Decoded, _: TaskFacts) -> None:
    seen.add_members("create.ok", [decoded.model])
    seen.add_status("create.ok", decoded.model)


def _observe_info(seen: Observations, decoded: Decoded, _: TaskFacts) -> None:
    seen.add_members("info.body", [{name: value for name, value in decoded.model.items() if name != "data"}])
    seen.add_status("info.body", decoded.model)
    data = decoded.model.get("data")
    if decoded.can_show("info.shape"):  # XML may have an element around an object
        seen.add("data", "info.shape", account_shape(decoded.model))
    account = data[0] if isinstance(data, list) and len(data) == 1 else data
    if isinstance(account, Mapping):
        seen.add_members("info.body", [account], "data")
        if isinstance(limit := account.get("api_limit"), Mapping):
            seen.add_members("info.body", [limit], "data.api_limit")


def _observe_ready(seen: Observations, decoded: Decoded, facts: TaskFacts) -> None:
    model = decoded.model
    if decoded.format != "csv":
        for section in SECTION_NAMES:
            _observe_section(seen, model, section, own=section == facts.section)
    if decoded.rows is None:
        others = {name: value for name, value in model.items() if name not in ("status", *SECTION_NAMES)}
        # How a time is written is the clause result.times.
        seen.add_members("result.ready", [others | {name: "there" for name in TIMES if name in others}])
    for section, clause in (("data", "result.row-fields"), ("names", "result.names")):
        values = model.get(section)
        if isinstance(values, list) and values:
            seen.add(f"{section}[]", clause, any_of({kind(value) for value in values}))
        if rows := [row for _, row in entries(model, section)]:
            seen.add_members(clause, rows, f"{section}[]")
    _observe_forms(seen, model)
    for clause in CHECKS:
        if decoded.can_show(clause) and clause != "row.phone":  # which the types of members show
            _observe_check(seen, decoded, clause, facts)


def _observe_forms(seen: Observations, model: Mapping[str, Any]) -> None:
    """Whether values are as the schema of a ready answer has them, those of all rows taken together."""
    broken = broken_clauses("ready", model, tuple(_FORMS))
    rows = [row for _, row in entries(model, "data")]
    for clause, place in _FORMS.items():
        objects = rows if place.startswith("data[].") else [model]
        if any(place.removeprefix("data[].") in one for one in objects):
            form = ANOTHER if clause in broken else all_clauses()[clause].title
            seen.add(f"{place}, its form", clause, form, where=place)


_FORMS: Mapping[str, str] = {
    "result.cost": "cost",
    **{f"row.{name}": f"data[].{name}" for name in ("time", "price", "source")},
}
"""Clauses of how a value is written, and its place."""


def _observe_check(seen: Observations, decoded: Decoded, clause: str, facts: TaskFacts) -> None:
    """The results of a check, those of all rows taken together."""
    found: dict[str, set[str]] = {}
    for result in check(clause, decoded.model, facts, rows_only=decoded.rows is not None):
        if isinstance(result, CheckResult):
            word = result.expected if result.holds else ANOTHER
        else:
            word = result.choice or '""'
        found.setdefault(re.sub(r"\[\d+\]", "[]", result.path), set()).add(word)
    if clause == "result.sections" and found:
        # A section that is filled may be one in which nothing was found for another phone.
        emptied = {name: _emptied(v) if name in SECTION_NAMES else v for name, v in decoded.model.items()}
        also = [r.choice for r in check(clause, emptied, facts) if not isinstance(r, CheckResult)]
        seen.add(clause, clause, *(word for words in found.values() for word in words), *also, where="the sections")
        return
    for path, words in found.items():
        seen.add(f"{path}: {clause}", clause, any_of(words), where=path)
    if clause == "quota.unit" and not found and "cost" in decoded.model:
        seen.add(f"cost: {clause}", clause, "record", "task", where="cost")


def _emptied(value: object) -> object:
    return [] if isinstance(value, list) else "" if isinstance(value, str) else value


def _observe_section(seen: Observations, model: Mapping[str, Any], section: str, *, own: bool) -> None:
    """Whether a section has the type of one, and the source's own is there. How much was found is no difference."""
    value = model.get(section)
    fits = isinstance(value, str | None) if section == "photo" else isinstance(value, list)
    if own:
        state = ("there" if fits else "of another type") if section in model else ABSENT
        seen.add(section, "result.own-section", state)
    elif value:
        seen.add(section, "result.ready", kind(value))


_BODIES: Mapping[str, Callable[[Observations, Decoded, TaskFacts], None]] = {
    "create": _observe_create,
    "processing": lambda seen, decoded, _: seen.add_members("result.processing", [decoded.model]),
    "ready": _observe_ready,
    "error": lambda seen, decoded, _: seen.add_members("error.members", [decoded.model]),
    "info": _observe_info,
}
"""How a body is observed: by `error`, the method, or the status of a result. A body of another status is not."""
