"""Whether an answer in a layout that nobody knows holds the values of an answer that is known."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.contract.members import COLUMNS
from contract_tests.decode.compare import documented
from contract_tests.decode.lacking import unescaped

MAX_SEARCHED = 4 * 2**20  # bytes of a body that are searched
MAX_LOOKUPS = 10_000_000
"""Values that are looked up in one body, in all charsets; a telling body has a few at each tenth place."""
SHARE = 0.6  # of the telling values of an answer, and of each row: layouts may shorten and reformat some
_WINDOW = 3  # characters of a value's end by which its places are found
_LENGTHS = (64, 32, 16, 12, 8, 7, 6, 5, 4, _WINDOW)
"""The numbers of characters at a value's end that may be compared; few, so that each place is compared few times."""
_DIGITS = 5  # that a value without letters has at least, to tell anything


def carries(body: bytes, model: Mapping[str, Any], method: str = "result") -> bool | None:
    """Whether the values of the model occur in the body, whatever its layout, charset and escapes; None where the model
    has no value that tells anything, such as an empty list, the body is larger than MAX_SEARCHED, or too much in it is
    like the end of a value. Takes time that grows with the size of both.

    Of each row and of the whole answer, SHARE of the telling values must occur: texts of at least three characters
    with a letter, numbers of at least five digits. A row is counted by the values that no other row has.
    """
    groups = [group for group in _groups(documented(model, method), method) if group]
    if not groups or len(body) > MAX_SEARCHED:
        return None
    wanted = set().union(*groups)
    left = MAX_LOOKUPS
    for text in _readings(body):
        found, looked_up = _found(text, wanted, left)
        if _carried(groups, found):
            return True
        left -= looked_up
        if left <= 0:
            return None
    return False


def _carried(groups: list[set[str]], found: set[str]) -> bool:
    return all(len(group & found) >= SHARE * len(group) for group in groups)


def _groups(model: Mapping[str, Any], method: str) -> Iterator[set[str]]:
    """Values that must occur together: those of the whole answer, and each row's own."""
    if method != "result" or model.get("status") != "ready":
        yield set(_telling(value for name, value in model.items() if name != "status"))
        return
    entries = [entry for section in ("data", "names") for entry in model.get(section) or () if isinstance(entry, dict)]
    rows = [set(_telling(row.get(name) for name in COLUMNS)) for row in entries]
    yield {*set().union(*rows), *_telling([model.get("photo")])}
    times: dict[str, int] = {}
    for row in rows:
        for value in row:
            times[value] = times.get(value, 0) + 1
    yield from ({value for value in row if times[value] == 1} for row in rows)


def _telling(values: Any) -> Iterator[str]:
    """The values that tell anything, in the form in which they are looked for."""
    for value in values:
        if isinstance(value, Mapping):
            yield from _telling(value.values())
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            # A charset may lack characters: the longest part between them is looked for.
            parts = [_plain(part) for part in _RARE.split(str(value))]
            part = max(parts, key=len)
            part = part[-next((length for length in _LENGTHS if length <= len(part)), 1) :]
            if len(part) >= _WINDOW and (_LETTER.search(part) or len(_DIGIT.findall(part)) >= _DIGITS):
                yield part


_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
_RARE = re.compile(r"[^\x00-\x7f\u0400-\u045f]+")  # what charsets for Russian may lack
_NOISE = re.compile(r"[\s\"'\\]+")  # what quoting, wrapping and indentation add
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(?:[nrtbf])")


def _plain(text: str) -> str:
    """A text without escapes, quotes and white space, so that it is found however it is written."""
    raw = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else " ", text)
    return _NOISE.sub("", unescaped(raw)).lower()


def _readings(body: bytes) -> Iterator[str]:
    """The text in each charset that it may be in."""
    for mark, charset in _MARKS.items():
        if body.startswith(mark):
            yield _plain(body[len(mark) :].decode(charset, "replace"))
            return
    try:
        yield _plain(body.decode("utf-8"))
    except UnicodeDecodeError:
        yield from (_plain(body.decode(charset, "replace")) for charset in _CHARSETS)
    if b"\0" in body:
        yield from (_plain(body.decode(charset, "replace")) for charset in ("utf-16-le", "utf-16-be"))


_MARKS: Mapping[bytes, str] = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_CHARSETS = ("cp1251", "koi8-r", "cp866", "iso-8859-5", "utf-8")


def _found(text: str, wanted: set[str], most: int) -> tuple[set[str], int]:
    """Those of the values that the text holds, and how many were looked up: at each place where a value's last
    characters stand, one of each length that values with these last characters have. Ends after about `most`.
    """
    lengths: dict[str, set[int]] = {}
    for value in wanted:
        lengths.setdefault(value[-_WINDOW:], set()).add(len(value))
    found: set[str] = set()
    looked_up = 0
    for end in range(_WINDOW, len(text) + 1):
        if at := lengths.get(text[end - _WINDOW : end]):
            looked_up += len(at)
            found.update(value for length in at if (value := text[max(0, end - length) : end]) in wanted)
            if looked_up >= most:
                break
    return found, looked_up
