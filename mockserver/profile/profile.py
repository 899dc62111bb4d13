"""The profile: a choice for every open clause, resolved once into plain fields.

`api.params` reads the request by Parsing, `api` decides by Rules, which the control API looks up, too, and `formats`
write by Rendering. A field of theirs names its clause and how the choice becomes the field's value: the one place in
which a clause meets the code that uses it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from mockserver.core.delays import duration
from mockserver.core.errors import FEW, Conflict, Problem, Refusal, unknown
from mockserver.core.messages import Micros
from mockserver.profile.clauses import Choice, Clause, item_namer, rate_of, turn_of
from mockserver.profile.editions import EDITIONS, Edition

T = TypeVar("T")


def _of(clause: str, value: Callable[[Any], Any] = lambda choice: choice) -> Any:
    """A field whose value is made from the clause's choice."""
    return dataclasses.field(metadata={"clause": clause, "value": value})


def _is(clause: str, choice: str) -> Any:
    """A field that is true where the clause's choice is this one."""
    return _of(clause, lambda chosen: chosen == choice)


def _unless(nothing: str, value: Callable[[str], Any] = str) -> Callable[[str], Any]:
    """None for the choice that switches a clause off, else the value."""
    return lambda choice: None if choice == nothing else value(choice)


_LACKING: Mapping[str, str] = {"?": "replace", "reference": "xmlcharrefreplace", "dropped": "ignore"}
"""The error handler of a codec, by the choice of `csv.lacking`."""
_JOINED: Mapping[str, Callable[[str, str], str]] = {
    "dotted": "{}.{}".format,
    "leaf": lambda _, name: name,
    "underscore": "{}_{}".format,
    "slash": "{}/{}".format,
    "brackets": "{}[{}]".format,
}
"""The name of a member within a member, by the choice of `info.csv`."""


@dataclass(frozen=True, slots=True)
class Parsing:
    """How parameters are read from a request."""

    repeated_last: bool = _is("param.repeated", "last")
    body_wins: bool = _is("param.both", "body")
    multipart: bool = _is("param.multipart", "read")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operations look up."""

    edition: Edition = _of("edition", EDITIONS.__getitem__)
    format_first: bool = _is("check.format-first", "yes")
    format_error: bool = _is("format.invalid", "error")
    parameters_first: bool = _is("check.order", "parameters-first")
    empty_is_missing: bool = _is("param.empty-is-missing", "yes")
    strip_phone: bool = _is("phone.invalid", "strip")
    invalid_id_error: bool = _is("id.invalid", "error")
    name_all_missing: bool = _is("error.missing-names", "all")
    foreign_kind: str = _of("task.foreign-error")
    lifetime: Micros | None = _of("task.lifetime", _unless("kept", lambda text: duration(text, "task.lifetime")))
    info_post: bool = _is("info.methods", "both")
    other_as_get: bool = _is("http-method.other", "as-get")
    info_list: bool = _is("info.shape", "list")
    info_follows_format: bool = _is("info.follows-format", "yes")
    unit_is_record: bool = _is("quota.unit", "record")
    day_turn: Micros = _of("quota.turns-at", turn_of)
    sections: str = _of("result.sections")
    photo_empty: str | None = _of("result.photo-empty", _unless("null"))
    epoch_times: bool = _is("result.times", "epoch")
    numeric_phone: bool = _is("row.phone", "number")
    codes: Mapping[str, int] = _of("error.codes")
    messages: Mapping[str, str] = _of("error.messages")
    mirror_status: bool = _is("error.http-status", "mirror")
    follows_format: bool = _is("error.follows-format", "yes")
    html_not_found: bool = _is("not-found", "html-404")
    rate: tuple[int, Micros] | None = _of("rate.limit", _unless("off", rate_of))
    origin: str | None = _of("cors", _unless("off"))


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """How the formats write. Equal to itself alone, so that what is prepared for it is found again."""

    json_type: str = _of("content-type.json")
    json_ascii: bool = _of("json.escapes", ("escaped", "unicode").__contains__)
    json_slashes: bool = _of("json.escapes", ("escaped", "slashes").__contains__)
    json_indent: str = _of("json.indent")
    xml_type: str = _of("content-type.xml")
    xml_declaration: str = _of("xml.declaration")
    xml_encoding: str = _of("xml.encoding")
    xml_ascii: bool = _is("xml.escapes", "escaped")
    xml_indent: str = _of("xml.indent")
    xml_root: str = _of("xml.root")
    xml_item: Callable[[int], str] = _of("xml.item", item_namer)
    xml_repeated: bool = _is("xml.list", "repeated")
    xml_bare_names: bool = _is("xml.names", "values")
    xml_cdata: bool = _is("xml.text", "cdata")
    xml_empty: str = _of("xml.empty")
    xml_nil: bool = _is("xml.null", "nil")
    csv_type: str = _of("content-type.csv")
    csv_delimiter: str = _of("csv.delimiter", lambda choice: {"tab": "\t"}.get(choice, choice))
    csv_header: bool = _is("csv.header", "yes")
    csv_encoding: str = _of("csv.encoding")
    csv_lacking: str = _of("csv.lacking", _LACKING.__getitem__)
    csv_line_end: str = _of("csv.line-end", {"CRLF": "\r\n", "LF": "\n"}.__getitem__)
    csv_quotes: str = _of("csv.quotes")
    csv_rows: str = _of("csv.rows")
    csv_pairs: bool = _is("csv.flat", "pairs")
    csv_info_join: Callable[[str, str], str] | None = _of("info.csv", _JOINED.get)


@dataclass(frozen=True)
class Profile:
    """Every open clause's choice."""

    choices: Mapping[str, Choice]
    parsing: Parsing
    rules: Rules
    rendering: Rendering


