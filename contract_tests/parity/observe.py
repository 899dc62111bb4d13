"""Observes an answer: headers, writing, members and types. Ids, moments and personal values are not observed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from contract_tests.api.reply import Reply, content_type
from contract_tests.contract.editions import SECTION_NAMES
from contract_tests.contract.http_head import CHARSETS, OF_HTTP, status_choices
from contract_tests.contract.ready_checks import CHECKS, TIMES, CheckResult, TaskFacts, check, entries
from contract_tests.contract.shapes import kind
from contract_tests.contract.values import form_of_time, whole_units
from contract_tests.decode.model import Decoded
from contract_tests.parity.observations import ABSENT, Observations, any_of

NO_CLAUSE = "no-clause"
"""The report's line for differences that belong to no clause."""


def observe(reply: Reply, facts: TaskFacts, encoding: str) -> Observations:
    """What a reply shows, beside whether the call was accepted and the kind of its error. encoding: that of all CSV."""
    seen = Observations()
    _observe_http(seen, reply, CHARSETS.get(encoding, "utf-8"))
    decoded = reply.decoded
    if decoded is None:
        return seen
    for clause, choice in decoded.choices.items():
        seen.add(f"writing, {clause}", clause, choice, shown=repr(choice))
    if decoded.format == "csv" and "csv.encoding" not in decoded.choices:
        # A byte order mark shows even in ASCII; the other two encodings write ASCII alike.
        seen.add("writing, csv.encoding", "csv.encoding", "utf-8", "cp1251", shown="no mark, and ASCII alone")
    if reply.status == "error" and reply.call.format != "json":
        seen.add("the format of an error", "error.follows-format", "no" if decoded.format == "json" else "yes")
    method = reply.call.method
    name = "error" if reply.status == "error" else reply.status if method == "result" else method
    if observe_body := _BODIES.get(name):
        observe_body(seen, decoded, facts)
    return seen


def _observe_http(seen: Observations, reply: Reply, charset: str) -> None:
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
    blank = re.sub(re.escape(charset), "{charset}", header, flags=re.IGNORECASE) if fmt == "csv" else header
    shown = repr(content_type(reply.response))
    seen.add(f"Content-Type of {fmt}", f"content-type.{fmt}", header, blank, shown=shown)
    if reply.status != "error":
        seen.add("HTTP status", "error.http-status", str(reply.http), shown=f"HTTP {reply.http} of no error")
    elif reply.http not in OF_HTTP:
        choices = status_choices(reply.http, reply.code) or (f"HTTP {reply.http} for another error_code",)
        seen.add("HTTP status", "error.http-status", *choices)


def _status_word(decoded: Decoded) -> str:
    word = decoded.model.get("status")
    return word if isinstance(word, str) else ""


def _observe_create(seen: Observations, decoded: Decoded, _: TaskFacts) -> None:
    seen.add_members(decoded.model, "create.ok")
    seen.add("status", "create.ok", _status_word(decoded), parent="")


def _observe_info(seen: Observations, decoded: Decoded, _: TaskFacts) -> None:
    model = {name: value for name, value in decoded.model.items() if name != "data"}
    seen.add_members(model, "info.body")
    if "status" in model:
        word = _status_word(decoded)
        plain = re.fullmatch(r"[A-Za-z_-]{0,20}", word)
        seen.add("status", "info.body", word, shown=repr(word) if plain else "another text", parent="")
    data = decoded.model.get("data")
    if decoded.format != "csv":
        seen.add("data", "info.shape", kind(data) if "data" in decoded.model else ABSENT)
    account = data[0] if isinstance(data, list) and len(data) == 1 else data
    if isinstance(account, Mapping):
        seen.add_members(account, "info.body", "data")
        if isinstance(limit := account.get("api_limit"), Mapping):
            seen.add_members(limit, "info.body", "data.api_limit")


