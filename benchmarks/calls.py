"""What is asked: the API's operations, on accounts and tasks that are made beforehand."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.processes import get
from benchmarks.results import Trouble
from mockserver.people.people import count
from mockserver.profile.editions import BOARDS

OPERATIONS = ("create", "processing", "ready-json", "ready-xml", "ready-csv", "info")
"""The calls that are measured. The last three results are of one ready task, in three formats."""

ROWS = 5
"""Rows of each ready result."""

READY_AFTER = 2.0
"""Seconds that a task of source 2 takes, the mock's default."""

SETTINGS = """\
daily_limit = 1000000000

[delays]
4 = "24h"
"""
"""Settings of our mock: no call meets the daily limit, and the tasks of one source stay in processing."""

ONE = {"login": "demo@example.com", "token": "demo-token"}
"""The account that the mock has without any setting."""

INFO = "/api/info?login=demo@example.com&token=demo-token"
"""The first call of our mock."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An answer of our mock, which the other servers repeat."""

    media_type: str
    body: bytes

    def is_answered_by(self, body: bytes) -> bool:
        """Whether the body is the same: byte by byte, or in JSON, which a server may write anew, as data."""
        if body == self.body:
            return True
        try:
            return "json" in self.media_type and json.loads(body) == json.loads(self.body)
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Calls:
    """What our mock is asked, and what it answers."""

    paths: Mapping[tuple[str, str], list[str]]  # by operation and accounts
    samples: Mapping[str, Sample]  # by operation


def prepare(port: int, accounts: int, tasks: int) -> Calls:
    """Makes the tasks on our mock at that port: one of the default account, and so many of distinct accounts and
    phones, ready, and as many in processing. Raises Trouble where an answer is not as it should be.
    """
    phones = list(islice(found_phones(), tasks))
    many = [{"login": f"test-{number}@example.com", "token": "test-token"} for number in range(accounts)]
    client = HTTPConnection("127.0.0.1", port, timeout=10)

    def create(account: Mapping[str, str], phone: str, source: str) -> dict[str, str]:
        client.request("GET", path_of("create", **account, phone=phone, source=source))
        answer = json.loads(client.getresponse().read())
        if answer["status"] != "ok":
            raise Trouble(f"our mock refused to create a task: {answer}")
        return {**account, "id": str(answer["id"])}

    def paths(
        ready: list[dict[str, str]], waiting: list[dict[str, str]], calls: list[dict[str, str]]
    ) -> Iterator[tuple[str, list[str]]]:
        yield "create", [path_of("create", **call, source="2") for call in calls]
        yield "processing", [path_of("result", **task, format="json") for task in waiting]
        for format_ in ("json", "xml", "csv"):
            yield f"ready-{format_}", [path_of("result", **task, format=format_) for task in ready]
        yield "info", [path_of("info", login=call["login"], token=call["token"]) for call in calls]

    pairs = [(many[number % accounts], phone) for number, phone in enumerate(phones)]
    one = paths([create(ONE, phones[0], "2")], [create(ONE, phones[0], "4")], [{**ONE, "phone": phones[0]}])
    distinct = paths(
        [create(account, phone, "2") for account, phone in pairs],
        [create(account, phone, "4") for account, phone in pairs],
        [{**account, "phone": phone} for account, phone in pairs],
    )
    client.close()
    time.sleep(READY_AFTER + 0.1)
    asked = {(name, "one"): list_ for name, list_ in one} | {(name, "distinct"): list_ for name, list_ in distinct}
    for (name, _), list_ in asked.items():
        for path in (list_[0], list_[-1]):
            check(name, get(port, path)[1])
    return Calls(asked, {name: _sample(port, asked[name, "one"][0]) for name in OPERATIONS})


def check(operation: str, body: bytes) -> None:
    """Raises Trouble where the body is not an answer of the operation as it is measured."""
    mark = _MARKS[operation]
    if mark not in body[:200]:
        raise Trouble(f"our mock's answer to {operation} begins with {body[:60]!r}, which is not what is measured.")


_MARKS = {
    "create": b'{"status":"ok","id":',
    "processing": b'{"status":"processing"',
    "ready-json": b'{"status":"ready","data":[{"title":',
    "ready-xml": b"<status>ready</status>",
    "ready-csv": b"title,price,",
    "info": b'{"status":"ok"',
}


def write(paths: list[str], file: Path) -> Path:
    """The file with the paths, as the generator reads it."""
    file.write_text("".join(f"{path}\n" for path in paths), encoding="ascii")
    return file


def found_phones() -> Iterator[str]:
    """Phones on which the source 2 finds ROWS rows, without end."""
    number = 70000010000
    while True:
        if count(str(number), BOARDS, 0) == ROWS:
            yield str(number)
        number += 1


def path_of(method: str, **params: str) -> str:
    """Path and query of a call."""
    return f"/api/{method}?{urlencode(params, safe='@')}"


def _sample(port: int, path: str) -> Sample:
    client = HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", path)
    answer = client.getresponse()
    sample = Sample(answer.headers["Content-Type"], answer.read())
    client.close()
    return sample
