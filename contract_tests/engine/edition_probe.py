"""Which edition of the page the target follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contract_tests.budget.budget import NotChecked
from contract_tests.contract.editions import ANY_SOURCE, EDITIONS, NO_SOURCE, SOME, Edition
from contract_tests.engine.option_values import GivenTask
from contract_tests.engine.task_maker import TaskMaker
from contract_tests.engine.tasks import Task

COMMON = (2, 1)
"""Sources that every edition with sources has."""


@dataclass
class EditionProbe:
    """Finds out the edition by creates, unless a profile states it or tasks are given."""

    maker: TaskMaker
    stated: str | None = None
    """The edition of the profile."""
    given_tasks: Sequence[GivenTask] = ()
    on_demand: bool = False
    """Makes no task that does not show the edition."""
    unproven: NotChecked | None = None
    """Why the edition is not sure."""
    _sourceless: Task | None = None
    """The task of a create without a source."""

    @property
    def source_required(self) -> bool:
        """Whether create without a source is refused, as in all editions but A. A refusal costs nothing."""
        if self.stated is not None:
            return EDITIONS[self.stated].required
        if self.given_tasks:
            return True
        if None not in self.maker.offers:
            self._sourceless = self.maker.offer(None)
        return self._sourceless is None

    @property
    def edition(self) -> Edition:
        """The edition, as far as the budget held what distinguishes them."""
        if self.maker.edition is None:
            self.maker.edition = self._known() or self._seen()
        return self.maker.edition

    def _known(self) -> Edition | None:
        """The edition of the profile, or the one that fits the given tasks."""
        if self.stated is None and self.given_tasks:
            self.unproven = NotChecked("the tasks that --tasks names do not cover all sources")
            return EDITIONS["C" if any(t.source not in EDITIONS["B"].sources for t in self.given_tasks) else "B"]
        return None if self.stated is None else EDITIONS[self.stated]

    def _seen(self) -> Edition:
        """Edition A is where create is accepted without a source, and with one that no edition has. Where only the
        first holds, a required parameter is not required, which the test of `create.required` reports. What every
        edition has is made before what distinguishes B from C: it proves more for a unit.
        """
        maker, phone = self.maker, self.maker.target.phones.ordinary
        try:
            if not self.source_required and self._sourceless is not None:
                maker.shared[ANY_SOURCE, phone] = self._sourceless
                if maker.offer(NO_SOURCE) is not None:
                    return EDITIONS["A"]
            for source in () if self.on_demand else COMMON:
                maker.share(source, phone)
            for source, name in ((4, "B"), (11, "C")):
                task = maker.offer(source)
                if task is not None:
                    maker.shared[source, phone] = task
                    return EDITIONS[name]
        except NotChecked as why:
            self.unproven = why
            return EDITIONS["C"] if 4 in maker.offers else SOME
        return EDITIONS["B"]
