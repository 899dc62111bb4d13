"""Files of captured answers: found, read and judged, each answer by itself; and the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from contract_tests.captured.capture import Asked, Capture, TooManyError, read_captures, unzipped
from contract_tests.captured.cassettes import is_cassette, read_cassette
from contract_tests.captured.har import is_har, read_har
from contract_tests.captured.judge import MOST, Judgement, judge
from contract_tests.captured.no_answer import UNPACKED, as_utf8, other_file, packed
from contract_tests.captured.recordings import Archive, DamagedArchive, OutOfTimeError, Recording, archive_of
from contract_tests.contract.outcome import Outcome
from contract_tests.findings.exit_code import BROKEN, BUDGET, HOLDS, USAGE


@dataclass(frozen=True)
class FileResult:
    """An answer in a file, or a file without one."""

    file: str  # the file's name; with several answers in it, also the number and the call, as in `a.har#3 (GET info)`
    judgement: Judgement | None
    trouble: str = ""  # why there is no judgement
    late: bool = False  # whether the time was up before it was looked at

    @property
    def outcome(self) -> Outcome:
        """The judgement's; UNCHECKED without one."""
        return self.judgement.outcome if self.judgement else Outcome.UNCHECKED


@dataclass(frozen=True)
class Validation:
    """The results of all files."""

    files: tuple[FileResult, ...]
    strict: bool
    archives: tuple[tuple[str, Archive], ...] = ()  # files of recordings, by name

    @property
    def exit_code(self) -> int:
        """2 where a file or an answer in one could not be opened, else 1 for an answer that is broken or too large to
        be read, else 4 where the time was up, else 0.
        """
        if any(result.judgement is None and not result.late for result in self.files):
            return USAGE
        judgements = [result.judgement for result in self.files if result.judgement]
        if any(j.fails(strict=self.strict) or j.too_large for j in judgements):
            return BROKEN
        return BUDGET if any(result.late for result in self.files) else HOLDS


SECONDS = 600.0
"""How long files are looked at. Of one megabyte that is no answer it is tried for some seconds what it may be."""


@dataclass
class _Room:
    """How many problems are still kept of all answers together, at least one of each; and until when answers are looked
    at.
    """

    end: float
    left: int = 20_000

    @property
    def is_over(self) -> bool:
        return monotonic() >= self.end

    def judge(self, capture: Capture, asked: Asked) -> Judgement:
        judgement = judge(capture, asked, max(1, min(MOST, self.left)))
        self.left -= len(judgement.problems)
        return judgement


STDIN = "-"
MAX_FILE = 128 * 2**20  # bytes of a file that are read; a file of recordings may be large


def validate(names: Sequence[str], asked: Asked, *, strict: bool, seconds: float = SECONDS) -> Validation:
    """Judges every file, also after one that can't be read, for as long as the time lasts. A directory stands for the
    files below it, and `-` for standard input. Raises UsageError for a wrong profile, and UnknownSchemaError.
    """
    results: list[FileResult] = []
    room = _Room(monotonic() + seconds)
    archives: list[tuple[str, Archive]] = []
    for name, closed in _files(names):
        shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
        if room.is_over:
            results.append(FileResult(shown, None, f"not looked at: {TIME_UP}", late=True))
            continue
        try:
            content = _content(name, closed)
            archive = _archive(name, content, room)
        except _NoContent as why:
            results.append(FileResult(shown, None, str(why)))
            continue
        except OutOfTimeError:
            results.append(FileResult(shown, None, f"not looked at: {TIME_UP}", late=True))
            continue
        if archive:
            archives.append((shown, archive))
        try:
            found = _recorded(shown, archive, asked, room) if archive else _captured(shown, content, asked, room)
            results += map(_without_model, found)
        except TooManyError as why:
            results.append(FileResult(shown, None, str(why)))
    return Validation(tuple(results), strict, tuple(archives))


TIME_UP = "the time is up; give more with --timeout, or name fewer files"


def _rest(name: str, number: int, room: _Room) -> FileResult | None:
    """What stands for so many answers where the time is up; None where it is not."""
    if not room.is_over:
        return None
    answers = "1 answer was" if number == 1 else f"{number:,} answers were"
    return FileResult(f"{name}#…", None, f"{answers} not looked at: {TIME_UP}", late=True)


class _NoContent(Exception):
    """Why a file can't be read, or holds no answer."""


