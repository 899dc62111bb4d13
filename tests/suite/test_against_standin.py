"""The suite against a server that owes the mock nothing: made from the operator's page, other in every open point."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from contract_tests.check.command import run
from contract_tests.engine.options import CheckOptions

LOGIN, TOKEN = "anna@example.com", "7f3a9c5be1d2408e"
LOGIN2, TOKEN2 = "boris@example.com", "0c4d8e2fa6b19573"
PHONE = "70005550123"
GIF = base64.b64encode(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;").decode()
FIELDS = ("title", "price", "time", "phone", "name", "description", "location", "source", "category", "url")
ROWS = [
    dict(zip(FIELDS, ("Диван; «угол», 2 м", "500", "2030-01-02 03:04:05", "", "Ольга \U0001f600", 'он "как\r\nновый"',
                      "Тула", "avito.ru", "Мебель", "https://avito.ru/1"), strict=True)),
    dict(zip(FIELDS, ("=1+1 <b>&]]>", "", "2030-01-02 03:04:06", "", "Ия", "", "", "youla.io", "23, 2301",
                      "https://youla.io/2"), strict=True)),
]  # fmt: skip
NAMES = [{"name": "Оля; Диваны"}, {"name": "Ольга,\tТула"}, {"name": 'Оля "У"'}]


class Refused(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class Service:
    """A service of the API: tasks take `seconds`; every task costs one unit. breaks: an edit of each answer."""

    seconds: float = 0.15
    breaks: Callable[[str, dict[str, str], dict[str, Any]], None] | None = None
    accepts: Callable[[str, str], bool] = lambda login, token: {LOGIN: TOKEN, LOGIN2: TOKEN2}.get(login) == token
    limit: int = 100
    tasks: dict[int, tuple[str, str, str, float]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def answer(self, method: str, http_method: str, given: dict[str, str]) -> dict[str, Any]:
        if method == "info" and http_method != "GET":
            raise Refused(405, "use GET")
        missing = [n for n in ("login", "token") if n not in given]
        if missing:
            raise Refused(400, f"Not set param(s) {', '.join(missing)}")
        if not self.accepts(given["login"], given["token"]):
            raise Refused(401, "Доступ запрещён")
        return getattr(self, method)(given)

    def create(self, given: dict[str, str]) -> dict[str, Any]:
        if missing := [n for n in ("phone", "source") if n not in given]:
            raise Refused(400, f"Not set param(s) {', '.join(missing)}")
        phone = re.sub(r"\D", "", given["phone"])
        if len(phone) < 7 or given["source"] not in ("1", "2", "3", "4"):
            raise Refused(422, f"bad {'phone' if len(phone) < 7 else 'source'}")
        if self.counts.get(given["login"], 0) >= self.limit:
            raise Refused(402, "your daily limit is over")
        self.counts[given["login"]] = self.counts.get(given["login"], 0) + 1
        number = 1000 + 7 * len(self.tasks)
        self.tasks[number] = (given["login"], phone, given["source"], time.time())
        return {"status": "ok", "id": number}

    def result(self, given: dict[str, str]) -> dict[str, Any]:
        if "id" not in given:
            raise Refused(400, "Not set param(s) id")
        number = int(given["id"]) if re.fullmatch("[0-9]{1,15}", given["id"]) else -1
        login, phone, source, made = self.tasks.get(number, ("", "", "", 0.0))
        if login != given["login"]:
            raise Refused(410, "нет такой задачи")
        if time.time() < made + self.seconds:
            return {"status": "processing"}
        section = {"1": "names", "2": "data"}.get(source, "photo")
        filled = {"names": NAMES, "data": [{**r, "phone": int(phone)} for r in ROWS], "photo": GIF}[section]
        stamps = [time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at + 10800)) for at in (made, made + self.seconds)]
        members = {"cost": "1", "ip": "127.0.0.1", "create_time": stamps[0], "end_time": stamps[1]}
        return {"status": "ready", section: filled, **members}

    def info(self, given: dict[str, str]) -> dict[str, Any]:
        told = {"used": self.counts.get(given["login"], 0), "of": self.limit}
        return {"status": "ok", "data": [{"api_limit": told, "api_time_limit": "2031-01-01", "demo": "0"}]}


def as_json(model: dict[str, Any]) -> bytes:
    return json.dumps(model).replace("/", "\\/").encode()


def as_xml(model: Any, name: str = "answer") -> bytes:
    if isinstance(model, dict):
        inner = "".join(as_xml(v, k).decode() for k, v in model.items())
    elif isinstance(model, list):
        inner = "".join(as_xml(v, "entry").decode() for v in model)
    else:
        inner = "" if model is None else escape(str(model), {"\r": "&#13;"})
    return f"<{name}>{inner}</{name}>".encode()


def as_csv(model: dict[str, Any]) -> bytes:
    section = next((s for s in ("data", "names") if model["status"] == "ready" and s in model), None)
    flat = [(k, v) for k, v in model.items() if not isinstance(v, list | dict)]
    if isinstance(model.get("data"), list) and model["status"] == "ok":
        limit = model["data"][0]["api_limit"]
        flat += [*limit.items(), *((k, v) for k, v in model["data"][0].items() if k != "api_limit")]
    table = [list(row.values()) for row in model[section]] if section else flat
    lines = ("\t".join(_quoted(str(cell)) for cell in row) + "\n" for row in table)
    return "".join(lines).encode("cp1251", "replace")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search('[\t"\r\n]', text) else text


FORMATS = {"json": ("text/html", as_json), "xml": ("text/xml", as_xml), "csv": ("text/plain", as_csv)}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    server: Standin

    def _serve(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = self._params(url.query, body)
        method = unquote(url.path.rpartition("/")[2])
        self.server.calls.append((self.command, method, given))
        if method not in ("create", "result", "info"):
            self._send(404, "text/html", b"<html>not here</html>")
            return
        kind = given.get("format", "json") if given.get("format") in FORMATS else "json"
        try:
            model, status = self.server.service.answer(method, self.command, given), 200
        except Refused as refused:
            model = {"status": "error", "error_code": refused.code, "message": refused.message}
            status, kind = refused.code, "json"
        if self.server.service.breaks:
            self.server.service.breaks(method, given, model)
        content_type, write = FORMATS[kind]
        self._send(status, content_type, self.server.spoil(kind, write(model)))

    do_GET = do_POST = do_PUT = do_HEAD = _serve

    def _params(self, query: str, body: bytes) -> dict[str, str]:
        """The first of a repeated name counts, and the query before the body; a multipart form is not read."""
        given: dict[str, str] = {}
        form = body.decode("utf-8", "replace") if "urlencoded" in self.headers.get("Content-Type", "") else ""
        for name, value in (*_pairs(query), *_pairs(form)):
            given.setdefault(name, value)
        return given

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True)


class Standin(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, service: Service, spoil: Callable[[str, bytes], bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.service = service
        self.spoil = spoil
        self.calls: list[tuple[str, str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api"


@contextmanager
def standin(service: Service | None = None, spoil: Callable[[str, bytes], bytes] = lambda _, b: b) -> Iterator[Standin]:
    server = Standin(service or Service(), spoil)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LOGIN": LOGIN, "TOKEN": TOKEN, "LOGIN2": LOGIN2, "TOKEN2": TOKEN2, "PHONE": PHONE}.items():
        monkeypatch.setenv(f"IFIND_{name}", value)


def check(server: Standin | str, **options: Any) -> tuple[int, str]:
    out = io.StringIO()
    url = server if isinstance(server, str) else server.url
    code = run(CheckOptions(target=url, **{"poll_timeout": 2.0, **options}), out)
    return code, out.getvalue()


def outcomes(told: str) -> dict[str, str]:
    """The table of the report: clause to verdict."""
    grades = "documented|law|observed|sister|assumed"
    words = "holds|inconclusive|unaffordable|not checked|refuted|broken|error"
    return dict(re.findall(rf"^(\S+) +(?:{grades}) +({words})", told, re.MULTILINE))


def test_a_right_server_that_is_other_in_every_open_point_passes() -> None:
    with standin() as server:
        code, told = check(server)

    assert code == 0, told
    assert not {"broken", "error"} & set(outcomes(told).values()), told


def test_what_is_open_is_read_off_the_target() -> None:
    with standin() as server:
        _, told = check(server)
    refuted = {clause for clause, checks in outcomes(told).items() if checks == "refuted"}

    assert refuted == {
        *("check.order", "error.http-status", "error.follows-format", "error.codes", "error.messages", "not-found"),
        "error.missing-names",
        *("format.invalid", "param.empty-is-missing", "param.repeated", "param.both", "param.multipart"),
        *("phone.invalid", "id.invalid", "info.methods", "info.shape", "info.csv", "result.sections", "result.times"),
        *("row.phone", "quota.unit", "json.escapes", "content-type.json", "content-type.xml", "content-type.csv"),
        *("xml.root", "xml.item", "xml.declaration", "xml.empty"),
        *("csv.delimiter", "csv.header", "csv.encoding", "csv.line-end", "csv.flat"),
    }


def test_a_complete_check_spends_at_most_12_units_and_60_calls() -> None:
    with standin() as server:
        code, told = check(server)
        units = sum(server.service.counts.values())

    assert code == 0, told
    assert units <= 12, told
    assert len(server.calls) <= 60, "\n".join(f"{v} {m} {sorted(g)}" for v, m, g in server.calls)


def test_no_credential_and_no_value_of_the_target_is_told(tmp_path: Path) -> None:
    def broken(_method: str, given: dict[str, str], model: dict[str, Any]) -> None:
        if model["status"] == "ready":
            model["cost"] = 1
            for row in model.get("data", ()):
                row["title"] = None
        if model["status"] == "error":
            model["message"] += f" {given.get('token')} {given.get('login')}"

    with standin(Service(breaks=broken)) as server:
        code, told = check(server, full=True, junit=tmp_path / "report.xml")
    told += (tmp_path / "report.xml").read_text(encoding="utf-8")

    assert code == 1
    assert "result.cost" in told
    for secret in (LOGIN, TOKEN, LOGIN2, TOKEN2, PHONE, "Ольга", "Оля", "Тула", "Диван", GIF):
        assert secret not in told
        assert secret.replace("@", "%40") not in told


def edit(method: str, status: str, change: Callable[[dict[str, Any]], object]) -> Service:
    def breaks(called: str, _: dict[str, str], model: dict[str, Any]) -> None:
        if called == method and model["status"] == status:
            change(model)

    return Service(breaks=breaks)


def echo(_method: str, given: dict[str, str], model: dict[str, Any]) -> None:
    if model["status"] == "error":
        model["message"] += given.get("token", "")


BROKEN: dict[str, tuple[str, Service]] = {
    "id as text": ("create.ok", edit("create", "ok", lambda m: m.update(id=str(m["id"])))),
    "the same id": ("task.new-id", edit("create", "ok", lambda m: m.update(id=1000))),
    "cost missing": ("result.cost|result.ready", edit("result", "ready", lambda m: m.pop("cost"))),
    "names as texts": ("result.names", edit("result", "ready", lambda m: m.update(names=["Оля"]))),
    "a row without url": (
        "result.row-fields",
        edit("result", "ready", lambda m: [r.pop("url") for r in m.get("data", ())]),
    ),
    "no picture": ("result.photo", edit("result", "ready", lambda m: m.update(photo="aGVsbG8gd29ybGQ="))),
    "end before begin": (
        "result.times-ordered",
        edit("result", "ready", lambda m: m.update(create_time="2040-01-01 00:00:00")),
    ),
    "any address": ("result.ip", edit("result", "ready", lambda m: m.update(ip="here"))),
    "another phone": (
        "result.row-phone",
        edit("result", "ready", lambda m: [r.update(phone=79991112233) for r in m.get("data", ())]),
    ),
    "error code as text": ("error.members", edit("create", "error", lambda m: m.update(error_code="400"))),
    "documented message": ("error.missing", edit("create", "error", lambda m: m.update(message="no login"))),
    "token echoed": ("token.never-repeated", Service(breaks=echo)),
    "any token": ("credentials.refused", Service(accepts=lambda login, _: login in (LOGIN, LOGIN2))),
    "never ready": ("result.becomes-ready", Service(seconds=1000)),
    "reads differ": ("task.reads-equal", edit("result", "ready", lambda m: m.update(cost=str(time.time_ns())))),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_promise_broken_by_a_strange_server_is_named(name: str) -> None:
    clause, service = BROKEN[name]
    fresh = Service(seconds=service.seconds, breaks=service.breaks, accepts=service.accepts)
    with standin(fresh) as server:
        code, told = check(server, poll_timeout=0.6)

    assert code == 1, told
    assert re.search(rf"^BROKEN ({clause}) ", told, re.MULTILINE), told
    assert "error" not in outcomes(told).values(), told


SPOILED: dict[str, tuple[str, Callable[[str, bytes], bytes]]] = {
    "a key twice": (
        "format.readable",
        lambda k, b: b.replace(b"{", b'{"cost": "1", "cost": "2",') if k == "json" else b,
    ),
    "xml cut": ("format.readable", lambda k, b: b[:-3] if k == "xml" else b),
    "csv ragged": ("format.readable", lambda k, b: b.replace(b"\n", b"\tx\n", 1) if k == "csv" else b),
    "csv loses": ("formats.same", lambda k, b: b[b.index(b"\n") + 1 :] if k == "csv" and b.count(b"\n") > 2 else b),
    "nothing": ("format.default", lambda k, b: b"" if k == "json" else b),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_cannot_be_read_is_broken_and_never_skipped(name: str) -> None:
    clause, spoil = SPOILED[name]
    with standin(spoil=spoil) as server:
        code, told = check(server, poll_timeout=0.6)

    assert code == 1, told
    assert re.search(rf"^BROKEN {clause} ", told, re.MULTILINE), told
    assert "error" not in outcomes(told).values(), told


def test_nobody_there_is_exit_code_3() -> None:
    with standin() as server:
        url = server.url
    code, told = check(url)

    assert code == 3
    assert "can't be reached" in told


def test_refused_credentials_are_exit_code_3() -> None:
    with standin(Service(accepts=lambda *_: False)) as server:
        code, told = check(server)

    assert code == 3
    assert "refuses the credentials" in told
    assert TOKEN not in told


def test_a_budget_that_does_not_suffice_is_exit_code_4_and_is_kept() -> None:
    with standin() as server:
        code, told = check(server, budget=1)

    assert code == 4, told
    assert sum(server.service.counts.values()) <= 1
    assert re.search(r"sources\.documented +documented +unaffordable", told)


def test_a_broken_promise_outranks_the_budget() -> None:
    with standin(edit("create", "ok", lambda m: m.update(id="x"))) as server:
        code, _ = check(server, budget=1)

    assert code == 1


def test_a_used_up_limit_is_not_taken_for_a_broken_create() -> None:
    with standin(Service(limit=0)) as server:
        code, told = check(server)

    assert code == 4, told
    assert outcomes(told)["create.ok"] == "unaffordable"
    assert "the account's daily limit is used up" in told


def test_without_credentials_the_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IFIND_LOGIN")
    with standin() as server:
        code, told = check(server)

    assert code == 2
    assert "IFIND_LOGIN" in told
    assert "IFIND_TOKEN" in told


def test_elsewhere_a_phone_and_a_yes_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    unasked, told = check("https://api.invalid/api")
    monkeypatch.delenv("IFIND_PHONE")
    no_phone, told_no_phone = check("https://api.invalid/api", yes=True)

    assert (unasked, no_phone) == (2, 2)
    assert "--yes" in told
    assert "12 units" in told
    assert "--phone or IFIND_PHONE" in told_no_phone


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"only": ("create.okk",)}, "did you mean 'create.ok'?"),
        ({"profile": Path("no-such-profile.toml")}, "no-such-profile.toml"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_sent(options: dict[str, Any], told: str) -> None:
    with standin() as server:
        code, said = check(server, **options)

    assert code == 2
    assert told in said
    assert server.calls == []


def test_only_the_named_clauses_are_looked_at() -> None:
    with standin() as server:
        code, told = check(server, only=("error.missing",))

    assert code == 0, told
    assert outcomes(told) == {"error.missing": "holds"}
    assert all(method != "result" or "id" in given for _, method, given in server.calls)


def test_strict_makes_a_refuted_assumption_count() -> None:
    with standin() as server:
        code, told = check(server, only=("xml.root",), strict=True)

    assert code == 1, told
    assert "xml.root (assumed)" in told


def test_the_environment_does_not_steer_the_suite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with standin() as server:
        code, told = check(server, only=("create.ok",), junit=tmp_path / "report.xml")

    assert code == 0, told
    assert sorted(f.name for f in tmp_path.iterdir()) == ["pytest.ini", "report.xml"]
    assert LOGIN not in (tmp_path / "report.xml").read_text()
