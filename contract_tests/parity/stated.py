"""Which differences a learned profile states.

Its [[uncovered]] say what the target does that no choice covers. Its [unseen] are the clauses and kinds of errors that
no answer showed: there, the profile says nothing of the target.

A difference is stated by an entry of [[uncovered]] of its clause

- where the entry names no `where`, or that of the difference;
- where the entry has no `words`, or one side shows nothing but them (where they are words for what no choice covers: or
  another such word of a clause that is about the calls, and not about the writing), while the other side does what the
  profile says: the clause's choice, or the default;
- where the entry counts `members`, for that many undocumented members of the place.

Any other difference in the clause is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from contract_tests.contract.clauses import Clause, all_clauses
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
        entry = next((entry for entry in self.profile.uncovered if self._states(entry, place)), None)
        kind = place.where.partition(", ")[2]
        names = [place.clause, *([f"error.codes.{kind}"] if place.clause in ("error.codes", "error.messages") else [])]
        unseen = next((self.profile.unseen[name] for name in names if name in self.profile.unseen), "")
        return entry.what if entry else unseen and f"not seen: {unseen}"

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
        shown = [{public_word(clause, word) for word in alternatives([value])} for value in own]
        if not any(words.issubset(entry.words) or _are_strange(clause, words, entry) for words in shown):
            return False
        expected = self.profile.choices.get(entry.clause, clause.default)
        open_words = isinstance(expected, str) and (clause.value is not None or not other.isdisjoint(clause.choices))
        return expected in other if open_words else True


def _are_strange(clause: Clause, shown: set[str], entry: Uncovered) -> bool:
    """Whether both the words and the entry's are no choices of a clause about calls: several calls may show it, each in
    its own words for what no choice covers.
    """
    of_calls = clause.default is not None and clause.value is None and not clause.id.startswith(WRITING)
    return of_calls and shown.isdisjoint(clause.choices) and not {*clause.choices}.issuperset(entry.words)


WRITING = ("json.", "xml.", "csv.", "info.csv")
