"""The headers of an answer that people write: they can neither end the head nor frame the body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mockserver.core.errors import Problem, Refusal
from mockserver.core.written import without_quotes
from mockserver.inputs import fields
from mockserver.inputs.fields import Field, whole_text

_LONGEST = 4096  # characters of a value
_NAME = "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}"  # a token of RFC 9110, 5.6.2
_VALUE = r"([!-~]([\t -~]*[!-~])?)?"
_ELSEWHERE: Mapping[str, str] = {
    "content-type": "it is the setting content_type",
    **dict.fromkeys(
        ("connection", "content-length", "date", "keep-alive", "server", "trailer", "transfer-encoding", "upgrade"),
        "the server writes it; leave it out",
    ),
}
_OWN = "x-mock-"  # begins the names of the mock's own


def _name(where: str, value: Any) -> str:
    if not isinstance(value, str) or re.fullmatch(_NAME, value) is None:
        raise Refusal(Problem(where, "is not a header's name", "write a name such as Retry-After"))
    name = value.lower()
    if name in _ELSEWHERE or name.startswith(_OWN):
        raise Refusal(
            Problem(where, "can't be set here", _ELSEWHERE.get(name, "the mock writes it itself; leave it out"))
        )
    return value


def _value(where: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refusal(without_quotes(where, value))
    if re.fullmatch(_VALUE, value) is None:
        # The value is not shown: it may be a cookie.
        remedy = "allowed: visible ASCII characters, with blanks between them"
        raise Refusal(Problem(where, "this text is not a header's value", remedy))
    return value


def _any_case(words: tuple[str, ...]) -> str:
    return "|".join("".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in word) for word in words)


_TAKEN = rf"({_any_case(tuple(_ELSEWHERE))}|({_any_case((_OWN,))}).*)"
HEADERS: Field[dict[str, str]] = fields.table_by(
    Field(_name, {"allOf": [{"pattern": whole_text(_NAME)}, {"not": {"pattern": whole_text(_TAKEN)}}]}, "a name"),
    fields.at_most(_LONGEST, Field(_value, {"type": "string", "pattern": whole_text(_VALUE)}, "a value")),
    "name = value, such as Retry-After = '2'",
)
"""Headers, by name; two names that differ in their case alone make two lines."""
