"""A mock with the profile of a stand-in answers any call as the stand-in does, but for ids, times and what is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests.contract.editions import SECTIONS
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context
from mockserver.api.http import Request as MockRequest
from mockserver.core.tasks import Account
from support.in_process import Api
from support.standins.people import PHONE
from support.standins.running import STANDINS
from support.standins.shell import Request, Service, call_of

MANY = "70000000100"
"""A phone for which the mock finds records in every source."""
MAIN, OTHER = ("vera@example.com", "vera-token"), ("petr@example.com", "petr-token")
LIMIT = 1_000_000
BOUNDARY = "b0undary"
KEPT = ("content-type", "allow", "access-control-allow-origin", "access-control-allow-methods")
SHOWN = ("status", "of", "demo", "ip")
"""Members whose values are the same on both."""

Sent = tuple[int, dict[str, str], bytes]
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """A call: its parameters in the query and in the body, the latter as a form of some kind."""

    http_method: str
    path: str
    query: Pairs
    body: Pairs
    kind: str

    def with_ids(self, ids: Mapping[str, str]) -> Asked:
        """The call with the ids of one of the two in place of their names."""
        query, body = (tuple((k, ids.get(v, v)) for k, v in pairs) for pairs in (self.query, self.body))
        return Asked(self.http_method, self.path, query, body, self.kind)

    @property
    def raw(self) -> tuple[str, dict[str, str], bytes]:
        """Query, headers and body."""
        headers = {"content-type": self.kind} if self.kind else {}
        form = urlencode(self.body).encode()
        if self.kind.startswith("multipart"):
            fields = (
                f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in self.body
            )
            form = ("".join(fields) + f"--{BOUNDARY}--\r\n").encode()
        return urlencode(self.query), headers, form if self.kind else b""


@dataclass(frozen=True)
class Side:
    """A server in this process, and the ids of a task of its own and of another account's."""

    send: Callable[[Asked], Sent]
    ids: Mapping[str, str]


def _side(send: Callable[[Asked], Sent]) -> Side:
    """A server on which both accounts have a task of every source; ids by owner and source, such as `mine 2`."""
    ids: dict[str, str] = {}
    for (login, token), name in ((MAIN, "mine"), (OTHER, "foreign")):
        for source in ("1", "2", "3", "4", "11", "12"):
            query = (("login", login), ("token", token), ("phone", MANY), ("source", source))
            answer = send(Asked("GET", "/api/create", query, (), ""))
            model = read_answer(answer[2], "json", Context("create")).model
            if model["status"] == "ok":
                ids[f"{name} {source}"] = str(model["id"])
    return Side(send, ids)


@cache
def sides(name: str) -> tuple[Side, Side]:
    service: Service = STANDINS[name](dict([MAIN, OTHER]), 0.0, LIMIT)
    api = Api(dict(STANDINS[name].PROFILE), delay="0s", daily_limit=LIMIT, plain=True)
    for login, token in (MAIN, OTHER):
        api.mock.store.put_account(Account(login, token, LIMIT, "2031-01-01"))
    api.gateway.plain = True

    def standin(asked: Asked) -> Sent:
        query, headers, body = asked.raw
        request = Request(asked.http_method, asked.path, query, headers, body, "127.0.0.1")
        answer = service.answer(call_of(request, service.read(request)))
        kind, content = answer.page or service.write(answer)
        return answer.http, {"content-type": kind, **{k.lower(): v for k, v in answer.headers}}, content

    def mock(asked: Asked) -> Sent:
        query, headers, body = asked.raw
        request = MockRequest(asked.http_method, asked.path.encode(), query.encode(), headers, body, "127.0.0.1")
        response = api.gateway.answer(request)
        return response.status, {"content-type": "", **{k.lower(): v for k, v in response.headers}}, response.body

    return _side(standin), _side(mock)


