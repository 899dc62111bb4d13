"""The profile: a choice for every open clause, resolved once into plain fields.

Three seams read it: reading the request (`gateway`), deciding (`operations`), and writing the answer (`formats`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mockserver.core.delays import duration
from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.messages import Micros
from mockserver.profile.clauses import Choice, Clause, rate_of, turn_of
from mockserver.profile.editions import EDITIONS, Edition

_CHARSETS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "cp1251": "windows-1251"}


@dataclass(frozen=True, slots=True)
class Parsing:
    """How parameters are read off a request."""

    repeated_last: bool
    body_wins: bool
    multipart: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operations look up."""

    edition: Edition
    format_first: bool
    format_error: bool
    parameters_first: bool
    empty_is_missing: bool
    strip_phone: bool
    invalid_id_error: bool
    name_all_missing: bool
    foreign_kind: str
    lifetime: Micros | None
    info_post: bool
    info_list: bool
    unit_is_record: bool
    day_turn: Micros
    all_sections: bool
    photo_empty: str | None
    epoch_times: bool
    numeric_phone: bool
    codes: Mapping[str, int]
    messages: Mapping[str, str]
    mirror_status: bool
    follows_format: bool
    html_not_found: bool
    rate: tuple[int, Micros] | None
    origin: str | None


@dataclass(frozen=True, slots=True)
class Rendering:
    """How the formats write."""

    json_type: str
    json_escapes: bool
    xml_type: str
    xml_declaration: bool
    xml_root: str
    xml_item: str
    xml_self_closed: bool
    csv_type: str
    csv_delimiter: str
    csv_header: bool
    csv_encoding: str
    csv_line_end: str
    csv_pairs: bool
    csv_info_dotted: bool


@dataclass(frozen=True)
class Profile:
    """Every open clause's choice, as given (`choices`) and as the three seams read it."""

    choices: Mapping[str, Choice]
    parsing: Parsing
    rules: Rules
    rendering: Rendering


def choices_of(clauses: Mapping[str, Clause], given: Mapping[str, Any]) -> Mapping[str, Choice]:
    """The choice of every open clause: the given ones, checked, over the defaults.

    An entry may be a choice, or a table with a `choice` beside what a learnt profile notes of it (grade, date,
    evidence). Raises Refusal with every problem: an unknown clause, one that is not open, a choice that is not allowed.
    """
    choices = {c.id: c.default for c in clauses.values() if c.default is not None}
    problems: list[Problem] = []
    for name, entry in given.items():
        if name not in choices:
            problems.append(_no_setting(clauses, name, entry, choices))
            continue
        chosen = entry["choice"] if isinstance(entry, Mapping) and "choice" in entry else entry
        try:
            choices[name] = clauses[name].read(chosen)
        except Refusal as refusal:
            problems.extend(refusal.problems)
    if problems:
        raise Refusal(*problems)
    return MappingProxyType(choices)


def _no_setting(clauses: Mapping[str, Clause], name: str, entry: Any, settings: Mapping[str, object]) -> Problem:
    if isinstance(entry, Mapping) and (near := next((s for s in settings if s.startswith(f"{name}.")), None)):
        inner = next(iter(entry), near.removeprefix(f"{name}."))
        return Problem(name, "a clause's name has a dot, so it stands in quotes", f'write "{name}.{inner}" = …')
    if name in clauses:
        return Problem(name, "this clause is not open, so it is no setting", "leave it out")
    return unknown("", name, settings, noun="clause")


def resolve(clauses: Mapping[str, Clause], given: Mapping[str, Any]) -> Profile:
    """The profile of the given choices, with the defaults for all others. Raises Refusal as `choices_of`."""
    choices = choices_of(clauses, given)
    word = {name: choice for name, choice in choices.items() if isinstance(choice, str)}
    table = {name: choice for name, choice in choices.items() if not isinstance(choice, str)}
    return Profile(choices, _parsing(word), _rules(word, table), _rendering(word))


def _parsing(word: Mapping[str, str]) -> Parsing:
    return Parsing(
        repeated_last=word["param.repeated"] == "last",
        body_wins=word["param.both"] == "body",
        multipart=word["param.multipart"] == "read",
    )


def _rules(word: Mapping[str, str], table: Mapping[str, Any]) -> Rules:
    kept, rate, origin = word["task.lifetime"], word["rate.limit"], word["cors"]
    return Rules(
        edition=EDITIONS[word["edition"]],
        format_first=word["check.format-first"] == "yes",
        format_error=word["format.invalid"] == "error",
        parameters_first=word["check.order"] == "parameters-first",
        empty_is_missing=word["param.empty-is-missing"] == "yes",
        strip_phone=word["phone.invalid"] == "strip",
        invalid_id_error=word["id.invalid"] == "error",
        name_all_missing=word["error.missing-names"] == "all",
        foreign_kind=word["task.foreign-error"],
        lifetime=None if kept == "kept" else duration(kept, "task.lifetime"),
        info_post=word["info.methods"] == "both",
        info_list=word["info.shape"] == "list",
        unit_is_record=word["quota.unit"] == "record",
        day_turn=turn_of(word["quota.turns-at"]),
        all_sections=word["result.sections"] == "all",
        photo_empty=None if word["result.photo-empty"] == "null" else "",
        epoch_times=word["result.times"] == "epoch",
        numeric_phone=word["row.phone"] == "number",
        codes=table["error.codes"],
        messages=table["error.messages"],
        mirror_status=word["error.http-status"] == "mirror",
        follows_format=word["error.follows-format"] == "yes",
        html_not_found=word["not-found"] == "html-404",
        rate=None if rate == "off" else rate_of(rate),
        origin=None if origin == "off" else origin,
    )


def _rendering(word: Mapping[str, str]) -> Rendering:
    encoding = word["csv.encoding"]
    return Rendering(
        json_type=word["content-type.json"],
        json_escapes=word["json.escapes"] == "escaped",
        xml_type=word["content-type.xml"],
        xml_declaration=word["xml.declaration"] == "yes",
        xml_root=word["xml.root"],
        xml_item=word["xml.item"],
        xml_self_closed=word["xml.empty"] == "<x/>",
        csv_type=word["content-type.csv"].replace("{charset}", _CHARSETS[encoding]),
        csv_delimiter="\t" if word["csv.delimiter"] == "tab" else word["csv.delimiter"],
        csv_header=word["csv.header"] == "yes",
        csv_encoding=encoding,
        csv_line_end="\r\n" if word["csv.line-end"] == "CRLF" else "\n",
        csv_pairs=word["csv.flat"] == "pairs",
        csv_info_dotted=word["info.csv"] == "dotted",
    )
