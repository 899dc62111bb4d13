"""Differences of two answers: exact, or in the documented members and as far as their formats can carry them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contract_tests.contract.members import ACCOUNT, COLUMNS, ERROR, NUMBERS, READY, TIMES, UNITS
from contract_tests.contract.values import digits, plain_base64, seconds
from contract_tests.decode.lacking import DIFFERENT, codec_of, lacked, replacement
from contract_tests.decode.model import Context, Decoded


def difference(one: Any, other: Any, path: str = "") -> str | None:
    """The first place where two values differ; None where they are equal. True is not 1, and 1 is not 1.0."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            at = f"{path}.{name}" if path else name
            if (name in one) != (name in other):
                return at
            if found := difference(one[name], other[name], at):
                return found
        return None
    if isinstance(one, list) and isinstance(other, list):
        for i, (a, b) in enumerate(zip(one, other, strict=False)):
            if found := difference(a, b, f"{path}[{i}]"):
                return found
        return None if len(one) == len(other) else f"{path}[{min(len(one), len(other))}]"
    return None if type(one) is type(other) and one == other else path or "the answer"


# The documented members.


def documented(model: Mapping[str, Any], method: str) -> dict[str, Any]:
    """The documented members of an answer of the method. What stands beside them is nobody's promise. A list of one
    account stands for that account.
    """
    if model.get("status") == "error":
        return _only(model, ERROR)
    if method == "info":
        return {"data": _account(model.get("data"))} if "data" in model else {}
    if method == "create":
        return _only(model, ("status", "id"))
    found = _only(model, READY)
    for section, names in (("data", COLUMNS), ("names", ("name",))):
        if isinstance(entries := found.get(section), list):
            found[section] = [_only(entry, names) if isinstance(entry, Mapping) else entry for entry in entries]
    if isinstance(found.get("names"), list):  # whether they are objects is another promise's matter
        found["names"] = [{"name": entry} if isinstance(entry, str) else entry for entry in found["names"]]
    return found


def _only(model: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: model[name] for name in names if name in model}


def _account(data: Any) -> Any:
    account = data[0] if isinstance(data, list) and len(data) == 1 else data
    if not isinstance(account, Mapping):
        return account
    found = _only(account, ACCOUNT)
    if isinstance(limit := found.get("api_limit"), Mapping):
        found["api_limit"] = _only(limit, UNITS)
    return found


def reads_differ(one: Mapping[str, Any], other: Mapping[str, Any], method: str = "result") -> str | None:
    """The first place where two answers in one format, about the same thing, differ in what is documented."""
    return difference(documented(one, method), documented(other, method))


# Across formats.


def formats_differ(reference: Mapping[str, Any], decoded: Decoded, context: Context) -> str | None:
    """The first place where an answer in another format differs from the one in JSON in what is documented; None where
    it carries the same, as far as its format and its charset can. Of rows alone only their section is compared.
    """
    one, other = documented(reference, context.method), documented(decoded.model, context.method)
    if context.method == "info" and not one:
        return None  # JSON has the account elsewhere, which names in CSV do not tell
    if decoded.rows is not None:
        kept = ("status", decoded.rows)
        one, other = _only(one, kept), _only(other, kept)
    return next(_differences(one, other, "", Writing.of(decoded, context)), None)


def mostly_same(reference: Mapping[str, Any], decoded: Decoded, context: Context) -> bool:
    """Whether most values under each name are those of the answer that is known, in any order and both ways: so many
    that the names are right, whatever the others are.
    """
    one, other = documented(reference, context.method), documented(decoded.model, context.method)
    if decoded.rows is not None:
        one, other = _only(one, (decoded.rows,)), _only(other, (decoded.rows,))
    due, found = Counter(_leaves(one)), Counter(_leaves(other))
    return (due & found).total() >= MOSTLY * max(due.total(), found.total(), 1)


