"""Codes and messages of errors, by kind: the same for all answers of a kind, or told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from contract_tests.api.reply import Reply
from contract_tests.contract.clauses import Clause
from contract_tests.findings.findings import Findings
from contract_tests.learning.choices import Item
from contract_tests.learning.learned_profile import Learnt, Uncovered, Unseen
from contract_tests.learning.redaction import Private
from contract_tests.learning.shapes import call_line, shape_of_reply
from contract_tests.learning.templates import NoTemplate, template_of

Samples = Sequence[tuple[Reply, Mapping[str, str]]]
"""Answers of a kind, each with what fills the blanks of its message."""
CODES = range(1_000_000)
"""Codes that a profile can hold."""


def codes_of(clause: Clause, findings: Findings, private: Private) -> Iterator[Item]:
    """The choice of error.codes, and the kinds that no answer showed."""
    del private
    yield from _table(clause, findings, _code)
    for kind in clause.default:
        if kind not in findings.kinds:
            yield Unseen(f"{clause.id}.{kind}", WHY.get(kind, "no answer of this kind was met"))


def messages_of(clause: Clause, findings: Findings, private: Private) -> Iterator[Item]:
    """The choice of error.messages; kinds that were not met are told with their codes."""
    yield from _table(clause, findings, lambda kind, samples: _message(kind, samples, private))


def _table(clause: Clause, findings: Findings, choose: Callable[[str, Samples], int | str]) -> Iterator[Item]:
    choice: dict[str, int | str] = {}
    counts: dict[str, tuple[int, int]] = {}
    evidence = ""
    total = 0
    for kind in (kind for kind in clause.default if kind in findings.kinds):
        samples = list({id(reply): (reply, fields) for reply, fields in findings.kinds[kind]}.values())
        total += len(samples)
        last, _ = samples[-1]
        try:
            choice[kind] = choose(kind, samples)
        except NoTemplate as what:
            yield Uncovered(clause.id, f"{kind}: {what}", shape_of_reply(last), call_line(last))
            continue
        counts[kind] = (len(samples), len(samples))
        evidence = evidence or call_line(last)
    if choice:
        yield Learnt(clause, choice, sum(shown for shown, _ in counts.values()), total, evidence, counts)
    else:
        yield Unseen(clause.id, "no kind of error was met that has one choice")


def _code(_: str, samples: Samples) -> int:
    codes = [reply.code for reply, _ in samples]
    if any(type(code) is not int or code not in CODES for code in codes):
        raise NoTemplate(f"an error_code that is no number from 0 to {CODES[-1]}")
    first: int = codes[0]
    if any(code != first for code in codes):
        raise NoTemplate(f"error_code {' · '.join(map(str, dict.fromkeys(codes)))}, by turns")
    return first


def _message(kind: str, samples: Samples, private: Private) -> str:
    templates = dict.fromkeys(template_of(kind, reply, fields, private) for reply, fields in samples)
    if len(templates) > 1:
        raise NoTemplate(f"{len(templates)} messages by turns, where a choice has one")
    return next(iter(templates))


WHY: Mapping[str, str] = MappingProxyType(
    {
        "limit": "it would take a used-up limit, and no account of a stranger's is used up for it",
        "rate": "no limit of requests was tried out",
        "failed-task": "no phone is known here whose task fails",
        "server": "a fault of the server itself can't be asked for",
        "unknown-method": "an unknown method is not answered by an error of the API",
        "http-method": "another HTTP method gets no error of its own",
        "too-large": "a megabyte is not sent to a stranger's server",
    }
)
"""Why a kind of error was not met, most of which can't be on a stranger's server."""
