"""How the mock behaves beyond the API's profile: times, limits, accounts and faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.core.delays import Delay
from mockserver.core.tasks import Account


@dataclass(frozen=True)
class Simulation:
    """The settings of a mock's behaviour."""

    delay: Delay
    """How long a task is processed; by_source comes before it, an account's own before that, by_phone before all."""
    by_source: Mapping[int, Delay]
    by_phone: Mapping[str, Delay]
    latency: Delay  # real time before every API answer
    daily_limit: int  # of accounts that name none; paid_until likewise
    paid_until: str
    seed: int
    journal: int  # calls that are kept for each account
    accounts: Sequence[Account] = ()  # the accounts of the start
    faults: Sequence[Mapping[str, Any]] = ()  # the documents of the faults of the start
    stubs: Sequence[Any] = ()  # the stubs of the start
    scenarios: Sequence[Mapping[str, Any]] = ()  # those of the start, each its name and its document