MOSTLY = 0.6


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The values that are not empty, each with the name of its member."""
    if isinstance(value, Mapping | list):
        members = value.items() if isinstance(value, Mapping) else ((name, entry) for entry in value)
        for inner, member in members:
            yield from _leaves(member, inner)
    elif not _is_nothing(value):
        yield name, str(value).strip()


def charset_choice(reference: Mapping[str, Any], decoded: Decoded, context: Context) -> str:
    """What stands for characters that the charset lacks: a choice of csv.lacking, or words for what no choice covers;
    empty where none is lacking.
    """
    writing = Writing.of(decoded, context)
    one, other = documented(reference, context.method), documented(decoded.model, context.method)
    return " and ".join(sorted({writing.replaced(a, b) for _, a, b in _pairs(one, other)} - {"", DIFFERENT}))


def cell_oddities(reference: Mapping[str, Any], decoded: Decoded, context: Context) -> list[str]:
    """Words for texts that say the same as in the answer that is known, and are not written as there."""
    one, other = documented(reference, context.method), documented(decoded.model, context.method)
    found = set()
    for name, *texts in _pairs(one, other):
        a, b = (text.replace("\r\n", "\n").replace("\r", "\n") for text in texts)
        if a != b and a.strip(_SPACES) == b.strip(_SPACES):
            found.add(PADDED)
        elif name == "phone" and a != b and digits(a) == digits(b):
            found.add("phones in another form")
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Writing:
    """How an answer is written, as far as the comparison with another format depends on it."""

    codec: str | None  # the codec that lacks characters
    xml: bool
    backslashes: bool  # quotes may have got a backslash

    def same(self, name: str, one: Any, other: Any) -> bool:
        """Whether two values of a member, of which one is written, are the same."""
        return next(_differences(one, other, name, self), None) is None

    @classmethod
    def of(cls, decoded: Decoded, context: Context) -> Writing:
        # CSV that does not show its charset may be in the one that Russian spreadsheets read.
        clause, otherwise = f"{decoded.format}.encoding", "cp1251" if decoded.format == "csv" else None
        encoding = decoded.choices.get(clause, context.known.get(clause, otherwise))
        backslashes = decoded.choices.get("csv.quotes") == BACKSLASHES
        return cls(codec_of(encoding), decoded.format == "xml", backslashes)

    def replaced(self, text: str, written: str) -> str:
        """What stands for characters that can't be written; DIFFERENT for another text."""
        a, b = self._normal(text), self._normal(written)
        return "" if a == b else replacement(a, b, lacked(a, self.codec, xml=self.xml))

    def _normal(self, text: str) -> str:
        """A text without what its layout changes: XML parsers turn CRLF into LF, and writers of CSV do the reverse."""
        plain = text.replace("\r\n", "\n").replace("\r", "\n").strip(_SPACES)
        return plain.replace('\\"', '"') if self.backslashes else plain


_SPACES = " \t\n"  # other white space is a character like others, which a charset may lack
PADDED = "white space around cells"
BACKSLASHES = "a backslash before a quote"
"""The word of csv.quotes for fputcsv's way, which some writers take for an escape and others do not."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_NUMERIC = frozenset((*NUMBERS, *TIMES, "cost", "price"))
_TRUTH: Mapping[str, bool] = {"1": True, "true": True, "0": False, "false": False}


def _differences(one: Any, other: Any, path: str, writing: Writing) -> Iterator[str]:
    if _is_nothing(one) and _is_nothing(other):
        return
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            at = f"{path}.{name}" if path else name
            yield from _differences(one.get(name), other.get(name), at, writing)
    elif isinstance(one, list) and isinstance(other, list):
        for i, (a, b) in enumerate(zip(one, other, strict=False)):
            yield from _differences(a, b, f"{path}[{i}]", writing)
        if len(one) != len(other):
            yield f"{path}[{min(len(one), len(other))}]"
    elif path in TIMES and (isinstance(one, Mapping | list) or isinstance(other, Mapping | list)):
        return  # a time that is no number and no text, which each format writes in a way of its own
    elif not _same_leaf(path.rpartition(".")[2], one, other, writing):
        yield path or "the answer"


def _is_nothing(value: Any) -> bool:
    """Whether the value is null, false, or empty: only JSON distinguishes them, and an absent member."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is False or (isinstance(value, Mapping | list) and not value)


def _same_leaf(name: str, one: Any, other: Any, writing: Writing) -> bool:
    if isinstance(one, Mapping | list) or isinstance(other, Mapping | list):
        return False
    if isinstance(one, bool) or isinstance(other, bool):
        return _TRUTH.get(str(one).lower()) is _TRUTH.get(str(other).lower(), None if other else False)
    if writing.replaced(_text(one), _text(other)) != DIFFERENT:
        return True
    means = _MEANINGS.get(name)
    if means and means(one) and means(one) == means(other):
        return True
    numeric = name in _NUMERIC or not (isinstance(one, str) and isinstance(other, str))
    return numeric and _same_number(_number(one), _number(other), isinstance(one, float) or isinstance(other, float))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


_MEANINGS: Mapping[str, Callable[[Any], Any]] = {
    "phone": digits,
    "photo": lambda photo: plain_base64(_text(photo)),
    **dict.fromkeys(TIMES, seconds),
}
"""What a member means, where its value may be written in several ways; nothing where a value has no meaning."""


def _number(value: Any) -> Decimal | None:
    text = str(value).strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _same_number(one: Decimal | None, other: Decimal | None, rounded: bool) -> bool:
    """rounded: one of them is a binary fraction, of which formats write more or fewer digits."""
    if one is None or other is None:
        return False
    return one == other or (rounded and abs(one - other) <= abs(one) * PRECISION)


PRECISION = Decimal("1e-12")  # PHP writes 14 digits of a number in text, and 17 in JSON


def _pairs(one: Any, other: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """The texts that stand at the same places, each with the name of its member."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for member in one.keys() & other.keys():
            yield from _pairs(one[member], other[member], member)
    elif isinstance(one, list) and isinstance(other, list):
        for a, b in zip(one, other, strict=False):
            yield from _pairs(a, b)
    elif isinstance(one, str) and isinstance(other, str):
        yield name, one, other
