"""`serve --workers N`: several processes that are one mock to its clients."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from mockserver.web.app import make_app
from support.command import ifind
from support.in_process import Api
from support.processes import COMMAND, Serving, environment, serving
from support.raw_client import Client, connected
from support.wire_server import get, wait_for

DEMO = "login=demo@example.com&token=demo-token"
CREATE = f"/api/create?{DEMO}&phone=70000000001&source=2"  # which costs one unit
INFO = f"/api/info?{DEMO}"


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def address(up: Serving) -> tuple[str, int]:
    parts = urlsplit(up.api)
    return parts.hostname or "", parts.port or 0


@contextmanager
def clients(up: Serving, number: int = 4) -> Iterator[list[Client]]:
    """Connections to all workers: twice as many as there are, one after the other."""
    with ExitStack() as stack:
        yield [stack.enter_context(connected(address(up))) for _ in range(number)]


def control_sent(client: Client, http_method: str, path: str, body: Any = None) -> Client:
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{http_method} /_mock{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
    return client.send(f"{head}Content-Type: application/json\r\n\r\n".encode() + content)


def control(client: Client, http_method: str, path: str, body: Any = None) -> Any:
    """What a route answers over this connection."""
    got = control_sent(client, http_method, path, body).answer()
    assert got.status < 300, got
    return got.json if got.body else None


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A mock of two workers with its state in memory; each test begins by a reset."""
    path = tmp_path_factory.mktemp("workers")
    with serving("--workers", "2", "--delay", "0s", "--access-log", cwd=path, TMPDIR=str(path)) as made:
        yield made


@pytest.fixture
def of_each(up: Serving) -> Iterator[list[Client]]:
    """Connections to both workers, in turn, after a reset."""
    with clients(up) as opened:
        control(opened[0], "POST", "/reset", {})
        yield opened


def test_a_task_is_the_same_on_each_worker_and_charged_once(of_each: list[Client]) -> None:
    numbers = [client.ask(CREATE).json["id"] for client in of_each]

    assert sorted(set(numbers)) == numbers
    results = {client.ask(f"/api/result?{DEMO}&id={numbers[0]}").body for client in of_each}
    assert len(results) == 1
    assert {client.ask(INFO).json["data"]["api_limit"]["used"] for client in of_each} == {len(numbers)}


def test_the_limit_is_exact_where_many_call_all_workers_at_once(of_each: list[Client], up: Serving) -> None:
    control(of_each[0], "PUT", "/accounts/demo@example.com", {"token": "demo-token", "daily_limit": 40})
    with clients(up, 16) as many, ThreadPoolExecutor(16) as pool:
        told = [
            answer for some in pool.map(lambda one: [one.ask(CREATE).json for _ in range(5)], many) for answer in some
        ]
    made = [answer["id"] for answer in told if answer["status"] == "ok"]
    control(of_each[0], "PUT", "/accounts/demo@example.com", {"token": "demo-token"})

    assert (len(made), len({*made}), len(told)) == (40, 40, 80)
    assert {answer["error_code"] for answer in told if answer["status"] == "error"} == {429}


def test_accounts_and_clocks_that_are_set_on_one_worker_hold_on_all(of_each: list[Client]) -> None:
    one, other, *_ = of_each
    control(one, "PUT", "/accounts/new@example.com", {"token": "t", "daily_limit": 7})
    control(other, "PUT", "/clock", {"mode": "frozen", "now": "2030-01-01T12:00:00+03:00"})

    infos = [client.ask("/api/info?login=new@example.com&token=t").json["data"]["api_limit"] for client in of_each]
    assert infos == [{"used": 0, "of": 7}] * len(of_each)
    assert {control(client, "GET", "/health")["now"] for client in of_each} == {"2030-01-01T12:00:00+03:00"}
    control(one, "DELETE", "/accounts/new@example.com")
    assert {client.ask("/api/info?login=new@example.com&token=t").json["status"] for client in of_each} == {"error"}


@pytest.mark.parametrize(
    ("limits", "struck"),
    [
        ({"times": 3}, [418] * 3 + [None] * 5),
        ({"times": 2, "after": 3}, [None] * 3 + [418] * 2 + [None] * 3),
        ({"times": "always", "match": {"nth": 5}}, [None] * 4 + [418] + [None] * 3),
    ],
)
def test_a_fault_strikes_as_often_as_it_says_over_all_workers(
    of_each: list[Client], limits: dict[str, Any], struck: list[int | None]
) -> None:
    match = {"method": "info", **limits.get("match", {})}
    action = {"kind": "error", "code": 418}
    control(of_each[0], "POST", "/faults", {**limits, "match": match, "action": action})
    told = [client.ask(INFO).json.get("error_code") for client in (*of_each, *of_each)]

    assert told == struck


