"""A log that several processes write and read, in files beside a state file.

Each process adds records to the end of the last file with one write, which the system does not mix with another's
(O_APPEND). So all see the same records in the same order, and what was added survives the death of the process. A file
that has grown long is followed by the next; whoever makes that one writes down what all before it come to, and removes
them. Of a record that was written in part, as on a full disk, the rest is not looked for: its writer adds it again.

What others do to the files is found out as far as it can be: all have the last file open, and see that it is gone or
shorter than at their last look; whoever reads sees bytes that were no record, and that a beginning is missing, as each
file has a head.
"""

from __future__ import annotations

import errno
import io
import os
import re
import struct
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn
from zlib import crc32

try:
    from _pickle import Unpickler, UnpicklingError, dumps  # a start takes 3 ms less without what stands around it
except ImportError:
    from pickle import Unpickler, UnpicklingError, dumps

_LOCKS = os.name == "posix"  # whether files can be locked so that others may still write them
if _LOCKS:
    import fcntl

LONGEST = 32 * 1024 * 1024
"""Bytes of a file after which the next is begun."""
_MARK = b"\xf7calls\xf8\n"  # what a record begins with; it stands in no text in UTF-8
_HEAD = struct.Struct("<II")  # length and checksum of what follows
_BEGIN = len(_MARK) + _HEAD.size
_PART = 64 * 1024  # bytes that are read at a time
_PROTOCOL = 5
_END = re.compile(r"([0-9]+)(?:\.sums(?:\.[0-9]+)?)?")  # of the name of a file of a log
_ASKED_ANEW = 50  # times, in milliseconds, whether a file has its heading
_ASKED = 3  # times, whether a file is locked
GAP: Final = object()
"""Stands for records that were lost."""
STRANGE = (UnpicklingError, ValueError, TypeError, LookupError, EOFError)
"""What a record raises that no mock of this version has written, when it is read, or looked into."""


