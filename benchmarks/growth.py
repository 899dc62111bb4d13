"""The cost of a call, and the memory of the mock, as the stored tasks grow."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path

from benchmarks import wrk
from benchmarks.calls import ONE, READY_AFTER, found_phones, path_of, write
from benchmarks.processes import Server
from benchmarks.results import Level

_PHONES = 10_000
_READ = 10_000
"""Results that are asked for in turn, spread over all tasks."""
_LOAD = wrk.Load(16, 1)
_WARM_UP = 3  # seconds in which the answers of all phones are made, which costs the same however many tasks there are
_FEW = 1000
"""Up to so many tasks are made by single calls: wrk, which ends by time alone, would pass the level by far."""


def grow(server: Server, levels: Sequence[int], seconds: float, folder: Path) -> Iterator[Level]:
    """Makes tasks of one account until each level is passed: create while they grow by a tenth, with the number at its
    beginning; a ready result at each level.
    """
    phones = list(islice(found_phones(), _PHONES))
    creates = write([path_of("create", **ONE, phone=phone, source="2") for phone in phones], folder / "create.txt")
    made = _create(server, phones, min(_FEW, *levels))
    more = 1
    for level in levels:
        while made < level:
            out = wrk.run(server.port, creates, replace(_LOAD, seconds=more))
            yield Level(made, "create", out.rate, out.p99, server.resident())
            made = _create(server, phones, 1)
            more = max(1, round(made / 10 / out.rate))
        time.sleep(READY_AFTER + 0.1)
        step = max(1, made // _READ)
        results = [path_of("result", **ONE, id=str(number), format="json") for number in range(1, made + 1, step)]
        asked = write(results, folder / "ready.txt")
        wrk.run(server.port, asked, replace(_LOAD, seconds=_WARM_UP))
        out = wrk.run(server.port, asked, replace(_LOAD, seconds=seconds))
        yield Level(made, "ready-json", out.rate, out.p99, server.resident())


def _create(server: Server, phones: Sequence[str], number: int) -> int:
    """Makes so many tasks, and returns the id of the last, which is the number of tasks made so far."""
    client = HTTPConnection("127.0.0.1", server.port, timeout=10)
    answer: Mapping[str, int] = {}
    for phone in phones[:number]:
        client.request("GET", path_of("create", **ONE, phone=phone, source="2"))
        answer = json.loads(client.getresponse().read())
    client.close()
    return answer["id"]
