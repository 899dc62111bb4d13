"""The mock's exceptions, and the problems that they carry.

Exception
├── ApiError            an error that the API itself would answer: a kind of the clause `error.codes`
└── IfindMockError      what is reported to the user of the mock
    ├── Refusal         one or more wrong inputs, each a Problem: where, what, what is allowed
    │   ├── NotFound    an unknown name
    │   └── Conflict    right by itself, and not possible as things are
    └── StoreError      the store can't be read or written
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice

FEW = 10
"""How many names, or problems of one kind, a message shows where people write as many as they like."""
LONG = 100
"""Characters of a value that a message shows."""


@dataclass(eq=False)
class ApiError(Exception):
    """An error in the API's own words, turned into an answer by `operations`."""

    kind: str  # a key of `error.codes`
    reason: str  # for `X-Mock-Reason`; never holds a credential
    code: int | None = None  # in place of the profile's; message likewise
    message: str | None = None
    http: int | None = None  # the HTTP status of a wrong request, which no clause decides
    headers: tuple[tuple[str, str], ...] = ()  # of its answer
    fields: Mapping[str, str] = field(default_factory=dict)  # for the placeholders of the kind's message


class IfindMockError(Exception):
    """The root of what is reported to the user of the mock."""


class StoreError(IfindMockError):
    """The store can't be read or written; says which file and why."""


@dataclass(frozen=True)
class Problem:
    """One wrong input. `str()` is the sentence shown to the user."""

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """As `where: what; remedy`."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}; {self.remedy}" if self.remedy else head


class Refusal(IfindMockError):
    """Wrong input, with every problem that was found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems

    def at(self, where: str, joint: str = ".") -> Refusal:
        """The same problems, seen from one level further out: `where` is put before each place."""
        if not where:
            return self
        return type(self)(
            *(Problem(f"{where}{joint}{p.where}" if p.where else where, p.what, p.remedy) for p in self.problems)
        )


class NotFound(Refusal):
    """A Refusal of an unknown name."""


class Conflict(Refusal):
    """A Refusal of what is right by itself, and not possible as things are."""


def few(names: Iterable[str], total: int) -> str:
    """The first of the names, and how many more there are: `a, b and 98 more`."""
    shown = ", ".join(islice(names, FEW))
    return shown if total <= FEW else f"{shown} and {total - FEW} more"


def cut(text: str) -> str:
    """The text as a message shows it: a long one without its end."""
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def unknown(where: str, word: str, known: Iterable[str], *, noun: str = "a key", allowed: str = "") -> Problem:
    """The problem of an unknown word; it suggests the nearest known one. allowed says what is, where that is more than
    the known words.
    """
    names = list(known)
    by_fold = {name.casefold(): name for name in names}
    # No known name is as long as that, and the search would take its time.
    near = get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6) if len(word) <= LONG else []
    remedy = f"did you mean {by_fold[near[0]]!r}? " if near else ""
    return Problem(where, f"{cut(word)!r} is not {noun}", f"{remedy}allowed: {allowed or ', '.join(names)}")


def all_unknown(where: str, words: Iterable[str], known: Iterable[str], *, noun: str = "a key") -> list[Problem]:
    """The problems of unknown words: the first have one each, and all others one together."""
    strange, names = list(words), list(known)
    problems = [unknown(where, word, names, noun=noun) for word in strange[:FEW]]
    if len(strange) > FEW:
        what = f"{len(strange) - FEW} more names are unknown"
        problems.append(Problem(where, what, f"allowed: {', '.join(names)}"))
    return problems
