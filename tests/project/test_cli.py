"""The command line: its one line of output, its signals and exit codes, and what it says of mistakes."""

from __future__ import annotations

import builtins
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from mockserver.__main__ import main
from support.command import ifind
from support.processes import COMMAND, environment, serving


def test_serve_prints_one_line_and_all_else_to_standard_error(tmp_path: Path) -> None:
    with serving(cwd=tmp_path) as mock:
        answer = json.loads(mock.get("info"))
        mock.process.send_signal(signal.SIGTERM)
        out, err = mock.process.communicate(timeout=5)

    assert answer["status"] == "ok"
    assert out == ""
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/api", mock.api)
    assert "login demo@example.com, token demo-token" in err
    assert f"curl '{mock.api}/create?" in err


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_it_within_a_second_and_an_answer_in_flight_is_finished(tmp_path: Path, name: str) -> None:
    with serving("--latency", "300ms", cwd=tmp_path) as mock:
        host, port = mock.api.split("/")[2].split(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.sendall(b"GET /api/info?login=demo@example.com&token=demo-token HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.1)  # the request has to arrive before the signal: real sockets, real time
            began = time.monotonic()
            mock.process.send_signal(getattr(signal, name))
            received = b"".join(iter(lambda: client.recv(65536), b""))
        code = mock.process.wait(20)
        took = time.monotonic() - began

    assert received.endswith(b'"demo":"0"}}')
    assert code == 0
    assert took < 5  # a second is promised, of a machine that has nothing else to do


def test_control_routes_are_served_and_touch_the_same_mock(tmp_path: Path) -> None:
    with serving(cwd=tmp_path) as mock:
        number = json.loads(mock.get("create", phone="70001234567", source=2))["id"]
        mock.control("POST", "/clock/advance", b'{"seconds": 5}')
        result = json.loads(mock.get("result", id=number))
        health = json.loads(mock.control("GET", "/health", b""))

    assert result["status"] == "ready"
    assert health["api"] == mock.api


def test_a_port_in_use_is_told_with_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = ifind("serve", "--port", port, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert port in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["serve", "--prot", "1"], "--port"),
        (["serve", "--port", "x"], "--port: 'x' is not a whole number"),
        (["serve", "--delay", "soon"], "--delay: 'soon' is not a delay; allowed: '2s'"),
        (["serve", "--edition", "D"], "--edition: 'D' is not a choice"),
        (["serve", "--account", "nobody"], "--account: an account has no token; write LOGIN:TOKEN"),
        (["serve", "--config", "none.toml"], "none.toml: does not exist"),
        (["serve", "--profile", "none.toml"], "--profile: none.toml: does not exist"),
        (["serve", "--state", "redis://:s@h:x"], "redis://… is not a state; allowed: memory"),
        (
            ["serve", "--state", "redis://:s@127.0.0.1:1"],
            "--state: redis://127.0.0.1:1/0?name=default: can't be reached",
        ),
        (["serve", "--state", "none/x.db"], "none"),
        (["serve", "--host", "0.0.0.0"], "set --admin-token, too"),
        (["serve", "--host", "no.such.host.invalid", "--admin-token", "t"], "no.such.host.invalid"),
        (["serv"], "Did you mean 'serve'?"),
        (["config", "check", "none.toml"], "none.toml: does not exist"),
        (["sample"], "Missing argument 'PHONE'"),
    ],
)
def test_a_mistake_ends_with_exit_code_2_and_its_remedy(tmp_path: Path, args: list[str], told: str) -> None:
    done = ifind(*args, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_in_the_working_directory_and_a_variable_are_read(tmp_path: Path) -> None:
    (tmp_path / "ifind-mock.toml").write_text("daily_limit = 7\n")
    with serving(cwd=tmp_path, IFIND_MOCK_PAID_UNTIL="2031-01-01") as mock:
        data = json.loads(mock.get("info"))["data"]

    assert (data["api_limit"]["of"], data["api_time_limit"]) == (7, "2031-01-01")


def test_kill_9_loses_no_acknowledged_task_or_charge(tmp_path: Path) -> None:
    state = ("--state", "state.db", "--delay", "0s")
    with serving(*state, cwd=tmp_path) as mock:
        numbers = [json.loads(mock.get("create", phone="70000000001", source=2))["id"] for _ in range(5)]
        mock.process.kill()
        mock.process.wait()
    with serving(*state, cwd=tmp_path) as mock:
        statuses = [json.loads(mock.get("result", id=n))["status"] for n in numbers]
        used = json.loads(mock.get("info"))["data"]["api_limit"]["used"]

    assert (statuses, used) == (["ready"] * 5, 5)


def test_accounts_follow_the_settings_and_keep_what_control_changed(tmp_path: Path) -> None:
    state = ("--state", "state.db")
    with serving(*state, cwd=tmp_path) as mock:
        mock.control("POST", "/accounts", b'{"login": "demo@example.com", "daily_limit": 7}')
        mock.control("POST", "/accounts", b'{"login": "kept@example.com", "token": "kept"}')
    with serving(*state, cwd=tmp_path) as mock:
        kept = json.loads(mock.get("info"))["data"]["api_limit"]["of"]
    with serving(*state, "--account", "new@example.com:tok", cwd=tmp_path) as mock:
        gone = json.loads(mock.get("info"))
        made = json.loads(mock.get("info", login="kept@example.com", token="kept"))

    assert (kept, gone["status"], made["status"]) == (7, "error", "ok")


def test_a_closed_or_full_output_is_a_message(tmp_path: Path) -> None:
    command = f"{sys.executable} -m mockserver"
    for shell in (
        f"{command} serve --port 0 >&-",
        f"{command} config show >/dev/full",
        f"{command} sample 70001234567 >/dev/full",
    ):
        done = subprocess.run(
            ["bash", "-c", shell],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert "ignored" not in done.stderr


def test_a_reset_ends_answers_that_wait(tmp_path: Path) -> None:
    with serving("--latency", "60s", cwd=tmp_path) as mock:
        host, port = mock.api.split("/")[2].split(":")
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(b"GET /api/info HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.1)  # the request has to arrive before the reset: real sockets, real time
            mock.control("POST", "/reset")
            got = b"".join(iter(lambda: client.recv(4096), b""))

            assert got.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nConnection: close\r\n" in got


def test_an_access_log_holds_no_credential(tmp_path: Path) -> None:
    with serving("--access-log", cwd=tmp_path) as mock:
        mock.get("info")
        mock.get("info/login=demo@example.com&token=demo-token")
        mock.get("demo-token/create")
        for path in ("/demo-token/health", "/faults/demo-token"):
            with pytest.raises(urllib.error.HTTPError):
                mock.control("DELETE", path)
        mock.control("PUT", "/clock")
        mock.process.send_signal(signal.SIGTERM)
        _, err = mock.process.communicate(timeout=5)

    assert "GET /api/info 200" in err
    assert "GET /api/info/… 404" in err or "GET /api/info/… 200" in err
    logged = [line for line in err.splitlines() if line.startswith("127.0.0.1 ")]
    assert [line.split()[2] for line in logged[2:]] == ["/api/…", "/_mock/…", "/_mock/faults/…", "/_mock/clock"]
    assert not any("demo-token" in line or "demo@" in line for line in logged)


def test_a_sample_is_what_the_server_sends(tmp_path: Path) -> None:
    first = ifind("sample", "70001234567", "--source", "1", "--format", "xml", cwd=tmp_path)
    again = ifind("sample", "70001234567", "--source", "1", "--format", "xml", cwd=tmp_path)

    assert first.stdout == again.stdout
    assert first.stdout.startswith('<?xml version="1.0" encoding="UTF-8"?><response><status>ready</status>')


def test_a_settings_file_is_written_checked_and_not_written_over(tmp_path: Path) -> None:
    wrote = ifind("config", "init", cwd=tmp_path)
    checked = ifind("config", "check", cwd=tmp_path)
    again = ifind("config", "init", cwd=tmp_path)

    assert (wrote.returncode, checked.stdout, again.returncode) == (0, "ifind-mock.toml: ok\n", 2)
    assert "ifind-mock.toml: exists already; name another file, or use --force" in again.stderr


def test_the_settings_in_force_are_shown_with_their_origin_and_without_a_token(tmp_path: Path) -> None:
    (tmp_path / "ifind-mock.toml").write_text("daily_limit = 7\n")
    state = "redis://me:s3cret@localhost/0?name=ci"
    shown = ifind("config", "show", "--account", "a:s3cret", "--state", state, cwd=tmp_path, IFIND_MOCK_SEED="3")

    assert "daily_limit = 7  # ifind-mock.toml" in shown.stdout
    assert "seed = 3  # environment" in shown.stdout
    assert "accounts = (not shown)  # option" in shown.stdout
    assert 'state = "redis://localhost/0?name=ci"  # option' in shown.stdout
    assert "s3cret" not in shown.stdout


def test_the_flask_app_runs_under_flasks_own_command(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "mockserver.web", "run", "--port", port],
        cwd=tmp_path,
        env=environment(IFIND_MOCK_DAILY_LIMIT="7", PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert any("Running on" in line for line in process.stderr)
        credentials = "login=demo@example.com&token=demo-token"
        url = f"http://127.0.0.1:{port}/api/info"
        answer = json.loads(urllib.request.urlopen(f"{url}?{credentials}", timeout=10).read())
        urllib.request.urlopen(f"{url}/{credentials}", timeout=10).read()
        logged = "".join(islice((line for line in process.stderr if "GET /api/info" in line), 2))
    finally:
        process.kill()
        process.communicate()

    assert "demo-token" not in logged
    assert answer["data"]["api_limit"]["of"] == 7


def test_a_wrong_setting_is_a_message_under_flasks_own_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "mockserver.web", "run", "--port", "0"],
        cwd=tmp_path,
        env=environment(IFIND_MOCK_DELAY="soon"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "IFIND_MOCK_DELAY: 'soon' is not a delay" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_lists_every_command_and_setting(tmp_path: Path) -> None:
    commands = ifind("--help", cwd=tmp_path).stdout
    options = ifind("serve", "--help", cwd=tmp_path).stdout

    assert all(word in commands for word in ("serve", "check", "sample", "config"))
    assert all(f"--{name}" in options for name in ("host", "port", "config", "profile", "edition", "state", "workers"))
    assert all(f"--{name}" in options for name in ("delay", "daily-limit", "account", "seed", "admin-token"))


def test_ctrl_c_while_the_command_is_loaded_ends_it_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules are loaded for some tenths of a second, before click sees the interrupt."""
    load = builtins.__import__

    def interrupted(name: str, *more: Any, **named: Any) -> Any:
        if name == "mockserver.cli.main":
            raise KeyboardInterrupt
        return load(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", interrupted)
    with pytest.raises(SystemExit, match="Aborted!"):
        main()


def test_a_group_without_a_command_shows_its_help_once() -> None:
    for group in ([], ["config"]):
        done = subprocess.run([*COMMAND, *group], env=environment(), capture_output=True, text=True, check=False)

        assert done.returncode == 2
        assert (done.stdout + done.stderr).count("Usage:") == 1
