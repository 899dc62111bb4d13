"""When a task is ready, as people write it for an account, a stub or a task; it takes the place of the delay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.core.delays import AT_ONCE, MOST_POLLS, NEVER, Delay, after_polls, parse_delay
from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.written import shown
from mockserver.inputs import fields

_WORDS: Mapping[str, Delay] = {"at once": AT_ONCE, "never": NEVER}
_ALLOWED = '\'at once\', \'never\', {"after": "2s"}, {"after_polls": 3}'


def _time(where: str, delay: Delay) -> Delay:
    if delay.is_time:
        return delay
    remedy = "'never'" if delay.polls is None else f'{{"after_polls": {delay.polls}}}'
    raise Refusal(Problem(where, f"{delay.text!r} is not a time", f"write {remedy} in place of the table"))


_AFTER = fields.time.then(_time).described("The time after which it is ready.", "2s")
_AFTER_POLLS = fields.whole(0, MOST_POLLS).described("How many polls are answered as processing before it is ready.", 3)
_TABLES = [
    fields.table_of({"after": _AFTER}, ["after"]),
    fields.table_of({"after_polls": _AFTER_POLLS}, ["after_polls"]),
]
_TABLE = fields.table_of({"after": _AFTER, "after_polls": _AFTER_POLLS})


def _readiness(where: str, value: Any) -> Delay:
    if isinstance(value, Mapping):
        read = _TABLE(where, value)
        if len(read) != 1:
            raise Refusal(Problem(where, "needs either after or after_polls", f"allowed: {_ALLOWED}"))
        return after_polls(read["after_polls"]) if "after_polls" in read else read["after"]
    if not isinstance(value, str):
        raise Refusal(Problem(where, f"{shown(value)} is not a readiness", f"allowed: {_ALLOWED}"))
    if value in _WORDS:
        return _WORDS[value]
    if (meant := _meant(where, value)) is not None:
        raise Refusal(meant)
    raise Refusal(unknown(where, value, _WORDS, noun="a readiness", allowed=_ALLOWED))


def _meant(where: str, text: str) -> Problem | None:
    """The problem of a delay that stands where the words of a readiness have to."""
    try:
        delay = parse_delay(text, where)
    except Refusal:
        return None
    table = f'{{"after": "{delay.text}"}}' if delay.polls is None else f'{{"after_polls": {delay.polls}}}'
    return Problem(where, f"{text!r} is a delay", f"write {table}")


READY = fields.Field(
    _readiness, {"anyOf": [{"enum": [*_WORDS]}, *(table.shape for table in _TABLES)]}, _ALLOWED
).described("When its tasks are ready.", {"after_polls": 3})
