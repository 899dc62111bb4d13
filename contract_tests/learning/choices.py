"""A clause's choice as the answers of a run showed it, where the choice is a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contract_tests.api.reply import Reply
from contract_tests.contract.clauses import Clause
from contract_tests.contract.editions import NO_EDITION
from contract_tests.contract.profile import Uncovered
from contract_tests.contract.public_words import is_choice, public_word
from contract_tests.contract.values import ENCODING_OF, with_blank
from contract_tests.engine.private_texts import PrivateTexts
from contract_tests.engine.run import Run
from contract_tests.findings.findings import Findings
from contract_tests.learning.evidence import call_line, shape_of_reply
from contract_tests.learning.learned_profile import Item, LearnedChoice, Unseen, of_answers
from contract_tests.learning.reasons import why_unseen

NO_PROOF = (("rate.limit", "off"), ("rate.limit", "met"))
"""Choices that prove nothing: slow calls meet no limit, and a limit that is met does not show its number."""


def word_choice(clause: Clause, run: Run, private: PrivateTexts) -> Iterator[Item]:
    """The choice of a clause, or what no choice covers, or why no answer showed it."""
    findings = run.findings
    seen = {
        word: reply for word, reply in findings.seen.get(clause.id, {}).items() if (clause.id, word) not in NO_PROOF
    }
    if not seen:
        yield Unseen(clause.id, _why_unseen(clause, findings, run.api.replies))
        return
    numbers = findings.shown[clause.id]
    total = len(set().union(*(numbers[word] for word in seen)))
    word, last = list(seen.items())[-1]
    shown = {other: _public(clause, other, private) for other in seen}
    if len(seen) > 1:
        turns = " · ".join(f"{shown[other]} ({len(numbers[other])})" for other in seen)
        what = f"{turns}, by turns, of {total} answers"
    elif not is_choice(clause, word) or shown[word] != word:
        what = f"{shown[word]} ({of_answers(total, total)})"
    else:
        if (encoding := ENCODING_OF.get(clause.id)) is not None:
            word = with_blank(word, findings.known().get(encoding))
        yield LearnedChoice(clause, word, total, total, call_line(last))
        return
    words = NO_EDITION.get(word, tuple(dict.fromkeys(shown.values())))
    yield Uncovered(clause.id, what, words=words, shape=shape_of_reply(last), call=call_line(last))


def _public(clause: Clause, word: str, private: PrivateTexts) -> str:
    """A word in terms that hold nothing private."""
    shown = public_word(clause, word)
    found = private.found_in(shown)
    return f"a value that holds {found}" if found else shown


def _why_unseen(clause: Clause, findings: Findings, replies: Sequence[Reply]) -> str:
    if clause.id == "rate.limit":
        if "met" in findings.seen.get(clause.id, {}):
            return "calls were refused for their pace: there is a limit, and its number can't be seen"
        return "no call was refused for its pace, and a few slow calls do not prove that none would be"
    return why_unseen(clause, findings, replies)
