"""Codes and messages of errors as tables by kind: the choices of error.codes and error.messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from contract_tests.api.calls import FORMATS
from contract_tests.api.reply import Reply
from contract_tests.contract.clauses import Clause
from contract_tests.contract.editions import UNKNOWN_SOURCE
from contract_tests.contract.profile import Uncovered
from contract_tests.engine.private_texts import PrivateTexts, as_word
from contract_tests.engine.run import Run
from contract_tests.learning.evidence import call_line, shape_of_reply
from contract_tests.learning.learned_profile import Item, LearnedChoice, Unseen

Samples = Sequence[tuple[Reply, Mapping[str, str]]]  # answers of a kind, with what fills the blanks of their messages
CODES = range(1_000_000)  # codes that a profile can hold
MEMBERS = {"error.codes": "error_code", "error.messages": "message"}
"""The member that each table is about."""


class NotCovered(Exception):
    """No choice covers the answers of a kind; says why, in words that hold nothing of them. words: what they have in
    place of a choice, where that may be shown.
    """

    def __init__(self, why: str, *words: str) -> None:
        super().__init__(why)
        self.words = words


def code_choices(clause: Clause, run: Run, _: PrivateTexts) -> Iterator[Item]:
    """The choice of error.codes, and the kinds that no answer showed."""
    kinds = _kinds(run)
    yield from _table(clause, kinds, lambda _, samples: _code(samples))
    for kind in clause.default:
        if kind not in kinds:
            yield Unseen(f"{clause.id}.{kind}", _why_not_met(kind, run))


def message_choices(clause: Clause, run: Run, private: PrivateTexts) -> Iterator[Item]:
    """The choice of error.messages. Kinds that were not met are listed with error.codes."""
    yield from _table(clause, _kinds(run), lambda kind, samples: _message(kind, samples, private))


def _kinds(run: Run) -> Mapping[str, Samples]:
    """The errors of the run by kind: those that its tests noted, and all that name what was missing or wrong."""
    found = {kind: [*samples] for kind, samples in run.findings.kinds.items()}
    # The run has ended, so nothing is sent for this.
    unknown = next((reply for reply in run.api.replies if reply.call == run.unknown_task), None)
    for reply in run.api.replies:
        if reply.decoded is not None and reply.decoded.format != "csv" and reply.status == "error":
            kind, names = _kind_of(reply)
            if kind and (unknown is None or not reply.says_like(unknown)):
                found.setdefault(kind, []).append((reply, {"names": names}))
    return found


REQUIRED: Mapping[str, tuple[str, ...]] = {
    "create": ("login", "token", "phone", "source"),
    "result": ("login", "token", "id"),
    "info": ("login", "token"),
}
"""The required parameters of each method."""


def _kind_of(reply: Reply) -> tuple[str, str]:
    """The kind of an error that names what was missing or wrong in its call, and what it names; empty for any other."""
    call, required = reply.call, REQUIRED.get(reply.call.method, ())
    named = list(dict.fromkeys(re.findall(rf"\b(?:{'|'.join((*required, 'format'))})\b", reply.message)))
    values = {name: call.param(name) for name in (*required, "format")}
    missing = {name for name in required if values[name] is None}
    wrong = {name for name, value in values.items() if value is not None and _is_wrong(name, value)}
    if not named or call.raw is not None or call.query:
        return "", ""
    kind = "missing" if missing.issuperset(named) else "invalid" if wrong.issuperset(named) and not missing else ""
    return kind, ", ".join(named) if kind else ""


def _is_wrong(name: str, value: str) -> bool:
    """Whether a value is wrong by itself, whoever sends it. An empty one may count as missing."""
    if name in ("phone", "id"):
        return bool(value) and not value.isdecimal()
    return value == str(UNKNOWN_SOURCE) if name == "source" else name == "format" and value not in FORMATS


def _table(clause: Clause, kinds: Mapping[str, Samples], choose: Callable[[str, Samples], int | str]) -> Iterator[Item]:
    choice: dict[str, int | str] = {}
    counts: dict[str, int] = {}
    evidence = ""
    total = 0
    for kind in (kind for kind in clause.default if kind in kinds):
        samples = list({id(reply): (reply, blanks) for reply, blanks in kinds[kind]}.values())
        total += len(samples)
        last, _ = samples[-1]
        try:
            choice[kind] = choose(kind, samples)
        except NotCovered as what:
            where = f"{MEMBERS[clause.id]}, {kind}"
            shape, call = shape_of_reply(last), call_line(last)
            yield Uncovered(clause.id, f"{kind}: {what}", where, what.words, shape=shape, call=call)
            continue
        counts[kind] = len(samples)
        evidence = evidence or call_line(last)
    if choice:
        yield LearnedChoice(clause, choice, sum(counts.values()), total, evidence, counts)
    else:
        yield Unseen(clause.id, "no kind of error was met that has one choice")


def _code(samples: Samples) -> int:
    codes = [reply.code for reply, _ in samples]
    if any(type(code) is not int or code not in CODES for code in codes):
        raise NotCovered(f"an error_code that is not a number from 0 to {CODES[-1]}")
    first, *others = dict.fromkeys(codes)
    if others:
        words = [*map(str, (first, *others))]
        raise NotCovered(f"error_code {' · '.join(words)}, by turns", *words)
    return int(first)


def _message(kind: str, samples: Samples, private: PrivateTexts) -> str:
    templates = {template_of(kind, reply, blanks, private) for reply, blanks in samples}
    if len(templates) > 1:
        raise NotCovered(f"{len(templates)} messages by turns, where a choice has one")
    return templates.pop()


def _why_not_met(kind: str, run: Run) -> str:
    """Why no error of a kind was met."""
    if (clause := PROBES.get(kind)) is not None:
        reasons = run.findings.reasons.get(clause, {})
        seen = f"it was answered otherwise ({clause})" if clause in run.findings.seen else "no such call was answered"
        return next(map(run.findings.mask.text, reasons.values()), seen)
    if kind == "rate" and run.api.sender.rate_limited:
        return "calls were refused for their pace, and sent again; their refusals are not read"
    needs_a_mock, on_a_mock = WHY.get(kind, ("", ""))
    return (on_a_mock if run.target.provisioned else needs_a_mock) or "no answer of this kind was met"


PROBES: Mapping[str, str] = {"unknown-method": "not-found", "http-method": "http-method.other"}
"""Kinds of errors that one call alone may get, and the clause that says how it was answered."""
WHY: Mapping[str, tuple[str, str]] = {
    "limit": (
        "it takes an account whose limit is used up, which the suite makes on a mock alone",
        "no create was refused because of a limit",
    ),
    "rate": ("no limit of requests was met", "no limit of requests was met"),
    "failed-task": ("no phone is known here whose task fails", "no task has failed"),
    "server": ("no call causes a fault of the server itself", "no call causes a fault of the server itself"),
    "too-large": ("a body of a megabyte is sent to mocks alone", "a body of a megabyte got no such error"),
}
"""Why a kind of error was not met: on a server elsewhere, and on a mock."""


ILLEGAL = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]|\{[^{}]*\}")
"""What no message of a profile holds: characters outside XML 1.0 (production 2), and blanks of its own."""
ECHOED = 3  # characters of a value from which on a message does not hold it by chance


def template_of(kind: str, reply: Reply, blanks: Mapping[str, str], private: PrivateTexts) -> str:
    """The template of an error's message: the values of the blanks become the blanks. Raises NotCovered."""
    message = reply.message
    if not message:
        raise NotCovered("a message that is not text, or empty")
    if found := private.found_in_message(message):
        raise NotCovered(f"a message that holds {found}")
    if ILLEGAL.search(message):
        raise NotCovered("a message with characters that no profile holds")
    sent = (value for _, value in (*reply.call.query, *reply.call.params) if len(value) >= ECHOED)
    if any(value in message for value in sent if value not in (*FORMATS, *blanks.values())):
        raise NotCovered("a message that repeats what the call sent")
    if "names" in blanks:
        return _without_names(message, blanks["names"])
    return _without_units(message, blanks) if kind == "limit" else message


def _without_names(message: str, names: str) -> str:
    template, found = re.subn(as_word(names), "{names}", message)
    if not found and all(re.search(as_word(name), message) for name in names.split(", ")):
        raise NotCovered("names that are not joined by a comma and a space")
    return template


def _without_units(message: str, blanks: Mapping[str, str]) -> str:
    """Where used and of are the same number, the last place is that of `of`, as in the clause's default."""
    used, of = blanks.get("used"), blanks.get("of")
    places = [match.span() for match in re.finditer(r"(?<![\w.])\d+(?!\w)", message)]
    own = [span for span in places if message[slice(*span)] in (used, of)]
    for span in reversed(own):
        is_of = message[slice(*span)] == of and (used != of or span == own[-1])
        message = message[: span[0]] + ("{of}" if is_of else "{used}") + message[span[1] :]
    return message
