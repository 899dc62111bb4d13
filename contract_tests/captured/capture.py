"""A captured answer: a body, the head of its HTTP response where that was kept, and what is known of its call."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from contract_tests.contract.editions import SECTIONS

MAX_BYTES = 16 * 2**20  # bytes of the largest body that is read
MOST_ANSWERS = 10_000  # answers of one file that are read
MOST_FIELDS = 1_000  # headers of a response that are read
MOST_CODINGS = 4  # codings of a body that are undone: each may take the time for the largest body
LONGEST_HEADER = 1_000  # characters of a header's value that are read
METHODS = ("create", "result", "info")
SOURCES = tuple(SECTIONS)


@dataclass(frozen=True)
class Capture:
    """A body with what was kept of the response's head; None: not kept."""

    body: bytes = field(repr=False)
    status: int | None = None
    content_type: str | None = None
    length: int | None = None  # the Content-Length; None too for a coded body
    coding: str = ""  # the coding of the Content-Encoding in which the body still is, such as `br`
    recoded: bool = False  # whether a tool has decoded the text, so that its encoding no longer shows
    codings: str | None = None  # the Content-Encoding that is still to be undone; None: it was

    def unpacked(self) -> Capture:
        """The capture with the codings of its Content-Encoding undone, and gzip without one, too. A client may have
        undone them before.
        """
        if self.codings is None:
            return self
        body, left = self.body, ""
        codings = re.findall(r"[\w-]+", self.codings[:LONGEST_HEADER].lower())
        if len(codings) > MOST_CODINGS:
            return replace(self, coding=f"{len(codings)} codings, one within the other", codings=None)
        for coding in reversed(codings):
            if coding in _UNPACK:
                body = _UNPACK[coding](body)
            elif coding in ("br", "zstd", "compress", "x-compress") and _BINARY.search(body[:1024]):
                left = coding
        return replace(self, body=body if left else unzipped(body), coding=left, codings=None)


@dataclass(frozen=True)
class Asked:
    """The call, as far as it is known; None: recognised by the answer, or left open."""

    method: str | None = None
    format: str | None = None
    source: int | None = None
    phone: str | None = field(default=None, repr=False)
    schema: str | None = None  # overrules method and source
    profile: Mapping[str, Any] | None = None  # choices by clause that the answer must show; None: what is documented
    secrets: tuple[str, ...] = field(default=(), repr=False)  # texts that the answer must not hold
    http_method: str | None = None  # in upper case

    @property
    def section(self) -> str | None:
        return None if self.source is None else SECTIONS[self.source]

    @property
    def known(self) -> Mapping[str, str]:
        """The profile's choices that are words."""
        return {clause: choice for clause, choice in (self.profile or {}).items() if isinstance(choice, str)}

    def over(self, shown: Asked) -> Asked:
        """This, with what a call has shown in the places that are left open here."""
        names = ("method", "format", "source", "phone", "http_method")
        known = {name: mine if (mine := getattr(self, name)) is not None else getattr(shown, name) for name in names}
        return replace(self, **known, secrets=(*self.secrets, *shown.secrets))


GZIP = b"\x1f\x8b\x08"


def unzipped(data: bytes, most: int = MAX_BYTES) -> bytes:
    """The content of gzip, at most one byte more than `most`; anything else, also a cut gzip, as it is."""
    return _inflated(data, 31, most) if data.startswith(GZIP) else data


def _deflated(data: bytes) -> bytes:
    """The content of `deflate`: of zlib as HTTP has it, or raw as some servers send it."""
    if data[:1] in (b"{", b"[", b"<"):  # a client has unpacked it already
        return data
    content = _inflated(data, 15, MAX_BYTES)
    return _inflated(data, -15, MAX_BYTES) if content is data else content


def _inflated(data: bytes, window: int, most: int) -> bytes:
    try:
        inflate = zlib.decompressobj(window)
        content = inflate.decompress(data, most + 1)
    except zlib.error:
        return data
    return content if inflate.eof or len(content) > most else data


