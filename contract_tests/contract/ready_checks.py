"""The clauses of a ready answer that no schema can express: a function for each checks a decoded answer.

The suite turns the results into findings, `validate` into problems, `parity` into observations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from contract_tests.contract.clauses import Problem, problem
from contract_tests.contract.editions import SECTION_NAMES
from contract_tests.contract.members import TIMES
from contract_tests.contract.values import (
    address,
    digits,
    form_of_time,
    is_local,
    is_near,
    names_phone,
    not_before,
    plain_base64,
    shape,
    unit,
    wrong_picture,
)

Model: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What is known of the task beside its answer."""

    phone: str = field(default="", repr=False)  # the phone that was looked up; empty: unknown
    section: str = ""  # the section that its source fills; empty: unknown
    loopback: bool = False  # whether the task was created over loopback
    forwarded: bool = False  # whether the port on loopback may be forwarded, as Docker, ssh and kubectl do
    nothing: bool = False  # whether nothing is to be found for the phone


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether a clause holds at one place of an answer."""

    path: str
    rule: str
    holds: bool
    expected: str
    value: object = field(repr=False)  # what stands there; personal data, to be shown through a mask only
    found: str = ""  # what is wrong with the value, without the value; empty: its type and size say it

    def problem(self, clause: str) -> Problem:
        """A result that does not hold, as a problem with the clause."""
        return problem(clause, self.path, self.rule, self.expected, self.found or shape(self.value))


@dataclass(frozen=True, slots=True)
class ShownChoice:
    """What an answer shows of an open clause: one of its choices, or something else."""

    path: str
    choice: str


Results: TypeAlias = Iterator[CheckResult | ShownChoice]


def entries(model: Model, section: str) -> list[tuple[int, Model]]:
    """The objects of a section that is a list, each with its place."""
    found = model.get(section)
    return [(i, e) for i, e in enumerate(found) if isinstance(e, Mapping)] if isinstance(found, list) else []


def _missing(model: Model, name: str) -> str:
    """The words for a member that is not there; empty for one that is."""
    return "" if name in model else f"no member `{name}`"


def _row_phones(model: Model, facts: TaskFacts) -> Results:
    due = digits(facts.phone)
    for i, row in entries(model, "data") if due else ():
        phone, expected = row.get("phone"), "the phone that was asked for"
        found = _missing(row, "phone") or ("another phone" if digits(phone) else "")
        yield CheckResult(f"data[{i}].phone", "phone", names_phone(phone, due), expected, phone, found)


def _row_phone_types(model: Model, _: TaskFacts) -> Results:
    for i, row in entries(model, "data"):
        phone = row.get("phone")
        if isinstance(phone, str | int) and not isinstance(phone, bool):
            yield ShownChoice(f"data[{i}].phone", "text" if isinstance(phone, str) else "number")


def _categories(model: Model, _: TaskFacts) -> Results:
    for i, row in entries(model, "data"):
        if "category" in row:
            text = row["category"]
            yield CheckResult(f"data[{i}].category", "type", isinstance(text, str), "text", text)


def _names(model: Model, _: TaskFacts) -> Results:
    names = model.get("names")
    for i, entry in enumerate(names if isinstance(names, list) else ()):
        fits = isinstance(entry, Mapping) and isinstance(entry.get("name"), str)
        inner = _missing(entry, "name") or f"as `name` {shape(entry['name'])}" if isinstance(entry, Mapping) else ""
        yield CheckResult(f"names[{i}]", "entry", fits, "an entry with the text `name`", entry, inner)


def _nothing_found(model: Model, facts: TaskFacts) -> Results:
    section = facts.section
    if section in ("data", "names") and (facts.nothing or not entries(model, section)):
        found = model.get(section)
        yield CheckResult(section, "empty", found == [], "an empty list", found, _missing(model, section))


def _photo(model: Model, _: TaskFacts) -> Results:
    photo = model.get("photo")
    if isinstance(photo, str) and photo.strip():
        wrong = wrong_picture(photo)
        yield CheckResult("photo", "picture", not wrong, "base64 of a picture", photo, wrong)


def _photo_lines(model: Model, _: TaskFacts) -> Results:
    photo = model.get("photo")
    if isinstance(photo, str) and photo.strip() and not wrong_picture(photo):
        found = "base64 in several lines" if "\n" in photo or "\r" in photo else "base64 without its padding"
        yield CheckResult("photo", "lines", plain_base64(photo) == photo, "base64 in one line, padded", photo, found)


def _no_photo(model: Model, facts: TaskFacts) -> Results:
    photo, own = model.get("photo", "absent"), facts.section == "photo"
    lists = [model[s] for s in ("data", "names") if s in model and s != facts.section]
    # Where every section that the source does not fill is null, the photo is so for that reason.
    if photo == "" or (photo is None and (own or None not in lists)):
        yield ShownChoice("photo", "null" if photo is None else "")
    elif own and (photo is False or photo == []):
        yield ShownChoice("photo", "false" if photo is False else "an empty list")


def _address(model: Model, facts: TaskFacts) -> Results:
    known = address(model.get("ip"))
    if not facts.loopback:
        fits, expected = True, "an IP address"
    elif facts.forwarded:
        fits, expected = known is not None and is_near(known), "this machine's own address, or one of a private network"
    else:
        fits, expected = known is not None and is_local(known), "this machine's own address, 127.0.0.1 or ::1"
    holds = known is not None and fits
    found = _missing(model, "ip") or ("another address" if known else "")
    yield CheckResult("ip", "address", holds, expected, model.get("ip"), found)


def _order_of_times(model: Model, _: TaskFacts) -> Results:
    begin, end = (model.get(name) for name in TIMES)
    holds = not_before(begin, end)
    if holds is not None:
        expected = "a time that is not before create_time"
        yield CheckResult("end_time", "order", holds, expected, end, "a time earlier than create_time")


def _form_of_times(model: Model, _: TaskFacts) -> Results:
    yield from (ShownChoice(name, form_of_time(model[name])) for name in TIMES if name in model)


def _other_sections(model: Model, facts: TaskFacts) -> Results:
    others = [s for s in SECTION_NAMES if s != facts.section]
    present = {s: model[s] for s in others if s in model}
    shown = {_emptiness(value, []) for s, value in present.items() if s != "photo"}
    # A photo that is not there may be null where a list is empty: that is the clause result.photo-empty.
    if "photo" in present and not (shown == {"all"} and present["photo"] is None):
        shown.add(_emptiness(present["photo"], ""))
    choice = " and ".join(sorted(shown if len(shown) == 1 else map(_in_words, shown)))
    if len(present) < len(others):
        choice = "some of them present" if present else "relevant"
    yield ShownChoice("", FILLED if any(map(_fills, present.values())) else choice)


FILLED = "filled, though the source does not fill them"


def _fills(value: object) -> bool:
    return isinstance(value, str | list | Mapping) and bool(value)


def _emptiness(value: object, empty: object) -> str:
    """The choice of result.sections that an empty section shows, or what it is instead."""
    if value is None or value is False:
        return "null" if value is None else "false"
    return "all" if value == empty else shape(value)


def _in_words(choice: str) -> str:
    return "empty" if choice == "all" else choice


def _unit(model: Model, facts: TaskFacts) -> Results:
    sections = [facts.section] if facts.section else SECTION_NAMES
    seen = unit(model.get("cost"), max(len(entries(model, s)) for s in sections))
    if seen is not None:
        yield ShownChoice("cost", seen)


CHECKS: Mapping[str, Callable[[Model, TaskFacts], Results]] = {
    "result.row-phone": _row_phones,
    "result.photo": _photo,
    "result.photo-lines": _photo_lines,
    "result.ip": _address,
    "result.times-ordered": _order_of_times,
    "result.times": _form_of_times,
    "quota.unit": _unit,
    "row.phone": _row_phone_types,
    "row.category": _categories,
    "result.names": _names,
    "result.empty": _nothing_found,
    "result.sections": _other_sections,
    "result.photo-empty": _no_photo,
}
"""The check of each clause."""
OF_ROWS = ("result.row-phone", "row.phone", "row.category", "result.names", "result.empty")  # what rows alone show


def check(clause: str, model: Model, facts: TaskFacts, *, rows_only: bool = False) -> Results:
    """Checks a ready answer for a clause of CHECKS. rows_only: the answer has no members but rows."""
    return CHECKS[clause](model, facts) if not rows_only or clause in OF_ROWS else iter(())
