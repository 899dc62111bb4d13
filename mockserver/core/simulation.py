from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.core.delays import Delay
from mockserver.core.tasks import Account


@dataclass(frozen=True)
class Simulation:
    """How the mock behaves beside what the API's profile says.

    delay is the processing time of a task; by_source stands in its place, an account's own delay in theirs, by_phone
    in all of these. latency is real time before every API answer. daily_limit and paid_until are those of accounts that
    name none. accounts and faults are those of the start.
    """

    delay: Delay
    by_source: Mapping[int, Delay]
    by_phone: Mapping[str, Delay]
    latency: Delay
    daily_limit: int
    paid_until: str
    seed: int
    accounts: Sequence[Account] = ()
    faults: Sequence[Mapping[str, Any]] = ()
