"""Files that both packages read: `schemas/` and `fixtures/`, beside the package in a checkout and inside it in a wheel;
and text files that people write, in UTF-8 with or without a byte order mark, and TOML.

contract_tests may import only this module of the mock, so it imports only the standard library.
"""

from __future__ import annotations

import codecs
import errno
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias

PACKAGE = Path(__file__).resolve().parent
DIRECTORIES = ("schemas", "fixtures")


class MissingDataError(FileNotFoundError):
    """A file or directory of the project's own data is missing."""


class BrokenDataError(ValueError):
    """A file of the project's own data can't be read; says which, where in it and why."""


def path(*parts: str) -> Path:
    """The file or directory of the given parts, such as `path("schemas", "clauses.toml")`. A part may contain slashes.
    Raises MissingDataError for a path that is missing or outside of the directories.
    """
    steps = [step for part in parts for step in part.replace("\\", "/").split("/")]
    if not steps or steps[0] not in DIRECTORIES or not {"", ".", ".."}.isdisjoint(steps):
        raise MissingDataError(
            f"{'/'.join(parts)!r} is not data of ifind-mock; it begins with {' or '.join(DIRECTORIES)}"
        )
    # Inside first: a directory of that name beside an installed package belongs to another project.
    root = PACKAGE if (PACKAGE / steps[0]).is_dir() else PACKAGE.parent
    found = root.joinpath(*steps)
    if not os.path.exists(found):  # noqa: PTH110 - Path.exists raises for a name that is too long
        name = "/".join(steps)
        if not os.path.isdir(found.parent):  # noqa: PTH112 - as above
            remedy = "install ifind-mock again, or run it in a whole checkout"
            raise MissingDataError(f"{name!r} is not here: {found.parent} is missing; {remedy}")
        near = get_close_matches(found.name, [f.name for f in found.parent.iterdir()], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise MissingDataError(f"{name!r} is not in {found.parent}{hint}")
    return found


def toml(*parts: str) -> dict[str, Any]:
    """The content of a TOML file. Raises MissingDataError as `path`, and BrokenDataError for what is not TOML."""
    file = path(*parts)
    content = file.read_bytes()
    with suppress(ValueError):
        return tomllib.loads(content.decode("utf-8"))  # the project's own files need no checks
    try:
        return toml_of(content)  # says what is wrong
    except TextFileError as error:
        raise BrokenDataError(f"{file}: {error}") from error


def failure_of(error: OSError) -> str:
    """What failed and why: of a file, or of standard output, whose errors name no file."""
    try:
        Path.cwd()
    except OSError:
        return f"{error.filename or 'the command'}: the working directory does not exist any more; change to another"
    if error.filename is None and error.errno == errno.ENOENT:  # tempfile's; it lists the directories
        return f"{error.strerror}; set TMPDIR to one that can be written"
    return str(error) if error.errno is None else f"{error.filename or 'output'}: {error.strerror}"


# Text files that people write.


MAX_TEXT_FILE = 16 * 2**20
"""Bytes of a file that people write, at most: a device would never end."""


class TextFileError(ValueError):
    """The content of a file is not what it should be. `what` names the line, never a value; `remedy` is what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


def bytes_of(file: Path) -> bytes:
    """The content of a file that people write. Raises OSError, and TextFileError where it is too large."""
    with open(file, "rb", opener=_opened) as opened:
        content = opened.read(MAX_TEXT_FILE + 1)
    if len(content) > MAX_TEXT_FILE:
        raise TextFileError(f"has more than {MAX_TEXT_FILE // 2**20} MiB", "name another file")
    return content


def _opened(file: str, flags: int) -> int:
    """The descriptor of a file. A pipe into which nobody writes is empty and not waited for."""
    if not hasattr(os, "O_NONBLOCK"):
        return os.open(file, flags)
    descriptor = os.open(file, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


def text_of(raw: bytes) -> str:
    """The text of a file in UTF-8, without its byte order mark, every line ended by a line feed. Raises TextFileError.

    Windows' tools write UTF-8 with the mark, and UTF-16.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw[:64]:
        raise TextFileError("is in UTF-16 or is not a text", "save it as UTF-8 (PowerShell: Out-File -Encoding utf8)")
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TextFileError(f"line {line} is not in UTF-8", "save the file in that encoding") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def toml_of(raw: bytes) -> dict[str, Any]:
    """The document of a TOML file. Raises TextFileError with the line, what was found and what is right."""
    text = text_of(raw)
    if (deep := _DEEP_NAME.search(text)) is not None:
        line = text.count("\n", 0, deep.start()) + 1
        raise TextFileError(f"line {line}: more than {_PARTS} names are joined by dots", "shorten that")
    try:
        document = tomllib.loads(text)
        _check_numbers(document)
    except tomllib.TOMLDecodeError as error:
        raise _explained(text, str(error)) from None
    except RecursionError:
        raise TextFileError("has tables or lists within each other too deep to read", "write a plain file") from None
    except ValueError as error:  # a number of more digits than Python reads, a date that the calendar lacks
        raise TextFileError(f"has a value that can't be read ({error})", "correct that value") from None
    return document


_PARTS = 40
"""Parts of a dotted name, such as `[a.b.c]`. tomllib takes memory for their square: 30 GB for 200 KB of text."""
_DEEP_NAME = re.compile(rf"""(?<![\w.-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{_PARTS}}}""")
_MOST_BITS = 3000  # of a whole number: it may be written to base 16, and can then be longer than Python writes it


def _check_numbers(document: dict[str, Any]) -> None:
    inner: list[Any] = [document]
    while inner:
        value = inner.pop()
        if isinstance(value, dict):
            inner.extend(value.values())
        elif isinstance(value, list):
            inner.extend(value)
        elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise ValueError("a number is too long")


# Explanations of tomllib's errors.

Explain: TypeAlias = "Callable[[str, str, str], tuple[str, str]]"
"""From the line, the part of it from the place of the error on, and tomllib's message to what was found and what to do.
A value may be a credential and is never shown.
"""
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("true", "yes", "on"), "write true"),
    **dict.fromkeys(("false", "no", "off"), "write false"),
    **dict.fromkeys(("null", "nil", "none"), "leave the whole line out"),
}
"""What to do in place of words that other languages have. Such a word is no credential, and may be shown."""
_BACKSLASH = "write a path in single quotes, as in 'C:\\folder\\file', or with / in place of \\"


