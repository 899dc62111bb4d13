"""The secrets of a run: its credentials and phones, and the values that its answers hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from contract_tests.contract.clauses import GRADES, all_clauses
from contract_tests.contract.members import DOCUMENTED, STATUSES
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.values import address
from contract_tests.redact.mask import MIN_SECRET, SecretMatcher, Span, places_of
from contract_tests.redact.spellings import is_marked

VALUE = "(value)"  # what replaces a value; like the labels, it needs no escape in any format of a report
MAX_VALUES = 20_000  # values that are remembered; no target that means well has more
MAX_SPELLINGS = 500_000  # after so many, further values are searched for as they are
MAX_MARKED = 50  # values with control characters and marks of CI systems that are searched for in all spellings
PIECE = 20  # characters of a piece of a long value: an excerpt of 40 characters is found
OPEN = frozenset(["status", "error_code", "message", "id", "cost", "create_time", "end_time", "source"])
"""Members of an answer that are nobody's: the API's own words, numbers and times, and the sites that were searched. An
id that is none, such as a name, is not among them.
"""


@dataclass
class Secrets:
    """What no file may hold. Not searched for, as they would be found everywhere by chance: what is shorter than 6
    characters (`Ия`, `500`), numbers of less than 10 digits, dates, addresses of private networks, and the API's own
    words (`processing`). A value that stands in a fixed text of reports, such as the evidence of a clause, stays there.
    """

    labels: dict[str, str] = field(default_factory=dict, repr=False)  # credentials and phones, and what replaces each
    values: set[str] = field(default_factory=set, repr=False)  # texts of answers that may be somebody's
    shown: tuple[str, ...] = ()  # URLs that every report shows, to which an answer may link; a part of one is no secret
    fixed: tuple[str, ...] = field(default=(), repr=False)  # what reports hold whatever was found
    _known: SecretMatcher = field(default_factory=SecretMatcher, init=False, repr=False, compare=False)
    _marked: int = field(default=0, init=False, repr=False, compare=False)
    _new: list[tuple[str, str]] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._new = [*self.labels.items(), *((value, VALUE) for value in self.values)]

    def hide(self, labels: Mapping[str, str]) -> None:
        self.labels.update(labels)
        self._new.extend(labels.items())

    def learn(self, model: Mapping[str, object]) -> None:
        """Remembers the texts of a decoded answer that may be somebody's. Not to be called for made-up data."""
        words = [("id", number)] if isinstance(number := model.get("id"), str) and not _ID.fullmatch(number) else []
        for member, text in [*words, *texts_of(model)]:
            parts = [part for whole in self._without_own_calls(text.strip()) for part in _parts(whole)]
            # The first piece of a picture is its format's.
            for value in parts[1:] if member == "photo" and len(parts) > 1 else parts:
                if len(self.values) >= MAX_VALUES:
                    return
                if value not in self.values and _is_telling(value) and not self._is_shown(value):
                    self.values.add(value)
                    self._new.append((value, VALUE))

    def _is_shown(self, value: str) -> bool:
        return any(value in text for text in (*self.shown, *self.fixed))

    def _without_own_calls(self, text: str) -> list[str]:
        """The text; of a link to the target's own address, what the call's parameters say."""
        if not any(url in text for url in self.shown):
            return [text]
        return re.split("|".join([*map(re.escape, sorted(self.shown, key=len, reverse=True)), _PARAMETER]), text)

    def found_in(self, content: bytes) -> str | None:
        """The label of a secret that the bytes hold, VALUE for a value; None where they hold none."""
        return self._matcher().found_in(content)

    def mask(self, text: str) -> str:
        """The text with labels in place of credentials, and VALUE in place of values."""
        return self.mask_counted(text)[0]

    def mask_counted(self, text: str) -> tuple[str, int]:
        """The masked text, and the number of places that were masked."""
        return self._matcher().mask(text, _is_fixed)

    def _matcher(self) -> SecretMatcher:
        """All that is known by now; their spellings are made when they are first needed, since that takes its time."""
        for secret, label in self._new:
            marked = label == VALUE and is_marked(secret)
            self._marked += marked
            plain = label == VALUE and len(self._known) > MAX_SPELLINGS
            self._known.add(secret, label, whole=not marked or self._marked <= MAX_MARKED, plain=plain)
        self._new.clear()
        return self._known


def texts_of(model: Mapping[str, object], *, without: Collection[str] = OPEN) -> Iterator[tuple[str, str]]:
    """The texts and numbers in an answer, each with the member that it stands in; by default those of somebody."""
    rest: list[tuple[str, object]] = [("", model)]
    while rest:
        name, node = rest.pop()
        if isinstance(node, Mapping):
            rest.extend((key, value) for key, value in node.items() if key not in without)
        elif isinstance(node, list):
            rest.extend((name, entry) for entry in node)
        elif isinstance(node, str):
            yield name, node
        elif isinstance(node, int) and not isinstance(node, bool) and abs(node) < 10**60:
            yield name, str(node)


def national(phone: str) -> str:
    """A phone without its country code, which may be written in several ways (+7, 8) or left out."""
    return phone[-10:]


def _parts(value: str) -> Iterator[str]:
    """The value, or the pieces of a long one."""
    if len(value) <= 2 * PIECE:
        yield value
        return
    yield from (value[at : at + PIECE] for at in range(0, min(len(value), 200 * PIECE) - PIECE, PIECE))
    yield value[-PIECE:]


def _is_fixed(text: str, span: Span) -> bool:
    """Whether a value stands in one of the texts that are the same in every report."""
    start, end, label = span
    return label == VALUE and any(
        at <= start and text.startswith(fixed, start - at) for fixed, at in _places_in_fixed(text[start:end])
    )


@lru_cache(maxsize=4096)
def _places_in_fixed(value: str) -> tuple[tuple[str, int], ...]:
    """The fixed texts that hold the value, and where in each it begins."""
    return tuple((text, at) for text in _fixed_texts() for at in places_of(value, text))


@cache
def _fixed_texts() -> frozenset[str]:
    """What reports say of grades, outcomes and clauses, whatever the target answers."""
    clauses = all_clauses().values()
    of_clauses = (text for clause in clauses for text in (clause.id, clause.title, clause.evidence))
    choices = (text for clause in clauses for text in (clause.default, *clause.choices, *clause.meaning.values()))
    return frozenset(map(str, (*GRADES, *GRADES.values(), *Outcome, *of_clauses, *choices)))


_ID = re.compile(r"(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9_-]{1,40}")
"""An id as services give them: it stands in each call for the task, and so in reports."""
_PARAMETER = r"[?&]?\b(?:login|token|phone|source|id|format)="
_DATE = re.compile(r"[0-9]{1,4}([-./])[0-9]{1,2}\1[0-9]{1,4}([T ]+[0-9]{1,2}(:[0-9]{2}){1,2}.{0,9}|T[0-9]{2})?")
_API_WORDS = DOCUMENTED.union(STATUSES)
_NUMBER = re.compile(r"[-+]?[0-9][0-9 .,]*")


@lru_cache(maxsize=65536)
def _is_telling(value: str) -> bool:
    """Whether a value can be searched for without being found by chance."""
    letters = [c for c in value if c.isalnum()]
    if len(value) < MIN_SECRET or len(letters) < 4 or len({*letters}) < 3 or _DATE.fullmatch(value):
        return False
    if value in _API_WORDS or (_NUMBER.fullmatch(value) and len(letters) < 10):
        return False
    ip = address(value)  # one that is not global, such as 127.0.0.1, says nothing of anybody
    return ip is None or ip.is_global
