"""Observes an answer: headers, writing, members and types. Ids, moments and personal values are not observed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from contract_tests.api.reply import Reply, content_type
from contract_tests.contract import values
from contract_tests.contract.validate import SECTIONS
from contract_tests.decode.model import TIMES, Decoded
from contract_tests.parity.observations import ABSENT, AnswerContext, Observations, any_of, type_of

NO_CLAUSE = "no-clause"
"""The report's line for differences that belong to no clause."""


def observe(reply: Reply, context: AnswerContext) -> Observations:
    """What a reply shows, beside whether the call was accepted and the kind of its error."""
    seen = Observations()
    _observe_http(seen, reply, context)
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
    kind = "error" if reply.status == "error" else reply.call.method
    if observe_body := _BODIES.get(reply.status if kind == "result" else kind):
        observe_body(seen, decoded, context)
    return seen


def _observe_http(seen: Observations, reply: Reply, context: AnswerContext) -> None:
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
    charset = "windows-1251" if context.encoding == "cp1251" else "utf-8"
    blank = re.sub(re.escape(charset), "{charset}", header, flags=re.IGNORECASE) if fmt == "csv" else header
    shown = repr(content_type(reply.response))
    seen.add(f"Content-Type of {fmt}", f"content-type.{fmt}", header, blank, shown=shown)
    if reply.status != "error":
        seen.add("HTTP status", "error.http-status", str(reply.http), shown=f"HTTP {reply.http} of no error")
    elif reply.http not in (405, 413):  # no clause decides the status of what is wrong with the HTTP request itself
        seen.add("HTTP status", "error.http-status", *_status_choices(reply))


def _status_choices(reply: Reply) -> tuple[str, ...]:
    """The choices of error.http-status that an error's HTTP status allows."""
    code = reply.code
    is_http = type(code) is int and 400 <= code < 600
    if reply.http == 200:
        return ("body",) if is_http else ("body", "mirror")
    return ("mirror",) if is_http and code == reply.http else (f"HTTP {reply.http} for another error_code",)


def _status_word(decoded: Decoded) -> str:
    word = decoded.model.get("status")
    return word if isinstance(word, str) else ""


def _observe_create(seen: Observations, decoded: Decoded, _: AnswerContext) -> None:
    seen.add_members(decoded.model, "create.ok")
    seen.add("status", "create.ok", _status_word(decoded), parent="")


def _observe_info(seen: Observations, decoded: Decoded, _: AnswerContext) -> None:
    model = {name: value for name, value in decoded.model.items() if name != "data"}
    seen.add_members(model, "info.body")
    if "status" in model:
        word = _status_word(decoded)
        plain = re.fullmatch(r"[A-Za-z_-]{0,20}", word)
        seen.add("status", "info.body", word, shown=repr(word) if plain else "another text", parent="")
    data = decoded.model.get("data")
    if decoded.format != "csv":
        seen.add("data", "info.shape", type_of(data) if "data" in decoded.model else ABSENT)
    account = data[0] if isinstance(data, list) and len(data) == 1 else data
    if isinstance(account, Mapping):
        seen.add_members(account, "info.body", "data")
        if isinstance(limit := account.get("api_limit"), Mapping):
            seen.add_members(limit, "info.body", "data.api_limit")


def _observe_ready(seen: Observations, decoded: Decoded, context: AnswerContext) -> None:
    model = decoded.model
    if decoded.format == "csv":
        seen.add("what CSV carries", "csv.flat", f"rows of {decoded.rows}" if decoded.rows else "a flat answer")
    else:
        for section in SECTIONS:
            _observe_section(seen, model, section, own=section == context.section)
    if decoded.rows is None:
        _observe_task(seen, model, context)
    if decoded.format == "json" and "photo" in model:
        _observe_photo(seen, model["photo"])
    rows = _observe_entries(seen, model, "data", "result.row-fields", {"phone": "row.phone"})
    _observe_entries(seen, model, "names", "result.names", {})
    _observe_row_values(seen, rows, context)


