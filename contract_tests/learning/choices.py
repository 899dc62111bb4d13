"""A clause's choice as the run's answers showed it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from contract_tests.contract.clauses import Clause
from contract_tests.findings.findings import Findings
from contract_tests.learning.learned_profile import Learnt, Uncovered, Unseen, answers
from contract_tests.learning.open_values import holds, with_blank
from contract_tests.learning.redaction import Private
from contract_tests.learning.shapes import call_line, shape_of_reply

Item = Learnt | Uncovered | Unseen

NO_PROOF = (("rate.limit", "off"), ("rate.limit", "met"))
"""Choices that a run notes and that prove nothing: slow calls meet no limit, and one that is met tells no number."""


def word_of(clause: Clause, findings: Findings, private: Private) -> Iterator[Item]:
    """What was seen of a clause whose choice is a word: the choice, or what is in its place, or why it is not seen."""
    seen = {
        word: reply for word, reply in findings.seen.get(clause.id, {}).items() if (clause.id, word) not in NO_PROOF
    }
    if not seen:
        yield Unseen(clause.id, _why_unseen(clause, findings))
        return
    shown = {word: len(findings.shown[clause.id][word]) for word in seen}
    total = len(set().union(*(findings.shown[clause.id][word] for word in seen)))
    word, last = list(seen.items())[-1]
    told = {word: _told(clause, word, private) for word in seen}
    if len(seen) > 1:
        turns = " · ".join(f"{told[word]} ({shown[word]})" for word in seen)
        what = f"{turns}, by turns, of {total} answers"
    elif not holds(clause, word) or private.secret_in(word):
        what = f"{told[word]} ({answers(total, total)})"
    else:
        yield Learnt(clause, _filled(clause, word, findings), total, total, call_line(last))
        return
    yield Uncovered(clause.id, what, shape_of_reply(last), call_line(last))


def _filled(clause: Clause, word: str, findings: Findings) -> str:
    """The word as a profile writes it."""
    return with_blank(word, findings.known().get("csv.encoding")) if clause.id == "content-type.csv" else word


_OWN_WORDS = re.compile(r"[A-Za-z0-9_ ,.;:'<>/-]{1,120}")
_CODE = re.compile(r"(HTTP \d+ for error_code )(?!-?\d+$).*", re.DOTALL)


def _told(clause: Clause, word: str, private: Private) -> str:
    """A word as it may be shown: one of the suite's own, or a value that holds nothing private."""
    if clause.value is not None and not holds(clause, word):
        return f"a value that no profile holds (text of {len(word)} characters)" if word else "none"
    if found := private.secret_in(word):
        return f"a value that holds {found}"
    if clause.value is not None:
        return word
    plain = _CODE.sub(r"\1that is no number", word)
    return plain if _OWN_WORDS.fullmatch(plain) else "an answer of its own" if plain else '""'


def _why_unseen(clause: Clause, findings: Findings) -> str:
    """Why no answer showed the clause."""
    if clause.id == "rate.limit":
        return MET if "met" in findings.seen.get(clause.id, {}) else SLOW
    noted = (findings.unaffordable, findings.errors, findings.inconclusive, findings.skipped)
    told = [findings.mask.text(kept[clause.id][0]) for kept in noted if clause.id in kept]
    return told[0] if told else clause.unseen or WHY.get(clause.id, "no answer showed it")


MET = "calls were refused for their pace: there is a limit, and its number can't be seen"
SLOW = "no call was refused for its pace, and a few slow calls do not prove that none would be"
WHY: Mapping[str, str] = MappingProxyType(
    {
        "result.photo-empty": "no ready answer in JSON had a photo that is empty",
        "result.times": "no ready answer told its times",
        "result.sections": "no task became ready",
        "row.phone": "no row was found for this phone",
        "quota.unit": "no answer held more than one record",
        "info.csv": "info in CSV named no member",
        "json.escapes": "no JSON held anything beyond ASCII",
        "xml.item": "no list in XML had an entry",
        "xml.empty": "no element in XML was empty",
        "csv.delimiter": "no CSV had a second column",
        "csv.header": "no CSV showed whether names stand first",
        "csv.encoding": "no CSV held anything beyond ASCII",
        "csv.line-end": "no line of CSV was ended",
        "csv.flat": "no answer without rows could be read in CSV",
    }
)
"""Why a clause was not seen, where no test says it."""