def choices_of(clauses: Mapping[str, Clause], overrides: Mapping[str, Any]) -> Mapping[str, Choice]:
    """The choice of every open clause: the default, or the override, checked.

    An override may be a choice, or a table with a `choice` and a learnt profile's notes (grade, date, evidence).
    Raises Refusal with every problem: an unknown clause, one that is not open, a choice that is not allowed.
    """
    choices = {c.id: c.default for c in clauses.values() if c.default is not None}
    strange = [name for name in overrides if name not in choices]
    problems = [_no_setting(clauses, name, overrides[name], choices) for name in strange[:FEW]]
    if len(strange) > FEW:
        problems.append(Problem("", f"{len(strange) - FEW} more names are no clauses", "leave them out"))
    for name, entry in overrides.items():
        if name not in choices:
            continue
        try:
            choices[name] = clauses[name].read(choice_in(entry))
        except Refusal as refusal:
            problems.extend(refusal.problems)
    if problems:
        raise Refusal(*problems)
    if unwritable := [*_unwritable_names(choices)]:
        raise Conflict(*unwritable)
    return choices


def _unwritable_names(choices: Mapping[str, Choice]) -> Iterator[Problem]:
    """Names of elements with characters that the encoding of XML lacks: a name can't hold a reference."""
    encoding = str(choices["xml.encoding"])
    for clause in ("xml.root", "xml.item"):
        name = str(choices[clause])
        if name.encode(encoding, "ignore").decode(encoding) != name:
            what = f"{name!r} has a character that xml.encoding = {encoding!r} lacks"
            yield Problem(clause, what, "choose another name, or xml.encoding = 'utf-8'")


def choice_in(entry: Any) -> Any:
    """The choice of a profile's entry, which may be a table with notes."""
    return entry["choice"] if isinstance(entry, Mapping) and "choice" in entry else entry


def _no_setting(clauses: Mapping[str, Clause], name: str, entry: Any, settings: Mapping[str, object]) -> Problem:
    if isinstance(entry, Mapping) and (near := next((s for s in settings if s.startswith(f"{name}.")), None)):
        inner = next(iter(entry), near.removeprefix(f"{name}."))
        return Problem(name, "a clause's name has a dot, so it stands in quotes", f'write "{name}.{inner}" = …')
    if name in clauses:
        return Problem(name, "this clause is not open, so it is not a setting", "leave it out")
    return unknown("", name, settings, noun="a clause")


def resolve(clauses: Mapping[str, Clause], overrides: Mapping[str, Any]) -> Profile:
    """The profile of the defaults and the overrides. Raises Refusal as `choices_of`."""
    return profile_of(choices_of(clauses, overrides))


def profile_of(choices: Mapping[str, Choice]) -> Profile:
    """The profile of the choices of all open clauses, which have been checked."""
    return Profile(choices, _made(Parsing, choices), _made(Rules, choices), _made(Rendering, choices))


def _made(kind: type[T], choices: Mapping[str, Choice]) -> T:
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    return kind(**{f.name: f.metadata["value"](choices[f.metadata["clause"]]) for f in fields})