def _observe_section(seen: Observations, model: Mapping[str, Any], section: str, *, own: bool) -> None:
    """Whether a section is there, and its shape. How much a source finds is no difference."""
    state = ABSENT
    if section in model:
        value = model[section]
        state = "there" if section == "photo" else "a list" if isinstance(value, list) else "no list"
        state += "" if own else ", filled" if value else ", empty"
    seen.add(section, "result.own-section" if own else "result.sections", state)
    if own and section != "photo" and not model.get(section, True):
        seen.add(f"{section}, where nothing is found", "result.empty", state)


def _observe_task(seen: Observations, model: Mapping[str, Any], context: AnswerContext) -> None:
    others = {name: value for name, value in model.items() if name not in ("status", *SECTIONS, "cost")}
    times = [name for name in TIMES if name in others]
    seen.add_members(others | dict.fromkeys(times, "there"), "result.ready", clauses={"ip": "result.ip"})
    for name in times:
        seen.add(f"{name}, its form", "result.times", values.form_of_time(model[name]))
    begin, end = (values.seconds(model.get(name)) for name in TIMES)
    if begin is not None and end is not None:
        order = "not before create_time" if begin <= end else "before create_time"
        seen.add("end_time, when", "result.times-ordered", order)
    if "ip" in model:
        seen.add("ip, its form", "result.ip", "an address" if values.address(model["ip"]) else "no address")
    if "cost" in model:
        cost, entries = model["cost"], model.get(context.section)
        seen.add("cost", "result.cost", type_of(cost), parent="")
        is_number = re.fullmatch(r"0*[1-9][0-9]*", str(cost), re.ASCII)
        seen.add("cost, its form", "result.cost", "a number of at least 1" if is_number else "no number of units")
        unit = values.unit(cost, len(entries) if isinstance(entries, list) else 0)
        seen.add("cost, against the records", "quota.unit", *((unit,) if unit else ("record", "task")))


def _observe_photo(seen: Observations, photo: object) -> None:
    if photo is None or photo == "":
        seen.add("photo, where there is none", "result.photo-empty", "null" if photo is None else "empty text")
    else:
        fits = isinstance(photo, str) and not values.wrong_picture(photo)
        seen.add("photo, its form", "result.photo", "base64 of a picture" if fits else "no base64 of a picture")


def _observe_entries(
    seen: Observations, model: Mapping[str, Any], section: str, clause: str, clauses: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    """The shape of all entries of a list taken together; gives those that are objects."""
    entries = model.get(section)
    if not isinstance(entries, list) or not entries:
        return []
    seen.add(f"{section}[]", clause, any_of({type_of(entry) for entry in entries}))
    rows = [entry for entry in entries if isinstance(entry, Mapping)]
    names = sorted({name for row in rows for name in row})
    if rows:
        types = {name: {type_of(row[name]) if name in row else ABSENT for row in rows} for name in names}
        seen.add_types(f"{section}[]", types, clause, clauses)
    return rows


def _observe_row_values(seen: Observations, rows: list[Mapping[str, Any]], context: AnswerContext) -> None:
    """The form of the values of rows."""
    if phones := {values.digits(row["phone"]) == context.phone for row in rows if "phone" in row}:
        whose = "the phone that was asked for" if phones == {True} else "another phone"
        seen.add("data[].phone, its digits", "result.row-phone", whose)
    for name, form_of in _FORMS.items():
        if forms := {form_of(row[name]) for row in rows if isinstance(row.get(name), str) and row[name]}:
            seen.add(f"data[].{name}, its form", f"row.{name}", any_of(forms))


_FORMS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "time": lambda text: "YYYY-MM-DD HH:MM:SS" if values.form_of_time(text) == "text" else "another text",
        "price": lambda text: "digits" if text.isascii() and text.isdigit() else "another text",
        "category": lambda _: "text",
        "source": lambda text: "a host name" if re.fullmatch(r"[\w-]+(\.[\w-]+)+", text) else "another text",
    }
)
_BODIES: Mapping[str, Callable[[Observations, Decoded, AnswerContext], None]] = MappingProxyType(
    {
        "create": _observe_create,
        "processing": lambda seen, decoded, _: seen.add_members(decoded.model, "result.processing"),
        "ready": _observe_ready,
        "error": lambda seen, decoded, _: seen.add_members(decoded.model, "error.members"),
        "info": _observe_info,
    }
)
"""How a body is observed: by `error`, the method, or the status of a result. A body of another status is not."""
