"""A target and a mock of the profile that was learned from it differ in nothing but what the profile states."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from test_parity import differences, typed

from contract_tests.engine.options import CheckOptions
from contract_tests.learning.learn import learn
from contract_tests.parity.parity import examine
from contract_tests.parity.parity_report import ParityReport
from mockserver.assembly import open_gateway
from mockserver.mutants.kit.answers import body, changing, each, errors, header, page, ready, setting
from mockserver.mutants.kit.context import CallContext, Edit
from mockserver.mutants.kit.when import CREATE, INFO, OK, having, putting, where
from mockserver.settings.loading import load
from mockserver.wire.serving import serve_mock
from support.standins.breaking import Breakage
from support.standins.running import STANDINS, serving

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("few_rows")]


@contextmanager
def mock_of(file: Path) -> Iterator[str]:
    """A mock of the profile that was learned."""
    settings = load({"delay": "20ms", "seed": 3, "profile": str(file)}, {})
    with serve_mock(open_gateway(settings), settings) as url:
        yield f"{url}/api"


def learned_and_compared(url: str, environ: Mapping[str, str], tmp_path: Path) -> tuple[ParityReport, str]:
    """The parity of a target and the mock of its learned profile, and what learn said."""
    file, output = tmp_path / "learned.toml", io.StringIO()
    options: dict[str, Any] = {"environ": environ, "poll_timeout": 3.0}
    code = learn(CheckOptions(url, **options), file, output, output)
    said = f"{output.getvalue()}\n{file.read_text(encoding='utf-8')}"
    assert code == 0, said
    with mock_of(file) as local:
        return examine(url, local, CheckOptions(profile=file, **options)), said


@pytest.mark.parametrize("name", STANDINS)
def test_a_stand_in_and_the_mock_of_its_learned_profile_agree(name: str, tmp_path: Path) -> None:
    with serving(name) as target:
        report, said = learned_and_compared(target.url, target.env, tmp_path)

    assert report.exit_code == 0, differences(report) + said


def names_of(message: str) -> list[str]:
    return [name for name in ("login", "token", "phone", "source", "id", "format") if name in message]


def naming(change: Callable[[CallContext, str], str]) -> Edit:
    """Errors whose message is made from it and from the call."""

    def edit(context: CallContext) -> None:
        context.body["message"] = change(context, context.body["message"])

    return where(edit, having(status="error"))


def told_apart(context: CallContext, message: str) -> str:
    """A message of its own for every parameter that is wrong, but the documented one."""
    named = names_of(message)
    missing = [name for name in named if name not in context.params]
    if named and missing != ["login", "token"]:
        return f"{', '.join(named)}: {'required' if missing else 'wrong'} ({named[0]})"
    return message


def lacks_one(context: CallContext) -> bool:
    message = context.body.get("message", "")
    return message.startswith("Not set") and not message.endswith(("login, token", "login, token, id"))


def any_value(**values: str) -> Edit:
    """Takes any value of these parameters for the right one, but none for none."""

    def edit(context: CallContext) -> None:
        context.params |= {name: value for name, value in values.items() if context.params.get(name)}

    return where(edit, CREATE)


def not_as_get(status: int, content_type: str, content: bytes) -> Edit:
    def edit(context: CallContext) -> None:
        if context.http_method == "PUT":
            context.http, context.headers, context.content = status, (("Content-Type", content_type),), content

    return edit


def as_get(context: CallContext) -> None:
    if context.http_method == "PUT":
        context.http_method = "GET"


def without_method(response: Edit) -> Edit:
    return where(response, lambda context: context.operation == "nosuchmethod")


def extra(**members: Any) -> Edit:
    return lambda context: context.body.update(members) if context.body else None


def without_demo(answer: dict[str, Any]) -> None:
    data = answer["data"]
    (data[0] if isinstance(data, list) else data).pop("demo")


def odd(**edits: Edit) -> Breakage:
    return Breakage("made for a test", **edits)


ODD: dict[str, Breakage] = {
    "messages of each parameter's own": odd(answer=naming(told_apart)),
    "messages repeat the id": odd(
        answer=naming(
            lambda c, m: f"{m} [{c.params['id']}]" if c.params.get("id", "").isdigit() and "login" in c.params else m
        )
    ),
    "messages repeat the phone": odd(
        answer=naming(lambda c, m: f"{m}: {c.params['phone']}" if "phone" in c.params else m)
    ),
    "messages are worded anew": odd(answer=naming(lambda c, m: m if names_of(m) else f"{m} #{c.count('errors')}")),
    "one message for all errors": odd(answer=errors(setting(error_code=400, message="Not set param(s) login, token"))),
    "one code for all errors": odd(answer=errors(setting(error_code=400))),
    "a code of its own for the documented error": odd(answer=body(setting(error_code=40001), lacks_one)),
    "large codes": odd(answer=errors(changing("error_code", lambda code: code if code == 400 else code + 2_000_000))),
    "any phone": odd(call=any_value(phone="70005550142")),
    "any source": odd(
        call=where(any_value(source="2"), lambda context: context.params.get("source") not in ("1", "2", "3", "4"))
    ),
    "source 11 is source 2": odd(
        call=where(any_value(source="2"), lambda context: context.params.get("source") in ("11", "12"))
    ),
    "PUT is GET": odd(call=as_get),
    "PUT gets a page": odd(response=not_as_get(405, "text/html", b"<html>405</html>")),
    "PUT gets JSON of a framework": odd(response=not_as_get(405, "application/json", b'{"detail": "not allowed"}')),
    "PUT gets nothing": odd(response=not_as_get(405, "text/plain", b"")),
    "PUT gets another status": odd(response=not_as_get(400, "text/html", b"<html>400</html>")),
    "an unknown method gets an empty page": odd(response=without_method(page(200, "text/html", b""))),
    "an unknown method is redirected": odd(response=without_method(page(302, "text/html", b"<html></html>"))),
    "create tells more": odd(answer=where(extra(queue=3, eta="5 s"), CREATE, OK)),
    "processing tells more": odd(answer=where(extra(progress=0.5), having(status="processing"))),
    "ready tells more": odd(
        answer=where(extra(balance=12.5, meta={"took": 1}, tags=["a"], next=None), having(status="ready"))
    ),
    "rows tell more": odd(answer=ready(each("data", setting(metro="Сокол", images=["a.jpg"], seller=None)))),
    "names tell more": odd(answer=ready(each("names", setting(count=3)))),
    "errors tell more": odd(answer=where(extra(errors={"id": ["wrong"]}, trace=None), having(status="error"))),
    "info tells more": odd(answer=where(extra(server="a", time=1), INFO, OK)),
    "everything tells more": odd(answer=extra(request_id="5f0c", generated=0.012)),
    "info has another status": odd(answer=body(setting(status="success"), INFO, OK)),
    "info has no demo": odd(answer=body(without_demo, INFO, OK)),
    "create is HTTP 201": odd(answer=where(putting(http=201), CREATE, OK)),
    "errors are HTML by their type": odd(
        response=typed("text/html; charset=utf-8", lambda context: context.status == "error")
    ),
    "an origin is repeated": odd(
        response=header("Access-Control-Allow-Origin", lambda c: c.params.get("origin", "null"))
    ),
    "prices in words": odd(answer=ready(each("data", setting(price="договорная")))),
    "times of another form": odd(answer=ready(each("data", setting(time="02.02.2030")))),
    "hosts with www": odd(answer=ready(each("data", setting(source="Авито")))),
    "times with a zone": odd(
        answer=ready(setting(create_time="2030-01-01T00:00:00+03:00", end_time="2030-01-01T00:00:05+03:00"))
    ),
    "times as floats": odd(answer=ready(setting(create_time=1893456000.25, end_time=1893456001.5))),
    "a cost with a fraction": odd(answer=ready(changing("cost", "{}.00".format))),
    "the credentials are named first": odd(answer=naming(lambda _, m: m.replace("token, id", "token"))),
}
"""Servers that keep every promise in a way of their own."""


@pytest.mark.few(8)
@pytest.mark.parametrize(("name", "standin"), [*zip(ODD, cycle(("bureau", "courier")), strict=False)])
def test_an_odd_server_and_the_mock_of_its_learned_profile_agree(name: str, standin: str, tmp_path: Path) -> None:
    with serving(standin, breakage=ODD[name]) as target:
        report, said = learned_and_compared(target.url, target.env, tmp_path)

    assert report.exit_code == 0, differences(report) + said
