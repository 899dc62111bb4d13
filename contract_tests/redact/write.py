"""Writes files: each is searched for secrets first, and what is found is masked as the file's format allows."""

from __future__ import annotations

import errno
import html
import json
import os
import re
import secrets as randomness
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from contract_tests.contract.clauses import UsageError
from contract_tests.redact.secrets import Secrets
from contract_tests.redact.unsafe import json_safe


def toml_text(text: str) -> str:
    """A basic string of TOML, which is a string of JSON, but for DEL."""
    return json_safe(json.dumps(text, ensure_ascii=False))


def json_text(text: str) -> str:
    """A string of JSON in ASCII, which shows nothing that a terminal or a CI system could take for more than text."""
    return json_safe(json.dumps(text))


_STRING = (
    r'"(?:[^"\\\n]|\\[^\n])*+(?:"|\\?(?=\n|\Z))'  # one without an end goes to the line's, so that it is looked at once
)
_Texts = tuple[re.Pattern[str], Callable[[str], str], Callable[[str], str]]
_MARKUP: _Texts = (
    re.compile(
        r"(?P<kept><(style|script)\b.*?</\2>|<meta\b[^>]*+>)|(?P<plain><(?:style|script)\b.*|<meta\b[^>]*+)"
        r'|(?<=>)[^<]++|(?:(?<=\bmessage=")|(?<=\bname="))[^"<]++',
        re.DOTALL,
    ),
    html.unescape,
    html.escape,
)
_KINDS: dict[str, _Texts] = {
    "{": (re.compile(rf"(?P<kept>{_STRING}\s*+:)|{_STRING}"), json.loads, json_text),
    "<!doctype html": _MARKUP,
    "<?xml": _MARKUP,
    "# ": (
        re.compile(rf"(?P<plain>(?<=^\#)[^\n]++)|(?P<kept>{_STRING}\s*+[=\]])|{_STRING}", re.MULTILINE),
        json.loads,
        toml_text,
    ),
}
"""JSON, HTML and XML, TOML by how such a file begins: which parts of it are texts, how a text is read, and how it is
written. The rest of the file is structure, which is never masked.
"""
_PLAIN: _Texts = (re.compile(r"(?P<plain>.+)", re.DOTALL), str, str)  # any other file is one text


def check_file(path: Path, option: str) -> None:
    """Raises UsageError where no file can be written at the path that the option names, so that it shows before any
    call is sent.
    """
    folder = path.absolute().parent
    try:
        is_folder, has_folder = path.is_dir(), folder.is_dir()
    except OSError as error:
        raise UsageError(f"{option}: {path}: can't be written: {error.strerror}; name another file") from None
    if is_folder:
        raise UsageError(f"{option}: {path}: is a directory; name a file")
    if Path(os.path.realpath(path)).is_symlink():
        raise UsageError(f"{option}: {path}: is a link to itself; name another file")
    if not has_folder:
        raise UsageError(f"{option}: {path}: there is no directory {folder}; make it, or name another")


def write(path: Path, content: bytes, secrets: Secrets, *, keep: bool = False) -> int:
    """Writes a file whole or not at all, readable as the user's umask has it, since reports are made to be shared; the
    number of masked places. Raises OSError where it can't be written. A file that is there is then removed, so that
    nobody takes what another run has found for what this one has; with `keep` it stays as it is.
    """
    content, places = masked(content, secrets)
    target = Path(os.path.realpath(path))
    try:
        if (output := _own_output(path)) is not None:
            _write_all(output, content)
        elif is_device(path):
            _write_pipe(path, content) if path.is_fifo() else path.write_bytes(content)
        else:
            _replace(target, content)
    except OSError:
        if not keep and not is_device(path):
            discard(target)
        raise
    return places


@dataclass(frozen=True, slots=True)
class Written:
    """What came of writing a file, or several."""

    notices: tuple[str, ...] = ()
    """What the user is to be told."""
    whole: bool = True
    """Each file was written."""

    def __add__(self, other: Written) -> Written:
        return Written((*self.notices, *other.notices), self.whole and other.whole)


def try_to_write(path: Path, option: str, content: bytes, secrets: Secrets, *, keep: bool = False) -> Written:
    """Writes the file that an option names like `write`, and raises nothing where that is not possible: others are
    still to be written.
    """
    try:
        places = write(path, content, secrets, keep=keep)
    except OSError as error:
        kept = "; what it held is kept" if keep else ""
        return Written((f"{option}: {path}: can't be written: {error.strerror}{kept}",), whole=False)
    return Written((notice(path, places),) if places else ())


