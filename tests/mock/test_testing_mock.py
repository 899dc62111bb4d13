"""`mockserver.testing.Mock`: a mock in this process or at a URL, told what to do by its accounts."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
import unittest
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.client import parse_headers
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

import mockserver
from mockserver.core.errors import IfindMockError
from mockserver.testing import Account, ControlError, Mock
from mockserver.web import control
from support.in_process import PHONE
from support.raw_server import says, server, slowly


def call(account: Account, method: str, **more: Any) -> dict[str, Any]:
    query = urlencode({"login": account.login, "token": account.token, **more})
    with closing(urlopen(f"{account.url}/{method}?{query}", timeout=10)) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def created(account: Account) -> dict[str, Any]:
    return call(account, "create", phone=PHONE, source=1)


@pytest.fixture(scope="module")
def local() -> Iterator[Mock]:
    with Mock(daily_limit=50, admin_token="s3cret") as mock:
        yield mock


@pytest.fixture(scope="module", params=["in this process", "at a URL"])
def mock(request: pytest.FixtureRequest, local: Mock) -> Mock:
    return local if request.param == "in this process" else Mock.at(local.url, admin_token="s3cret")


def test_accounts_share_nothing(mock: Mock) -> None:
    one, other = mock.account(daily_limit=1, delay="0s"), mock.account(login=f"{id(mock)}@example.com", token="t")
    one.clock.freeze("2031-02-03T04:05:06")
    one.faults.arm("error", code=409, match={"method": "info"}, times="always")

    made = created(one)["id"]
    assert call(one, "result", id=made)["status"] == "ready"
    assert created(one)["status"] == "error"
    assert call(one, "info")["error_code"] == 409
    assert call(other, "info")["data"]["api_limit"] == {"used": 0, "of": 50}
    assert (one.used > 0, other.used) == (True, 0)
    assert other.clock.now.year < 2031


def test_an_account_is_changed_in_place(mock: Mock) -> None:
    account = mock.account()
    account.delay = "uniform 1s..5s"
    account.daily_limit = 3

    assert (account.delay, account.daily_limit) == ("uniform 1s..5s", 3)
    account.delay = None
    assert account.delay is None


def test_a_clock_goes_as_it_is_told(mock: Mock) -> None:
    clock = mock.account().clock
    noon = datetime(2030, 1, 1, 9, tzinfo=UTC)

    assert clock.freeze(noon) == noon == clock.freeze("2030-01-01T12:00:00") == clock.now
    assert clock.advance(2.5) == noon + timedelta(seconds=2.5)
    assert clock.advance(timedelta(hours=1)) == noon + timedelta(hours=1, seconds=2.5)
    assert clock.to_midnight() == noon + timedelta(hours=12)
    assert clock.run(noon, speed=1000) >= noon
    assert abs(clock.run() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_task_comes_of_age_without_a_wait(mock: Mock) -> None:
    account = mock.account(delay="3d")
    begun = account.clock.freeze()
    made = created(account)["id"]

    assert call(account, "result", id=made)["status"] == "processing"
    assert account.clock.to_next_ready() - begun == timedelta(days=3)
    assert call(account, "result", id=made)["status"] == "ready"


def test_a_fault_strikes_as_often_as_it_is_told(mock: Mock) -> None:
    account = mock.account()
    fault = account.faults.arm("http", status=200, body="down", content_type="application/json", times=2, after=1)
    fault_of_a_block = account.faults.arm("error", code=418, times="always", after=3)

    with fault_of_a_block:
        assert call(account, "info")["status"] == "ok"
        assert fault.struck == 0
        with pytest.raises(json.JSONDecodeError):
            call(account, "info")
    assert fault.struck == 1
    fault.disarm()
    fault.disarm()  # which is gone already
    assert call(account, "info")["status"] == "ok"


def test_faults_are_cleared_for_one_account(mock: Mock) -> None:
    one, other = mock.account(), mock.account()
    for account in (one, other, one):
        account.faults.arm("error", code=409, times="always")
    one.faults.clear()

    assert call(one, "info")["status"] == "ok"
    assert call(other, "info")["error_code"] == 409
    mock.faults.clear()
    assert call(other, "info")["status"] == "ok"


def test_a_task_is_ready_after_polls_and_is_listed(mock: Mock) -> None:
    account = mock.account(delay="never")
    account.ready = {"after_polls": 1}
    made = created(account)["id"]

    assert account.ready == {"after_polls": 1}
    assert [call(account, "result", id=made)["status"] for _ in range(2)] == ["processing", "ready"]
    assert [(task["id"], task["status"]) for task in account.tasks] == [(made, "ready")]


def test_a_scenario_goes_on_from_call_to_call(mock: Mock) -> None:
    account, other = mock.account(), mock.account()
    account.scenarios.play("mine", [{"action": {"kind": "error", "code": 409}, "times": 2}])
    account.scenarios.play("rate-limiting")

    assert call(account, "info").get("error_code") == 409
    assert account.scenarios.progress("mine") == {"step": 1, "met": 1, "calls": 1, "rounds": 0}
    account.scenarios.stop("mine")
    account.scenarios.clear()
    assert call(account, "info")["status"] == call(other, "info")["status"] == "ok"


def test_a_stub_is_found_in_place_of_made_up_data(mock: Mock) -> None:
    account, other = mock.account(delay="0s"), mock.account(delay="0s")
    stub = account.stubs.put(PHONE, source=1, names=["Вася"])
    found = [call(one, "result", id=created(one)["id"])["names"] for one in (account, other)]

    assert found[0] == [{"name": "Вася"}] != found[1]
    account.stubs.drop(stub)
    assert call(account, "result", id=created(account)["id"])["names"] == found[1]
    account.stubs.put(ready="never")
    account.stubs.clear()
    assert call(account, "result", id=created(account)["id"])["names"] == found[1]


def test_calls_are_verified_and_a_failure_says_what_came_instead(mock: Mock) -> None:
    account, other = mock.account(delay="0s"), mock.account()
    made = created(account)["id"]
    created(other)
    call(account, "result", id=made)

    account.assert_called("create", phone=PHONE, source=1, times=1)
    account.assert_called("result", at_least=1, at_most=2, outcome="ready")
    account.assert_not_called("info")
    assert [one["method"] for one in account.requests()] == ["create", "result"]
    assert [one["method"] for one in account.requests("create", task=made)] == ["create"]
    with pytest.raises(AssertionError) as few:
        account.assert_called("create", phone="70009999999")
    with pytest.raises(AssertionError) as many:
        account.assert_not_called(task=made)
    first, heading, nearest, *_ = str(few.value).splitlines()
    assert "calls that fit: 0; expected: at least 1" in first
    assert "method='create', phone='70009999999'" in first
    assert heading == "the nearest calls:"
    assert f"create, phone {PHONE}, source 1, task {made}: ok" in nearest
    assert nearest.endswith(f"phone is '{PHONE}', not '70009999999'")
    assert "calls that fit: 2; expected: exactly 0" in str(many.value)
    assert f"result, phone {PHONE}, source 1, task {made}: ready" in str(many.value)
    with pytest.raises(ControlError, match="did you mean 'phone'"):
        account.assert_called(fone=PHONE)


def test_a_call_of_another_thread_is_waited_for(mock: Mock) -> None:
    account = mock.account()
    later = threading.Timer(0.1, call, (account, "info"))
    later.start()

    account.wait_until_called("info")
    later.join()
    for timeout in (0.05, "50ms"):
        with pytest.raises(AssertionError, match="calls that fit: 1; expected: at least 2"):
            account.wait_until_called("info", count=2, timeout=timeout)
    with pytest.raises(ControlError, match="timeout: 'soon' is not"):
        account.wait_until_called("info", timeout="soon")


def test_a_field_of_an_account_with_a_typing_error_is_not_taken(mock: Mock) -> None:
    account = mock.account()

    with pytest.raises(AttributeError, match="dialy_limit"):
        setattr(account, "dialy_limit", 5)  # noqa: B010 - a type checker refuses it otherwise


def test_an_account_is_taken_away(mock: Mock) -> None:
    account = mock.account()
    account.drop()
    account.drop()

    assert call(account, "info")["status"] == "error"


def test_a_reset_is_for_one_account(mock: Mock) -> None:
    one, other = mock.account(), mock.account()
    for account in (one, other):
        created(account)
        account.clock.freeze("2030-01-01")
    one.reset()

    assert (one.used, other.used > 0) == (0, False)  # of the other's frozen day, on which nothing was used
    assert other.clock.now.year == 2030
    assert one.clock.now.year != 2030


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda mock: mock.account(daily_limit="3"), 'daily_limit: "3" is a text; write 3, without quotes'),
        (lambda mock: mock.account(dayly_limit=3), "did you mean 'daily_limit'?"),
        (lambda mock: mock.account().faults.arm("eror", code="x"), "action.kind: 'eror' is not a fault; did you mean"),
        (lambda mock: mock.account().faults.arm("error", match={"methd": "info"}, times=0), "did you mean 'method'?"),
        (lambda mock: mock.account().clock.advance(-1), "seconds: -1 is not allowed"),
        (lambda mock: mock.account().clock.to_next_ready(), "to: no task is on its way"),
        (lambda mock: mock.account(seed=object()), "can't be written as JSON"),
    ],
)
def test_what_is_refused_is_an_exception_with_every_problem(
    wrong: Callable[[Mock], object], told: str, mock: Mock
) -> None:
    with pytest.raises(ControlError) as caught:
        wrong(mock)

    assert told in str(caught.value)
    assert [str(problem) for problem in caught.value.problems] == str(caught.value).splitlines()


def test_wrong_settings_are_refused_at_the_start() -> None:
    with pytest.raises(ControlError, match=r"delay: 'soon' is not a delay") as caught:
        Mock(delay="soon", port=-1).start()
    assert len(caught.value.problems) == 2
    with pytest.raises(ControlError, match=r"workers: are processes of `ifind-mock serve`; leave it out"):
        Mock(workers=2).start()


def test_a_mock_of_whole_settings_has_them(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("daily_limit = 4")
    with Mock.of(mockserver.load({"port": "0", "daily_limit": "5"}, {})) as whole, Mock(config=path) as named:
        assert [call(one.account(), "info")["data"]["api_limit"]["of"] for one in (whole, named)] == [5, 4]


def test_neither_the_environment_nor_the_directory_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ifind-mock.toml").write_text("nonsense = 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IFIND_MOCK_DELAY", "nonsense")
    with Mock() as mock:
        assert call(mock.account(), "info")["status"] == "ok"


def test_a_mock_that_does_not_run_says_so() -> None:
    mock = Mock()
    with mock:
        account = mock.account()
    for use in (lambda: mock.url, mock.account, account.reset):
        with pytest.raises(ControlError, match=r"does not run|has stopped"):
            use()


def test_a_wait_ends_soon_after_its_mock_has_stopped() -> None:
    mock = Mock().start()
    account = mock.account()
    told: list[str] = []

    def wait() -> None:
        try:
            account.wait_until_called("info", timeout="60s")
        except ControlError as error:
            told.append(str(error))

    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    time.sleep(0.1)
    mock.stop()
    waiter.join(10)

    assert len(told) == 1
    assert "has stopped" in told[0]


FORKED = """
import os, sys
from mockserver.testing import ControlError, Mock
with Mock(**eval(sys.argv[1])) as mock:
    account = mock.account()
    if not os.fork():
        for use in (lambda: account.used, mock.account, account.reset):
            try:
                use()
            except ControlError as error:
                print(error)
        print(Mock.at(mock.url).account(account.login).used)
        mock.stop()
        with mock:
            print(mock.account().used)
        sys.exit()
    os.wait()
    print(account.used)