def _files(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every file, with the reason why it can't be read."""
    for name in names:
        if not name:
            yield "''", "an empty name: name a file, or - for standard input"
        elif name != STDIN and os.path.isdir(name):  # noqa: PTH112 - Path.is_dir raises where it may not look
            yield from _below(name) or [(name, "a directory without a file in it; name one with captured answers")]
        else:
            yield name, ""


def _below(directory: str) -> list[tuple[str, str]]:
    """The files of a directory and of those in it, sorted, without those that begin with a dot."""
    found: list[tuple[str, str]] = []

    def closed(error: OSError) -> None:
        found.append((str(error.filename), f"can't be read: {error.strerror}"))

    for folder, folders, names in os.walk(directory, onerror=closed):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        files = [os.path.join(folder, n) for n in sorted(names) if not n.startswith(".")]  # noqa: PTH118 - as os.walk
        found += [(file, "") for file in files if os.path.isfile(file) or not os.path.exists(file)]  # noqa: PTH110, PTH113
    return found


def _content(name: str, closed: str) -> bytes:
    """What a file holds, unpacked. Raises _NoContent."""
    if closed:
        raise _NoContent(closed)
    # In place of a closed standard input, the command opens the null device by that name.
    if name == STDIN and (sys.stdin is None or getattr(sys.stdin, "name", "") == os.devnull):
        raise _NoContent("can't be read: standard input is closed")
    try:
        with Path(name).open("rb") if name != STDIN else nullcontext(sys.stdin.buffer) as file:
            content = unzipped(file.read(MAX_FILE + 1), MAX_FILE)
    except OSError as error:
        raise _NoContent(f"can't be read: {error.strerror or error}") from None
    except ValueError:
        raise _NoContent("can't be read: this can't be the name of a file") from None
    if what := other_file(content):
        raise _NoContent(what)
    return content


def _archive(name: str, content: bytes, room: _Room) -> Archive | None:
    """The recordings of a file; None for any other file. Raises _NoContent and OutOfTimeError."""
    content = as_utf8(content)
    kinds = (("HAR file", is_har, read_har), ("cassette", is_cassette, read_cassette))
    for kind, fits, read in kinds:
        if fits(content):
            if len(content) > MAX_FILE:
                raise _NoContent(f"a {kind} of more than {MAX_FILE // 2**20} MiB, which is not looked at: split it")
            try:
                return archive_of(kind, read(content), lambda: room.is_over)
            except DamagedArchive as damage:
                raise _NoContent(str(damage)) from None
    if what := _NAMED.get(Path(name).suffix.lower()):
        raise _NoContent(what)
    return None


_NAMED = {
    ".har": "no HAR file in spite of its name: export it again, or name another file",
    ".yaml": "YAML that is not a cassette of recorded calls: name another file",
    ".yml": "YAML that is not a cassette of recorded calls: name another file",
}
"""What a file is whose name says that it is a recording."""


def _without_model(result: FileResult) -> FileResult:
    """The result without the answer itself, which would be kept until the last one is judged."""
    return replace(result, judgement=result.judgement and replace(result.judgement, model={}))


def _captured(name: str, content: bytes, asked: Asked, room: _Room) -> Iterator[FileResult]:
    captures = read_captures(content)
    for number, capture in enumerate(captures, start=1):
        if rest := _rest(name, len(captures) - number + 1, room):
            yield rest
            return
        yield _result(name if len(captures) == 1 else f"{name}#{number}", capture, asked, room)


def _result(name: str, capture: Capture, asked: Asked, room: _Room) -> FileResult:
    capture = capture.unpacked()
    if what := packed(capture):
        return FileResult(name, None, f"{what}: {UNPACKED}")
    return FileResult(name, room.judge(capture, asked))


_NONE = (
    "no answer of the API (to a call of /create, /result or /info) is in it: record such calls, or name another file"
)


def _recorded(name: str, archive: Archive, asked: Asked, room: _Room) -> Iterator[FileResult]:
    """Each answer under what its own call shows, and what the task's call of create has shown."""
    if not archive.answers:
        yield FileResult(name, None, f"{archive}; {_NONE}")
    tasks: dict[tuple[str, str, str], Asked] = {}
    for number, recording in enumerate(archive.answers):
        if rest := _rest(name, len(archive.answers) - number, room):
            yield rest
            return
        call, place = recording.call, f"{name}#{recording.number} ({recording.name})"
        base = (call.host, call.prefix)
        shown = call.asked.over(tasks.get((*base, call.value("id") or ""), Asked()))
        result = _judged(place, recording, asked.over(shown), room)
        if call.method == "create" and result.judgement:
            task = str(result.judgement.model.get("id", ""))
            tasks[*base, task] = Asked(source=shown.source, phone=shown.phone)
        yield result


def _judged(place: str, recording: Recording, asked: Asked, room: _Room) -> FileResult:
    if recording.capture is None:
        return FileResult(place, None, recording.trouble)
    result = _result(place, recording.capture, asked, room)
    judgement = result.judgement
    if judgement and recording.lacking and (judgement.is_unread or _may_be_cut(recording.capture.body, judgement)):
        why = f"its body is cut in the recording, which has {recording.lacking}: record it whole"
        return FileResult(place, None, why)
    return result


def _may_be_cut(body: bytes, judgement: Judgement) -> bool:
    """Whether the end of a table may be missing, which does not show otherwise."""
    return judgement.format == "csv" and not body.endswith(b"\n")