def test_a_fault_strikes_as_often_as_it_says_where_many_call_at_once(of_each: list[Client], up: Serving) -> None:
    control(of_each[0], "POST", "/faults", {"times": 30, "action": {"kind": "error", "code": 418}})
    with clients(up, 16) as many, ThreadPoolExecutor(16) as pool:
        told = [
            answer for some in pool.map(lambda one: [one.ask(INFO).json for _ in range(5)], many) for answer in some
        ]

    assert [answer.get("error_code") for answer in told].count(418) == 30
    assert {control(client, "POST", "/requests/count", {"method": "info"})["count"] for client in of_each} == {80}


def test_a_reset_on_one_worker_ends_the_answers_that_wait_on_all(of_each: list[Client], up: Serving) -> None:
    late = {"kind": "latency", "delay": "60s"}
    control(of_each[0], "POST", "/faults", {"times": "always", "match": {"method": "info"}, "action": late})
    with clients(up, 6) as waiting:
        for client in waiting:
            client.send(get(INFO))
        wait_for(lambda: control(of_each[0], "POST", "/requests/count", {"method": "info"})["count"] == 6)
        control(of_each[1], "POST", "/reset", {"login": "demo@example.com"})
        answers = [client.answer() for client in waiting]

    assert {(got.status, got.headers["connection"]) for got in answers} == {(503, "close")}


def test_a_wait_for_calls_counts_those_of_all_workers_and_a_reset_of_any_ends_it(
    of_each: list[Client], up: Serving
) -> None:
    with clients(up, 2) as waiting, clients(up, 2) as ended:
        for client in waiting:
            control_sent(client, "POST", "/requests/wait", {"match": {"method": "info"}, "count": 3, "timeout": "30s"})
        for client in of_each[:3]:
            assert client.ask(INFO).status == 200
        assert [(got.status, got.json["count"]) for got in (client.answer() for client in waiting)] == [(200, 3)] * 2
        for client in ended:
            control_sent(client, "POST", "/requests/wait", {"match": {"method": "create"}, "timeout": "30s"})
        time.sleep(0.1)
        control(of_each[0], "POST", "/reset", {})
        answers = [client.answer() for client in ended]

    assert {(got.status, got.json["title"], got.headers["connection"]) for got in answers} == {
        (503, "The wait ended", "close")
    }


def test_what_control_tells_one_worker_holds_on_all(of_each: list[Client]) -> None:
    one, other, *_ = of_each
    control(one, "PUT", "/profile", {"info.shape": "list"})
    control(other, "POST", "/stubs", {"match": {"phone": "70000000001"}, "names": ["Вася"]})
    steps = [{"match": {"method": "info"}, "action": {"kind": "error", "code": code}} for code in (401, 402, 403, 404)]
    told = [client.ask(INFO).json["data"] for client in of_each]
    assert all(isinstance(one, list) for one in told)
    control(one, "PUT", "/scenarios/steps", {"steps": steps})
    assert [client.ask(INFO).json["error_code"] for client in of_each] == [401, 402, 403, 404]
    number = one.ask(CREATE.replace("source=2", "source=1")).json["id"]
    results = [client.ask(f"/api/result?{DEMO}&id={number}").json for client in of_each]
    assert [found["names"] for found in results] == [[{"name": "Вася"}]] * len(of_each)
    control(other, "POST", "/reset", {})
    assert all(isinstance(client.ask(INFO).json["data"], dict) for client in of_each)


def test_a_changed_settings_file_holds_on_all_workers_and_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("[[accounts]]\nlogin = 'demo@example.com'\ntoken = 'demo-token'\ndaily_limit = 5")
    with serving("--config", str(path), "--workers", "2", "--access-log", cwd=tmp_path, TMPDIR=str(tmp_path)) as up:
        with clients(up) as opened:

            def said(what: str) -> str:
                """The next line with these words."""
                return next(line for line in iter(up.process.stderr.readline, "") if what in line)  # type: ignore[union-attr]

            def limits() -> set[Any]:
                return {client.ask(INFO).json["data"]["api_limit"]["of"] for client in opened}

            assert limits() == {5}
            assert opened[0].ask(CREATE).json["id"] == 1
            path.write_text(path.read_text().replace("= 5", "= 6000"))
            assert said("has changed") == f"ifind-mock: {path}: has changed; in force from now on: accounts\n"
            wait_for(lambda: limits() == {6000})
            path.write_text("daily_limit = 'x'")
            assert said("has changed").endswith("has changed and is not applied; the settings stay as they were\n")
            assert limits() == {6000}
            assert {client.ask(INFO).json["data"]["api_limit"]["used"] for client in opened} == {1}
        up.process.terminate()
        assert up.process.wait(10) == 0
        assert up.process.stderr is not None
        rest = up.process.stderr.read()
        assert "changed" not in rest  # no other worker has said it as well
        assert rest.count(" GET /api/info 200 ") == 2 * len(opened)

    assert names(tmp_path) == ["my.toml"]  # the state is gone


