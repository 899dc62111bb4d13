"""What the bodies of answers show: members and their types, sections, and values as far as they are not somebody's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from contract_tests.api.reply import Reply
from contract_tests.contract import values
from contract_tests.contract.shapes import kind
from contract_tests.decode.model import Decoded
from contract_tests.parity.observations import ABSENT, About, Shown, inside, members, public


def _create(found: Shown, reply: Reply, reading: Decoded, about: About) -> None:
    del reading, about
    members(found, reply.model, "", {}, "create.ok")
    found.add("status", "create.ok", reply.status, parent="")


def _processing(found: Shown, reply: Reply, reading: Decoded, about: About) -> None:
    del reading, about
    members(found, reply.model, "", {}, "result.processing")


def _error(found: Shown, reply: Reply, reading: Decoded, about: About) -> None:
    del about
    members(found, reply.model, "", {}, "error.members")
    if reply.call.format != "json":
        found.add("the format of an error", "error.follows-format", "no" if reading.format == "json" else "yes")


def _info(found: Shown, reply: Reply, reading: Decoded, about: About) -> None:
    del about
    model = {name: value for name, value in reply.model.items() if name != "data"}
    members(found, model, "", {}, "info.body")
    if "status" in model:
        plain = re.fullmatch(r"[A-Za-z_-]{0,20}", reply.status)
        found.add("status", "info.body", reply.status, told=repr(reply.status) if plain else "another text", parent="")
    data = reply.model.get("data")
    if reading.format != "csv":
        found.add("data", "info.shape", kind(data) if "data" in reply.model else ABSENT)
    account = data[0] if isinstance(data, list) and len(data) == 1 else data
    if isinstance(account, Mapping):
        members(found, account, "data", {}, "info.body")
        if isinstance(limit := account.get("api_limit"), Mapping):
            members(found, limit, "data.api_limit", {}, "info.body")


def _ready(found: Shown, reply: Reply, reading: Decoded, about: About) -> None:
    if reading.format == "csv":
        carried = f"rows of {reading.rows}" if reading.rows else "a flat answer"
        found.add("what CSV carries", "csv.flat", carried)
    else:
        for section in ("data", "names", "photo"):
            _section(found, reply.model, section, about)
    if reading.rows is None:
        _about_the_task(found, reply, about)
    if reading.format == "json" and "photo" in reply.model:
        _photo(found, reply.model["photo"])
    _entries(found, "data", reply.model.get("data"), _row)
    _entries(found, "names", reply.model.get("names"), _name)
    _rows_values(found, reply, reading, about)


def _section(found: Shown, model: Mapping[str, Any], section: str, about: About) -> None:
    """Whether a section is there, and its shape. How much a source finds is no difference."""
    own = section == about.section
    if section not in model:
        state = ABSENT
    else:
        value = model[section]
        state = "there" if section == "photo" else "a list" if isinstance(value, list) else "no list"
        state += "" if own else ", filled" if value else ", empty"
    found.add(section, "result.own-section" if own else "result.sections", state)
    if own and section != "photo" and not model.get(section, True):
        found.add(f"{section}, where nothing is found", "result.empty", state)


def _about_the_task(found: Shown, reply: Reply, about: About) -> None:
    model = reply.model
    others = {n: v for n, v in model.items() if n not in ("status", "data", "names", "photo", "cost")}
    times = [name for name in ("create_time", "end_time") if name in others]
    members(found, others | dict.fromkeys(times, "there"), "", {"ip": "result.ip"}, "result.ready")
    for name in times:
        found.add(f"{name}, its form", "result.times", values.form_of_time(model[name]))
    begin, end = (values.seconds(model.get(name)) for name in ("create_time", "end_time"))
    if begin is not None and end is not None:
        order = "not before create_time" if begin <= end else "before create_time"
        found.add("end_time, when", "result.times-ordered", order)
    if "ip" in model:
        found.add("ip, its form", "result.ip", "an address" if values.address(model["ip"]) else "no address")
    if "cost" in model:
        found.add("cost", "result.cost", kind(model["cost"]), parent="")
        found.add("cost, its form", "result.cost", _form_of_cost(model["cost"]))
        entries = model.get(about.section)
        unit = values.unit(model["cost"], len(entries) if isinstance(entries, list) else 0)
        found.add("cost, against the records", "quota.unit", *((unit,) if unit else ("record", "task")))


def _form_of_cost(cost: object) -> str:
    return "a number of at least 1" if re.fullmatch(r"0*[1-9][0-9]*", str(cost), re.ASCII) else "no number of units"


def _photo(found: Shown, photo: object) -> None:
    if photo is None or photo == "":
        found.add("photo, where there is none", "result.photo-empty", "null" if photo is None else "empty text")
    else:
        fits = isinstance(photo, str) and not values.wrong_picture(photo)
        found.add("photo, its form", "result.photo", "base64 of a picture" if fits else "no base64 of a picture")


# Lists: the shape of all their entries taken together.


def _entries(found: Shown, section: str, entries: object, clause_of: Callable[[str], str]) -> None:
    if not isinstance(entries, list) or not entries:
        return
    place = f"{section}[]"
    found.add(place, clause_of(""), " or ".join(sorted({kind(entry) for entry in entries})))
    rows = [entry for entry in entries if isinstance(entry, Mapping)]
    if not rows:
        return
    found.objects.add(place)
    for name in sorted({name for row in rows for name in row}):
        there = {kind(row[name]) if name in row else ABSENT for row in rows}
        where = inside(place, public(name))
        found.add(inside(place, name), clause_of(name), " or ".join(sorted(there)), where=where, parent=place)


def _row(name: str) -> str:
    return "row.phone" if name == "phone" else "result.row-fields"


def _name(name: str) -> str:
    del name
    return "result.names"


def _rows_values(found: Shown, reply: Reply, reading: Decoded, about: About) -> None:
    """What the values of rows are as far as that does not depend on whose they are."""
    del reading
    entries = reply.model.get("data")
    rows = [row for row in entries if isinstance(row, Mapping)] if isinstance(entries, list) else []
    if phones := {values.digits(row["phone"]) == about.phone for row in rows if "phone" in row}:
        told = "the phone that was asked for" if phones == {True} else "another phone"
        found.add("data[].phone, its digits", "result.row-phone", told)
    for name, form in _FORMS.items():
        forms = sorted({form(row[name]) for row in rows if isinstance(row.get(name), str) and row[name]})
        if forms:
            found.add(f"data[].{name}, its form", f"row.{name}", " or ".join(forms))


_FORMS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "time": lambda text: "YYYY-MM-DD HH:MM:SS" if values.form_of_time(text) == "text" else "another text",
        "price": lambda text: "digits" if text.isascii() and text.isdigit() else "another text",
        "category": lambda _: "text",
        "source": lambda text: "a host name" if re.fullmatch(r"[\w-]+(\.[\w-]+)+", text) else "another text",
    }
)
BODIES: Mapping[str, Callable[[Shown, Reply, Decoded, About], None]] = MappingProxyType(
    {"create": _create, "processing": _processing, "ready": _ready, "error": _error, "info": _info}
)
"""How what each kind of answer says is noted, by what `kind_of` tells."""
