"""What is found out about a call while it is answered."""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.core.messages import Micros
from mockserver.core.tasks import Account, Task


@dataclass(slots=True, eq=False)
class Trace:
    """Filled in on the way, for the journal: a call may end at any step."""

    account: Account | None = None  # the one that the call names
    now: Micros | None = None  # by the account's clock
    task: Task | None = None  # the account's own task that was made, or asked for
    error: str = ""  # the kind of the error in which it ended: a key of `error.codes`
    names: tuple[str, ...] = ()  # the parameters that the error names
