"""What can go wrong, as values and exceptions.

Exception
├── ApiError            an error that the API itself would answer: a kind of the clause `error.codes`
└── IfindMockError      what is told to whoever runs the mock
    ├── Refusal         one or more wrong inputs, each a Problem: where, what, what is allowed
    │   └── NotFound    a name that stands for nothing
    └── StoreError      the store can't be read or written
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType


class ApiError(Exception):
    """An error in the API's own words, turned into an answer by `operations`.

    kind is a key of `error.codes`; fields fill the placeholders of the kind's message; code and message, where
    given, stand in place of the profile's. http is the HTTP status of what is wrong with the request itself, which no
    clause decides; allow the HTTP methods that would have been right. reason is for `X-Mock-Reason` and never holds a
    credential.
    """

    def __init__(
        self,
        kind: str,
        *,
        reason: str,
        code: int | None = None,
        message: str | None = None,
        http: int | None = None,
        allow: tuple[str, ...] = (),
        **fields: str,
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.code = code
        self.message = message
        self.http = http
        self.allow = allow
        self.fields: Mapping[str, str] = MappingProxyType(fields)


class IfindMockError(Exception):
    """The root of what is told to whoever runs the mock."""


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
    """Input that can't be taken, with every problem found and not the first alone."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems

    def at(self, where: str, joint: str = ".") -> Refusal:
        """The same problems, told one level further out: `where` is put before each place."""
        return Refusal(
            *(Problem(f"{where}{joint}{p.where}" if p.where else where, p.what, p.remedy) for p in self.problems)
        )


class NotFound(Refusal):
    """A Refusal of a name that stands for nothing."""


def unknown(where: str, word: str, known: Iterable[str], *, noun: str = "key") -> Problem:
    """The problem of a word that is none of the known ones, with the nearest one suggested."""
    names = list(known)
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    remedy = f"did you mean {near[0]!r}? " if near else ""
    return Problem(where, f"{word!r} is no {noun}", f"{remedy}allowed: {', '.join(names)}")
