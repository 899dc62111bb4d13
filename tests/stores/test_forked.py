"""An app that a server loads before it forks its workers: each has a connection of its own to the state."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from support.processes import environment

PROGRAM = """
import json, os, sys
import mockserver
app = mockserver.create_app(state=sys.argv[1], delay="0s", daily_limit=10_000)
login = "login=demo@example.com&token=demo-token"

def ask(method, rest=""):
    return app.test_client().get(f"/api/{method}?{login}{rest}").get_json()

def ids(number):
    made = [ask("create", f"&phone=7000123456{i % 10}&source=1")["id"] for i in range(number)]
    return [made, [ask("result", f"&id={one}")["status"] for one in made]]

if sys.argv[2] == "used":
    ids(1)
app.test_client().post("/_mock/faults", json={"match": {"phone": "70000000000"}, "action": {"kind": "error"}})
os.chdir("/")
pipes, begin = [], os.pipe()
for _ in range(3):
    pipe = os.pipe()
    if not os.fork():
        os.close(begin[1])
        os.read(begin[0], 1)  # all begin at one time
        faults = app.test_client().get("/_mock/faults").get_json()["faults"]
        os.write(pipe[1], json.dumps([*ids(25), len(faults)]).encode())
        os._exit(0)
    os.close(pipe[1])
    pipes.append(pipe[0])
os.close(begin[1])
told = [json.loads(b"".join(iter(lambda: os.read(one, 65536), b""))) for one in pipes]
print(json.dumps([told, ids(2), ask("info")["data"]["api_limit"]["used"]]))
"""

UNDER_WAY = """
import json, os, sys, threading
import mockserver
app = mockserver.create_app(state=sys.argv[1], delay="0s", daily_limit=1_000_000)
login = "login=demo@example.com&token=demo-token"
late = {"match": {"method": "info"}, "times": None, "action": {"kind": "latency", "delay": "20ms"}}
app.test_client().post("/_mock/faults", json=late)
waited = {"match": {"method": "create"}, "count": 999_999, "timeout": "20ms"}
over, told = threading.Event(), []

def ask(method, path, right, body=None):
    while not over.is_set():
        told.append([right, app.test_client().open(path, method=method, json=body).status_code])

calls = [
    ("GET", f"/api/create?{login}&phone=70001234567&source=3", 200),
    ("GET", f"/api/info?{login}", 200),
    ("GET", "/_mock/accounts", 200),
    ("POST", "/_mock/requests/wait", 408, waited),
]
threads = [threading.Thread(target=ask, args=call) for call in calls]
for one in threads:
    one.start()
for _ in range(12):
    before = len(told)
    while len(told) < before + 4:
        over.wait(0.001)
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)
over.set()
for one in threads:
    one.join()
print(json.dumps(told))
"""


def _run(program: str, *arguments: str) -> str:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, *arguments]
    ran = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert ran.stderr == ""
    return ran.stdout


@pytest.mark.parametrize("kind", ["sqlite", "redis"], indirect=True)
def test_calls_under_way_while_their_process_is_forked_are_answered(empty_state: Callable[[], str]) -> None:
    told = json.loads(_run(UNDER_WAY, empty_state()))

    assert {tuple(one) for one in told} == {(200, 200), (408, 408)}


@pytest.mark.parametrize("kind", ["sqlite", "redis"], indirect=True)
@pytest.mark.parametrize("before", ["used", "unused"])
def test_processes_that_were_forked_with_an_app_are_one_mock(empty_state: Callable[[], str], before: str) -> None:
    told, own, used = json.loads(_run(PROGRAM, empty_state(), before))

    ids = [*own[0], *(one for made, _, _ in told for one in made)]
    assert len(set(ids)) == len(ids) == 77
    assert {status for statuses in (own[1], *(one[1] for one in told)) for status in statuses} == {"ready"}
    assert used >= 77
    assert {faults for _, _, faults in told} == {1}
