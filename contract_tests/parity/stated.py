"""Which differences a learned profile states.

Its [[uncovered]] say what the target does that no choice covers. Its [unseen] state nothing: what only parity sees, the
profile does not know.

A difference is stated by an entry of [[uncovered]] of its clause

- where the entry names no `where`, or that of the difference;
- where the entry has no `words`, or one side shows nothing but them, while the other side does what the profile says:
  the clause's choice, or the default;
- where the entry counts `members`, for that many undocumented members of the place.

Any other difference in the clause is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from contract_tests.contract.clauses import all_clauses
from contract_tests.contract.profile import ProfileFile, Uncovered
from contract_tests.contract.public_words import public_word
from contract_tests.parity.comparison import Agreement, PlaceComparison
from contract_tests.parity.observe import alternatives


@dataclass
class StatedDifferences:
    """The differences that a profile states."""

    profile: ProfileFile
    _members: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """The undocumented members so far, by clause and place in public words."""

    def marked(self, places: Iterable[PlaceComparison]) -> Iterator[PlaceComparison]:
        """The comparisons; those that the profile states are UNCOVERED, with its words."""
        for place in places:
            why = self._statement(place) if place.agreement is Agreement.DIFFERS else ""
            yield replace(place, agreement=Agreement.UNCOVERED, why=why) if why else place

    def _statement(self, place: PlaceComparison) -> str:
        """What the profile says of a difference; empty where it is new."""
        return next((entry.what for entry in self.profile.uncovered if self._states(entry, place)), "")

    def _states(self, entry: Uncovered, place: PlaceComparison) -> bool:
        if entry.clause != place.clause or entry.where not in ("", place.where):
            return False
        if entry.members:
            found = self._members.setdefault((entry.clause, entry.where), set())
            found.add(place.place)
            return len(found) <= entry.members
        sides = ((place.a_values, place.b_values), (place.b_values, place.a_values))
        return not entry.words or any(self._is_entry(entry, *pair) for pair in sides)

    def _is_entry(self, entry: Uncovered, own: frozenset[str], other: frozenset[str]) -> bool:
        """Whether a side does what the entry says, and the other one what the profile says."""
        clause = all_clauses()[entry.clause]
        stated = alternatives(entry.words)
        shown = [{public_word(clause, word) for word in alternatives([value])} for value in own]
        if not any(words <= stated for words in shown):
            return False
        expected = self.profile.choices.get(entry.clause, clause.default)
        open_words = isinstance(expected, str) and (clause.value is not None or not other.isdisjoint(clause.choices))
        return expected in other if open_words else True
