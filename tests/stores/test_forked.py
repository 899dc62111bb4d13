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


@pytest.mark.parametrize("kind", ["sqlite", "redis"], indirect=True)
@pytest.mark.parametrize("before", ["used", "unused"])
def test_processes_that_were_forked_with_an_app_are_one_mock(empty_state: Callable[[], str], before: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, empty_state(), before],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stderr == ""
    told, own, used = json.loads(ran.stdout)

    ids = [*own[0], *(one for made, _, _ in told for one in made)]
    assert len(set(ids)) == len(ids) == 77
    assert {status for statuses in (own[1], *(one[1] for one in told)) for status in statuses} == {"ready"}
    assert used >= 77
    assert {faults for _, _, faults in told} == {1}
