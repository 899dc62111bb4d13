"""The units that info shows of the main account, from answer to answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from contract_tests.api.account_info import units
from contract_tests.api.calls import Account
from contract_tests.api.reply import Reply
from contract_tests.findings.checks import Checks
from contract_tests.redact.mask import Shape


@dataclass
class UnitsWatch:
    """What info has shown of the main account."""

    account: Account
    shown: Reply | None = None
    """The last answer of info, where no task was made since."""
    used: list[int] = field(default_factory=list)
    """Used units: the first and the last that were shown."""
    day_turned: bool = False
    """The used units have become fewer."""
    _polled: bool = False
    """A task was polled since the last answer of info."""

    def note(self, reply: Reply, checks: Checks) -> None:
        """Takes any answer of the run into account, and checks that polling has cost nothing."""
        if reply.call.method == "create" and reply.status != "error":
            self.shown = None
        elif reply.call.method == "info" and reply.call.but(format=None).params == self.account.params:
            self._note_units(reply, checks)
        elif reply.call.method == "result" and reply.status in ("ready", "processing"):
            self._polled = True

    def _note_units(self, reply: Reply, checks: Checks) -> None:
        now = units(reply)
        if now is None:
            return
        self.used = [*self.used[:1], now.used]
        before = units(self.shown) if self.shown else None
        self.day_turned |= before is not None and now.used < before.used
        if before is not None and self._polled and now.used >= before.used:
            checks.expect(
                "quota.polling-free",
                now.used == before.used,
                reply,
                where="data.api_limit.used, after tasks were asked for",
                found=Shape(f"{now.used - before.used} more than before"),
                expected="no more than before: asking is free",
            )
        self.shown, self._polled = reply, False
