"""What works once a recipe is followed. Each function runs in a process of its own, on the copy of the source."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from contract_tests import DoesNotConform, assert_conforms
from contract_tests.check.command import run
from contract_tests.contract.clauses import all_clauses
from contract_tests.decode.compare import difference
from contract_tests.engine.options import CheckOptions, options_of, read_options, read_tasks
from contract_tests.parity.script import CREATES, WRITTEN, reading
from contract_tests.session.session import Examined, examine
from mockserver.api.gateway import Gateway
from mockserver.assembly import open_gateway
from mockserver.cli.config import commented
from mockserver.cli.main import commands
from mockserver.core.errors import Refusal
from mockserver.mutants.catalogue import MUTANTS
from mockserver.mutants.hook import MutantHook
from mockserver.settings.loading import load
from mockserver.settings.table import BY_NAME
from mockserver.stores.opening import STATE
from mockserver.web.app import create_app
from mockserver.web.control import control_paths
from mockserver.wire.serving import serve_mock
from support import generate
from support.in_process import LOGIN, PHONE, TOKEN, Api


def cli(*arguments: str) -> str:
    """The output of the command, which ends well."""
    ended = CliRunner().invoke(commands, arguments)
    assert ended.exit_code == 0, ended.output
    return ended.output


@contextmanager
def served(**options: Any) -> Iterator[str]:
    """The URL of a mock on a socket."""
    settings = load(options)
    with serve_mock(open_gateway(settings), settings) as url:
        yield url


def suite(*clauses: str, **options: Any) -> tuple[Mapping[str, str], Examined]:
    """The outcome of each clause in a run for these clauses on a mock with these settings."""
    with served(**options) as url:
        ended = examine(CheckOptions(target=f"{url}/api", environ={}, only=clauses))
    assert not ended.report.errors, ended.report.errors
    return {row.clause.id: row.outcome.value for row in ended.report.rows}, ended


def refusal(operation: Callable[[], object]) -> str:
    """The message with which the operation is refused."""
    with pytest.raises((Refusal, ValueError)) as refused:
        operation()
    return str(refused.value)


def a_source() -> None:
    api = Api(edition="C", delays={"5": "1s"}, faults=[])
    number = api.create(source=5)
    api.time.passes(1)
    answers = {fmt: api.send("result", id=number, format=fmt).body for fmt in ("json", "xml", "csv")}
    read = {fmt: assert_conforms(body, method="result", format=fmt, source=5) for fmt, body in answers.items()}
    assert read["json"]["names"] == read["xml"]["names"] == read["csv"]["names"] != []

    api.mock.arm({"match": {"source": 5}, "action": {"kind": "error"}, "times": "always"})
    assert api.call("create", phone=PHONE, source=5)["status"] == "error"
    assert api.create(source=2)
    assert "5" in refusal(lambda: api.mock.arm({"match": {"source": 7}, "action": {"kind": "error"}}))

    Path("answer.json").write_bytes(answers["json"])
    assert "ready-names in json: holds" in cli("validate", "answer.json", "--source", "5", "--method", "result")
    Path("tasks").write_text("1 5 70001234567\n", encoding="utf-8")
    assert [task.source for task in read_tasks("tasks")] == [5]
    assert "source 5" in [step.name for step in CREATES]
    assert "3, 5, 11" in all_clauses()["edition"].meaning["C"]

    outcomes, ended = suite("result.names", "edition", edition="C", delay="0s")
    assert outcomes["result.names"] == "holds", outcomes
    assert ended.run is not None
    assert 5 in ended.run.pool.probe.edition.sources
    assert 5 in {task.source for task in ended.run.pool.maker.accepted}


def a_format() -> None:
    api = Api()
    number = api.create()
    api.time.passes(2)
    sent = api.send("result", id=number, format="yaml")
    assert sent.body.startswith(b"--- {")
    assert ("Content-Type", "application/yaml") in sent.headers
    as_json, as_yaml = (
        assert_conforms(api.send("result", id=number, format=f).body, format=f) for f in ("json", "yaml")
    )
    assert as_json["data"] != []
    assert difference(as_json, as_yaml) is None

    assert "csv, yaml" in refusal(lambda: api.mock.arm({"match": {"format": "tsv"}, "action": {"kind": "error"}}))
    assert "'csv', 'yaml'" in refusal(lambda: assert_conforms(b"", format="tsv"))
    assert "xml, csv or yaml" in cli("sample", "--help")
    assert cli("sample", PHONE, "--format", "yaml").startswith("--- {")
    assert "content-type.yaml" in "\n".join(commented())
    assert WRITTEN["yaml"] == ("content-type.yaml",)
    assert "yaml" in [step.fmt for step in reading("source 2", 1)]

    shown = ("formats.same", "format.readable", "content-type.yaml")
    outcomes, ended = suite(*shown, delay="0s")
    assert {outcomes[clause] for clause in shown} == {"holds"}, outcomes
    assert ended.run is not None
    assert "yaml" in {fmt for task in ended.run.pool.maker.accepted for fmt, _ in task.reads}
    other, _ = suite("content-type.yaml", clauses=["content-type.yaml=text/yaml"], delay="0s")
    assert other["content-type.yaml"] == "refuted", other


def a_kind_of_fault() -> None:
    client = create_app(load({})).test_client()
    action = {"kind": "teapot", "flavour": "black"}
    assert client.post("/_mock/faults", json={"action": action}).get_json()["action"] == action
    call = {"query_string": {"login": LOGIN, "token": TOKEN}}
    assert client.get("/api/info", **call).get_json()["message"] == "black"
    assert client.get("/api/info", **call).get_json()["status"] == "ok"

    wrong = client.post("/_mock/faults", json={"action": {"kind": "teapot", "flavour": 7}})
    assert (wrong.status_code, "action.flavour" in wrong.get_json()["detail"]) == (422, True)
    assert "teapot" in client.post("/_mock/faults", json={"action": {"kind": "teapo"}}).get_json()["detail"]
    assert "teapot" in client.post("/_mock/faults", json={}).get_json()["detail"]
    load({"faults": [{"action": action}]})
    assert "`teapot` | `flavour`" in generate.PARTS["faults"]()


def a_kind_of_fault_on_the_socket() -> None:
    query = urlencode({"login": LOGIN, "token": TOKEN})
    with served() as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        for share in (10, 75):
            armed = json.dumps({"action": {"kind": "cut", "share": share}})
            connection.request("POST", "/_mock/faults", armed, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert (answer.status, b'"cut"' in answer.read()) == (201, True)
            connection.request("GET", f"/api/info?{query}")
            answer = connection.getresponse()
            size = answer.length or 0
            with pytest.raises(http.client.IncompleteRead) as read:
                answer.read()
            assert len(read.value.partial) == size * share // 100
            connection.close()
        connection.request("GET", f"/api/info?{query}")
        assert json.loads(connection.getresponse().read())["status"] == "ok"
        connection.close()
    settings = load({"faults": [{"action": {"kind": "cut"}}]})
    assert "run `ifind-mock serve`" in refusal(lambda: open_gateway(settings, owns_sockets=False))


def a_clause() -> None:
    assert "phone" not in Api().call("create", phone=PHONE, source=2)
    assert Api(clauses=["create.echo=yes"]).call("create", phone=PHONE, source=2)["phone"] == PHONE
    assert "'yes'" in refusal(lambda: load({"clauses": ["create.echo=loud"]}))
    assert "create.echo" in "\n".join(commented())
    assert "`create.echo`" in generate.PARTS["clauses"]()
    assert "::test_create_does_not_repeat_the_phone" in generate.PARTS["each clause"]()
    assert suite("create.echo", delay="0s")[0]["create.echo"] == "holds"
    assert suite("create.echo", clauses=["create.echo=yes"], delay="0s")[0]["create.echo"] == "refuted"


def a_setting() -> None:
    Path("own.toml").write_text('greeting = "from the file"\n', encoding="utf-8")
    assert load().greeting == "hello"
    assert load({"config": "own.toml"}).greeting == "from the file"
    assert load({"config": "own.toml"}, {"IFIND_MOCK_GREETING": "by variable"}).greeting == "by variable"
    assert load({"greeting": "by option"}, {"IFIND_MOCK_GREETING": "by variable"}).greeting == "by option"
    assert "greeting" in refusal(lambda: load({"greeting": ""}))
    assert "--greeting TEXT" in cli("serve", "--help")
    assert 'greeting = "hi"  # option' in cli("config", "show", "--greeting", "hi")
    cli("config", "init", "whole.toml")
    assert '#greeting = "hello"' in Path("whole.toml").read_text(encoding="utf-8")
    assert "| `greeting` | What the mock says. Default: `hello`. |" in generate.PARTS["settings"]()


def a_store() -> None:
    assert open_gateway(load({"state": "named:kate"})).mock.store.name == "kate"
    assert load(environ={"IFIND_MOCK_STATE": "named:kate"}).state == "named:kate"
    assert ", or named: and a word" in refusal(lambda: load({"state": "named:7"}))
    assert "|named:WORD" in cli("serve", "--help")
    assert "named:" in STATE.schema["pattern"]
    assert "named: and a word" in BY_NAME["state"].field.allowed
    client = create_app(load({"state": "named:kate"})).test_client()
    assert client.get("/_mock/health").get_json()["state"] == "named"


def a_control_route() -> None:
    client = create_app(load({})).test_client()
    assert client.get("/_mock/moods/good?as=text").get_json() == {"mood": "good", "as": "text", "state": "memory"}
    assert client.get("/_mock/moods/good?how=text").status_code == 422
    assert client.get("/_mock/moods/god").status_code == 404
    wrong = client.post("/_mock/moods/good")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET")
    assert "did you mean /_mock/moods/<name>?" in client.get("/_mock/mood/name").get_json()["detail"]
    guarded = create_app(load({"admin_token": "s"})).test_client()
    assert guarded.get("/_mock/moods/good").status_code == 401
    assert "/_mock/moods" in control_paths()
    described = client.get("/_mock/openapi.json").get_json()["paths"]["/_mock/moods/{name}"]["get"]
    assert [one["name"] for one in described["parameters"]] == ["name", "as"]
    assert "`GET /_mock/moods/NAME` | A mood." in generate.PARTS["routes"]()


def a_command() -> None:
    assert cli("hello") == "hello\n"
    assert "greets" in cli("--help")
    assert "## ifind-mock hello" in generate.PARTS["help"]()
    assert "'hello'" in CliRunner().invoke(commands, ["helo"]).output


def a_report_format() -> None:
    assert "--brief FILE" in cli("check", "--help")
    named = {option.field: "report.txt" if option.name == "brief" else None for option, _ in options_of("check")}
    options = read_options("check", named)
    with served() as url:
        code = run(CheckOptions(f"{url}/api", environ={}, only=("info.answers",), **options), StringIO())
    assert (code, Path("report.txt").read_text(encoding="utf-8")) == (0, "exit code 0")


def a_test_of_the_contract() -> None:
    outcomes, _ = suite("info.answers")
    assert outcomes["info.answers"] == "broken", outcomes


def a_check_of_a_ready_answer() -> None:
    api = Api()
    api.ready()
    body = api.send("result", id=1).body
    with pytest.raises(DoesNotConform, match="the cost 7"):
        assert_conforms(body, method="result")
    outcomes, _ = suite("result.cost", delay="0s")
    assert outcomes["result.cost"] == "broken", outcomes


def a_mutant() -> None:
    whole = Api()
    broken = Gateway(whole.mock, hook=MutantHook(MUTANTS["id-is-0"], whole.mock))
    whole.gateway = broken
    assert whole.call("create", phone=PHONE, source=2)["id"] == 0
    assert MUTANTS["id-is-0-in-xml"].breaks == "create.ok"
    assert "id-is-0-in-xml" in cli("mutants", "--list")
