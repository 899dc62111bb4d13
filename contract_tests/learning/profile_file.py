"""The profile as a file: TOML that `serve` and `check` read, with what each choice rests on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from contract_tests.learning.learned_profile import Learnt, Lesson, answers
from contract_tests.report.visible import encodable, line


def profile_file(lesson: Lesson) -> bytes:
    """The file: a table [profile] of the choices, [[uncovered]] of what no choice covers, [unseen] of what was not
    seen. The readers of profiles look at the first alone.
    """
    return ("\n".join(_lines(lesson)) + "\n").encode()


def _lines(lesson: Lesson) -> Iterator[str]:
    calls, day = lesson.spent.calls, lesson.at.date().isoformat()
    yield f"# The choices of {line(lesson.target)}, as {calls} calls showed them on {day} (ifind-mock {lesson.kit})."
    yield "# What was seen is no promise: `1 of 1 answers` is a choice that was seen once."
    if not lesson.learnt:
        yield "[profile]"
    for learnt in lesson.learnt:
        yield ""
        yield f"[profile.{_text(learnt.clause.id)}]"
        yield from _entries(learnt, day)
    for uncovered in lesson.uncovered:
        yield ""
        yield "[[uncovered]]"
        for name in ("clause", "what", "shape", "call"):
            yield f"{name} = {_text(getattr(uncovered, name))}"
    if lesson.unseen:
        yield ""
        yield "[unseen]"
        yield from (f"{_text(unseen.name)} = {_text(unseen.why)}" for unseen in lesson.unseen)


def _entries(learnt: Learnt, day: str) -> Iterator[str]:
    yield f"choice = {_value(learnt.choice)}"
    yield 'grade = "observed"'
    yield f"date = {day}"
    yield f"seen = {_text(answers(learnt.shown, learnt.answers))}"
    if learnt.kinds:
        yield f"kinds = {_value({kind: answers(*counted) for kind, counted in learnt.kinds.items()})}"
    yield f"evidence = {_text(learnt.evidence)}"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{kind} = {_value(entry)}" for kind, entry in value.items()) + " }"
    return _text(value) if isinstance(value, str) else str(value)


def _text(text: str) -> str:
    """A basic string of TOML, which is one of JSON, but for DEL."""
    return json.dumps(encodable(text), ensure_ascii=False).replace("\x7f", "\\u007f")
