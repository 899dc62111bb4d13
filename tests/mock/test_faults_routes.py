"""Faults over the control API, in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.faults import armed
from mockserver.faults.kinds import KINDS
from mockserver.settings.loading import load
from mockserver.web.control import Control, Handled
from support.in_process import LOGIN, Api

EXAMPLES: dict[str, dict[str, Any]] = {
    "error": {"code": 418, "message": "позже"},
    "http": {"status": 503, "body": "<h1>", "content_type": "text/html", "headers": {"Retry-After": "2"}},
    "fail-task": {"code": 1, "message": "later"},
    "wrong-format": {"format": "xml", "content_type": "own"},
    "latency": {"delay": "uniform 1s..2s"},
    "truncate": {"size": 7},
    "dribble": {"rate": 100},
}
"""Every setting of each kind that has some."""


@pytest.fixture
def control() -> Control:
    return Control(Api().mock, load({}), lambda operation: operation(), lambda _: None)


def arm(control: Control, kind: str = "error", **match: Any) -> Handled:
    return control.handle("POST", "/faults", body={"match": match, "action": {"kind": kind, **EXAMPLES.get(kind, {})}})


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_is_shown_with_all_settings_as_it_was_armed(control: Control, kind: str) -> None:
    assert EXAMPLES.get(kind, {}).keys() == KINDS[kind].settings.keys()
    answered = arm(control, kind)

    assert answered.status == 201
    assert answered.body["action"] == {"kind": kind, **EXAMPLES.get(kind, {})}
    assert json.loads(json.dumps(control.handle("GET", "/faults").body))["faults"] == [answered.body]
    shown = {key: answered.body[key] for key in ("match", "action", "times", "after", "probability")}
    assert control.handle("POST", "/faults", body=shown).status == 201


def test_the_faults_of_an_account_are_taken_away_alone(control: Control) -> None:
    mine, anyones = arm(control, login=LOGIN).body["id"], arm(control).body["id"]

    assert control.handle("DELETE", "/faults", {"login": LOGIN}).status == 204
    assert [one["id"] for one in control.handle("GET", "/faults").body["faults"]] == [anyones]
    assert control.handle("DELETE", f"/faults/{mine}").status == 404
    assert control.handle("DELETE", "/faults", {"login": "nobody@example.com"}).status == 404
    assert control.handle("DELETE", "/faults").status == 204
    assert control.handle("GET", "/faults").body == {"faults": []}


def test_more_faults_than_a_store_holds_are_refused_until_some_are_over(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(armed, "MOST", 2)
    first, _, refused = arm(control), arm(control), arm(control)

    assert (refused.status, refused.body["detail"]) == (422, "2 faults are armed; take some away: DELETE /_mock/faults")
    control.handle("DELETE", f"/faults/{first.body['id']}")
    assert arm(control).status == 201