def try_to_append(path: Path, option: str, content: bytes, secrets: Secrets, *, instead_of: bytes) -> Written:
    """Adds to the end of the file that an option names, which others write, too; where `instead_of` is in it, which an
    earlier call has added, the content takes its place. All else that the file holds stays as it is.
    """
    content, places = masked(content, secrets)
    try:
        if is_device(path):
            write(path, content, Secrets())
        else:
            skipped, before = _end_of(path, len(instead_of) + MOST_AFTER)
            at = before.rfind(instead_of) if instead_of else -1
            kept, after = (before, b"") if at < 0 else (before[:at], before[at + len(instead_of) :])
            apart = b"" if kept == b"" or kept.endswith(b"\n") else b"\n"
            _write_from(path, skipped + len(kept), apart + content + after)
    except OSError as error:
        return Written((f"{option}: {path}: can't be written: {error.strerror}; what it held is kept",), whole=False)
    return Written((notice(path, places),) if places else ())


MOST_AFTER = 4 * 2**20
"""Bytes that others may add to a file after what is replaced in it; GitHub shows a summary of 1 MiB."""


def _end_of(path: Path, size: int) -> tuple[int, bytes]:
    """The last bytes of a file, and how many are before them."""
    if not path.exists():
        return 0, b""
    with path.open("rb") as file:
        skipped = max(0, file.seek(0, os.SEEK_END) - size)
        file.seek(skipped)
        return skipped, file.read()


def _write_from(path: Path, start: int, content: bytes) -> None:
    """Writes the file's end anew, in its place, since others may have it open. What makes the file longer is written
    first: where there is no room for it, all stays as it is.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        there = max(0, size - start)
        try:
            _write_at(descriptor, start + there, content[there:])
        except OSError:
            os.ftruncate(descriptor, size)
            raise
        _write_at(descriptor, start, content[:there])
        os.ftruncate(descriptor, start + len(content))
    finally:
        os.close(descriptor)


def _write_at(descriptor: int, start: int, content: bytes) -> None:
    os.lseek(descriptor, start, os.SEEK_SET)
    _write_all(descriptor, content)


def is_device(path: Path) -> bool:
    """Whether the path is that of a terminal or a pipe, or of this process's own output, which nothing may replace."""
    return path.exists() and (not path.is_file() or _own_output(path) is not None)


def _own_output(path: Path) -> int | None:
    """The descriptor of standard output or error where the path leads there, as /dev/stdout does; a file to which they
    go is written on and never replaced.
    """
    for descriptor in (STDOUT, STDERR):
        with suppress(OSError):
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
    return None


def _write_pipe(path: Path, content: bytes) -> None:
    """Writes to a pipe with a name, and does not wait for somebody to read it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(error.errno, "nobody reads this pipe") from None
        raise
    try:
        os.set_blocking(descriptor, True)
        _write_all(descriptor, content)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


STDOUT, STDERR = 1, 2


def discard(path: Path) -> None:
    """Removes the file of another run, as far as that is possible."""
    target = Path(os.path.realpath(path))
    if target.is_file():
        with suppress(OSError):
            target.write_bytes(b"")  # where the file may be written and its directory not
        with suppress(OSError):
            target.unlink()


_BOUND = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV)
"""Why a file can't be replaced though it may be written: it is a mount of its own, or its directory is read-only."""


def _replace(target: Path, content: bytes) -> None:
    # 50 characters are 200 bytes at most, of the 255 that a name may have.
    draft = target.with_name(f".{target.name[:50]}.{randomness.token_hex(4)}.tmp")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as error:
        if error.errno not in _BOUND or not target.is_file():
            raise
        target.write_bytes(content)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def masked(content: bytes, secrets: Secrets) -> tuple[bytes, int]:
    """The content of a file without secrets, well-formed as before, and the number of masked places."""
    text = content.decode("utf-8", "surrogateescape")
    places = 0

    def without_secrets(text: str) -> str:
        nonlocal places
        text, more = secrets.mask_counted(text)
        places += more
        return text

    def replace(match: re.Match[str]) -> str:
        if match.lastgroup == "kept":
            return match[0]
        try:
            before = match[0] if match.lastgroup == "plain" else read(match[0])
        except ValueError:
            return without_secrets(match[0])  # the file only begins like one of its kind
        after = without_secrets(before)
        return match[0] if after == before else after if match.lastgroup == "plain" else written(after)

    kinds = (texts for beginning, texts in _KINDS.items() if text.startswith(beginning))
    pattern, read, written = next(kinds, _PLAIN)
    return pattern.sub(replace, text).encode("utf-8", "surrogateescape"), places


def notice(name: object, places: int) -> str:
    """The sentence that reports to the user what `write` has masked."""
    noun, verb = ("place", "was") if places == 1 else ("places", "were")
    return f"{name}: {places} {noun} that held a credential or a value {verb} masked"
