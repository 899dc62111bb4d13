"""The one door through which the kit writes a file: the bytes are searched last, and what would leak is refused."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from contract_tests.decode.model import DOCUMENTED
from contract_tests.redact.scan import MIN_SECRET, SecretMatcher
from contract_tests.redact.unescape import fold, plainest
from mockserver import data

VALUE = "<value>"
"""What stands in a text in place of somebody's value."""
MAX_VALUES = 20_000
"""Values that are remembered; more come of no target that means well."""
PIECE = 20
"""Characters of a piece; a long value is looked for piece by piece, so that an excerpt of 40 characters is found."""


@dataclass
class Secrets:
    """What must not leave: credentials by label, and texts of answers that are somebody's. told: texts that every
    report holds, such as the target's URL, which are no secret.

    Not looked for, as they would be found everywhere by chance: what is shorter than 6 characters (`Ия`, `500`),
    numbers of less than 10 digits, dates, and what stands in the kit's own texts (`avito.ru`, `description`).
    """

    labels: dict[str, str] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)
    told: tuple[str, ...] = ()
    pictures: set[bytes] = field(default_factory=set)
    _ready: tuple[object, SecretMatcher] | None = field(default=None, repr=False, compare=False)

    def learn(self, model: Mapping[str, object]) -> None:
        """Remembers the texts of a decoded answer that may be somebody's. Not to be called for made-up data."""
        ours = " ".join(fold(text) for text in self.told)
        for member, text in _texts(model, ""):
            if len(self.values) + len(self.pictures) >= MAX_VALUES:
                return
            is_picture = member == "photo"
            parts = [*_parts(text.strip())]
            # Pictures of a kind begin alike.
            for value in parts[1:] if is_picture and len(parts) > 1 else parts:
                if _is_telling(value) and fold(value) not in ours:
                    self.values.add(value)
            if is_picture:
                self.pictures.update(_picture(text))

    def found_in(self, content: bytes) -> str | None:
        """The kind of a secret that the bytes hold: a label, or "a value of an answer"; None where they hold none."""
        found = self._needles().found_in(content)
        return "a value of an answer" if found == VALUE else found

    def mask(self, text: str) -> str:
        """The text with labels in place of credentials, and `<value>` in place of values."""
        return self._needles().masked(text)

    def _needles(self) -> SecretMatcher:
        state = tuple(self.labels.items()), len(self.values), len(self.pictures)
        if self._ready is None or self._ready[0] != state:
            made = SecretMatcher(dict.fromkeys(self.values, VALUE) | self.labels, dict.fromkeys(self.pictures, VALUE))
            self._ready = state, made
        return self._ready[1]


OPEN = frozenset(["status", "error_code", "message", "id", "cost", "create_time", "end_time"])
"""Members of an answer that are nobody's, and those that tell when and what was asked."""


def _texts(node: object, name: str) -> Iterator[tuple[str, str]]:
    """The texts in a part of an answer, each with the member that it stands in; unknown members' names too."""
    rest: list[tuple[str, object]] = [(name, node)]
    while rest:
        name, node = rest.pop()
        if isinstance(node, Mapping):
            yield from ((name, key) for key in node if key not in DOCUMENTED)
            rest.extend((key, value) for key, value in node.items() if key not in OPEN)
        elif isinstance(node, list):
            rest.extend((name, entry) for entry in node)
        elif isinstance(node, str):
            yield name, node
        elif isinstance(node, int) and not isinstance(node, bool) and abs(node) < 10**60:
            yield name, str(node)


def _parts(value: str) -> Iterator[str]:
    """The value, or the pieces of a long one."""
    if len(value) <= 2 * PIECE:
        yield value
        return
    yield from (value[at : at + PIECE] for at in range(0, min(len(value), 200 * PIECE) - PIECE, PIECE))
    yield value[-PIECE:]


def _picture(text: str) -> Iterator[bytes]:
    """Some bytes of a picture, from behind what pictures of its kind have in common."""
    try:
        content = base64.b64decode(text.translate({45: 43, 95: 47}) + "===")
    except (binascii.Error, ValueError):
        return
    yield from (
        content[at : at + PIECE] for at in range(0, min(len(content) - PIECE, 4000), PIECE) if at or len(content) < 64
    )


_DATE = re.compile(r"[0-9]{1,4}([-./])[0-9]{1,2}\1[0-9]{1,4}([T ]+[0-9]{1,2}(:[0-9]{2}){1,2}.{0,9})?")
_NUMBER = re.compile(r"[-+]?[0-9][0-9 .,]*")


@lru_cache(maxsize=65536)
def _is_telling(value: str) -> bool:
    """Whether a value can be looked for without being found by chance."""
    letters = [c for c in value if c.isalnum()]
    if len(value) < MIN_SECRET or len(letters) < 4 or len({*letters}) < 3 or _DATE.fullmatch(value):
        return False
    if _NUMBER.fullmatch(value) and len(letters) < 10:
        return False
    return not _is_inner_address(value) and all(fold(text) not in _own_texts() for text in (value, plainest(value)))


def _is_inner_address(value: str) -> bool:
    """Whether it is an address that says nothing of anybody, such as 127.0.0.1."""
    try:
        return not ipaddress.ip_address(value).is_global
    except ValueError:
        return False


@cache
def _own_texts() -> str:
    """All that the kit may say by itself: its programs, pages and schemas, folded."""
    places = (Path(__file__).resolve().parents[1], data.path("schemas"))
    kinds = {".py", ".toml", ".json", ".xsd", ".csv", ".html", ".css", ".js", ".md", ".jinja", ".j2"}
    files = sorted(file for place in places for file in place.rglob("*") if file.suffix in kinds)
    return fold("\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files))
