"""Which processes begin and end the run of a state: from its first process until its last has ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """What a process may do for the run of its state, where no other uses the state. Faults, stubs, scenarios, values,
    counts and the journal end with a run.
    """

    begins: bool = True
    """Whether it begins one where no other process is there; else it goes on with the one that is there."""
    ends: bool = True
    """Whether it ends the run when it closes the state, where no other process is there."""


WHOLE = Run()
"""That of a process that is a mock of its own."""
PART = Run(begins=False, ends=False)
"""That of a process of a mock that goes on without it."""
