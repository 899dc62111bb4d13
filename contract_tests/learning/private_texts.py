"""What a profile must not hold: credentials, the phone, and what answers say about somebody."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from contract_tests.engine.run import Run
from contract_tests.redact.secrets import Secrets, texts_of

SHORTEST = 3  # characters of an answer's text from which on it is searched for as a word
PHONE = 7  # digits of a phone at least


@dataclass(frozen=True)
class PrivateTexts:
    secrets: Secrets  # what no file may hold
    words: frozenset[str] = field(
        default=frozenset(), repr=False
    )  # texts of ready answers in lower case, which messages must not hold
    phones: frozenset[str] = field(
        default=frozenset(), repr=False
    )  # phones, which messages must not hold however the digits are grouped

    def found_in(self, text: str) -> str:
        """What the text holds that is private, in public words; empty where it holds nothing."""
        found = self.secrets.found_in(text.encode("utf-8", "replace"))
        return "a credential, the phone or a value of an answer" if found else ""

    def found_in_message(self, message: str) -> str:
        """The same of a message."""
        digits = re.sub(r"\D", "", message)
        if any(phone in digits for phone in self.phones):
            return "the phone"
        low = message.casefold()
        found = any(word in low and re.search(as_word(word), low) for word in self.words)
        return self.found_in(message) or ("a value of an answer" if found else "")


def private_texts_of(run: Run) -> PrivateTexts:
    """What is private of the run's target. Answers to accounts that the suite has made hold made-up values alone."""
    if run.target.provisioned:
        return PrivateTexts(run.findings.secrets)
    words: set[str] = set()
    for reply in (reply for task in run.pool.maker.accepted for reply in task.reads.values()):
        for member, text in texts_of(reply.model, without=()):
            words |= {text.strip(), *(re.findall(r"\w+", text) if member == "name" else ())}
    words -= {"ready", "error", "null"}  # the API's own; short words, prices and costs would be found by chance
    words = {w.casefold() for w in words if len(w) >= SHORTEST and not (w.isdigit() and len(w) < PHONE)}
    return PrivateTexts(run.findings.secrets, frozenset(words), frozenset([run.target.phones.ordinary]))


def as_word(text: str) -> str:
    """A pattern of the text as a word of its own."""
    return rf"(?<!\w){re.escape(text)}(?!\w)"
