"""The virtual clock and delays: every time follows the clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.clock import LATEST, Clock, RealTime, iso_of, parse_iso, text_of
from mockserver.core.delays import parse_delay
from mockserver.core.errors import Refusal
from mockserver.core.messages import SECOND
from mockserver.core.quota import DAY
from mockserver.web.control import Control
from support.in_process import LOGIN, PHONE, Api

MICROS = st.integers(0, 2**50)


class Machine:
    """The clocks of a computer, in microseconds."""

    def __init__(self, wall: int = 10**15) -> None:
        self.wall, self.monotonic = wall, 5

    def runs(self, micros: int) -> None:
        self.wall += micros
        self.monotonic += micros

    def sleeps(self, micros: int) -> None:
        """Suspended, or its wall clock is set: back by a negative number."""
        self.wall += micros

    def real_time(self) -> RealTime:
        return RealTime(lambda: self.wall, lambda: self.monotonic)


@given(st.lists(st.tuples(st.booleans(), st.integers(-(10**12), 10**12)), max_size=20))
def test_real_time_follows_the_wall_clock_forward_and_never_goes_back(steps: list[tuple[bool, int]]) -> None:
    machine = Machine()
    real = machine.real_time()
    assert real.now() == machine.wall
    for running, micros in steps:
        before = real.now()
        if running:
            machine.runs(abs(micros))
            assert real.now() >= before + abs(micros)
        else:
            machine.sleeps(micros)
        after = real.now()
        assert after >= max(before, machine.wall)
        # Ahead of the wall clock only by what that was set back.
        assert after == machine.wall or after == before + (abs(micros) if running else 0)


def test_what_has_passed_is_read_as_now_is_and_nothing_of_it_is_kept() -> None:
    """Health asks for it beside the thread that touches the state."""
    machine = Machine()
    real, began = machine.real_time(), machine.wall
    machine.runs(7)
    machine.sleeps(10**6)
    assert real.passed(began) == 10**6 + 7
    machine.sleeps(-(10**6))

    assert real.passed(began) == real.now() - began == 7


def test_a_task_of_the_evening_is_ready_in_the_morning_after_a_night_of_suspension() -> None:
    api = Api()
    number = api.create()
    api.time.steps(12 * 3600)

    assert api.call("result", id=number)["status"] == "ready"
    assert api.used() == 0
    assert iso_of(api.mock.now()) == "2030-01-02T00:00:00+03:00"


def test_a_wall_clock_that_is_set_back_makes_no_task_unready_and_halts_none() -> None:
    api = Api()
    done, waiting = api.create(), None
    api.time.passes(2)
    api.time.steps(-3600)
    assert api.call("result", id=done)["status"] == "ready"
    waiting = api.create()
    api.time.passes(2)

    assert api.call("result", id=waiting)["status"] == "ready"


def test_a_pause_between_the_readings_of_two_clocks_does_not_put_real_time_forward() -> None:
    machine = Machine()

    def monotonic() -> int:
        machine.runs(1000)  # the process was interrupted since it read the wall clock
        return machine.monotonic

    real = RealTime(lambda: machine.wall, monotonic)
    for _ in range(5):
        assert real.now() <= machine.wall


def test_a_process_goes_on_from_a_clock_that_another_one_wrote_in_a_later_real_time(tmp_path: Path) -> None:
    """The wall clock was set back since the other process was started, or since this mock's last run."""
    state = str(tmp_path / "state.db")
    ahead, behind = Api(state=state), Api(state=state)
    behind.time.steps(-3600)
    ahead.mock.advance(LOGIN, 60 * SECOND)
    number = behind.create()
    for api in (ahead, behind):
        api.time.passes(2)

    assert ahead.mock.now(LOGIN) == behind.mock.now(LOGIN)
    assert ahead.call("result", id=number)["status"] == behind.call("result", id=number)["status"] == "ready"


@given(now=MICROS, steps=st.lists(st.integers(0, 10**9)), passed=st.integers(0, 10**12))
def test_a_frozen_clock_moves_by_its_steps_and_by_nothing_else(now: int, steps: list[int], passed: int) -> None:
    clock = Clock().set(5, now=now, speed=0)
    for step in steps:
        clock = clock.advanced(step, passed)

    assert clock.now(passed) == now + sum(steps)


@given(real=MICROS, later=MICROS, by=st.integers(0, 10**12))
def test_an_advanced_real_clock_is_ahead_by_just_that(real: int, later: int, by: int) -> None:
    assert Clock().advanced(by, real).now(real + later) == real + later + by


