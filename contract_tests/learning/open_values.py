"""Open values as a profile can hold them: what fits, and what of it is a blank."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from contract_tests.contract.clauses import Clause
from contract_tests.contract.http_head import CHARSETS

# XML 1.0 (fifth edition), productions 4 and 4a, without the colon, which namespaces reserve.
_START = (
    r"A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)

FITS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "content-type": re.compile(r"[!-~]+/[!-~]+(?:[ -~]*[!-~])?"),
        "origin": re.compile(r"\*|https?://[!-~]+"),
        "xml-name": re.compile(rf"[{_START}][{_START}\-.0-9\u00B7\u0300-\u036F\u203F-\u2040]*"),
    }
)
"""By the kind of value of schemas/clauses.toml; those that are not here can't be seen from outside."""
LONGEST = 200


def holds(clause: Clause, word: str) -> bool:
    """Whether a profile can hold the word as the clause's choice."""
    pattern = FITS.get(clause.value or "")
    return word in clause.choices or (
        pattern is not None and len(word) <= LONGEST and pattern.fullmatch(word) is not None
    )


def with_blank(content_type: str, encoding: str | None) -> str:
    """A Content-Type of CSV with `{charset}` for the charset of the encoding that was seen."""
    charset = CHARSETS.get(encoding or "")
    if charset is None:
        return content_type
    return re.sub(rf'(charset="?){charset}(?=["; ]|$)', r"\1{charset}", content_type)
