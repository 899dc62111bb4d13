"""A changed settings file is applied while the mock runs, whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from mockserver.api.http import Request, Response
from mockserver.assembly import open_gateway
from mockserver.faults import armed, scenarios, stubs
from mockserver.settings.loading import load
from mockserver.settings.table import SETTINGS
from mockserver.wire.settings_file import SettingsFile
from support.in_process import LOGIN, PHONE, TOKEN
from support.processes import serving
from support.wire_server import lines, wait_for


def at_once(operation: Callable[[], None]) -> None:
    operation()


class Edited:
    """A mock with a settings file that is edited."""

    def __init__(self, path: Path, text: str | None) -> None:
        self.path = path
        if text is not None:
            path.write_text(text)
        reading = partial(load, {}, {}, path.parent)
        settings = reading()
        self.gateway = open_gateway(settings)
        self.said: list[str] = []
        self.held: list[Callable[[], None]] | None = None  # the readings that have begun, where they are held up
        self.file = SettingsFile(reading, settings, self.gateway, at_once, self.said.append, run=self.run)
        self.edits = 0

    def run(self, job: Callable[[], None]) -> None:
        if self.held is None:
            job()
        else:
            self.held.append(job)

    def edit(self, text: str, path: Path | None = None) -> list[str]:
        """What is said after an edit and two looks; the time of the file is moved on, however coarse it is."""
        self.edits += 1
        (path or self.path).write_text(text)
        os.utime(path or self.path, (self.edits, self.edits))
        return self.looked(2)

    def looked(self, times: int) -> list[str]:
        self.said.clear()
        for _ in range(times):
            self.file.look()
        return [line.replace(f"{self.path}", "FILE") for line in self.said]

    def send(self, method: str = "info", **params: Any) -> Response:
        query = urlencode({"login": LOGIN, "token": TOKEN, **params}).encode()
        return self.gateway.answer(Request("GET", f"/api/{method}".encode(), query, {}, b"", "127.0.0.1"))

    def call(self, method: str = "info", **params: Any) -> Any:
        return json.loads(self.send(method, **params).body)

    @property
    def limit(self) -> int:
        limit: int = self.call()["data"]["api_limit"]["of"]
        return limit


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    return Edited(tmp_path / "ifind-mock.toml", "daily_limit = 5")


FAULT = "[[faults]]\naction = { kind = 'error', code = 409 }\ntimes = 'always'\n"


def test_a_change_is_in_force_and_said(edited: Edited) -> None:
    assert edited.limit == 5
    assert edited.edit("daily_limit = 6\nplain = true") == [
        "FILE: has changed; in force from now on: daily_limit, plain",
    ]
    assert edited.limit == 6
    assert "X-Mock-Reason" not in dict(edited.send().headers)
    assert edited.looked(3) == []


def test_a_change_of_no_setting_is_said_to_be_none(edited: Edited) -> None:
    assert edited.edit("# as before\ndaily_limit = 5") == [
        "FILE: has changed; the settings in force stay as they were",
    ]


def test_a_file_that_comes_later_is_applied(tmp_path: Path) -> None:
    edited = Edited(tmp_path / "ifind-mock.toml", None)

    assert edited.edit("daily_limit = 8") == ["FILE: has changed; in force from now on: daily_limit"]
    assert edited.limit == 8


def test_a_file_is_read_when_it_has_stayed_the_same_for_a_while(edited: Edited) -> None:
    for size in range(1, 4):
        edited.path.write_text("daily_limit = 6"[: 4 * size])
        assert edited.looked(1) == []
    edited.path.write_text("daily_limit = 6")
    edited.looked(2)

    assert edited.limit == 6


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("daily_limit = 7\ndealy = '1s'", "'dealy' is not a key; did you mean 'delay'?"),
        ("daily_limit = 7\n[[faults]]\naction = { kind = 'eror' }", "'eror' is not a fault; did you mean 'error'?"),
        ("daily_limit = 7\nport =", "line 2"),
        ('daily_limit = 7\nprofile = "none.toml"', "none.toml: does not exist"),
    ],
)
def test_a_wrong_file_is_refused_with_its_messages_and_the_old_settings_stay(
    wrong: str, told: str, edited: Edited
) -> None:
    *messages, last = edited.edit(wrong)

    assert told in messages[0]
    assert last == "FILE: has changed and is not applied; the settings stay as they were"
    assert edited.limit == 5
    assert edited.looked(3) == []
    edited.edit("daily_limit = 6")
    assert edited.limit == 6


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with a name")
def test_a_pipe_in_the_place_of_the_file_is_refused_unread(edited: Edited) -> None:
    edited.path.unlink()
    os.mkfifo(edited.path)

    assert edited.looked(2)[0] == "FILE: is no ordinary file any more"
    assert edited.limit == 5
    edited.path.unlink()
    edited.edit("daily_limit = 6")
    assert edited.limit == 6


def test_the_mock_goes_on_while_the_file_is_read_and_takes_the_next_change_after_it(edited: Edited) -> None:
    edited.held = []
    assert edited.edit("daily_limit = 6") == []
    assert edited.limit == 5
    assert len(edited.held) == 1
    edited.held.pop()()
    assert edited.edit("daily_limit = 7") == ["FILE: has changed; in force from now on: daily_limit"]
    assert edited.limit == 6  # as it was read before that edit
    assert edited.looked(2) == []
    assert len(edited.held) == 1

    [line] = edited.looked(30)
    assert line == "FILE: has changed, and it, or a file that it names, is still being read"


def test_a_mistake_of_our_own_in_reading_does_not_end_the_looking(
    edited: Edited, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(edited.file, "_load", lambda: {"": 0}["a value that may be secret"])
        assert edited.edit("daily_limit = 6") == [
            "FILE: has changed and is not applied; the settings stay as they were"
        ]
    edited.edit("daily_limit = 7")

    assert edited.limit == 7
    told = lines(capfd)
    assert "KeyError at test_settings_file.py" in told
    assert "secret" not in told


def test_a_file_that_goes_changes_nothing(edited: Edited) -> None:
    edited.path.unlink()

    assert edited.looked(3) == ["FILE: is gone; what it said stays in force until the mock is started again"]
    assert edited.limit == 5


def test_what_only_a_restart_changes_is_said_as_long_as_it_differs(edited: Edited) -> None:
    fixed = {"port": "1", "state": "'x.db'", "admin_token": "'s3cret'", "journal": "7", "limits": "{ head = 9999 }"}
    lines = "\n".join(f"{name} = {value}" for name, value in fixed.items())
    said = [edited.edit(f"daily_limit = {limit}\n{lines}") for limit in (6, 7)]

    for _, waiting in said:
        named = waiting.removeprefix("FILE: can't change while the mock runs, restart it for ").split(", ")
        assert {*named} == {*fixed}
    assert edited.edit("daily_limit = 8") == ["FILE: has changed; in force from now on: daily_limit"]


def test_accounts_faults_stubs_and_scenarios_are_those_of_the_file(edited: Edited) -> None:
    edited.gateway.mock.arm(
        {"match": {"method": "result"}, "action": {"kind": "error", "code": 418}, "times": "always"}
    )
    edited.edit(FAULT + f"[[accounts]]\nlogin = '{LOGIN}'\ntoken = '{TOKEN}'\ndaily_limit = 9")

    assert edited.call()["error_code"] == 409
    edited.gateway.mock.reset(None)
    assert edited.call()["error_code"] == 409
    edited.edit(
        f"[[stubs]]\nmatch = {{ phone = '{PHONE}' }}\nnames = ['Вася']\n[[accounts]]\nlogin = '{LOGIN}'\ntoken = 'new'"
    )
    assert edited.call()["status"] == "error"
    assert edited.call(token="new")["data"]["api_limit"]["of"] == 100
    assert len(edited.gateway.mock.store.stubs.listed(0, 9)) == 1
    edited.edit("")
    assert edited.limit == 100
    assert len(edited.gateway.mock.store.stubs.listed(0, 9)) == 0


def test_what_control_has_armed_stays(edited: Edited) -> None:
    mine = {"match": {"method": "info"}, "action": {"kind": "error", "code": 418}, "times": "always"}
    edited.gateway.mock.arm(mine)
    edited.edit(FAULT)
    edited.edit("seed = 3")

    assert edited.call()["error_code"] == 418


def test_the_profile_and_its_file_are_followed(edited: Edited) -> None:
    profile = edited.path.with_name("p.toml")
    profile.write_text('[profile]\n"info.shape" = "list"')
    edited.edit('profile = "p.toml"')
    assert isinstance(edited.call()["data"], list)

    edited.gateway.mock.set_profile(load({"clauses": ["row.phone=number"]}, {}).profile)  # as control does
    edited.edit('delay = "1s"\nprofile = "p.toml"')
    assert edited.gateway.mock.profile.choices["row.phone"] == "number"
    said = edited.edit('[profile]\n"info.shape" = "object"', profile)
    assert said == ["FILE: has changed; in force from now on: profile"]
    assert isinstance(edited.call()["data"], dict)


def test_each_setting_says_whether_it_can_change() -> None:
    fixed = {s.name for s in SETTINGS if not s.live}

    assert fixed >= {"host", "port", "state", "workers", "admin_token", "limits", "tls"}
    assert not fixed & {"delay", "latency", "profile", "accounts", "faults", "stubs", "scenarios"}


def test_serve_follows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("daily_limit = 5")
    with serving("--config", str(path), cwd=tmp_path) as up:

        def limit() -> int:
            found: int = json.loads(up.get("info"))["data"]["api_limit"]["of"]
            return found

        assert limit() == 5
        path.write_text("daily_limit = 6000")
        wait_for(lambda: limit() == 6000)
        path.write_text("daily_limit = 'x'")
        up.process.terminate()


@pytest.mark.parametrize("bound", [0, 2])
def test_rules_of_a_changed_file_find_room_whatever_was_made_by_control(
    edited: Edited, monkeypatch: pytest.MonkeyPatch, bound: int
) -> None:
    for room in (armed, scenarios, stubs):
        monkeypatch.setattr(room, "MOST", bound)

    def text(number: int) -> str:
        phones = [f"7000000000{n}" for n in range(number)]
        rules = [f'[[faults]]\naction = {{kind = "error", code = 7}}\nmatch = {{phone = "{one}"}}\n' for one in phones]
        rules += [f'[[stubs]]\nmatch = {{phone = "{one}", login = "{LOGIN}"}}\nnames = ["Anna"]\n' for one in phones]
        return "".join(['scenarios = ["slow-queue", "flaky-network"]\n' * (number > 1), *rules])

    def there() -> list[int]:
        store = edited.gateway.mock.store
        return [len(one.listed()) for one in (store.faults, store.scenarios, store.stubs)]

    for number in (1, 4):
        assert "in force from now on" in edited.edit(text(number))[-1]
    assert there() == [4, 2, 4]
    for login in (LOGIN, None):
        edited.gateway.mock.reset(login)
    assert there() == [4, 2, 4]
    edited.edit(text(1))
    assert there() == [1, 0, 1]