class CallLog:
    """The log of the state file at the path. Its methods raise OSError; `append` may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()  # of the descriptor, whose number may be given to a socket once it is closed
        self._number = 0  # of the file that is written
        self._file: int | None = None
        self._size = 0  # bytes that it has at least
        self._lacks = False
        self.was_cut = False
        """Whether records were lost, as others have removed the file or a part of it. It stays so until it is set."""
        self.due: int | None = None
        """The number of a file that was begun here: `sum_up` is to be called for it."""

    def append(self, record: Any, *, wait: bool = True) -> None:
        """Adds a record: texts, bytes, numbers, None, and tuples, lists and dicts of them. Without wait, raises
        BlockingIOError where another thread is adding one.
        """
        data = framed(record)
        if not self._lock.acquire(blocking=wait):
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        try:
            number = self._writable()
            if os.write(number, data) < len(data):  # and not the rest later: another's record may stand between
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._size += len(data)
        finally:
            self._lock.release()

    def open(self) -> None:
        """Opens the last file, so that `look` sees what becomes of it."""
        with self._lock:
            self._writable()

    def _writable(self) -> int:
        """The descriptor of the last file."""
        if self._file is None:
            self._open(max(_numbers(self._path), default=1))
        while True:
            assert self._file is not None
            self._look()
            if self._file is None:
                self._open(max(_numbers(self._path), default=self._number))
            elif self._size < LONGEST:
                return self._file
            else:
                self._open(self._number + 1)

    def look(self) -> None:
        """Finds out whether `was_cut`."""
        with self._lock:
            if self._file is not None:
                self._look()

    def _look(self) -> None:
        assert self._file is not None
        found = os.fstat(self._file)
        if found.st_size < self._size:
            self.was_cut = True
        self._size = found.st_size
        if not found.st_nlink:
            # Else all of it is summed up.
            self.was_cut |= max(_numbers(self._path), default=0) <= self._number
            self._close()

    def _open(self, number: int) -> None:
        name = _name(self._path, number)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            opened = os.open(name, flags | os.O_EXCL, _rights(self._path))
            made = True
        except FileExistsError:
            opened, made = os.open(name, flags), False
        self._close()
        self._file, self._number, self._size = opened, number, 0
        self._lock_shared()
        if made:
            os.write(opened, _HEADING)
            self.due = number if number > 1 else self.due

    def lacks(self, some: bool) -> None:
        """Tells whether this process has records that it could not add so far. A lock says so to the others: it needs
        no room on the disk, and ends with the process.
        """
        if some != self._lacks:
            with self._lock:
                self._lacks = some
                self._lock_shared()

    def _lock_shared(self) -> None:
        if _LOCKS and self._file is not None:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(self._file, fcntl.LOCK_SH if self._lacks else fcntl.LOCK_UN)

    def is_whole(self, numbers: Iterable[int]) -> bool:
        """Whether no process has records that it could not add. numbers: see LogReader."""
        return not self._lacks and not any(_is_locked(_name(self._path, number)) for number in numbers)

    def sum_up(self, number: int, records: Iterable[Any]) -> None:
        """Keeps what all records before those of the file of the number come to, in their place. From any thread."""
        sums = _sums(self._path, number)
        draft = sums.with_name(f"{sums.name}.{os.getpid()}")
        try:
            with draft.open("wb") as file:
                for record in records:
                    file.write(framed(record))
                file.write(_WHOLE)
            draft.replace(sums)
        finally:
            draft.unlink(missing_ok=True)
        for earlier, one in sorted(_files(self._path)):  # see LogReader.numbers
            if earlier < number:
                one.unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the file; the next record opens it again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class LogReader:
    """Reads the records of the log of the state file at the path. Raises OSError: FileNotFoundError where what comes
    next has been summed up, and a new reader has to begin with that.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._number = 0
        self._at = 0
        self._is_begun = False  # whether the file was found to begin as it should, or not to
        self._known: int | None = None  # the highest number at the last look; 0 where there was none
        self._sums: Iterator[tuple[int, Any]] = iter(())  # what is still to be read of the sums before the file
        self.was_cut = False
        """Whether the file became shorter than what was read of it. It stays so until it is set."""

    @property
    def number(self) -> int:
        """That of the file that it reads."""
        return self._number

    def numbers(self) -> Sequence[int]:
        """The numbers of the files. They follow one another, as they are made and removed in their order: so the
        directory, which others may have filled, is not listed as long as one of them is known.
        """
        known = self._known
        if known is None or (known and not self._has(known)):
            found = sorted(_numbers(self._path))
        else:
            first = last = known or 1
            while self._has(first - 1):
                first -= 1
            while self._has(last + 1):
                last += 1
            found = [*range(first, last + 1)] if known or self._has(1) else []
        self._known = found[-1] if found else 0
        return found

    def _has(self, number: int) -> bool:
        return _name(self._path, number).exists()

    def part(self, until: int | None = None) -> list[tuple[Any, bool]]:
        """The next records, as many as take a few milliseconds, each with whether it is the sum of all before it; GAP
        where some are lost; none where there are no more. until: the number of a file before which it stops.
        """
        if self._file is None:
            numbers = self.numbers()
            summed = [number for number in numbers if _sums(self._path, number).exists()]
            first = max(summed, default=min(numbers, default=None))
            if first is None or first == until:
                return []
            sums = _sums(self._path, first).read_bytes() if summed else b""
            is_whole = _is_whole(sums) if summed else first == 1
            self._sums = _records(sums[: -len(_WHOLE)]) if is_whole else iter([(0, GAP)])
            self._open(first)
        if summed_up := [(record, True) for record in self._some_sums()]:
            return summed_up
        while True:
            following = self._following()
            if part := [(record, False) for record in self._rest()]:
                return part
            if following is None or following == until:
                return []
            self._open(following)

    def _following(self) -> int | None:
        """The number of the next file, where one is there; of the same, where it was removed and made anew."""
        assert self._file is not None
        numbers = self.numbers()
        later = min((number for number in numbers if number > self._number), default=None)
        if later is not None and later > self._number + 1:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if later is None and self._number in numbers and not os.fstat(self._file).st_nlink:
            return self._number
        return later

    def _some_sums(self) -> Iterator[Any]:
        """The next of the sums before the file."""
        begin = None
        for place, record in self._sums:
            yield record
            begin = place if begin is None else begin
            if place > begin + _PART:
                return

    def _rest(self) -> list[Any]:
        """The next records of the file."""
        assert self._file is not None
        held = b""
        if not self._is_begun:
            self._is_begun = True
            if not self._has_heading():
                return [GAP]
        if (size := os.fstat(self._file).st_size) < self._at:
            # What was added since is not looked at, which may have been read before.
            self._at, self.was_cut = size, True
        os.lseek(self._file, self._at, os.SEEK_SET)
        while part := os.read(self._file, _PART):
            held += part
            if found := [*_records(held, is_all=len(part) < _PART)]:
                self._at += found[-1][0]
                return [record for _, record in found]
        return []

    def _open(self, number: int) -> None:
        opened = os.open(_name(self._path, number), os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self.close()
        self._file, self._number, self._at, self._is_begun = opened, number, 0, False

    def _has_heading(self) -> bool:
        """Whether the file begins with its heading, and reads on behind it. It may just be made."""
        assert self._file is not None
        for _ in range(_ASKED_ANEW):
            os.lseek(self._file, 0, os.SEEK_SET)
            begin = os.read(self._file, len(_HEADING))
            if begin == _HEADING:
                self._at = len(begin)
                return True
            if begin:
                return False
            time.sleep(0.001)
        return False

    def close(self) -> None:
        """Ends the reading."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def framed(record: Any) -> bytes:
    """The bytes of a record."""
    text = dumps(record, _PROTOCOL)
    return b"%b%b%b" % (_MARK, _HEAD.pack(len(text), crc32(text)), text)


def remove_log(path: Path) -> None:
    """Removes the log of the state file at the path."""
    for _, file in _files(path):
        with suppress(OSError):  # what can't be removed is read
            file.unlink(missing_ok=True)


_WHOLE = _HEADING = framed(None)  # what sums end with, and what the other files begin with


def _is_whole(sums: bytes) -> bool:
    """Whether nothing of sums is missing or damaged."""
    at = 0
    while (end := _end(sums, at)) is not None:
        at = end
    return at == len(sums) and sums.endswith(_WHOLE)


def _end(data: bytes, at: int) -> int | None:
    """The place behind the record at a place; None where none stands there, or not all of it."""
    begin = at + _BEGIN
    if not data.startswith(_MARK, at) or len(data) < begin:
        return None
    length, checksum = _HEAD.unpack_from(data, at + len(_MARK))
    end = begin + int(length)
    return end if end <= len(data) and crc32(memoryview(data)[begin:end]) == checksum else None


def _records(data: bytes, *, is_all: bool = True) -> Iterator[tuple[int, Any]]:
    """The whole records, and GAP for what was one, each with the place behind it. is_all: whether nothing follows; else
    what stands behind the beginning of a record may be a part of it.
    """
    at = 0
    while at < len(data):
        if (end := _end(data, at)) is not None:
            yield end, _Primitives(io.BytesIO(memoryview(data)[at + _BEGIN : end])).load()
            at = end
            continue
        if not is_all and _is_begun(data[at:]):
            return
        following = data.find(_MARK, at + 1)
        if not _is_begun(data[at : following if following >= 0 else None]):
            yield (following if following >= 0 else len(data)), GAP
        if following < 0:
            return
        at = following


def _is_begun(part: bytes) -> bool:
    """Whether it may be the beginning of a record, of which the end is missing."""
    if len(part) < _BEGIN:
        return part.startswith(_MARK) or _MARK.startswith(part)
    return part.startswith(_MARK) and len(part) < _BEGIN + _HEAD.unpack_from(part, len(_MARK))[0]


class _Primitives(Unpickler):
    """Reads what names no class: a file may come from anywhere."""

    def find_class(self, module: str, name: str, /) -> NoReturn:
        raise UnpicklingError(f"{module}.{name}")


def _numbers(path: Path) -> list[int]:
    return [number for number, file in _files(path) if "." not in file.name[len(path.name) :]]


def _files(path: Path) -> list[tuple[int, Path]]:
    """All files of the log with their numbers: also sums, and drafts of them, that are left of files that are gone."""
    begin = f"{path.name}-calls-"
    with suppress(FileNotFoundError):
        names = [one for one in os.listdir(path.parent) if one.startswith(begin)]  # noqa: PTH208 - many may be others'
        found = [(_END.fullmatch(one, len(begin)), path.with_name(one)) for one in names]
        return [(int(end[1]), one) for end, one in found if end is not None]
    return []


def _is_locked(name: Path) -> bool:
    if not _LOCKS:
        return False
    for _ in range(_ASKED):
        try:
            opened = os.open(name, os.O_RDONLY)
        except OSError:
            return False  # it has just been summed up, or can't be read, which the reader says
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.001)  # another may only be asking as well
        except OSError:
            return False
        else:
            return False
        finally:
            os.close(opened)
    return True


def _name(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}-calls-{number}")


def _sums(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}-calls-{number}.sums")


def _rights(path: Path) -> int:
    """Those of the state file: whoever may use it may use the log."""
    with suppress(OSError):
        return path.stat().st_mode & 0o666
    return 0o600