"""


@pytest.mark.parametrize("settings", ["{}", "{'state': 'state.db'}"])
def test_a_forked_process_is_told_whose_the_mock_is_and_ends_nothing_of_it(settings: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", FORKED, settings]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=tmp_path, check=True)

    theirs = "the mock runs in the process from which this one was forked; ask it at its URL: Mock.at(url)"
    assert ran.stdout.splitlines() == [*[theirs] * 3, "0", "0", "0"]


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://h:99999", "http://[::1"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ControlError, match=r"not the URL of a mock; write it as http://127\.0\.0\.1:8080/api"):
        Mock.at(url)


def test_a_server_that_is_no_mock_is_told() -> None:
    with pytest.raises(ControlError, match=r"http://127\.0\.0\.1:1: does not answer: .* see whether the mock runs"):
        Mock.at("http://127.0.0.1:1/api")
    with (
        server(says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")) as url,
        pytest.raises(ControlError, match="answers 404, and not as the control API of an ifind-mock does"),
    ):
        Mock.at(url)


def answered(body: bytes, status: str = "200 OK") -> Callable[[socket.socket], None]:
    """Reads a request to its end, and answers it."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"

    def turn(connection: socket.socket) -> None:
        with connection.makefile("rb") as request:
            headers = parse_headers(request) if request.readline() else Message()
            request.read(int(headers.get("Content-Length", 0)))
            connection.sendall(head.encode() + body)

    return turn


