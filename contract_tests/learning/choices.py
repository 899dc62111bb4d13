"""A clause's choice as the answers of a run showed it, where the choice is a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from contract_tests.contract.clauses import Clause
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.values import CHARSETS
from contract_tests.findings.findings import Findings
from contract_tests.learning.evidence import call_line, shape_of_reply
from contract_tests.learning.learned_profile import Item, LearnedChoice, Uncovered, Unseen, of_answers
from contract_tests.learning.private_texts import PrivateTexts

NO_PROOF = (("rate.limit", "off"), ("rate.limit", "met"))
"""Choices that prove nothing: slow calls meet no limit, and a limit that is met does not show its number."""


def word_choice(clause: Clause, findings: Findings, private: PrivateTexts) -> Iterator[Item]:
    """The choice of a clause, or what no choice covers, or why no answer showed it."""
    seen = {
        word: reply for word, reply in findings.seen.get(clause.id, {}).items() if (clause.id, word) not in NO_PROOF
    }
    if not seen:
        yield Unseen(clause.id, _why_unseen(clause, findings))
        return
    numbers = findings.shown[clause.id]
    total = len(set().union(*(numbers[word] for word in seen)))
    word, last = list(seen.items())[-1]
    if len(seen) > 1:
        turns = " · ".join(f"{_public(clause, word, private)} ({len(numbers[word])})" for word in seen)
        what = f"{turns}, by turns, of {total} answers"
    elif not is_choice(clause, word) or private.found_in(word):
        what = f"{_public(clause, word, private)} ({of_answers(total, total)})"
    else:
        if clause.id == "content-type.csv":
            word = with_blank(word, findings.known().get("csv.encoding"))
        yield LearnedChoice(clause, word, total, total, call_line(last))
        return
    yield Uncovered(clause.id, what, shape_of_reply(last), call_line(last))


_OWN_WORDS = re.compile(r"[A-Za-z0-9_ ,.;:'<>/-]{1,120}")
_CODE = re.compile(r"(HTTP \d+ for error_code )(?!-?\d+$).*", re.DOTALL)


def _public(clause: Clause, word: str, private: PrivateTexts) -> str:
    """A word in terms that hold nothing private."""
    if clause.value is not None and not is_choice(clause, word):
        return f"a value that no profile holds (text of {len(word)} characters)" if word else "none"
    if found := private.found_in(word):
        return f"a value that holds {found}"
    if clause.value is not None:
        return word
    plain = _CODE.sub(r"\1that is no number", word)
    return plain if _OWN_WORDS.fullmatch(plain) else "an answer of its own" if plain else '""'


# XML 1.0 (fifth edition), productions 4 and 4a, without the colon, which namespaces reserve.
_START = (
    r"A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_NAME = rf"[{_START}][{_START}\-.0-9\u00B7\u0300-\u036F\u203F-\u2040]*"
VALUES: Mapping[str, re.Pattern[str]] = {
    "content-type": re.compile(r"[!-~]+/[!-~]+(?:[ -~]*[!-~])?"),
    "origin": re.compile(r"\*|https?://[!-~]+"),
    "xml-item": re.compile(rf"{_NAME}(?:\{{n(?:\+1)?\}})?"),
    "xml-name": re.compile(_NAME),
}
"""Open values that a profile can hold, by their kind in schemas/clauses.toml. Values of other kinds can't be seen."""
LONGEST = 200


def is_choice(clause: Clause, word: str) -> bool:
    """Whether a profile can hold the word as the clause's choice."""
    pattern = VALUES.get(clause.value or "")
    fits = pattern is not None and len(word) <= LONGEST and pattern.fullmatch(word) is not None
    return fits or word in clause.choices


def with_blank(content_type: str, encoding: str | None) -> str:
    """A Content-Type of CSV with `{charset}` in place of the charset of the encoding that was seen."""
    charset = CHARSETS.get(encoding or "")
    if charset is None:
        return content_type
    return re.sub(rf'(charset="?){charset}(?=["; ]|$)', r"\1{charset}", content_type)


def _why_unseen(clause: Clause, findings: Findings) -> str:
    if clause.id == "rate.limit":
        if "met" in findings.seen.get(clause.id, {}):
            return "calls were refused for their pace: there is a limit, and its number can't be seen"
        return "no call was refused for its pace, and a few slow calls do not prove that none would be"
    reasons = findings.reasons.get(clause.id, {})
    order = (Outcome.UNAFFORDABLE, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.UNCHECKED)
    why = [findings.mask.text(reasons[outcome]) for outcome in order if outcome in reasons]
    return why[0] if why else clause.unseen or WHY.get(clause.id, "no answer showed it")


WHY: Mapping[str, str] = {
    "result.photo-empty": "no ready answer in JSON had an empty photo",
    "result.times": "no ready answer had create_time or end_time",
    "result.sections": "no task became ready",
    "row.phone": "no row was found for this phone",
    "quota.unit": "no answer held more than one record",
    "info.csv": "info in CSV named no member",
    "json.escapes": "no JSON held anything beyond ASCII",
    "xml.item": "no list in XML had an entry",
    "xml.empty": "no element in XML was empty",
    "csv.delimiter": "no CSV had a second column",
    "csv.header": "no CSV showed whether the names of columns come first",
    "csv.encoding": "no CSV held anything beyond ASCII",
    "csv.line-end": "no line of CSV was ended",
    "csv.flat": "no answer without rows could be read in CSV",
}
"""Why a clause was not seen, where no test says it."""
