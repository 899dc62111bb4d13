"""Calls with their answers, as a HAR file or a VCR cassette keeps them, and which of them are the API's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urljoin

from contract_tests.captured.capture import MOST_ANSWERS, Capture
from contract_tests.captured.sent import SentCall, has_long_host


class DamagedArchive(Exception):
    """A file of recordings that can't be read: what is wrong and where, with nothing of the file."""


class OutOfTimeError(Exception):
    """The time was up before a file of recordings was read."""


MOST_VALUES = 2_000_000
"""Values of a file of recordings that are read: objects, lists, names, texts and numbers."""


@dataclass(frozen=True)
class Recording:
    """A call with its answer."""

    number: int  # counts the entries of the file from 1
    call: SentCall
    status: int = 0  # 0: no answer came
    capture: Capture | None = None  # None: the answer's body was not kept
    trouble: str = ""  # why it was not kept, and what to do
    lacking: str = ""  # how much of the body is there, where it is less than the file says; empty: all
    location: str = field(default="", repr=False)  # where a redirect leads to

    @property
    def name(self) -> str:
        """The call in short, such as `GET result`."""
        verb = self.call.http_method
        return f"{verb if verb in _VERBS else 'call of'} {self.call.method}"

    @property
    def is_followed(self) -> bool:
        """Whether it is a redirect to a call of the API, whose own answer follows."""
        onward = SentCall(url=_joined(self.call.url, self.location)) if self.location else SentCall()
        return 300 <= self.status < 400 and onward.method is not None


_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _joined(url: str, location: str) -> str:
    if has_long_host(url) or has_long_host(location):
        return ""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


@dataclass(frozen=True)
class Archive:
    """A file of recordings: those that are answers of the API, and how many are ignored for which reason."""

    kind: str
    entries: int
    answers: tuple[Recording, ...]
    ignored: Mapping[str, int]

    def __str__(self) -> str:
        why = ", ".join(f"{count} {reason}" for reason, count in self.ignored.items())
        entries = f"{self.entries} {'entry' if self.entries == 1 else 'entries'}"
        return f"{self.kind} of {entries}: {len(self.answers)} of the API{f'; ignored: {why}' if why else ''}"


def archive_of(kind: str, recordings: Iterable[Recording], is_over: Callable[[], bool]) -> Archive:
    """The API's recordings, and the rest as numbers. Raises DamagedArchive where there are too many, and
    OutOfTimeError.
    """
    every: list[Recording] = []
    surest, bases = len(_SIGNS), set[tuple[str, str]]()
    for recording in recordings:
        every.append(recording)
        if len(every) > MOST_ANSWERS:
            raise DamagedArchive(f"a {kind} of more than {MOST_ANSWERS:,} entries, the most that are read: split it")
        if is_over():
            raise OutOfTimeError
        call = recording.call
        if call.method and (sign := _sign(call)) <= surest:
            bases = {*(bases if sign == surest else ()), (call.host, call.prefix)}
            surest = sign
    reasons = [_ignored(recording, bases) for recording in every]
    answers = tuple(recording for recording, reason in zip(every, reasons, strict=True) if not reason)
    return Archive(kind, len(every), answers, Counter(filter(None, reasons)))


def _ignored(recording: Recording, bases: set[tuple[str, str]]) -> str:
    """Why a recording is not judged; empty for one that is."""
    call = recording.call
    if call.method is None:
        return "of other addresses"
    if (call.host, call.prefix) not in bases:
        return "of /create, /result or /info of another server"
    if call.http_method in ("OPTIONS", "HEAD"):
        return "by OPTIONS or HEAD"
    if recording.status == 0 and not recording.capture:
        return "without an answer"
    if recording.status == HTTPStatus.NOT_MODIFIED and not (recording.capture and recording.capture.body):
        return "answered from a cache (HTTP 304)"
    return "redirected" if recording.is_followed else ""


_SIGNS: tuple[Callable[[SentCall], bool], ...] = (
    lambda call: bool(call.values("login") and call.values("token")),
    lambda call: call.prefix.endswith("/api"),
    lambda call: bool(call.values("login") or call.values("token")),
    lambda _: True,
)
"""Signs that a call to a path that ends in a method is one of the API, the surest first. Hosts and prefixes of the API
are those of the calls with the surest sign: a site may have an address /info of its own.
"""


def _sign(call: SentCall) -> int:
    """The place of the surest sign that a call has."""
    return next(place for place, has in enumerate(_SIGNS) if has(call))
