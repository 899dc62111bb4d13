"""Calls and chains of calls that hypothesis generates. Nothing is kept on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from contract_tests.api.calls import FORMATS, Account, Call
from contract_tests.budget.budget import NotChecked
from contract_tests.suite.edge_cases import NAMES, VALUES, WAYS
from contract_tests.suite.stateful import Chain


@contextmanager
def _off_the_disk() -> Iterator[None]:
    """Hypothesis writes files into the working directory; here they go to a temporary one."""
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
        st.sampled_from(list(WAYS.values())),
        st.lists(st.tuples(names, value), max_size=3).map(tuple),
    )

    @_settings(examples)
    @given(any_call)
    def each(call: Call) -> None:
        send(call)

    with _off_the_disk():
        each()


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
