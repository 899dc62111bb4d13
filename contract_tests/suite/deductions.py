"""Which choice an answer shows by being like another one, where the target tells the cases apart at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from contract_tests.api.reply import Reply
from contract_tests.budget.budget import NotChecked
from contract_tests.contract.outcome import Outcome
from contract_tests.engine.run import Run
from contract_tests.suite.test_formats import TURNS


@dataclass(frozen=True, slots=True)
class Case:
    """A call whose answer is known to mean one thing."""

    what: str
    """The call in words, such as `a call without id`."""
    reply: Reply


def unknown_task(run: Run) -> Case:
    """A call for an unknown task. Raises NotChecked where errors can't be compared, since each is worded anew."""
    reply, (way, fmt) = run.api.send_cached(run.unknown_task), TURNS[1]
    again = run.api.send_cached(run.unknown_task.but(format=fmt).by(way))
    worded = [" ".join(each.wording.split()) for each in (reply, again) if each.status == "error"]
    if len({*worded}) > 1 and reply.code == again.code:
        raise NotChecked("the message of one error differs from call to call, so errors can't be compared")
    return Case("a call for an unknown task", reply)


def which(reply: Reply, cases: Mapping[str, Case], otherwise: str) -> str:
    """The choice whose case has the reply's error; otherwise where none has. Raises NotChecked where the cases can't be
    told apart.
    """
    check_distinct(*cases.values())
    return next((choice for choice, case in cases.items() if reply.says_like(case.reply)), otherwise)


def check_distinct(*cases: Case) -> None:
    """Raises NotChecked unless each case is answered by an error of its own."""
    for case in cases:
        if not case.reply.readable:
            raise NotChecked(f"an answer {case.reply.unread}: {case.what}", Outcome.INCONCLUSIVE)
        if case.reply.status != "error":
            raise NotChecked(f"{case.what} is not answered by an error, so the answers do not show it")
    for one, other in combinations(cases, 2):
        if one.reply.says_like(other.reply):
            raise NotChecked(f"{one.what} and {other.what} are answered by the same error, so it does not show")