def _observe_ready(seen: Observations, decoded: Decoded, facts: TaskFacts) -> None:
    model = decoded.model
    if decoded.format == "csv":
        seen.add("what CSV carries", "csv.flat", f"rows of {decoded.rows}" if decoded.rows else "a flat answer")
    else:
        for section in SECTION_NAMES:
            _observe_section(seen, model, section, own=section == facts.section)
    if decoded.rows is None:
        _observe_task(seen, model)
    _observe_entries(seen, model, "data", "result.row-fields", {"phone": "row.phone"})
    _observe_entries(seen, model, "names", "result.names", {})
    for name, form_of in _FORMS.items():
        texts = [row[name] for _, row in entries(model, "data") if isinstance(row.get(name), str) and row[name]]
        if texts:
            seen.add(f"data[].{name}, its form", f"row.{name}", any_of({form_of(text) for text in texts}))
    for clause in CHECKS:
        if decoded.can_show(clause) and clause not in _BY_MEMBERS:
            _observe_check(seen, decoded, clause, facts)


_BY_MEMBERS = ("row.phone", "result.sections")
"""Clauses that the types of members and the sections show in more detail."""


def _observe_check(seen: Observations, decoded: Decoded, clause: str, facts: TaskFacts) -> None:
    """The results of a check, those of all rows taken together."""
    found: dict[str, set[str]] = {}
    for result in check(clause, decoded.model, facts, rows_only=decoded.rows is not None):
        if isinstance(result, CheckResult):
            word = result.expected if result.holds else "something else"
        else:
            word = result.choice or '""'
        found.setdefault(re.sub(r"\[\d+\]", "[]", result.path), set()).add(word)
    for path, words in found.items():
        seen.add(f"{path}: {clause}", clause, any_of(words), where=path)
    if clause == "quota.unit" and not found and "cost" in decoded.model:
        seen.add(f"cost: {clause}", clause, "record", "task", where="cost")


def _observe_section(seen: Observations, model: Mapping[str, Any], section: str, *, own: bool) -> None:
    """Whether a section is there, and its shape. How much a source finds is no difference."""
    state = ABSENT
    if section in model:
        value = model[section]
        fits = isinstance(value, str | None) if section == "photo" else isinstance(value, list)
        state = ("there" if section == "photo" else "a list") if fits else "of another type"
        state += "" if own else ", filled" if value else ", empty"
    seen.add(section, "result.own-section" if own else "result.sections", state)
    if own and section != "photo" and not model.get(section, True):
        seen.add(f"{section}, where nothing is found", "result.empty", state)


def _observe_task(seen: Observations, model: Mapping[str, Any]) -> None:
    others = {name: value for name, value in model.items() if name not in ("status", *SECTION_NAMES, "cost")}
    times = [name for name in TIMES if name in others]
    seen.add_members(others | dict.fromkeys(times, "there"), "result.ready", clauses={"ip": "result.ip"})
    if "cost" in model:
        seen.add("cost", "result.cost", kind(model["cost"]), parent="")
        form = "a number of at least 1" if whole_units(str(model["cost"])) else "no number of units"
        seen.add("cost, its form", "result.cost", form)


def _observe_entries(
    seen: Observations, model: Mapping[str, Any], section: str, clause: str, clauses: Mapping[str, str]
) -> None:
    """The shape of all entries of a list taken together."""
    values = model.get(section)
    if not isinstance(values, list) or not values:
        return
    seen.add(f"{section}[]", clause, any_of({kind(value) for value in values}))
    if rows := [row for _, row in entries(model, section)]:
        names = sorted({name for row in rows for name in row})
        types = {name: {kind(row[name]) if name in row else ABSENT for row in rows} for name in names}
        seen.add_types(f"{section}[]", types, clause, clauses)


_FORMS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "time": lambda text: "YYYY-MM-DD HH:MM:SS" if form_of_time(text) == "text" else "another text",
        "price": lambda text: "digits" if text.isascii() and text.isdigit() else "another text",
        "category": lambda _: "text",
        "source": lambda text: "a host name" if re.fullmatch(r"[\w-]+(\.[\w-]+)+", text) else "another text",
    }
)
_BODIES: Mapping[str, Callable[[Observations, Decoded, TaskFacts], None]] = MappingProxyType(
    {
        "create": _observe_create,
        "processing": lambda seen, decoded, _: seen.add_members(decoded.model, "result.processing"),
        "ready": _observe_ready,
        "error": lambda seen, decoded, _: seen.add_members(decoded.model, "error.members"),
        "info": _observe_info,
    }
)
"""How a body is observed: by `error`, the method, or the status of a result. A body of another status is not."""