_BINARY = re.compile(rb"[\0-\x08\x0e-\x1f]")  # bytes that no text has, unless it is UTF-16
_UNPACK = {"gzip": unzipped, "x-gzip": unzipped, "deflate": _deflated}

# Whole responses, as curl -i prints them.

_LINE = rb"HTTP/[0-9](?:\.[0-9])? ([1-5][0-9]{2})(?: [^\r\n]{0,200})?\r?\n"
_STATUS = re.compile(rb"(?:\xef\xbb\xbf)?\s*" + _LINE)
_NEXT = re.compile(_LINE + rb"(?=[A-Za-z0-9!#$%&'*+.^_`|~-]+:|\r?\n)")
_END = re.compile(rb"\n\r?\n")


class TooManyError(Exception):
    """A file of more answers than are read, or of one with more headers: where, and what to do."""


@dataclass(frozen=True)
class _Response:
    """A response as it stands in a file."""

    status: int
    fields: Mapping[str, str]  # by name in lower case
    body: bytes

    @property
    def is_interim(self) -> bool:
        """Whether another response to the same call follows: after 100, a redirect, a proxy's or a login's answer."""
        if self.status < 200 or self.status in (401, 407) or (self.status < 400 and "location" in self.fields):
            return True
        return not self.body and not {"content-type", "content-length"}.intersection(self.fields)


def read_captures(data: bytes) -> list[Capture]:
    """A body as it was sent, or whole responses as `curl -i` prints them: status line, headers, a blank line, body. Of
    those to one call (100 Continue, a proxy's, redirects) the last one counts. Raises TooManyError.
    """
    if _STATUS.match(data) is None:
        return [Capture(_dechunked(data), codings="")]
    responses = [*islice(_responses(data), MOST_ANSWERS + 1)]
    if len(responses) > MOST_ANSWERS:
        raise TooManyError(f"more than {MOST_ANSWERS:,} responses, the most that are read: split the file")
    last = len(responses) - 1
    return [_captured(response) for i, response in enumerate(responses) if i == last or not response.is_interim]


def _responses(data: bytes) -> Iterator[_Response]:
    line, number = _STATUS.match(data), 0
    while line is not None:
        end = _END.search(data, line.end() - 1)
        begin, number = end.end() if end else len(data), number + 1
        if data.count(b"\n", line.end(), begin) > MOST_FIELDS + 1:
            where = f"response {number}, at byte {line.start():,}"
            raise TooManyError(
                f"{where}, has a head of more than {MOST_FIELDS:,} lines: no server sends one, so cut it"
            )
        head = data[line.end() : end.start() if end else len(data)]
        following = _NEXT.search(data, begin)
        yield _Response(int(line[1]), _fields(head), data[begin : following.start() if following else len(data)])
        line = following


def _fields(head: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in head.decode("latin-1").split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name.strip().lower(), value.strip())
    return fields


def _captured(response: _Response) -> Capture:
    fields = response.fields
    length = fields.get("content-length", "")
    coded = "content-encoding" in fields or not re.fullmatch("[0-9]{1,15}", length)
    kind, codings = fields.get("content-type", ""), fields.get("content-encoding", "")
    return Capture(_dechunked(response.body), response.status, kind, None if coded else int(length), codings=codings)


_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")


def _dechunked(body: bytes) -> bytes:
    """The content of whole chunks, as `curl --raw` keeps them; anything else as it is."""
    content = bytearray()  # many small parts would take many times their size
    at = 0
    while (size := _SIZE.match(body, at)) is not None:
        begin, length = size.end(), int(size[1], 16)
        if length == 0:
            return bytes(content)
        if body[begin + length : begin + length + 2] != b"\r\n":
            return body
        content += body[begin : begin + length]
        at = begin + length + 2
    return body
