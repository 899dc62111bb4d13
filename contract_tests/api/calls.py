"""The API's calls as data: method, parameters, how they travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlencode

from contract_tests.decode.answers import READERS
from contract_tests.transport.messages import Request

Pairs = tuple[tuple[str, str], ...]
FORMATS = tuple(READERS)
"""The names of the formats, the default one first."""
METHODS = ("create", "result", "info")


@dataclass(frozen=True, slots=True)
class Way:
    """How parameters travel: an HTTP method, and where they stand."""

    http_method: str
    location: str

    def __str__(self) -> str:
        return self.http_method if self.location != "multipart" else f"{self.http_method} multipart"


GET = Way("GET", "query")
POST = Way("POST", "form")
MULTIPART = Way("POST", "multipart")
WAYS = (GET, POST)
"""The documented ways; multipart is an open point."""


@dataclass(frozen=True, slots=True)
class Account:
    """The login and token that a call carries."""

    login: str = field(repr=False)
    token: str = field(repr=False)
    name: str = ""
    """Shown in place of the credentials."""

    @property
    def params(self) -> Pairs:
        return (("login", self.login), ("token", self.token))


@dataclass(frozen=True, slots=True)
class Raw:
    """A body that is not made from parameters, with its Content-Type."""

    body: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the API."""

    method: str
    """The last part of the path."""
    params: Pairs = field(default=(), repr=False)
    way: Way = GET
    query: Pairs = field(default=(), repr=False)
    """Parameters in the URL, beside those that the way puts there."""
    raw: Raw | None = None
    """Replaces the form."""
    headers: Pairs = field(default=(), repr=False)
    tail: str = field(default="", repr=False)
    """The end of the URL, as it is."""

    @property
    def format(self) -> str:
        """The format that the call names; json where it names none."""
        asked = self.param("format")
        return asked if asked in FORMATS else FORMATS[0]

    @property
    def in_url(self) -> Pairs:
        """The parameters that stand in the URL."""
        return (*self.query, *self.params) if self.way.location == "query" and self.raw is None else self.query

    def param(self, name: str) -> str | None:
        """The last value of a parameter, wherever it stands."""
        return next((v for k, v in reversed((*self.query, *self.params)) if k == name), None)

    def but(self, **values: str | None) -> Call:
        """The call with other values; None leaves the parameter out."""
        kept = [(k, values.get(k, v)) for k, v in self.params]
        new = [(k, v) for k, v in values.items() if k not in dict(self.params)]
        return replace(self, params=tuple((k, v) for k, v in (*kept, *new) if v is not None))

    def by(self, way: Way) -> Call:
        """The call over another way."""
        return replace(self, way=way)

    @property
    def name(self) -> str:
        """The call in short, such as `POST create, csv`."""
        asked = self.param("format")
        return f"{self.way} {self.method}{'' if asked is None else f', {asked}'}"


def create(account: Account, phone: str, source: int | None, *, fmt: str | None = None, way: Way = GET) -> Call:
    """The call that makes a task; without source where that is None."""
    own = () if source is None else (("source", str(source)),)
    return Call("create", (*account.params, ("phone", phone), *own, *_format(fmt)), way)


def result(account: Account, task_id: object, *, fmt: str | None = None, way: Way = GET) -> Call:
    """The call that asks for a task."""
    return Call("result", (*account.params, ("id", str(task_id)), *_format(fmt)), way)


def info(account: Account, *, fmt: str | None = None, way: Way = GET) -> Call:
    """The call that asks for the account's units."""
    return Call("info", (*account.params, *_format(fmt)), way)


def info_for_page(account: Account) -> Call:
    """The same call as a browser sends it for a page of another site."""
    return replace(info(account), headers=(("Origin", "https://origin.example"),))


def _format(fmt: str | None) -> Pairs:
    return () if fmt is None else (("format", fmt),)


_HEADERS: Pairs = (("User-Agent", "ifind-mock-contract-tests"), ("Accept", "*/*"), ("Accept-Encoding", "identity"))
BOUNDARY = "ifind-mock-7f3a91c2d4e8"
_TYPES: Mapping[str, str] = MappingProxyType(
    {"form": "application/x-www-form-urlencoded", "multipart": f"multipart/form-data; boundary={BOUNDARY}"}
)


def request_of(call: Call, base: str) -> Request:
    """The request of a call; base is the target's URL without a slash at the end."""
    url = f"{base}/{call.method}" + (f"?{_encoded(call.in_url)}" if call.in_url else "") + call.tail
    kind, body = "", b""
    if call.raw is not None:
        kind, body = call.raw.content_type, call.raw.body
    elif call.way.location != "query":
        kind = _TYPES[call.way.location]
        body = _encoded(call.params).encode() if call.way.location == "form" else multipart(call.params)
    typed = (("Content-Type", kind),) if kind else ()
    return Request(call.way.http_method, url, (*_HEADERS, *call.headers, *typed), body)


def _encoded(pairs: Iterable[tuple[str, str]]) -> str:
    """Percent-encoded; a lone surrogate stands for the byte that `surrogateescape` takes it for."""
    return urlencode(list(pairs), errors="surrogateescape")


def multipart(pairs: Iterable[tuple[str, str]]) -> bytes:
    """The fields as multipart/form-data with BOUNDARY."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs
    ]
    return "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode("utf-8", "surrogateescape")
