"""Calls with random parameters, and chains of random steps, with the laws for each step; the same in every run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, METHODS, MULTIPART, WAYS, Account, Call, Pairs
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.run import Run
from contract_tests.engine.tasks import Task
from contract_tests.redact.mask import SafeText
from contract_tests.suite.edge_cases import NAMES, VALUES

SEED = 0
LONGEST = 30
"""Bytes of a random text."""


def send_generated_calls(account: Account, send: Callable[[Call], None], *, examples: int) -> None:
    """Sends calls of every method with any parameters, in any way."""
    chance = Random(SEED)
    right = (account.login, account.token, "70001234567", "2", *FORMATS)

    def value() -> str:
        listed = chance.choice((VALUES, right, ()))
        if listed:
            return chance.choice(listed)
        return chance.randbytes(chance.randint(0, LONGEST)).decode("utf-8", "surrogateescape")

    def pairs(most: int) -> Pairs:
        return tuple((chance.choice(NAMES), value()) for _ in range(chance.randint(0, most)))

    for _ in range(examples):
        send(Call(chance.choice(METHODS), pairs(8), chance.choice((*WAYS, MULTIPART)), pairs(3)))


class Chain:
    """Two accounts and their tasks, with the laws for each step."""

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
        sources, phones = self.run.pool.probe.edition.sources, self.run.target.phones
        before, _ = self.used()
        phone = (phones.ordinary, phones.one, phones.nothing, phones.hundred)[turn % 4] or ""
        way, fmt = WAYS[turn % 2], FORMATS[turn % 3]
        source = sources[turn % len(sources)]
        task = self.run.pool.maker.make(source, phone, account=self.account, way=way, fmt=fmt)
        after, reply = self.used()
        self._expect("quota.charged", after != before, reply, "no unit more", "at least 1 unit more")
        self.tasks.append((task, after - before))

    def poll(self, turn: int) -> None:
        """Polling is free; a ready task stays ready and equal; its cost is what its create took."""
        task, taken = self.tasks[turn % len(self.tasks)]
        before, _ = self.used()
        answer = self.run.pool.poller.poll(task, FORMATS[turn % 3], WAYS[turn % 2])
        after, reply = self.used()
        found = f"{after - before} more than before"
        self._expect("quota.polling-free", after <= before, reply, found, "no unit more: asking is free")
        if answer.cost is not None and taken >= 0:
            expected = f"cost {taken}, what the create took"
            self._expect("quota.charged", answer.cost == taken, answer, f"cost {answer.cost}", expected)

    def read_foreign(self, turn: int) -> None:
        """Another account never gets the task."""
        task, _ = self.tasks[turn % len(self.tasks)]
        way, fmt = WAYS[turn % 2], FORMATS[turn % 3]
        reply = self.run.api.send(calls.result(self.other, task.id, way=way, fmt=fmt))
        expected = "no ready answer: it is another account's"
        self._expect("task.foreign", reply.status != "ready", reply, f"status {reply.status!r}", expected)

    def wrong_token(self, turn: int) -> None:
        """Wrong credentials never open a task."""
        task, _ = self.tasks[turn % len(self.tasks)]
        reply = self.run.api.send(calls.result(self.account, task.id, way=WAYS[turn % 2]).but(token=self.other.token))
        expected = "an error: the token is another account's"
        self._expect("credentials.refused", reply.status == "error", reply, f"status {reply.status!r}", expected)

    def _expect(self, clause: str, holds: bool, reply: Reply, found: str, expected: str) -> None:
        self.run.api.checks.expect(clause, holds, reply, "in a chain of calls", SafeText(found), expected)


def walk(chain: Chain, *, steps: int) -> None:
    """Takes the chain's steps in any order. One that can't be checked does not end the walk; its finding is kept."""
    chance = Random(SEED)
    kinds = (chain.create, chain.poll, chain.poll, chain.read_foreign, chain.wrong_token)
    for _ in range(steps):
        with suppress(NotChecked):
            chance.choice(kinds)(chance.randrange(60))