HEALTH = answered(b'{"version": "1"}')


@pytest.mark.parametrize(
    "turn",
    [
        answered(b"[" * 100_000),
        answered(b'{"problems": [5, {"where": ["x"]}]}', "400 Bad Request"),
        answered(b'{"tasks": [], "next": 0}'),
        answered(b'{"tasks": [{}], "next": "x"}'),
        answered(b'{"tasks": 5}'),
        answered(b"[]"),
        slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" "),
        slowly(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    ],
)
def test_what_only_looks_like_a_mock_is_a_control_error_soon(
    turn: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.testing.channel._TIMEOUT", 0.3)
    account = answered(b'{"login": "a@example.com", "token": "t"}', "201 Created")
    with server(HEALTH, account, turn) as url:
        made = Mock.at(url.removesuffix("/info")).account()
        began = time.monotonic()
        with pytest.raises(ControlError):
            _ = made.tasks

    assert time.monotonic() - began < 5


COMMANDS = "##vso[a]\n::error::b\x1b[31m\u202e"


def test_no_message_relays_what_a_terminal_or_a_ci_system_reads(local: Mock) -> None:
    problems = json.dumps({"problems": [{"where": COMMANDS, "what": COMMANDS, "remedy": COMMANDS}]}).encode()
    with server(HEALTH, answered(problems, "400 Bad Request")) as url, pytest.raises(ControlError) as refused:
        Mock.at(url.removesuffix("/info")).account()
    with pytest.raises(ControlError) as typed:
        local.account().assert_called("create", phone=COMMANDS)

    for caught in (refused, typed):
        assert not [part for part in ("##vso[", "\n::error", "\x1b", "\u202e") if part in str(caught.value)]


def test_a_wrong_admin_token_is_told_and_not_shown(local: Mock) -> None:
    with pytest.raises(ControlError, match="Authorization") as caught:
        Mock.at(local.url, admin_token="wr0ng").account()

    assert caught.value.status == 401
    assert "wr0ng" not in str(caught.value)


def test_a_mock_starts_in_milliseconds_and_without_flask() -> None:
    program = """
import sys, time
from mockserver.testing import Mock
Mock().start().stop()
took = []
for _ in range(5):
    begun = time.perf_counter()
    with Mock(delay="0s") as mock:
        mock.account()
    took.append(time.perf_counter() - begun)
print(min(took), [name for name in ("flask", "werkzeug.routing", "click", "contract_tests") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    took, _, loaded = ran.stdout.strip().partition(" ")

    assert loaded == "[]"
    assert float(took) < 1


class TestAsUnittestHasIt(unittest.TestCase):
    def setUp(self) -> None:
        self.mock = self.enterContext(Mock(delay="0s"))

    def test_a_case_has_a_mock_of_its_own(self) -> None:
        account = self.mock.account()

        assert call(account, "result", id=created(account)["id"])["status"] == "ready"


HELD = """
import sys, time
REAL = [getattr(time, name) for name in ("monotonic", "monotonic_ns", "time", "time_ns")]

def hold():
    # As freezegun does: wherever a module has one of them, another stands there, by which 2020 does not pass.
    for module in [*sys.modules.values()]:
        for name, value in [*vars(module).items()]:
            if any(value is one for one in REAL):
                setattr(module, name, lambda ns=value.__name__.endswith("ns"): 1_577_836_800 * (10**9 if ns else 1))

from mockserver.testing import Mock
from urllib.request import urlopen
with Mock(delay="0s") as mock:
    account = mock.account()
    who = f"login={account.login}&token={account.token}"
    before = account.clock.now
    urlopen(f"{mock.url}/create?{who}&phone=70001234567&source=1").read()
    hold()
    urlopen(f"{mock.url}/create?{who}&phone=70001234567&source=1").read()
    try:
        account.wait_until_called("result", timeout=0.2)
    except AssertionError:
        print("in time")
    print(abs((account.clock.now - before).total_seconds()) < 3600)
"""


def test_a_test_that_holds_the_clocks_of_its_process_holds_no_mock_there() -> None:
    """A mock that is started in the same process goes by the time of the machine, and waits as long as it is told."""
    ran = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, timeout=60, check=False)

    assert (ran.stdout, ran.stderr) == ("in time\nTrue\n", "")


HIDDEN = """
import pathlib
from mockserver.testing import Mock
from mockserver.web import control
from urllib.request import urlopen

def hidden(*_):
    raise FileNotFoundError

with Mock(delay="0s") as mock:
    pathlib.Path.read_bytes, control.iter_modules = hidden, lambda _: ()  # as in a fake file system, such as pyfakefs'
    account = mock.account()
    who = f"login={account.login}&token={account.token}"
    urlopen(f"{mock.url}/create?{who}&phone=70001234567&source=1").read()
    print(b'"ready"' in urlopen(f"{mock.url}/result?{who}&id=1").read(), account.used > 0)
"""


def test_a_mock_has_read_its_files_before_a_test_hides_them() -> None:
    ran = subprocess.run([sys.executable, "-c", HIDDEN], capture_output=True, text=True, timeout=60, check=False)

    assert (ran.stdout, ran.stderr) == ("True True\n", "")


def test_where_no_route_is_found_that_is_an_error_and_they_are_looked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    control.route_table.cache_clear()
    with monkeypatch.context() as hidden:
        hidden.setattr(control, "iter_modules", lambda _: ())
        for _ in range(2):
            with pytest.raises(IfindMockError, match="does not find its own files"):
                control.route_table()

    assert "/accounts" in control.route_table()
