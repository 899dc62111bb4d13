"""What an answer shows of an open clause, in words that a report may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping

from contract_tests.contract.clauses import Clause

# XML 1.0 (fifth edition), productions 4 and 4a, without the colon, which namespaces reserve.
_START = (
    r"A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_NAME = rf"[{_START}][{_START}\-.0-9\u00B7\u0300-\u036F\u203F-\u2040]*"
VALUES: Mapping[str, re.Pattern[str]] = {
    "codes": re.compile(r"[0-9]{1,6}"),  # of each entry
    "content-type": re.compile(r"[!-~][!-.0-~]*/[!-~](?:[ -~]*[!-~])?"),
    "origin": re.compile(r"\*|https?://[!-~]+"),
    "xml-item": re.compile(rf"{_NAME}(?:\{{n(?:\+1)?\}})?"),
    "xml-name": re.compile(_NAME),
}
"""Open values that a profile can hold, by their kind in schemas/clauses.toml. Values of other kinds can't be seen."""
LONGEST = 200
_OWN_WORDS = re.compile(r"[A-Za-z0-9_ ,.;:'<>/|-]{1,120}")


def is_choice(clause: Clause, word: str) -> bool:
    """Whether a profile can hold the word as the clause's choice."""
    pattern = VALUES.get(clause.value or "")
    fits = pattern is not None and len(word) <= LONGEST and pattern.fullmatch(word) is not None
    return fits or word in clause.choices


def public_word(clause: Clause, word: str) -> str:
    """What was seen of a clause: a choice as it is, else a word of the kit's own or that it is none."""
    if is_choice(clause, word):
        return word
    if clause.value is not None:
        return f"a value that no profile holds (text of {len(word)} characters)" if word else "none"
    return word if _OWN_WORDS.fullmatch(word) else "an answer of its own" if word else '""'
