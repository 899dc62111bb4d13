"""Whether the daily limit of the user's account is used up, so that a create must be refused."""

from __future__ import annotations

from dataclasses import dataclass, field

from contract_tests.api import calls
from contract_tests.api.account_info import units
from contract_tests.api.calls import Account
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.api_client import ApiClient
from contract_tests.engine.tasks import Task


@dataclass
class DailyLimit:
    """The limit of the main account, where that is the user's."""

    api: ApiClient
    tasks: list[Task] = field(default_factory=list)
    """The tasks of the run."""

    def check(self, reply: Reply, account: Account) -> None:
        """Checks that the answer to a create is an error once all units are used."""
        if self.used_up(account) and reply.status in ("ok", "error"):
            self.api.checks.expect_error(
                "quota.refuses",
                reply,
                "an error: the units of the day are used up",
                "status, after all units were used",
            )

    def used_up(self, account: Account) -> bool:
        """Whether the account has no unit left, by the first answer of info and the tasks made since."""
        target = self.api.target
        first = units(self.api.send_once(calls.info(target.main)))
        if target.provisioned or account != target.main or first is None or self.api.units.day_turned:
            return False
        return first.used + sum(task.account == account and task.own for task in self.tasks) >= first.of

    def stop_where_used_up(self, account: Account) -> None:
        """Raises NotChecked where info shows that the units are used up: a refused create shows nothing else then."""
        if self.api.target.provisioned:
            return
        now = units(self.api.send(calls.info(account)))
        if now is not None and now.used >= now.of:
            raise NotChecked("the account's daily limit is used up", unaffordable=True)