@given(real=MICROS, later=st.integers(0, 10**12), speed=st.integers(0, 1000))
def test_a_clock_keeps_its_time_when_its_speed_changes(real: int, later: int, speed: int) -> None:
    clock = Clock().set(real, speed=speed)

    assert clock.now(real) == real
    assert clock.now(real + later) == real + speed * later


def test_a_step_back_is_refused() -> None:
    with pytest.raises(Refusal, match="step back"):
        Clock().advanced(-1, 0)


@pytest.mark.parametrize("mode", [{"frozen": True}, {"frozen": False}, {"frozen": False, "speed": 1e6}])
@pytest.mark.parametrize("login", [None, LOGIN])
def test_a_step_past_the_year_3000_is_refused_on_every_clock(mode: dict[str, Any], login: str | None) -> None:
    api = Api()
    api.mock.set_clock(login, **{"now": None, "speed": None, **mode})
    rest = LATEST - api.mock.now(login)
    for step in (rest + 1, 10**17):
        with pytest.raises(Refusal, match="seconds: the clock would leave its range; allowed: 1970 to the year 3000"):
            api.mock.advance(login, step)
    api.mock.advance(login, rest)
    with pytest.raises(Refusal, match="leave its range"):
        api.mock.advance_to(login, "midnight")

    assert iso_of(api.mock.now(login)) == "3000-01-01T03:00:00+03:00"
    assert api.call("create", phone=PHONE, source=2)["status"] == "ok"


@given(
    clock=st.builds(
        Clock,
        base=st.integers(0, LATEST),
        since=st.integers(0, LATEST),
        speed=st.one_of(st.sampled_from([0.0, 5e-324, 1e-9, 1.0, 1e6]), st.floats(0, 1e6)),
    ),
    passed=st.integers(0, LATEST),
)
def test_whatever_the_speed_and_the_real_time_a_clock_stays_in_its_range(clock: Clock, passed: int) -> None:
    real = clock.since + passed
    assert 0 <= clock.now(real) <= LATEST
    assert text_of(clock.now(real))


@given(st.integers(0, 32_503_680_000 * SECOND))
def test_a_time_is_read_as_it_was_written(at: int) -> None:
    assert parse_iso(iso_of(at), "now") == at


def test_the_text_of_a_time_is_moscows() -> None:
    assert text_of(0) == "1970-01-01 03:00:00"


@pytest.mark.parametrize(
    "text",
    [
        *("yesterday", "2030-13-01", "1969-01-01", "3001-01-01", "", "0000-01-01", "0001-01-01T00:00:00+23:59"),
        *("9999-12-31T23:59:59-23:59", "10000-01-01", "2030-01-01T24:00:01", "2030-01-01T00:00:00+99:00"),
    ],
)
def test_a_text_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="now"):
        parse_iso(text, "now")


def test_an_accounts_own_clock_moves_it_alone() -> None:
    api = Api()
    other = {"login": "test-x@example.com", "token": "test-token"}
    mine, others = api.create(), api.create(**other)
    api.mock.advance(LOGIN, 2 * SECOND)

    assert api.call("result", id=mine)["status"] == "ready"
    assert api.call("result", id=others, **other)["status"] == "processing"


def test_an_account_that_gives_its_clock_back_follows_the_servers_and_that_real_time() -> None:
    api = Api()
    control = Control(api.mock, api.settings, lambda operation: operation(), lambda _: None)
    for query in ({"login": LOGIN}, {}):
        moment = "2040-01-01T00:00:00+03:00" if query else "2050-01-01T00:00:00+03:00"
        control.handle("PUT", "/clock", body={"mode": "frozen", "now": moment, **query})
    seen = []
    for query in ({"login": LOGIN}, {}):
        seen.append(control.handle("GET", "/clock", {"login": LOGIN}).body["now"])
        assert control.handle("DELETE", "/clock", query).status == 204
    seen.append(control.handle("GET", "/clock", {"login": LOGIN}).body["now"])

    assert [now[:4] for now in seen] == ["2040", "2050", "2030"]


def test_next_ready_is_the_moment_at_which_the_first_task_is_ready() -> None:
    api = Api(delay="uniform 5s..50s")
    numbers = [api.create() for _ in range(5)]
    api.mock.set_clock(None, frozen=True, now=None, speed=None)

    for done in range(1, 6):
        api.mock.advance_to(None, "next-ready")
        statuses = [api.call("result", id=n)["status"] for n in numbers]
        assert statuses.count("ready") == done

    with pytest.raises(Refusal, match="no task is on its way"):
        api.mock.advance_to(None, "next-ready")


def test_midnight_is_the_moment_at_which_the_limit_is_new() -> None:
    api = Api()
    api.create()
    api.mock.advance_to(None, "midnight")

    assert api.used() == 0
    assert iso_of(api.mock.now()) == "2030-01-02T00:00:00+03:00"


