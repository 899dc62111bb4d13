"""The public names of the package."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, get_type_hints

import click
import pytest

import contract_tests
import mockserver.testing
from mockserver.core.errors import Refusal
from mockserver.settings.table import SETTINGS, SettingValues
from support.in_process import LOGIN, TOKEN
from support.processes import environment


def test_a_mock_is_two_names_away() -> None:
    client = mockserver.create_app(mockserver.load({"daily_limit": 7}, {})).test_client()
    answer = client.get("/api/info", query_string={"login": LOGIN, "token": TOKEN}).get_json()

    assert answer["data"]["api_limit"] == {"used": 0, "of": 7}


def test_the_checks_of_the_suite_are_the_same_by_both_names() -> None:
    assert all(name in mockserver.testing.__all__ for name in contract_tests.__all__)
    assert all(getattr(mockserver.testing, n) is getattr(contract_tests, n) for n in contract_tests.__all__)


def test_the_import_of_the_package_loads_none_of_its_parts() -> None:
    program = "import sys, mockserver; print([m for m in sys.modules if m.startswith(('mockserver', 'flask'))])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout == "['mockserver']\n"


def test_all_that_is_public_is_there_and_nothing_else() -> None:
    assert all(callable(getattr(mockserver, name)) for name in mockserver.__all__)
    assert all(callable(getattr(mockserver.testing, name)) for name in mockserver.testing.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'craete_app'"):
        mockserver.craete_app  # noqa: B018 - the access is what fails
    with pytest.raises(AttributeError, match="has no attribute 'Mok'"):
        mockserver.testing.Mok  # noqa: B018 - as above


def limit_of(app: Any) -> int:
    query = {"login": LOGIN, "token": TOKEN}
    limit: int = app.test_client().get("/api/info", query_string=query).get_json()["data"]["api_limit"]["of"]
    return limit


def test_the_app_takes_settings_by_name_over_all_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IFIND_MOCK_DAILY_LIMIT", "8")
    Path("ifind-mock.toml").write_text("daily_limit = 7\nplain = true")
    Path("other.toml").write_text("daily_limit = 6")
    monkeypatch.setenv("IFIND_MOCK_CONFIG", str(tmp_path / "none.toml"))

    assert limit_of(mockserver.create_app(daily_limit=9, config=tmp_path / "other.toml")) == 9
    assert limit_of(mockserver.create_app(config="other.toml", accounts=({"login": LOGIN, "token": TOKEN},))) == 8


WRONG: dict[str, tuple[str, Any]] = {
    "delay": ('"5 parsecs"', "5 parsecs"),
    "port": ('"80"', "80"),
    "daily_limit": ("-1", -1),
    "plain": ('"yes"', "yes"),
    "limits": ("{ connections = 0, conections = 1 }", {"connections": 0, "conections": 1}),
    "accounts": ('[{ login = "a" }]', [{"login": "a"}]),
    "faults": ('[{ action = { kind = "nonesuch" } }]', [{"action": {"kind": "nonesuch"}}]),
    "clauses": ('["row.phone"]', ["row.phone"]),
    "profile": ('{ "row.fone" = "number" }', {"row.fone": "number"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_by_name_is_refused_as_in_the_file(name: str, tmp_path: Path) -> None:
    text, value = WRONG[name]
    (tmp_path / "wrong.toml").write_text(f"{name} = {text}")
    with pytest.raises(Refusal) as in_file:
        mockserver.load(directory=tmp_path, options={"config": str(tmp_path / "wrong.toml")})
    with pytest.raises(click.UsageError) as by_name:
        mockserver.create_app(**{name: value})

    assert by_name.value.message == str(in_file.value).replace(f"{tmp_path / 'wrong.toml'}: ", "")


def test_all_wrong_settings_by_name_are_reported_at_once() -> None:
    with pytest.raises(click.UsageError) as caught:
        mockserver.create_app(delay="x", port=-1, dealy="0s")  # type: ignore[call-arg]

    first, *others = caught.value.message.splitlines()
    assert "'dealy' is not a setting; did you mean 'delay'?" in first
    assert [line.partition(":")[0] for line in others] == ["port", "delay"]


def test_settings_that_change_nothing_of_the_app_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError) as caught:
        mockserver.create_app(port=5, tls=True, delay="0s")
    (tmp_path / "shared.toml").write_text("port = 5\naccess_log = true")

    assert [line.partition(":")[0] for line in caught.value.message.splitlines()] == ["port", "tls"]
    assert mockserver.create_app(config=tmp_path / "shared.toml")


@pytest.mark.parametrize("given", [{"delay": "0s"}, "0s", 5])
def test_what_is_no_settings_is_refused_with_the_way_to_write_it(given: Any) -> None:
    with pytest.raises(click.UsageError, match="by name, such as delay='0s'"):
        mockserver.create_app(given)


def test_settings_whole_and_by_name_at_once_are_refused() -> None:
    with pytest.raises(click.UsageError, match="delay: is given beside whole settings"):
        mockserver.create_app(mockserver.load({}, {}), delay="0s")


def test_a_type_checker_knows_every_setting_and_no_other() -> None:
    assert {*get_type_hints(SettingValues)} == {"config", *(setting.name for setting in SETTINGS)}
    assert inspect.signature(mockserver.create_app).parameters["values"].kind is inspect.Parameter.VAR_KEYWORD


# Several processes.


SERVER = """
import sys
from werkzeug.serving import make_server
import mockserver
server = make_server("127.0.0.1", 0, mockserver.create_app(), processes=3)
print(server.server_port, flush=True)
server.serve_forever()
"""
PATHS = [
    "/api/info",
    "/api/create",
    "/api/",
    "/",
    "/elsewhere",
    "/_mock/health",
    "/_mock",
    "/_mock/accounts",
    "/_mock/x",
]


@pytest.mark.parametrize("http_method", ["GET", "POST", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", PATHS)
def test_an_app_with_state_in_memory_answers_nothing_where_several_processes_have_it(
    path: str, http_method: str
) -> None:
    """Each would have tasks, charges and faults of its own."""
    client = mockserver.create_app(admin_token="t").test_client()
    got = client.open(path, method=http_method, environ_overrides={"wsgi.multiprocess": True})

    assert got.status_code == 503
    if http_method != "HEAD":
        assert all(words in got.text for words in ("several (wsgi.multiprocess)", "run one process", "=state.db"))
        assert got.mimetype == ("application/problem+json" if path.startswith("/_mock") else "application/json")
    assert client.open(path, method=http_method).status_code != 503


def test_a_real_server_of_several_processes_needs_a_file(tmp_path: Path) -> None:
    for state, expected in (("memory", {503}), ("state.db", {200})):
        with subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=tmp_path, stdout=-1, stderr=-1, env=environment(IFIND_MOCK_STATE=state)
        ) as server:
            try:
                assert server.stdout
                api = f"http://127.0.0.1:{int(server.stdout.readline())}/api"
                made = asked(f"{api}/create?login={LOGIN}&token={TOKEN}&phone=70001234567&source=2")
                answers = [
                    asked(f"{api}/result?login={LOGIN}&token={TOKEN}&id={made[1].get('id', 1)}") for _ in range(6)
                ]
            finally:
                server.kill()
                server.communicate()

        assert {made[0], *(status for status, _ in answers)} == expected
        assert {body["status"] for _, body in answers} == ({"processing"} if expected == {200} else {"error"})


def asked(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=20) as got:
            return got.status, json.load(got)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
