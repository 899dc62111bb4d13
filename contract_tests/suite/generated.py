"""Calls that hypothesis generates, and chains of calls, with the laws for each step. Nothing is kept on disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from contract_tests.api import calls
from contract_tests.api.calls import FORMATS, MULTIPART, WAYS, Account, Call
from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.engine.run import Run
from contract_tests.engine.tasks import Task
from contract_tests.redact.mask import SafeText
from contract_tests.suite.edge_cases import NAMES, VALUES


@contextmanager
def _off_the_disk() -> Iterator[None]:
    """Hypothesis writes files into the working directory; here they go to a temporary one, unless the environment names
    a directory for them. There it finds again what it has read of the modules that are not installed.
    """
    if os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY"):
        yield
        return
    with tempfile.TemporaryDirectory() as home:
        set_hypothesis_home_dir(home)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


_TEXTS = st.sampled_from(VALUES) | st.binary(max_size=30).map(lambda b: b.decode("utf-8", "surrogateescape"))


def _settings(examples: int, steps: int = 1) -> settings:
    """The checks keep findings, so nothing is raised that would have to be shrunk."""
    return settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        deadline=None,
        phases=(Phase.generate,),
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        stateful_step_count=steps,
    )


def send_generated_calls(account: Account, send: Callable[[Call], None], *, examples: int) -> None:
    """Sends calls of every method with any parameters, in any way."""
    value = _TEXTS | st.sampled_from((account.login, account.token, "70001234567", "2", *FORMATS))
    names = st.sampled_from(NAMES)
    any_call = st.builds(
        Call,
        st.sampled_from(("create", "result", "info")),
        st.lists(st.tuples(names, value), max_size=8).map(tuple),
        st.sampled_from((*WAYS, MULTIPART)),
        st.lists(st.tuples(names, value), max_size=3).map(tuple),
    )

    @_settings(examples)
    @given(any_call)
    def each(call: Call) -> None:
        send(call)

    with _off_the_disk():
        each()


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


def walk(chain: Chain, *, examples: int, steps: int) -> None:
    """Takes the chain's steps in any order. The chain outlives an example, so no rule may depend on its state:
    hypothesis needs the same choices at the same point. So NotChecked is not raised, either; the finding is kept.
    """

    def taking(step: Callable[[int], None]) -> Callable[..., None]:
        @rule(turn=st.integers(0, 59))
        def take(_: RuleBasedStateMachine, turn: int) -> None:
            with suppress(NotChecked):
                step(turn)

        return take

    class Machine(RuleBasedStateMachine):
        create, poll, poll_again = taking(chain.create), taking(chain.poll), taking(chain.poll)
        read_foreign, wrong_token = taking(chain.read_foreign), taking(chain.wrong_token)

    with _off_the_disk():
        run_state_machine_as_test(Machine, settings=_settings(examples, steps))