def shape(value: Any, name: str = "") -> Any:
    """What must be the same on both: members, types, and the values of those that are not made up."""
    if isinstance(value, Mapping):
        return {key: shape(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if name == "cost":
        return "1" if value == "1" else "more"
    # Which fields of a row are empty is a matter of what is found.
    return value if name in SHOWN or value is None or (name == "photo" and not value) else type(value).__name__


def seen(sent: Sent, asked: Asked, profile: Mapping[str, Any]) -> tuple[object, dict[str, str]]:
    """What must be the same, and the choices of format that are visible."""
    status, headers, body = sent
    head = {name: headers[name] for name in KEPT if name in headers}
    if status == 204 or b"<html" in body.lower() or b"<!doctype" in body.lower():
        return (status, head, "a page" if body else "nothing"), {}
    method = asked.path.removeprefix("/api/")
    asked_for = [v for k, v in (*asked.query, *asked.body) if k == "format"]
    of_task = {v.split()[-1] for k, v in (*asked.query, *asked.body) if k == "id" and " " in v}
    section = SECTIONS[2 if profile["edition"] == "A" else int(min(of_task))] if of_task else None
    last: Exception | None = None
    for fmt in ("json", *dict.fromkeys(v for v in asked_for if v in ("xml", "csv"))):
        try:
            reading = read_answer(body, fmt, Context(method, section, {"csv.header": profile["csv.header"]}))
        except Exception as error:  # noqa: BLE001 - the next format is tried
            last = error
            continue
        is_error = reading.model.get("status") == "error"
        model = dict(reading.model) if is_error else shape(reading.model)
        return (status, head, reading.format, reading.rows, model), dict(reading.choices)
    raise AssertionError(f"{body!r}") from last


VALUES: Mapping[str, tuple[str, ...]] = {
    "login": (MAIN[0], MAIN[0], MAIN[0], OTHER[0], "nobody@example.com", ""),
    "token": (MAIN[1], MAIN[1], MAIN[1], OTHER[1], "wrong", ""),
    "phone": (MANY, f"+{MANY}", "123456", "1" * 16, "abc", ""),
    "source": ("1", "2", "3", "4", "11", "12", "5", " 2", "02", ""),
    "id": (
        "mine 1",
        "mine 2",
        "mine 3",
        "mine 11",
        "foreign 2",
        "foreign 2",
        "999999999",
        "-1",
        "abc",
        "9" * 19,
        "٣",
        "",
    ),
    "format": ("json", "xml", "csv", "bogus", "XML", ""),
    "other": ("1", "Ж&=\r\n"),
}
METHODS = ("create", "result", "result", "result", "info")
ODD_PATHS = ("/api/Info", "/api/", "/api/create/", "/elsewhere")
KINDS = ("", "application/x-www-form-urlencoded", f"multipart/form-data; boundary={BOUNDARY}", "text/plain")


def _pairs(lists: Mapping[str, list[str]]) -> Pairs:
    return tuple((name, value) for name, values in lists.items() for value in values)


_usual = {name: st.lists(st.sampled_from(values), min_size=1, max_size=1) for name, values in VALUES.items()}
_any = {name: st.lists(st.sampled_from(values), max_size=2) for name, values in VALUES.items()}
_some = st.dictionaries(st.sampled_from([*VALUES]), st.just(None), max_size=2)


@st.composite
def calls(draw: st.DrawFn) -> Asked:
    """A call in which all is usual but a few things, or none."""
    http_method = draw(st.sampled_from(("GET", "GET", "GET", "POST", "POST", "POST", "POST", "HEAD", "PUT", "OPTIONS")))
    kind = draw(st.sampled_from(KINDS)) if http_method == "POST" else ""
    whole = {name: draw(_usual[name]) for name in VALUES}
    whole |= {name: draw(_any[name]) for name in draw(_some)}
    in_body = bool(kind) and draw(st.booleans())
    twice = {name: draw(_any[name]) for name in draw(_some)} if kind else {}
    query, body = (twice, whole) if in_body else (whole, twice)
    path = draw(st.sampled_from([*(f"/api/{m}" for m in METHODS for _ in range(4)), *ODD_PATHS]))
    return Asked(http_method, path, _pairs(query), _pairs(body), kind)


def compare(name: str, asked: Asked) -> None:
    profile = STANDINS[name].PROFILE
    standin, mock = sides(name)
    answered, shows = seen(standin.send(asked.with_ids(standin.ids)), asked, profile)
    expected, expects = seen(mock.send(asked.with_ids(mock.ids)), asked, profile)
    both = shows.keys() & expects

    assert answered == expected
    assert {clause: shows[clause] for clause in both} == {clause: expects[clause] for clause in both}


@pytest.mark.parametrize("fmt", ["json", "xml", "csv"])
@pytest.mark.parametrize("name", STANDINS)
def test_a_mock_of_the_profile_reports_ready_tasks_and_accounts_as_the_standin(name: str, fmt: str) -> None:
    me = (("login", MAIN[0]), ("token", MAIN[1]), ("format", fmt))
    tasks = list(sides(name)[0].ids)

    assert {task.split()[0] for task in tasks} == {"mine", "foreign"}
    for task in tasks:
        compare(name, Asked("GET", "/api/result", (*me, ("id", task)), (), ""))
    compare(name, Asked("GET", "/api/info", me, (), ""))


@pytest.mark.few(1)
@pytest.mark.parametrize("name", STANDINS)
def test_a_mock_of_the_profile_answers_any_call_as_the_standin(name: str) -> None:
    @settings(max_examples=800, deadline=None, derandomize=True)
    @given(calls())
    def alike(asked: Asked) -> None:
        compare(name, asked)

    alike()


def test_the_phone_of_the_standins_is_not_one_of_the_mocks_magic_phones() -> None:
    assert not PHONE.startswith("7000000")
