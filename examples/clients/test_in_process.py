"""Tests a client in its own process: httpx calls the mock as a WSGI application, without a socket and without waiting.

Run with `pytest test_in_process.py`. Needs `pip install ifind-mock httpx pytest`, and python_httpx.py, which stands for
a client of your own.
"""

import httpx
import pytest
from python_httpx import Client, NoAnswer, NotReady, Refused

from mockserver import create_app

MOCK = "http://localhost"


@pytest.fixture
def http():
    """Calls a mock of the test's own."""
    transport = httpx.WSGITransport(create_app(delay="5s"))
    with httpx.Client(transport=transport, base_url=f"{MOCK}/api") as http:
        yield http


@pytest.fixture
def client(http):
    """The client under test. In place of sleeping it puts the mock's clock forward."""

    def sleep(seconds):
        http.post(f"{MOCK}/_mock/clock/advance", json={"seconds": seconds}).raise_for_status()

    return Client(http, "demo@example.com", "demo-token", pause=3, timeout=0.2, sleep=sleep)


def arm(http, **fault):
    http.post(f"{MOCK}/_mock/faults", json=fault).raise_for_status()


@pytest.mark.parametrize("format", ["json", "xml", "csv"])
def test_what_was_found_is_the_same_in_every_format(client, format):
    (row,) = client.look_up("70000000001", 2, format)

    assert row["phone"] == "70000000001"


def test_an_error_of_the_api_is_raised(client, http):
    arm(http, match={"method": "create"}, action={"kind": "error", "code": 429, "message": "Too much"})

    with pytest.raises(Refused, match="429 Too much"):
        client.look_up("70001234567", 2)


def test_a_poll_that_meets_an_outage_is_sent_again(client, http):
    arm(http, match={"method": "result"}, action={"kind": "http", "status": 502, "body": "<h1>Bad Gateway</h1>"})

    assert client.look_up("70000000001", 2)


def test_a_create_that_meets_an_outage_is_not_sent_again(client, http):
    arm(http, match={"method": "create"}, action={"kind": "http", "status": 502})

    with pytest.raises(NoAnswer, match="HTTP 502"):
        client.look_up("70001234567", 2)
    assert http.post(f"{MOCK}/_mock/requests/count", json={"method": "create"}).json()["count"] == 1


def test_a_task_that_is_never_ready_is_given_up(client):
    with pytest.raises(NotReady):
        client.look_up("70000000408", 2)
