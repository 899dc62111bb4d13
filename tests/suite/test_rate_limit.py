"""The suite's transport: the pace of calls, and the end of the run."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import Request, TransportError
from contract_tests.transport.rate_limit import Pacer
from support.raw_server import OK, failure, says, server, slowly


class FakeTime:
    """Seconds that pass by sleeping alone."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@given(
    rate=st.floats(0.1, 50),
    burst=st.integers(1, 5),
    gaps=st.lists(st.floats(0, 5) | st.just(0.0), min_size=1, max_size=40),
)
def test_the_pace_is_kept_in_any_stretch_of_time_and_no_call_waits_longer_than_needed(
    rate: float, burst: int, gaps: list[float]
) -> None:
    time_ = FakeTime()
    pacer = Pacer(rate, burst, clock=time_.clock, sleep=time_.sleep)
    went: list[float] = []
    for gap in gaps:
        time_.now += gap
        asked = time_.now
        assert pacer.wait()
        earliest = went[-burst] + 1 / rate if len(went) >= burst else asked
        assert time_.now <= max(asked, went[-1] + 1 / rate if went else asked, earliest) + 1e-6
        went.append(time_.now)

    for i, first in enumerate(went):
        for j in range(i, len(went)):
            assert j - i + 1 <= burst + rate * (went[j] - first) + 1e-6


def test_a_target_that_asks_to_wait_gets_one_pause_and_half_the_pace_from_then_on() -> None:
    time_ = FakeTime()
    pacer = Pacer(clock=time_.clock, sleep=time_.sleep)
    pacer.wait()
    pacer.slow_down(10.0)
    went = []
    for _ in range(3):
        pacer.wait()
        went.append(time_.now)

    assert went == [10.0, 10.25, 10.5]


def test_nothing_is_sent_when_the_time_of_the_run_is_up_before_its_turn() -> None:
    time_ = FakeTime()
    pacer = Pacer(1.0, clock=time_.clock, sleep=time_.sleep)
    with server(says(OK, OK)) as url, HttpClient(pacer=pacer) as client:
        client.send(Request("GET", url))
        client.end = 0.5
        with pytest.raises(TransportError, match="the time of the run is up") as caught:
            client.send(Request("GET", url))

    assert (caught.value.kind, caught.value.sent) == ("timeout", False)
    assert time_.now == 0.0


def test_no_call_outlasts_the_run() -> None:
    started = time.monotonic()
    caught = failure(slowly(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), end=started + 0.15)

    assert caught.kind == "timeout"
    assert time.monotonic() - started < 1.5
