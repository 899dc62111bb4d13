"""What is said of a target that can't be reached."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from contract_tests.check.command import run
from contract_tests.engine.options import CheckOptions
from contract_tests.engine.provision import UnreachableError, private_mock, unreachable
from mockserver.testing import Mock
from support.command import ifind
from support.raw_server import says, server

VARIABLES = {"IFIND_LOGIN": "a@example.com", "IFIND_TOKEN": "t", "IFIND_PHONE": "70001234567"}


@pytest.mark.parametrize(
    ("base", "start"),
    [
        ("http://127.0.0.1:8080/api", "Start it with `ifind-mock serve`"),
        ("http://localhost:8080/api", "Start it with `ifind-mock serve`"),
        ("http://127.0.0.1:9/api", "Start it with `ifind-mock serve --port 9`"),
        ("http://127.0.0.1/api", "Start it with `ifind-mock serve --port 80`"),
        ("http://[::1]:8080/api", "Start it with `ifind-mock serve --host ::1`"),
        ("https://127.0.0.1/api", "Start it with `ifind-mock serve --tls --port 443`"),
        ("http://127.0.0.2:81", "Start it with `ifind-mock serve --host 127.0.0.2 --port 81`"),
    ],
)
def test_a_mock_on_this_machine_is_told_to_be_started(base: str, start: str) -> None:
    assert str(unreachable(base, "why")) == f"{base} can't be reached: why; is it running? {start}"


def test_what_no_mock_can_serve_is_not_told_to_be_started_with_one() -> None:
    assert str(unreachable("http://mock.example.com:8080/api", "x")).endswith("can't be reached: x")
    assert str(unreachable("https://i-find.pro/api", "x")).endswith("can't be reached: x")


@pytest.mark.parametrize(
    "command",
    [("check", "URL"), ("learn", "URL", "--out", "p.toml"), ("parity", "URL", "mock")],
)
def test_every_command_says_so(command: tuple[str, ...], tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/api"
    done = ifind(*(url if word == "URL" else word for word in command), cwd=tmp_path, **VARIABLES)

    assert done.returncode == 3
    assert "is it running? Start it with `ifind-mock serve --port 9`" in done.stdout + done.stderr


def test_a_plain_port_is_not_taken_for_one_of_tls(tmp_path: Path) -> None:
    with Mock() as mock:
        done = ifind("check", mock.url.replace("http", "https", 1), cwd=tmp_path, **VARIABLES)

    assert done.returncode == 3
    assert "what answers there does not speak TLS (" in done.stdout
    assert "where it is plain HTTP, write http://" in done.stdout
    assert "is it running" not in done.stdout


def test_a_private_mock_that_cannot_start_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> None:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("contract_tests.engine.provision.tempfile.TemporaryDirectory", nowhere)
    with (
        pytest.raises(UnreachableError, match="the private mock did not start: No usable temporary directory"),
        private_mock(),
    ):
        pass


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://mock.example.com/api/info?login=a%40example.com&token=t7f3a9c5b", "https://mock.example.com/api"),
        ("https://t7f3a9c5b@mock.example.com:8443/v2/info", "https://mock.example.com:8443/v2"),
        ("/v2/api/info", "/v2/api"),
    ],
)
def test_a_target_that_moved_is_said_with_where_it_is(status: int, location: str, named: str) -> None:
    moved = f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 6\r\n\r\n<html>".encode()
    out = io.StringIO()
    with server(says(moved)) as url:
        code = run(
            CheckOptions(target=url.removesuffix("/info"), environ=VARIABLES | {"IFIND_TOKEN": "t7f3a9c5b"}), out
        )

    assert code == 3
    assert f"redirects to {named if '://' in named else url.removesuffix('/api/info') + named}: " in out.getvalue()
    assert "t7f3a9c5b" not in out.getvalue()
    assert "BROKEN" not in out.getvalue()


@pytest.mark.parametrize("location", ["/login?next=/api/info", "/api/info/", "", "//[", "ftp://a.example.com/api/info"])
def test_a_redirect_to_no_api_is_judged(location: str) -> None:
    moved = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 6\r\n\r\n<html>".encode()
    out = io.StringIO()
    with server(*[says(moved)] * 50) as url:
        base = url.removesuffix("/info")
        code = run(CheckOptions(target=base, environ=VARIABLES, only=("format.default",)), out)

    assert code == 1
    assert "BROKEN format.default" in out.getvalue()
