"""What a call shows of the answer that is due (method, format, source, phone), and its token, which is never shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import SplitResult, parse_qsl, urlsplit

from contract_tests.api.calls import FORMATS
from contract_tests.captured.capture import LONGEST_HEADER, METHODS, MOST_FIELDS, SOURCES, Asked
from contract_tests.contract.values import digits

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SentCall:
    """A call as a client or a recording knows it."""

    http_method: str = ""  # in upper case; empty: unknown
    url: str = field(default="", repr=False)  # empty: unknown
    form: Pairs | None = field(default=None, repr=False)  # the body's fields of _NAMES; None: unknown, or no form

    @property
    def method(self) -> str | None:
        """The API's method, by the last step of the path."""
        last = self._path.rpartition("/")[2]
        return last if last in METHODS else None

    @property
    def prefix(self) -> str:
        """The path up to the method, such as `/api`."""
        return self._path.rpartition("/")[0]

    @property
    def host(self) -> str:
        """Host and port."""
        return self._split.netloc.rpartition("@")[2].lower()

    @property
    def _path(self) -> str:
        return self._split.path.rstrip("/")

    @cached_property
    def _split(self) -> SplitResult:
        try:
            return urlsplit("" if has_long_host(self.url) else self.url)
        except ValueError:
            return urlsplit("")

    @cached_property
    def _parameters(self) -> Pairs:
        query = self.url.partition("?")[2].partition("#")[0]
        return (*_query_pairs(query), *(self.form or ()))

    def values(self, name: str) -> list[str]:
        """The values of a parameter of _NAMES in URL and form, each once."""
        return [*dict.fromkeys(value for key, value in self._parameters if key == name)]

    def value(self, name: str) -> str | None:
        """The only value of a parameter; None where there is none, or several."""
        found = self.values(name)
        return found[0] if len(found) == 1 else None

    @property
    def asked(self) -> Asked:
        """What is due: JSON where the whole call is known and names no format."""
        source, phone = self.value("source") or "", digits(self.value("phone") or "")
        return Asked(
            self.method,
            self._format(),
            int(source) if source in map(str, SOURCES) else None,
            phone or None,
            secrets=tuple(self._tokens()),
            http_method=self.http_method or None,
        )

    def _format(self) -> str | None:
        named = self.values("format")
        if not named and self.method is not None and (self.http_method == "GET" or self.form is not None):
            return FORMATS[0]
        return named[0] if len(named) == 1 and named[0] in FORMATS else None

    def _tokens(self) -> list[str]:
        """The tokens. What also stands for a login or a phone, or in brackets, was put there by a recorder's filter."""
        others = {*self.values("login"), *self.values("phone")}
        found = [t for t in self.values("token") if t and t not in others and t[0] not in "<[{*("]
        return found[:MOST_TOKENS]


_NAMES = ("login", "token", "phone", "source", "format", "id")
"""The parameters that are looked at. Others are not kept: a file may have millions."""
MAX_FORM = 2**20  # bytes of the largest form that is read, and MOST_FIELDS at most
MOST_TOKENS = 4  # of a call, for each of which the whole answer is searched
MAX_QUERY = 2**16  # characters of the longest query that is read


_LONG_HOST = re.compile(r"[^/?#]*+//[^/?#]{300}")


def has_long_host(url: str) -> bool:
    """Whether the host of a URL is none that could be called. To look at it takes the library a time that grows with
    the square of its length.
    """
    return _LONG_HOST.match(url) is not None


def _query_pairs(query: str) -> Pairs:
    """The parameters of a query; none of one that is longer, or has more, than any server takes."""
    return (_parsed(query) if len(query) <= MAX_QUERY else None) or ()


def _parsed(written: str) -> Pairs | None:
    """The parameters of a query or form; None where they are too many."""
    try:
        pairs = parse_qsl(written, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return _looked_at(pairs)


def _looked_at(pairs: Iterable[tuple[object, str]]) -> Pairs:
    return tuple((name, value) for name, value in pairs if isinstance(name, str) and name in _NAMES)


def form_of(content_type: str, body: object) -> Pairs | None:
    """The fields of a form in bytes or text that are looked at; None for another type, and for what can't be read."""
    kind = content_type.partition(";")[0].strip().lower()
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    if not isinstance(data, bytes) or len(data) > MAX_FORM or len(content_type) > LONGEST_HEADER:
        return None
    if kind == "application/x-www-form-urlencoded":
        return _parsed(data.decode("utf-8", "replace"))
    return _multipart(content_type, data) if kind == "multipart/form-data" else None


_BOUNDARY = re.compile(r"boundary=(?:\"([^\"]{1,70})\"|([^\s;,\"]{1,70}))", re.IGNORECASE)
_GAP = re.compile(rb"\r?\n\r?\n")
_DISPOSITION = re.compile(rb"^content-disposition:([^\r\n]*+)", re.IGNORECASE | re.MULTILINE)
_NAME = re.compile(rb"[;\s]name=(?:\"([^\"]*+)\"|([^\s;\"]++))", re.IGNORECASE)
_FILE = re.compile(rb"[;\s]filename\*?=", re.IGNORECASE)


def _multipart(content_type: str, data: bytes) -> Pairs | None:
    """The fields of a multipart form, without its files (RFC 7578). The parser of the library takes a time that grows
    with the square of a header's length.
    """
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return None
    mark = re.escape(f"--{boundary[1] or boundary[2]}".encode("utf-8", "replace"))
    parts = re.split(rb"(?:\A|\r?\n)" + mark, data, maxsplit=MOST_FIELDS + 1)
    if len(parts) > MOST_FIELDS + 1:
        return None
    fields: list[tuple[str, str]] = []
    for part in parts[1:]:
        gap = _GAP.search(part, 0, LONGEST_HEADER)
        disposition = _DISPOSITION.search(part, 0, gap.start()) if gap else None
        name = _NAME.search(disposition[1]) if disposition else None
        if gap and disposition and name and not _FILE.search(disposition[1]):
            named = name[2] if name[1] is None else name[1]
            fields.append((named.decode("utf-8", "replace"), part[gap.end() :].decode("utf-8", "replace")))
    return _looked_at(fields)


def form_of_pairs(fields: object) -> Pairs | None:
    """The fields of a form that was parsed: names and values, or a mapping of names to a value or to several."""
    pairs = [*fields.items()] if isinstance(fields, Mapping) else fields
    if not isinstance(pairs, list | tuple) or len(pairs) > MOST_FIELDS:
        return None
    if not all(isinstance(p, list | tuple) and len(p) == 2 for p in pairs):
        return None
    every = ((name, values if isinstance(values, list | tuple) else [values]) for name, values in pairs)
    return _looked_at((name, str(v)) for name, values in every for v in values if isinstance(v, str | int))