@pytest.mark.parametrize("turn", ["00:00+03:00", "05:30-08:00"])
def test_a_task_lives_through_three_midnights_without_a_sleep(turn: str, tmp_path: Path) -> None:
    """Three accounts: one by the server's frozen clock, one by a clock of its own, one by a fast one; each day in a new
    process.
    """
    options: dict[str, Any] = {"state": str(tmp_path / "state.db"), "profile": {"quota.turns-at": turn}, "delay": "1h"}
    own, fast = ({"login": f"test-{name}@example.com", "token": "test-token"} for name in ("own", "fast"))
    accounts = ({}, own, fast)
    api = Api(**options)
    api.mock.set_clock(None, frozen=True, now=None, speed=None)
    api.mock.set_clock(own["login"], frozen=True, now=parse_iso("2040-02-28T22:00:00+03:00", ""), speed=None)
    api.mock.set_clock(fast["login"], frozen=False, now=None, speed=3600)
    numbers = [api.create("70000000001", **account) for account in accounts]
    for account, number in zip(accounts, numbers, strict=True):
        assert api.call("result", id=number, **account)["status"] == "processing"
        api.mock.advance_to(account.get("login"), "next-ready")
    answers = [api.send("result", id=number, **account).body for account, number in zip(accounts, numbers, strict=True)]
    assert all(b'"ready"' in answer for answer in answers)

    for _ in range(3):
        for account in accounts:
            login = account.get("login", LOGIN)
            assert api.used(**account) == 1
            api.mock.advance_to(account.get("login"), "midnight")
            assert api.mock.now(login) % DAY == (parse_iso(f"2000-01-01T{turn}", "") % DAY)
            assert api.used(**account) == 0
            api.create("70000000001", **account)
        api.mock.store.close()
        time, api = api.time, Api(**options)
        api.time.micros = time.micros
        api.time.passes(1)  # an hour by the fast clock
        assert answers == [
            api.send("result", id=number, **account).body for account, number in zip(accounts, numbers, strict=True)
        ]

    assert iso_of(api.mock.now(own["login"])).startswith("2040-03-02")


@given(st.floats(0, 1, exclude_max=True))
def test_a_uniform_delay_stays_within_its_bounds(u: float) -> None:
    delay = parse_delay("uniform 1s..5s", "delay").sample(u)

    assert delay is not None
    assert SECOND <= delay <= 5 * SECOND


def test_the_ends_of_a_uniform_delay_may_stand_in_either_order() -> None:
    assert parse_delay("uniform 5s..1s", "delay").sample(0) == parse_delay("uniform 1s..5s", "delay").sample(0)


def test_a_lognormal_delay_has_its_median() -> None:
    assert parse_delay("lognormal 2s sigma 0.5", "delay").sample(0.5) == 2 * SECOND


@pytest.mark.parametrize(
    "text",
    [
        *("", "2", "s", "-1s", "2 parsecs", "uniform 1s", "lognormal 2s", "9999d", "１s"),
        *("polls", "-1 polls", "0 polls", "1000000 polls", "2polls", "３ polls"),
    ],
)
def test_a_text_that_is_no_delay_is_refused_with_the_allowed_forms(text: str) -> None:
    with pytest.raises(Refusal, match=r"delay: .*(allowed|write)"):
        parse_delay(text, "delay")


def test_the_same_seed_gives_the_same_delays_whatever_other_accounts_do() -> None:
    def delays(*, busy: bool) -> list[int]:
        api = Api(delay="lognormal 2s sigma 1")
        ready = []
        for _ in range(5):
            if busy:
                api.create(login="test-x@example.com", token="test-token")
            task = api.mock.store.read_task(api.create())
            assert task is not None
            assert task.ready is not None
            ready.append(task.ready - task.created)
        return ready

    assert delays(busy=False) == delays(busy=True)
    assert len(set(delays(busy=False))) == 5


def test_a_delay_is_the_phones_before_the_accounts_before_the_sources(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text("delay = '9s'\n[delays]\n1 = '7s'\n[delays.phones]\n70000000001 = '3s'\n")
    api = Api(config=str(file))

    def seconds(phone: str, source: int) -> float:
        task = api.mock.store.read_task(api.create(phone, source))
        assert task is not None
        assert task.ready is not None
        return (task.ready - task.created) / SECOND

    default, by_source = seconds(PHONE, 2), seconds(PHONE, 1)
    api.account(LOGIN, delay="5s")
    by_account, by_phone = seconds(PHONE, 1), seconds("70000000001", 1)

    assert (default, by_source, by_account, by_phone) == (9, 7, 5, 3)