def _explained(text: str, message: str) -> TextFileError:
    place = _PLACE.search(message)
    message = message[: place.start()] if place else message
    lines = text.split("\n")
    number = int(place[1]) if place and place[1] else _start_of_last_statement(lines)
    line = lines[number - 1]
    rest = line[int(place[2]) - 1 :] if place and place[2] else ""
    explain = next((one for start, one in _EXPLANATIONS.items() if message.startswith(start)), _as_it_is)
    found, remedy = explain(line, rest, message)
    return TextFileError(f"{f'line {number}' if number else 'at its end'}: {found}", remedy)


def _start_of_last_statement(lines: list[str]) -> int:
    """The line of the statement that has no end: the lines before it are a document. 0 in a file so large that it would
    take long to find.
    """
    read = 0
    for count in range(len(lines) - 1, 0, -1):
        before = "\n".join(lines[:count])
        read += len(before)
        if read > _MOST_READ:
            return 0
        try:
            tomllib.loads(before)
        except tomllib.TOMLDecodeError:
            continue
        return min(count + 1, len(lines))
    return 1


_MOST_READ = 1_000_000
"""Characters that are read again to find where the last statement begins."""


def _key(line: str) -> str:
    """The line's key in words; a line without one may hold anything, and is not shown."""
    match = re.match(r"\s*([\w.\"-]{1,60})\s*=", line)
    return f"the value of {match[1]}" if match else "a value"


