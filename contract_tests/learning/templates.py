"""A message turned back into the template that a profile holds: what filled its blanks becomes the blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from contract_tests.api.calls import FORMATS
from contract_tests.api.reply import Reply
from contract_tests.learning.redaction import Private

ILLEGAL = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
"""What XML 1.0 can't carry (production 2, turned round), so that no message of a profile holds it."""
ECHOED = 3
"""Characters of a value from which on it is no chance that a message holds it."""


class NoTemplate(Exception):
    """What answers of a kind say that no choice covers, in words that hold nothing of it."""


def template_of(kind: str, reply: Reply, fields: Mapping[str, str], private: Private) -> str:
    """The template of an error's message. fields are what its blanks are filled with. Raises NoTemplate."""
    message = reply.message
    if not message:
        raise NoTemplate("a message that is no text, or empty")
    if found := private.told_in(message):
        raise NoTemplate(f"a message that holds {found}")
    if ILLEGAL.search(message) or re.search(r"\{[^{}]*\}", message):
        raise NoTemplate("a message with characters that no profile holds")
    if any(value in message for value in _sent(reply, fields)):
        raise NoTemplate("a message that repeats what the call sent")
    if "names" in fields:
        return _without_names(message, fields["names"].split(", "))
    return _without_units(message, fields) if kind == "limit" else message


def _sent(reply: Reply, fields: Mapping[str, str]) -> Iterator[str]:
    """The values of the call that only an echo explains."""
    for _, value in (*reply.call.query, *reply.call.params):
        if len(value) >= ECHOED and value not in (*FORMATS, *fields.values()):
            yield value


def _without_names(message: str, names: list[str]) -> str:
    template, found = re.subn(_word(", ".join(names)), "{names}", message)
    if not found and all(re.search(_word(name), message) for name in names):
        raise NoTemplate("names that are not joined by a comma and a space")
    return template


def _word(text: str) -> str:
    return rf"(?<!\w){re.escape(text)}(?!\w)"


def _without_units(message: str, fields: Mapping[str, str]) -> str:
    """Where used and of are the same number, the last place is taken for that of `of`, as in the clause's default."""
    used, of = fields.get("used"), fields.get("of")
    places = [match.span() for match in re.finditer(r"(?<![\w.])\d+(?!\w)", message)]
    own = [span for span in places if message[slice(*span)] in (used, of)]
    for span in reversed(own):
        is_of = message[slice(*span)] == of and (used != of or span == own[-1])
        message = message[: span[0]] + ("{of}" if is_of else "{used}") + message[span[1] :]
    return message
