"""`serve --workers N`: several processes that are one mock to its clients."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.processes import COMMAND, Serving, environment, serving
from support.raw_client import Client, connected
from support.wire_server import wait_for

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


def control(client: Client, http_method: str, path: str, body: Any = None) -> Any:
    """What a route answers over this connection."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{http_method} /_mock{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
    got = client.send(f"{head}Content-Type: application/json\r\n\r\n".encode() + content).answer()
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


def test_a_changed_settings_file_holds_on_all_workers_and_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("[[accounts]]\nlogin = 'demo@example.com'\ntoken = 'demo-token'\ndaily_limit = 5")
    with serving("--config", str(path), "--workers", "2", cwd=tmp_path, TMPDIR=str(tmp_path)) as up:
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
        assert up.process.stderr.read() == ""  # no other worker has said it as well

    assert names(tmp_path) == ["my.toml"]  # the state is gone


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
