"""One call of the script, and what its answers are looked at for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from contract_tests.api.calls import GET, Call, Way
from contract_tests.budget.budget import NotChecked
from contract_tests.parity.side import Side

Make: TypeAlias = Callable[[Side], Call]
"""How a call is made for a side. Raises NotChecked where it can't be."""
ANOTHER = "an error of its own"


@dataclass(frozen=True, slots=True)
class Step:
    """A call to both. shows: the clauses, the first of which decides where one side accepts and the other refuses.

    words: the clause's choices for a call that is accepted and one that is refused. kind: the kind of error that it
    must be. kinds: where the kind is the question, the choice by kind ("" for all others). fails: the name of a step
    that both must refuse, or this one shows nothing. spares: it is left out where this step's create was accepted.
    probe: it need not be answered by the API itself. mocks: for accounts that are made for the run alone.
    """

    name: str
    call: Make
    shows: tuple[str, ...]
    fmt: str | None = None
    way: Way = GET
    kind: str = ""
    words: tuple[str, str] = ("accepted", "refused")
    kinds: Mapping[str, str] | None = None
    fails: str = ""
    spares: str = ""
    probe: bool = False
    mocks: bool = False

    @property
    def clause(self) -> str:
        """The clause that decides where one side accepts and the other refuses."""
        return self.shows[0]

    def made(self, side: Side) -> Call:
        """The call to a side. Raises NotChecked where it can't be made."""
        if self.mocks and not side.run.target.provisioned:
            raise NotChecked("it needs accounts made for the run, on both sides")
        call = self.call(side).by(self.way)
        return call if self.fmt is None else call.but(format=self.fmt)

    @property
    def told(self) -> str:
        """The call in short, such as `POST xml: without id`."""
        return f"{self.way}{f' {self.fmt}' if self.fmt else ''}: {self.name}"