def test_a_worker_that_is_started_again_makes_no_new_file_of_the_state(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with serving("--state", str(state), "--workers", "2", "--delay", "0s", cwd=tmp_path) as up:
        up.get("create", phone="70000000001", source=2)
        (tmp_path / "away").mkdir()
        for path in tmp_path.glob("state.db*"):
            path.rename(tmp_path / "away" / path.name)
        parent = str(up.process.pid)
        for one in subprocess.run(["pgrep", "-P", parent], capture_output=True, text=True, check=True).stdout.split():
            os.kill(int(one), signal.SIGKILL)
        assert up.process.stderr is not None
        told = next(line for line in iter(up.process.stderr.readline, "") if "removed" in line)
        assert told.startswith(f"ifind-mock: {state}: was removed or moved; put it back")
        assert not state.exists()
        for path in (tmp_path / "away").iterdir():
            path.rename(tmp_path / path.name)
        assert json.loads(up.get("create", phone="70000000001", source=2))["id"] == 2


def end_all(up: Serving, number: signal.Signals) -> None:
    """Ends both workers at one time, and waits until it is said that they are started again."""

    def workers() -> list[int]:
        children = ["pgrep", "-P", str(up.process.pid)]
        return [*map(int, subprocess.run(children, capture_output=True, text=True, check=False).stdout.split())]

    wait_for(lambda: len(workers()) == 2)
    for one in workers():
        os.kill(one, number)
    assert up.process.stderr is not None
    for _ in range(2):
        assert any("started again" in line for line in iter(up.process.stderr.readline, ""))


@pytest.mark.parametrize("kind", ["sqlite", "redis"], indirect=True)
def test_what_a_mock_knows_outlives_the_death_of_all_its_workers_and_ends_with_it(state: str, tmp_path: Path) -> None:
    options = ("--state", state, "--workers", "2", "--delay", "0s")
    with serving(*options, cwd=tmp_path) as up:
        with clients(up, 1) as (one,):
            one.ask(CREATE)
            control(one, "POST", "/faults", {"match": {"method": "result"}, "action": {"kind": "error"}})
            control(one, "PUT", "/profile", {"row.phone": "number"})
        for number in (signal.SIGKILL, signal.SIGTERM):
            end_all(up, number)
            with clients(up) as all_:
                counted = control(all_[0], "POST", "/requests/count", {"method": "create", "exactly": 1})
                assert counted == {"count": 1, "dropped": 0, "inconclusive": False}
                for one in all_:
                    assert len(control(one, "GET", "/faults")["faults"]) == 1
                    assert control(one, "GET", "/profile")["row.phone"]["choice"] == "number"
    assert not [name for name in names(tmp_path) if "-calls-" in name]
    with serving(*options, cwd=tmp_path) as up, clients(up, 1) as (one,):
        assert control(one, "GET", "/faults")["faults"] == control(one, "GET", "/requests")["requests"] == []


def test_the_journal_in_a_file_goes_also_where_the_parent_was_killed(tmp_path: Path) -> None:
    with serving("--state", "state.db", "--workers", "2", cwd=tmp_path) as up:
        with clients(up, 1) as (one,):
            one.ask(INFO)
        assert "state.db-calls-1" in names(tmp_path)
        up.process.kill()
        wait_for(lambda: names(tmp_path) == ["state.db"])


def become_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("file", "change"),
    [("my.toml", Path.unlink), ("my.toml", become_pipe), ("profile.toml", Path.unlink), ("profile.toml", become_pipe)],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_a_worker_that_is_started_again_keeps_the_settings_where_their_file_can_not_be_read(
    file: str, change: Callable[[Path], None], tmp_path: Path
) -> None:
    (tmp_path / "my.toml").write_text('profile = "profile.toml"')
    (tmp_path / "profile.toml").write_text('[profile]\n"error.http-status" = "mirror"')
    children = ["pgrep", "-P"]
    with serving("--config", "my.toml", "--workers", "2", cwd=tmp_path, TMPDIR=str(tmp_path)) as up:
        change(tmp_path / file)
        parent = str(up.process.pid)
        first, other = subprocess.run([*children, parent], capture_output=True, text=True, check=True).stdout.split()
        for one in (first, other):
            os.kill(int(one), signal.SIGKILL)
            assert up.process.stderr is not None
            assert any("started again" in line for line in iter(up.process.stderr.readline, ""))
        with clients(up) as opened:
            assert {client.ask("/api/info?login=demo@example.com&token=wrong").status for client in opened} == {401}


def test_settings_that_workers_took_as_they_started_again_stay_in_force_where_the_file_gets_wrong(
    tmp_path: Path,
) -> None:
    path = tmp_path / "my.toml"
    path.write_text("[profile]\n'error.http-status' = 'body'")
    with serving("--config", "my.toml", "--workers", "2", cwd=tmp_path, TMPDIR=str(tmp_path)) as up:
        assert up.process.stderr is not None
        for text in ("[profile]\n'error.http-status' = 'mirror'", "[profile"):
            path.write_text(text)
            found = subprocess.run(["pgrep", "-P", str(up.process.pid)], capture_output=True, text=True, check=True)
            for one in found.stdout.split():
                os.kill(int(one), signal.SIGKILL)
                assert any("started again" in line for line in iter(up.process.stderr.readline, ""))
            with clients(up) as opened:
                assert {client.ask("/api/info?login=demo@example.com&token=wrong").status for client in opened} == {401}


def test_a_settings_file_that_is_a_pipe_is_read_once_for_all_workers(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    os.mkfifo(path)
    text = "[profile]\n'error.http-status' = 'mirror'"
    threading.Thread(target=path.write_text, args=(text,), daemon=True).start()
    with (
        serving("--config", "my.toml", "--workers", "2", cwd=tmp_path, TMPDIR=str(tmp_path)) as up,
        clients(up) as all_,
    ):
        assert {client.ask("/api/info?login=demo@example.com&token=wrong").status for client in all_} == {401}


def test_the_file_of_the_state_goes_also_where_the_parent_was_killed(tmp_path: Path) -> None:
    with serving("--workers", "2", cwd=tmp_path, TMPDIR=str(tmp_path)) as up:
        assert [one.startswith("ifind-mock-state-") for one in names(tmp_path)] == [True]
        up.process.kill()
        wait_for(lambda: not names(tmp_path))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made by openssl")
def test_workers_speak_tls_with_one_certificate_and_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    options = ("--workers", "2", "--tls", "--tls-ca", "ca.pem", "--with-parent", "--state", state)
    command = [*COMMAND, "serve", "--port", "0", *options]
    with subprocess.Popen(
        ["sh", "-c", '"$@"; true', "sh", *command],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        api = shell.stdout.readline().split()[1]
        asked = [["curl", "-sS", "--cacert", "ca.pem", f"{api}/info?{DEMO}"] for _ in range(4)]
        got = [subprocess.run(one, cwd=tmp_path, capture_output=True, check=True).stdout for one in asked]
        shell.stdin.close()  # as where the process that holds it has gone
        assert shell.stdout.read() == ""

    assert {json.loads(one)["status"] for one in got} == {"ok"}
    assert names(tmp_path) == ["ca.pem", "state.db"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_state_that_can_not_be_used_ends_the_start_with_the_same_words(workers: str, tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("something else")
    command = [*COMMAND, "serve", "--workers", workers, "--state", "state.db", "--port", "0"]
    ended = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "was not made by ifind-mock, and is left as it is; name another file" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def app_of(api: Api) -> Flask:
    """The app of a mock of its own, as `create_app` makes it."""
    lock = threading.Lock()

    def guard(operation: Callable[[], Any]) -> Any:
        with lock:
            return operation()

    return make_app(api.gateway, guard, api.settings)


def test_a_system_without_such_processes_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    ended = ifind("serve", "--workers", "2", "--port", "0", cwd=tmp_path)

    said = "ifind-mock: --workers: several processes can't share connections on this system; leave it out\n"
    assert (ended.returncode, ended.stderr) == (2, said)


def test_under_wsgi_waits_see_what_another_process_does(tmp_path: Path) -> None:
    """Two apps on one file stand for two processes."""
    late = {"times": "always", "match": {"method": "info"}, "action": {"kind": "latency", "delay": "60s"}}
    one, other = (app_of(Api(state=str(tmp_path / "state.db"))).test_client() for _ in range(2))
    with ThreadPoolExecutor(2) as pool:
        assert other.post("/_mock/faults", json=late).status_code == 201
        answer = pool.submit(one.get, INFO)
        waited = pool.submit(one.post, "/_mock/requests/wait", json={"match": {"method": "create"}, "timeout": "60s"})
        assert other.get(CREATE).status_code == 200
        assert waited.result(10).get_json()["count"] == 1
        while not other.post("/_mock/requests/count", json={"method": "info"}).get_json()["count"]:
            time.sleep(0.01)
        assert other.post("/_mock/reset", json={}).status_code == 204
        assert answer.result(10).status_code == 503
