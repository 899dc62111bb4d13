"""How JSON is written: its escapes and its white space. The text is known to be JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping

_CODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ALWAYS = re.compile(r"00[0-7].|202[89]")  # codes of ASCII, and of line separators, which some writers escape only
_MARKUP = re.compile(r"002[267]|003[ce]", re.IGNORECASE)  # codes of ", &, ', < and >
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_ESCAPES: Mapping[tuple[bool, bool], str] = {
    (False, False): "raw",
    (True, True): "escaped",
    (True, False): "unicode",
    (False, True): "slashes",
}
"""Choices of json.escapes, by whether letters beyond ASCII are escaped, and slashes."""
_INDENTS = {"": "a line for each member", "  ": "2 spaces", "    ": "4 spaces", "\t": "tabs"}


def json_choices(text: str) -> dict[str, str]:
    """The choices that the writing shows: of several that would explain it, none."""
    choices = {"json.escapes": _escapes(text), "json.indent": _indent(text)}
    return {clause: choice for clause, choice in choices.items() if choice}


def _escapes(text: str) -> str:
    others = text.replace("\\\\", "")  # without escapes of the backslash itself
    slashes, codes = others.count("\\/"), {match[1] for match in _CODE.finditer(others)}
    if any(map(_MARKUP.fullmatch, codes)):
        return "markup as unicode escapes"
    letters = set() if all(map(_ALWAYS.match, codes)) else {True}
    letters |= set() if text.isascii() else {False}
    marks = {marked for marked, times in ((True, slashes), (False, text.count("/") - slashes)) if times}
    if len(letters) > 1:
        return "now raw, now escaped"
    if len(marks) > 1:
        return "slashes now raw, now escaped"
    return _ESCAPES[letters.pop(), marks.pop()] if letters and marks else ""


def _indent(text: str) -> str:
    bare = _STRING.sub('""', text).strip()
    if bare in ("{}", "{ }"):
        return ""
    lines = bare.replace("\r\n", "\n").split("\n")
    if len(lines) == 1:
        spaced = {match[1] for match in re.finditer(r"[,:]([ \t]*)", bare)}
        others = re.sub(r"[,:][ \t]*", "", bare)
        words = {"": "none", " ": "spaced"}
        return words.get(spaced.pop(), "another") if len(spaced) == 1 and not re.search(r"[ \t]", others) else "another"
    unit = lines[1][: len(lines[1]) - len(lines[1].lstrip())]
    depth = 0
    for line in lines:
        body = line.lstrip()
        depth -= body[:1] in ("}", "]")
        if not body or body != body.rstrip() or line != unit * depth + body:
            return "another"
        depth += body[-1:] in ("{", "[")
    return _INDENTS.get(unit, "another")
