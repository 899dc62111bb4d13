"""What a call shows of the answer that is due (method, format, source, phone), and its token, which is never shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from contract_tests.api.calls import FORMATS
from contract_tests.captured.capture import LONGEST_HEADER, METHODS, SOURCES, Asked
from contract_tests.contract.values import digits

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SentCall:
    """A call as a client or a recording knows it."""

    http_method: str = ""  # in upper case; empty: unknown
    url: str = field(default="", repr=False)  # empty: unknown
    form: Pairs | None = field(default=None, repr=False)  # the fields of the body; None: unknown, or no form

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
        try:
            return urlsplit(self.url).netloc.rpartition("@")[2].lower()
        except ValueError:
            return ""

    @property
    def _path(self) -> str:
        try:
            return urlsplit(self.url).path.rstrip("/")
        except ValueError:
            return ""

    def values(self, name: str) -> list[str]:
        """The values of a parameter in URL and form, each once."""
        query = self.url.partition("?")[2].partition("#")[0]
        pairs = (*_query_pairs(query), *(self.form or ()))
        return [*dict.fromkeys(value for key, value in pairs if key == name)]

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
        return [t for t in self.values("token") if t and t not in others and t[0] not in "<[{*("]


MAX_FORM = 2**20  # bytes of the largest form that is read
MOST_NESTED = 8  # forms within a form that are read
MAX_QUERY = 2**16  # characters of the longest query that is read


@lru_cache(maxsize=1)
def _query_pairs(query: str) -> list[tuple[str, str]]:
    """The parameters of a query; none of one that is longer than any server takes."""
    return parse_qsl(query, keep_blank_values=True, errors="replace") if len(query) <= MAX_QUERY else []


def form_of(content_type: str, body: object) -> Pairs | None:
    """The fields of a form in bytes or text; None for another type, and for what can't be read."""
    kind = content_type.partition(";")[0].strip().lower()
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    if not isinstance(data, bytes) or len(data) > MAX_FORM or len(content_type) > LONGEST_HEADER:
        return None
    if kind == "application/x-www-form-urlencoded":
        try:
            return tuple(parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"))
        except ValueError:
            return None
    return _multipart(content_type, data) if kind == "multipart/form-data" else None


_LONG_HEADER = re.compile(rb"^[!-9;-~]++:(?:[^\r\n]|\r?\n[ \t]){%d}" % LONGEST_HEADER, re.MULTILINE)


def _multipart(content_type: str, data: bytes) -> Pairs | None:
    """The fields of a multipart form, without its files."""
    # The time of the parser grows with the square of a header's length, and of the forms within one another.
    if _LONG_HEADER.search(data) or data.lower().count(b"multipart/") > MOST_NESTED:
        return None
    head = f"Content-Type: {content_type}\r\n\r\n".encode("utf-8", "replace")
    try:
        message = BytesParser(policy=HTTP).parsebytes(head + data)
        parts = [*message.iter_parts()] if message.is_multipart() else []
        named = [(part.get_param("name", header="content-disposition"), part) for part in parts]
        return tuple(
            (name, content.decode("utf-8", "replace"))
            for name, part in named
            if isinstance(name, str) and part.get_filename() is None
            if isinstance(content := part.get_payload(decode=True), bytes)
        )
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):  # what the parser raises for wrong heads
        return None


def form_of_pairs(fields: object) -> Pairs | None:
    """The fields of a form that was parsed: names and values, or a mapping of names to a value or to several."""
    pairs = [*fields.items()] if isinstance(fields, Mapping) else fields
    if not isinstance(pairs, list | tuple) or not all(isinstance(p, list | tuple) and len(p) == 2 for p in pairs):
        return None
    every = ((name, values if isinstance(values, list | tuple) else [values]) for name, values in pairs)
    return tuple((str(name), str(v)) for name, values in every for v in values if isinstance(v, str | int))
