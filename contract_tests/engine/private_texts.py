"""What neither a profile nor a comparison may hold: credentials, the phone, and what answers say about somebody."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from contract_tests.decode.lacking import unescaped
from contract_tests.engine.run import Run
from contract_tests.redact.mask import MIN_SECRET
from contract_tests.redact.secrets import Secrets, national, texts_of

SHORTEST = 3  # characters of an answer's text from which on it is searched for as a word
PHONE = 7  # digits of a phone at least
LONGEST = 2_000  # characters of a message that a profile holds
OPAQUE = 16  # characters of a run that no message needs


@dataclass(frozen=True)
class PrivateTexts:
    secrets: Secrets  # what no file may hold
    words: frozenset[str] = field(
        default=frozenset(), repr=False
    )  # texts of ready answers in lower case, which messages must not hold
    phones: frozenset[str] = field(
        default=frozenset(), repr=False
    )  # phones, which messages must not hold however the digits are grouped
    names: frozenset[str] = field(
        default=frozenset(), repr=False
    )  # credentials in lower case, which messages must not hold in upper case either

    def found_in(self, text: str) -> str:
        """What the text holds that is private, in public words; empty where it holds nothing."""
        for number, read in enumerate(readings(text)):
            if self.secrets.found_in(read.encode("utf-8", "replace")):
                return f"a credential, the phone or a value of an answer{', encoded' if number else ''}"
        return ""

    def found_in_message(self, message: str) -> str:
        """The same of a message, which may also be too long, or hold something that nobody can read."""
        if len(message) > LONGEST:
            return f"more than {LONGEST:,} characters"
        for read in readings(message):
            digits = re.sub(r"\D", "", read)
            if any(phone in digits for phone in self.phones):
                return "the phone"
        if found := self.found_in(message):
            return found
        text = "\n".join(readings(message)).casefold()
        if any(name in text for name in self.names):
            return "a credential, in other letters or a part of it"
        if any(word in text and re.search(as_word(word), text) for word in self.words):
            return "a value of an answer"
        return "a text that may be encoded" if any(map(_is_opaque, _RUN.findall(message))) else ""


def readings(text: str) -> Iterator[str]:
    """The text as it is, then as it reads where it, or a part of it, is encoded: for HTML, a URL or JSON, in
    hexadecimal, in base64.
    """
    yield text
    yield from {unescaped(text), unquote_plus(text), _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)} - {text}
    for part in (run[begin:] for run in _HEX.findall(text) for begin in range(2)):
        yield bytes.fromhex(part[: len(part) // 2 * 2]).decode("utf-8", "replace")
    for part in (run[begin:] for run in _RUN.findall(text) for begin in range(4)):
        whole = part[:-1] if len(part) % 4 == 1 else part
        yield b64decode(whole.translate(_STANDARD) + "=" * (-len(whole) % 4)).decode("utf-8", "replace")


_ESCAPE = re.compile(r"\\(?:u00|x)([0-9a-fA-F]{2})")
_HEX = re.compile(r"[0-9a-fA-F]{12,}")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_STANDARD = str.maketrans("-_", "+/")


def _is_opaque(run: str) -> bool:
    """Whether a run of letters and digits is no word: it is long, and has digits or changes between cases."""
    return len(run) >= OPAQUE and re.search("[0-9]|[a-z][A-Z]", run) is not None


def private_texts_of(run: Run) -> PrivateTexts:
    """What is private of the run's target. Answers to accounts that the suite has made hold made-up values alone."""
    if run.target.provisioned:
        return PrivateTexts(run.findings.secrets)
    words: set[str] = set()
    read_again = (reply for task in run.pool.maker.accepted for reply in task.reads.values())
    for reply in (*(reply for reply in run.api.replies if reply.status == "ready"), *read_again):
        for member, text in texts_of(reply.model, without=()):
            words |= {text.strip(), *(re.findall(r"\w+", text) if member == "name" else ())}
    words -= {"ready", "error", "null"}  # the API's own; short words, prices and costs would be found by chance
    words = {w.casefold() for w in words if len(w) >= SHORTEST and not (w.isdigit() and len(w) < PHONE)}
    labels = run.findings.secrets.labels
    names = {name.casefold() for name in (*labels, *(label.partition("@")[0] for label in labels))}
    phone = national(run.target.phones.ordinary)
    return PrivateTexts(
        run.findings.secrets,
        frozenset(words),
        frozenset([phone]),
        frozenset(name for name in names if len(name) >= MIN_SECRET),
    )


def as_word(text: str) -> str:
    """A pattern of the text as a word of its own."""
    return rf"(?<!\w){re.escape(text)}(?!\w)"
