"""Chains of calls: the laws for each step, after any steps before."""

from __future__ import annotations

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, WAYS
from contract_tests.api.reply import Reply
from contract_tests.engine.run import Run
from contract_tests.engine.tasks import Task
from contract_tests.redact.mask import Shape


class Chain:
    """Two accounts and their tasks, with the laws for each step. One chain lasts through all examples, so that tasks of
    the first are ready in the last.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.account, self.other = run.account("laws", 1_000_000), run.account("others", 1_000_000)
        self.tasks: list[tuple[Task, int]] = []

    def used(self) -> tuple[int, Reply]:
        """Units that the account has used."""
        now, reply = self.run.api.units_now(self.account)
        return now.used, reply

    def create(self, turn: int) -> None:
        """A create costs at least a unit."""
        sources, phones = self.run.pool.edition.sources, self.run.target.phones
        before, _ = self.used()
        phone = (phones.ordinary, phones.one, phones.nothing, phones.hundred)[turn % 4] or ""
        way, fmt = WAYS[turn % 2], FORMATS[turn % 3]
        source = sources[turn % len(sources)]
        task = self.run.pool.maker.make(source, phone, account=self.account, way=way, fmt=fmt)
        after, reply = self.used()
        self._expect("quota.charged", after > before or after < before, reply, "at least 1 unit more")
        self.tasks.append((task, after - before))

    def poll(self, turn: int) -> None:
        """Polling is free; a ready task stays ready and equal; its cost is what its create took."""
        task, taken = self.tasks[turn % len(self.tasks)]
        before, _ = self.used()
        answer = self.run.pool.poller.poll(task, FORMATS[turn % 3], WAYS[turn % 2])
        after, reply = self.used()
        self._expect("quota.polling-free", after <= before, reply, "no unit more: asking is free")
        if answer.cost is not None and taken >= 0:
            self._expect("quota.charged", answer.cost == taken, answer, f"cost {taken}, what the create took")

    def read_foreign(self, turn: int) -> None:
        """Another account never gets the task."""
        task, _ = self.tasks[turn % len(self.tasks)]
        way, fmt = WAYS[turn % 2], FORMATS[turn % 3]
        reply = self.run.api.send(calls.result(self.other, task.id, way=way, fmt=fmt))
        self._expect("task.foreign", reply.status != "ready", reply, "no ready answer: it is another account's")

    def wrong_token(self, turn: int) -> None:
        """Wrong credentials never open a task."""
        task, _ = self.tasks[turn % len(self.tasks)]
        reply = self.run.api.send(calls.result(self.account, task.id, way=WAYS[turn % 2]).but(token=self.other.token))
        self._expect("credentials.refused", reply.status == "error", reply, "an error: the token is another account's")

    def _expect(self, clause: str, holds: bool, reply: Reply, expected: str) -> None:
        self.run.api.checks.expect(clause, holds, reply, "in a chain of calls", Shape("something else"), expected)
