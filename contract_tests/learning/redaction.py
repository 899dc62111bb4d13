"""What a profile must not hold: credentials, the phone, and what answers tell of somebody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from contract_tests.engine.run import Run
from contract_tests.redact.secrets import Secrets

SHORTEST = 3
"""Characters of an answer's text from which on it is looked for as a word of its own."""
PHONE = 7
"""Digits of a phone at least."""
OWN = ("ready", "error", "null")


@dataclass(frozen=True)
class Private:
    """secrets are what no file may hold. A message, which is free text, is held to more: words are the texts of ready
    answers, be they short, and phones are looked for however they are grouped.
    """

    secrets: Secrets
    words: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()

    def secret_in(self, text: str) -> str:
        """What of it the text holds, in words that may be told; empty where it is nothing."""
        found = self.secrets.found_in(text.encode("utf-8", "replace"))
        return "a credential, the phone or a value of an answer" if found else ""

    def told_in(self, message: str) -> str:
        """The same of a message."""
        digits = re.sub(r"\D", "", message)
        if any(phone in digits for phone in self.phones):
            return "the phone"
        if found := self.secret_in(message):
            return found
        low = message.casefold()
        return "a value of an answer" if any(_stands_in(word, low) for word in self.words) else ""


def private_of(run: Run) -> Private:
    """What is private of the run's target. Answers of accounts that the suite has made hold made-up values only."""
    if run.target.provisioned:
        return Private(run.findings.secrets)
    models = [reply.model for task in run.pool.maker.accepted for reply in task.reads.values()]
    words = frozenset(text.casefold() for text in _texts(models) if _tells(text))
    return Private(run.findings.secrets, words, frozenset([run.target.phones.ordinary]))


def _tells(text: str) -> bool:
    """A price or a cost is found everywhere by chance, as are the words of the API itself."""
    return len(text) >= SHORTEST and not (text.isdigit() and len(text) < PHONE) and text not in OWN


def _stands_in(word: str, text: str) -> bool:
    return word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _texts(values: Iterable[Any], member: str = "") -> Iterator[str]:
    """The texts in an answer, and the words of names."""
    for value in values:
        if isinstance(value, str):
            yield value.strip()
            yield from re.findall(r"\w+", value) if member == "name" else ()
        elif isinstance(value, list):
            yield from _texts(value, member)
        elif isinstance(value, dict):
            for name, inner in value.items():
                yield from _texts([inner], name)