def _bare(line: str, rest: str, _message: str) -> tuple[str, str]:
    word = re.split(r"[\s,#\]}]", rest, maxsplit=1)[0]
    if not word:
        return f"{_key(line)} is missing", "write one after the =, a text in quotes"
    if (right := _WORDS.get(word.lower())) is not None:
        return f"{_key(line)} is {word}, a word that TOML does not have", right
    if word[0] in "“”„«‘’`":
        return f"{_key(line)} has curly quotes", 'write straight ones: "'
    return f"{_key(line)} is a text without quotes", 'put it in quotes: "…"'


def _surplus(line: str, rest: str, message: str) -> tuple[str, str]:
    before = line.removesuffix(rest).rstrip()
    if rest.strip() == ",":
        return "a comma after the value", "leave it out"
    if before.endswith(("'", '"')):
        quote = before[-1]
        other = "'" if quote == '"' else '"'
        return (
            f"the text ends at its second {quote}, and more follows",
            f"put a text that holds {quote} in {other}…{other}",
        )
    if re.search(r"=\s*[+-]?\d", before):
        return f"{_key(line)} begins as a number and goes on as something else", (
            "put a text in quotes; a number begins with no 0 and has only digits"
        )
    return _as_it_is(line, rest, message)


def _no_equals(_line: str, rest: str, _message: str) -> tuple[str, str]:
    return ("a : after a key" if rest.startswith(":") else "no = after a key"), "write KEY = VALUE"


def _repeated_key(line: str, rest: str, message: str) -> tuple[str, str]:
    inline = re.search("'(.*)'", message)
    key = inline or re.match(r"\[{0,2}[ \t]*+([\w.\"' -]{1,80}?)[ \t]*+(?:[\]=]|$)", line.removesuffix(rest).strip())
    what = f"the key {key[1]}" if key else "a key"
    return f"{what} is given twice", "keep one of the two"


def _repeated_table(_line: str, _rest: str, message: str) -> tuple[str, str]:
    name = ".".join(re.findall(r"'([^']*)'", message))
    return f"the table [{name}] is given twice", "put its keys under one line, or write [[…]] on every line of a list"


def _as_it_is(_line: str, _rest: str, message: str) -> tuple[str, str]:
    return message[:1].lower() + message[1:], "correct that line"


def _says(found: str, remedy: str) -> Explain:
    return lambda line, _rest, _message: (found.replace("KEY", _key(line)), remedy)


_EXPLANATIONS: Mapping[str, Explain] = {
    "Invalid value": _bare,
    "Expected newline": _surplus,
    "Expected '='": _no_equals,
    "Cannot overwrite a value": _repeated_key,
    "Duplicate inline table key": _repeated_key,
    "Cannot declare": _repeated_table,
    "Cannot mutate immutable namespace": _repeated_table,
    "Unescaped '\\'": _says("KEY has a backslash, which begins an escape in double quotes", _BACKSLASH),
    "Invalid hex value": _says("KEY has a \\u, \\U or \\x without its digits", _BACKSLASH),
    "Illegal character '\\n'": _says("KEY has no closing quote", "write it at the end of the text"),
    "Illegal character": _says("KEY holds a control character", "leave it out, or write it as an escape such as \\t"),
    "Found invalid character": _says("there is a control character", "leave it out"),
    'Expected "\'"': _says("KEY has no closing quote", "write it at the end of the text"),
    "Unterminated string": _says("KEY has no closing quotes", "write them at the end of the text"),
    "Unclosed array": _says("a list is not closed", "write ] at its end"),
    "Unclosed inline table": _says("a table in { } is not closed on its line", "write } at its end, all on one line"),
    "Expected ']'": _says("the name of a table is not closed", "write it as [name]"),
    "Expected ']]'": _says("the name of a list of tables is not closed", "write it as [[name]]"),
    "Invalid statement": _says("the line does not begin with a key", "write KEY = VALUE; put other letters in quotes"),
    "Invalid initial character for a key part": _says("a key is missing", "write its name; no comma stands before a }"),
}
"""By the beginning of tomllib's message; the same messages in Python 3.11 to 3.14."""
