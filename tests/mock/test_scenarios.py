"""Scenarios: steps for one call after another, in this process and, for the ready ones, by a small client."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mockserver.assembly import open_gateway
from mockserver.core.errors import Refusal
from mockserver.core.messages import METHODS
from mockserver.faults import scenarios
from mockserver.faults.kinds import KINDS
from mockserver.faults.scenarios import SCENARIO
from mockserver.settings.files import ready_scenarios
from mockserver.settings.loading import check_file, load
from mockserver.web.app import create_app
from mockserver.web.control import Control
from mockserver.wire.serving import mock_server, run_in_thread
from support.in_process import LOGIN, PHONE, Api, reason
from support.small_client import SmallClient


@pytest.fixture
def api() -> Api:
    return Api()


def begin(api: Api, *steps: dict[str, Any], name: str = "one", **rest: Any) -> None:
    api.mock.put_scenario(name, {"steps": [*steps], **rest})


def error(code: int) -> dict[str, Any]:
    return {"kind": "error", "code": code}


def codes(api: Api, calls: int, method: str = "info", **params: Any) -> list[int | str]:
    answers = [api.call(method, **params) for _ in range(calls)]
    return [answer.get("error_code", answer["status"]) for answer in answers]


# Steps and their order.


def test_each_call_meets_the_next_step_and_calls_pass_after_the_last(api: Api) -> None:
    begin(api, {"action": error(1), "times": 2}, {}, {"action": error(2)})

    assert codes(api, 6) == [1, 1, "ok", 2, "ok", "ok"]


def test_a_scenario_may_begin_again_after_its_last_step(api: Api) -> None:
    begin(api, {"action": error(1)}, {"action": {"kind": "pass"}, "times": 2}, end="repeat")

    assert codes(api, 7) == [1, "ok", "ok", 1, "ok", "ok", 1]


def test_the_last_step_may_go_on(api: Api) -> None:
    begin(api, {}, {"action": error(1), "times": 2}, end="last")

    assert codes(api, 5) == ["ok", 1, 1, 1, 1]
    assert reason(api.send("info")) == "scenario one step 2 of 2 error"


@given(times=st.lists(st.integers(1, 3), min_size=1, max_size=4), repeats=st.booleans())
def test_the_nth_call_meets_the_step_that_its_number_says(times: list[int], repeats: bool) -> None:
    api = Api()
    steps = [{"action": error(100 + n), "times": often} for n, often in enumerate(times)]
    begin(api, *steps, end="repeat" if repeats else "pass")
    each = [100 + n for n, often in enumerate(times) for _ in range(often)]

    assert codes(api, 2 * len(each)) == each + (each if repeats else ["ok"] * len(each))


def test_a_call_that_does_not_fit_the_current_step_passes_and_moves_nothing(api: Api) -> None:
    begin(api, {"match": {"method": "create"}, "action": error(1)}, {"action": error(2)})

    assert codes(api, 2) == ["ok", "ok"]
    assert codes(api, 1, "create", phone=PHONE, source=2) == [1]
    assert codes(api, 2) == [2, "ok"]


def test_the_reason_tells_the_step(api: Api) -> None:
    begin(api, {"times": 2}, {"action": error(1)})

    assert [reason(api.send("info")).split("; ")[0] for _ in range(4)] == [
        "scenario one step 1 of 2 (1 of 2) pass",
        "scenario one step 1 of 2 (2 of 2) pass",
        "scenario one step 2 of 2 error",
        "used 0 of 100",
    ]


# What a step does.


def test_a_step_with_several_actions_does_them_all(api: Api) -> None:
    begin(
        api,
        {"action": [error(7), {"kind": "latency", "delay": "2s"}, {"kind": "wrong-format"}, {"kind": "empty"}]},
    )
    got = api.send("info")

    assert (got.delivery.latency, got.delivery.transport) == (2_000_000, "empty")
    assert b"<error_code>7<" in got.body


def test_a_step_of_a_task_is_not_spent_on_a_call_that_makes_none(api: Api) -> None:
    begin(api, {"action": {"kind": "fail-task"}}, {"action": error(1)})
    assert codes(api, 1, "create", phone="x", source=2) == [400]
    number = api.create()

    assert codes(api, 1) == [1]
    api.time.passes(2)
    assert codes(api, 1, "result", id=number) == [500]


def test_one_call_meets_one_step_alone(api: Api) -> None:
    begin(api, {}, {"action": {"kind": "fail-task"}}, {"action": {"kind": "garbage"}})
    first, second = api.create(), api.create()
    api.time.passes(2)

    assert b"\xff" in api.send("result", id=first).body
    assert codes(api, 2, "result", id=first) == ["ready", "ready"]
    assert codes(api, 1, "result", id=second) == [500]


def test_a_step_comes_before_a_fault_of_its_aspect_and_beside_the_others(api: Api) -> None:
    begin(api, {"action": error(1)}, {})
    for _ in range(2):
        api.mock.arm({"action": error(2)})
    api.mock.arm({"action": {"kind": "latency", "delay": "1s"}})
    first = api.send("info")

    assert json.loads(first.body)["error_code"] == 1
    assert first.delivery.latency == 1_000_000
    assert codes(api, 3) == [2, 2, "ok"]


@pytest.mark.parametrize(
    ("advance", "passed"), [("5s", 5), ("1h", 3600), ("midnight", 12 * 3600), ("next-ready", 2), ("0s", 0)]
)
def test_a_step_puts_the_clock_of_the_account_forward_before_the_call(api: Api, advance: str, passed: int) -> None:
    api.create()
    before = api.mock.now()
    begin(api, {"advance": advance})
    api.call("info")

    assert api.mock.now(LOGIN) - before == passed * 1_000_000
    assert api.mock.now() == before
    api.call("info")
    assert api.mock.now(LOGIN) - before == passed * 1_000_000


@pytest.mark.parametrize("advance", ["next-ready", "366d"])
def test_a_clock_that_can_not_be_put_forward_stays_as_it_is(api: Api, advance: str) -> None:
    begin(api, {"advance": advance}, end="last")

    for _ in range(1000 if advance == "366d" else 1):
        assert api.call("info")["status"] == "ok"


def test_a_step_changes_the_account_before_the_call(api: Api) -> None:
    begin(api, {"account": {"daily_limit": 7, "paid_until": "2031-01-01", "demo": True, "used": 3}})

    assert api.call("info")["data"] == {
        "api_limit": {"used": 3, "of": 7},
        "api_time_limit": "2031-01-01",
        "demo": "1",
    }


@pytest.mark.parametrize("end", ["delete", "clear", "reset", "reset all", "put"])
@pytest.mark.parametrize("whose", [LOGIN, None])
def test_an_account_is_as_before_once_the_scenario_is_taken_away(
    api: Api, control: Control, end: str, whose: str | None
) -> None:
    of = {"login": whose} if whose else {}
    before = api.mock.store.account(LOGIN)
    begin(
        api,
        {"account": {"daily_limit": 7, "paid_until": "2031-01-01", "demo": True, "delay": "1h"}},
        {"account": {"daily_limit": 8}},
        **of,
    )
    assert [api.call("info")["data"]["api_limit"]["of"] for _ in range(3)] == [7, 8, 8]
    {
        "delete": lambda: control.handle("DELETE", "/scenarios/one", of),
        "clear": lambda: control.handle("DELETE", "/scenarios", of),
        "reset": lambda: control.handle("POST", "/reset", body={"login": LOGIN}),
        "reset all": lambda: control.handle("POST", "/reset"),
        "put": lambda: control.handle("PUT", "/scenarios/one", body={"steps": [{}], **of}),
    }[end]()

    assert api.mock.store.account(LOGIN) == before


@pytest.mark.parametrize("login", [LOGIN, None])
def test_an_account_that_several_scenarios_have_changed_is_as_before_the_first(api: Api, login: str | None) -> None:
    before = api.mock.store.account(LOGIN)
    for name, limit in (("one", 7), ("two", 8), ("three", 9)):
        begin(api, {"account": {"daily_limit": limit}}, name=name, login=LOGIN)
        assert api.call("info")["data"]["api_limit"]["of"] == limit
    api.mock.clear_scenarios(login)

    assert api.mock.store.account(LOGIN) == before


def test_what_another_has_changed_of_the_account_since_stays(api: Api) -> None:
    begin(api, {"account": {"daily_limit": 7, "demo": True}})
    api.call("info")
    api.mock.put_account(LOGIN, {"daily_limit": 9})
    api.mock.clear_scenarios(None)

    assert api.call("info")["data"] == {
        "api_limit": {"used": 0, "of": 9},
        "api_time_limit": "2099-12-31",
        "demo": "0",
    }


def test_used_up_units_are_those_of_the_day_that_the_step_comes_to(api: Api) -> None:
    begin(api, {"account": {"used": "all"}, "advance": "midnight"}, {"advance": "midnight"})

    assert [api.call("info")["data"]["api_limit"]["used"] for _ in range(2)] == [100, 0]


def test_a_step_for_an_unknown_account_is_met_and_changes_nothing(api: Api) -> None:
    begin(api, {"account": {"used": "all"}, "advance": "midnight"})

    assert codes(api, 1, login="nobody@example.com") == [401]
    assert api.call("info")["data"]["api_limit"]["used"] == 0


def test_what_a_step_changes_is_kept_with_the_call_in_a_state_file(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    api = Api(state=state)
    before = api.mock.now()
    begin(api, {"account": {"used": "all", "daily_limit": 7}, "advance": "midnight"})
    api.call("info")
    api.mock.store.close()
    again = Api(state=state)

    assert again.call("info")["data"]["api_limit"] == {"used": 7, "of": 7}
    assert again.mock.now(LOGIN) - before == 12 * 3600 * 1_000_000
    again.mock.store.close()


# Whose scenario it is.


def test_scenarios_of_two_accounts_share_nothing_though_they_share_a_name(api: Api) -> None:
    mine, theirs = "test-a@example.com", "test-b@example.com"
    begin(api, {"action": error(1), "times": 2}, login=mine)
    begin(api, {"action": error(2)}, login=theirs)
    tokens = {"token": "test-token"}

    assert codes(api, 3, login=mine, **tokens) == [1, 1, "ok"]
    assert codes(api, 2, login=theirs, **tokens) == [2, "ok"]
    assert codes(api, 1) == ["ok"]


def test_an_account_s_own_scenario_comes_before_that_of_all_and_one_call_meets_one_of_them(api: Api) -> None:
    begin(api, {"action": error(1)}, name="all")
    begin(api, {"action": error(2)}, {"action": error(3)}, name="mine", login=LOGIN)

    assert codes(api, 4) == [2, 3, 1, "ok"]


def test_a_reset_ends_the_scenarios_of_the_login_and_begins_those_of_the_settings_anew() -> None:
    api = Api(scenarios="half-the-tasks-fail")
    begin(api, {"action": error(1)}, end="last", login=LOGIN)
    begin(api, {"action": error(2)}, end="last")
    assert codes(api, 1) == [1]
    api.mock.reset(LOGIN)
    assert codes(api, 1) == [2]
    api.mock.reset(None)

    assert codes(api, 1) == ["ok"]
    assert [one.scenario.name for one in api.mock.store.scenarios.listed()] == ["half-the-tasks-fail"]
    assert api.mock.store.scenarios.listed()[0].calls == 0


def test_a_scenario_that_is_over_is_held_against_no_call(api: Api) -> None:
    begin(api, {})
    api.call("info")

    assert not api.mock.store.scenarios.may_meet(LOGIN)
    assert api.mock.store.scenarios.get("one", None).is_over


def test_of_the_scenarios_that_are_over_the_last_are_listed_and_the_others_forgotten(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenarios, "KEPT", 2)
    monkeypatch.setattr(scenarios, "MOST", 5)
    begin(api, {}, name="endless", end="last")
    begin(api, {}, name="n0", login=LOGIN)
    api.call("info")
    begin(api, {}, name="n0", login=LOGIN)  # begins anew, and is over later than others
    for number in range(1, 5):
        begin(api, {}, name=f"n{number}", login=f"test-{number}@example.com")
        api.call("info", login=f"test-{number}@example.com", token="test-token")
    api.call("info")

    held = api.mock.store.scenarios
    assert sorted(one.scenario.name for one in held.listed()) == ["endless", "n0", "n4"]
    held.clear(LOGIN)
    held.drop("n4", "test-4@example.com")
    held.drop("endless", None)
    assert held.listed() == ()
    assert not held.may_meet(LOGIN)


def test_two_parallel_calls_never_get_the_same_step() -> None:
    lock = threading.Lock()
    gateway = open_gateway(load({"state": "memory"}))
    steps = [{"action": error(1000 + n)} for n in range(200)]
    gateway.mock.put_scenario("one", {"steps": steps})
    with run_in_thread(mock_server(gateway, load({}))) as address:
        seen: list[int] = []

        def calls(number: int) -> None:
            client = SmallClient(address, f"test-{number}@example.com")
            for _ in range(25):
                answer = client.call("info")
                with lock:
                    seen.append(answer["error_code"])

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(calls, range(8)))
    assert sorted(seen) == [1000 + n for n in range(200)]


# What is refused.


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "steps: is missing"),
        ([], "a list is not a table"),
        ({"steps": []}, "steps: has 0 steps; allowed: 1 to 1000"),
        ({"steps": [{}] * 1001}, "steps: has 1001 steps"),
        ({"steps": {}}, "steps: a table is not a list"),
        ({"steps": [{}], "ende": "pass"}, "did you mean 'end'"),
        ({"steps": [{}], "end": "stop"}, "end: 'stop' is not a choice"),
        ({"steps": [{"tims": 2}]}, "steps[0]: 'tims' is not a key; did you mean 'times'"),
        ({"steps": [{}, {"times": "2"}]}, 'steps[1].times: "2" is a text; write 2, without quotes'),
        ({"steps": [{"times": 0}]}, "steps[0].times: 0"),
        ({"steps": [{"times": "always"}]}, "steps[0].times: 'always' is not allowed"),
        ({"steps": [{"match": {"nth": 2}}]}, "steps[0].match: 'nth' is not a key"),
        ({"steps": [{"match": {"metod": "info"}}]}, "steps[0].match: 'metod' is not a key"),
        ({"steps": [{"action": {"kind": "resett"}}]}, "steps[0].action.kind: 'resett' is not a fault"),
        ({"steps": [{"action": {"kind": "pass", "x": 1}}]}, "steps[0].action"),
        (
            {"steps": [{"action": [error(1), error(2)]}]},
            "steps[0].action[1]: 'error' and 'error' both change the answer",
        ),
        (
            {"steps": [{"match": {"method": "info"}, "action": {"kind": "stuck"}}]},
            "steps[0].match.method: the fault 'stuck' does not apply to 'info'",
        ),
        ({"steps": [{"advance": "soon"}]}, "'soon' is not a duration; allowed: a duration such as '5s', 'midnight'"),
        ({"steps": [{"advance": 5}]}, "steps[0].advance: 5 is not a text"),
        ({"steps": [{"account": {"used": -1}}]}, "steps[0].account.used: -1"),
        (
            {"steps": [{"account": {"used": "al"}}]},
            "did you mean 'all'? allowed: whole numbers from 0 to 1000000000, or",
        ),
        ({"steps": [{"account": {"used": "5"}}]}, 'used: "5" is a text; write 5, without quotes'),
        ({"steps": [{"account": {"token": "x"}}]}, "steps[0].account: 'token' is not a key"),
        (
            {"steps": [{"match": {"login": "test-b@example.com"}}], "login": "test-a@example.com"},
            "steps[0].match.login: is another account's than that of the scenario",
        ),
    ],
)
def test_a_wrong_scenario_is_refused_with_place_and_remedy(api: Api, document: Any, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        api.mock.put_scenario("one", document)

    assert message in str(caught.value)
    assert not api.mock.store.scenarios.listed()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["stuck", "fail-task", "wrong-format", "latency"])
@pytest.mark.parametrize("others", [None, [], [{"kind": "dribble", "rate": 1}]])
def test_the_schema_knows_the_actions_that_the_match_of_a_step_rules_out(
    api: Api, method: str, kind: str, others: list[Any] | None
) -> None:
    action = {"kind": kind, **{"wrong-format": {"format": "csv"}, "latency": {"delay": "1s"}}.get(kind, {})}
    document = {"steps": [{"match": {"method": method}, "action": action if others is None else [*others, action]}]}
    try:
        api.mock.put_scenario("one", document)
    except Refusal:
        taken = False
    else:
        taken = True

    assert Draft202012Validator(SCENARIO.schema).is_valid(document) == taken
    assert taken == (method in KINDS[kind].operations)


def test_under_wsgi_a_step_of_the_socket_is_refused_where_it_is_set() -> None:
    remedy = r"the fault 'reset' needs the socket, which a WSGI server keeps to itself; run `ifind-mock serve`"
    with pytest.raises(Exception, match=rf"--scenario\[0\]\.steps\[0\]\.action\.kind: {remedy}"):
        create_app(load({"scenarios": "flaky-network"}))
    answered = create_app(load({})).test_client().put("/_mock/scenarios/flaky-network", json={})

    assert (answered.status_code, "run `ifind-mock serve`" in answered.get_json()["detail"]) == (422, True)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 101, "имя", "a\nb", ".", ".."])
def test_a_name_that_no_path_can_hold_is_refused(api: Api, name: str) -> None:
    with pytest.raises(Refusal, match="is not a name"):
        api.mock.put_scenario(name, {"steps": [{}]})


# The control API and the settings.


@pytest.fixture
def control(api: Api) -> Control:
    return Control(api.mock, load({}), lambda operation: operation(), lambda _: None)


def test_a_scenario_is_put_read_listed_and_deleted_with_its_progress(api: Api, control: Control) -> None:
    document = {"about": "Two errors.", "steps": [{"action": error(1), "times": 2}, {}], "end": "pass"}
    made = control.handle("PUT", "/scenarios/mine", body=document)
    assert (made.status, made.body) == (
        201,
        {"name": "mine", **document, "progress": {"step": 1, "met": 0, "calls": 0, "rounds": 0}},
    )
    progress = []
    for _ in range(4):
        api.call("info")
        progress.append(control.handle("GET", "/scenarios/mine").body["progress"])
    assert [(one["step"], one["met"], one["calls"], one["rounds"]) for one in progress] == [
        (1, 1, 1, 0),
        (2, 0, 2, 0),
        (None, 0, 3, 1),
        (None, 0, 3, 1),
    ]
    again = control.handle("PUT", "/scenarios/mine", body=document)
    assert (again.status, again.body) == (200, made.body)
    assert control.handle("GET", "/scenarios").body == {"scenarios": [made.body]}
    assert control.handle("DELETE", "/scenarios/mine").status == 204
    for http_method in ("GET", "DELETE"):
        assert control.handle(http_method, "/scenarios/mine").status == 404
    assert codes(api, 1) == ["ok"]


def test_a_scenario_of_an_account_is_another_than_that_of_all(control: Control) -> None:
    for login in ({}, {"login": LOGIN}):
        assert control.handle("PUT", "/scenarios/mine", body={"steps": [{}], **login}).status == 201

    assert control.handle("GET", "/scenarios/mine", {"login": LOGIN}).body["login"] == LOGIN
    assert control.handle("DELETE", "/scenarios", {"login": LOGIN}).status == 204
    assert [one.get("login") for one in control.handle("GET", "/scenarios").body["scenarios"]] == [None]
    assert control.handle("PUT", "/scenarios/mine", body={"steps": [{}], "login": "nobody@example.com"}).status == 404
    assert control.handle("DELETE", "/scenarios").status == 204
    assert control.handle("GET", "/scenarios").body == {"scenarios": []}


def test_without_steps_the_ready_scenario_of_the_name_begins(control: Control) -> None:
    made = control.handle("PUT", "/scenarios/slow-queue", body={"login": LOGIN})
    assert (made.status, made.body["steps"]) == (201, ready_scenarios()["slow-queue"]["steps"])
    wrong = control.handle("PUT", "/scenarios/slow-qeue")

    assert wrong.status == 404
    assert (
        "name: 'slow-qeue' is not a ready scenario; give it steps; did you mean 'slow-queue'?" in wrong.body["detail"]
    )


def test_more_scenarios_than_a_store_holds_are_refused(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenarios, "MOST", 2)
    answered = [control.handle("PUT", f"/scenarios/n{n % 3}", body={"steps": [{}]}).status for n in range(5)]

    assert answered == [201, 201, 422, 200, 200]


def test_the_settings_name_ready_scenarios_and_files_beside_them(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[[steps]]\naction = { kind = "error", code = 7 }\n')
    (tmp_path / "settings.toml").write_text('scenarios = ["slow-queue", "mine.toml"]\n')
    settings = load({"config": str(tmp_path / "settings.toml")})
    names = [one.scenario.name for one in open_gateway(settings).mock.store.scenarios.listed()]

    assert names == ["slow-queue", "mine"]
    assert codes(Api(scenarios=str(tmp_path / "mine.toml")), 2) == [7, "ok"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slow-qeue", "'slow-qeue' is not a ready scenario; did you mean 'slow-queue'?"),
        ("none.toml", "none.toml: does not exist"),
        ("bad.toml", "bad.toml: steps[0]: 'tims' is not a key"),
    ],
)
def test_a_wrong_name_in_the_settings_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.toml").write_text("[[steps]]\ntims = 2\n")
    (tmp_path / "settings.toml").write_text(f'scenarios = ["{text}"]\n')
    with pytest.raises(Refusal) as caught:
        check_file(str(tmp_path / "settings.toml"))

    assert "settings.toml: scenarios[0]" in str(caught.value)
    assert message in str(caught.value)
