"""How long something takes: a fixed, uniform or lognormal time, a number of polls, or for ever."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import exp

from mockserver.core.errors import Problem, Refusal
from mockserver.core.messages import SECOND, Micros

TIMES = "'2s', '250ms', '1.5m', 'uniform 1s..5s', 'lognormal 2s sigma 0.5'"
FORMS = f"{TIMES}, '3 polls', 'never'"
LONGEST: Micros = 366 * 24 * 3600 * SECOND
_UNITS = {"ms": 1_000, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": 86_400 * SECOND}
MOST = 100
"""Characters of a text that is read as a delay; the longest that is one has fewer."""
MOST_POLLS = 999_999
_BLANKS = r"[ \t\r\n]"
_DURATION = rf"([0-9]{{1,9}}(?:\.[0-9]{{1,6}})?){_BLANKS}*(ms|s|m|h|d)"
_POLLS = rf"([1-9][0-9]{{0,5}}){_BLANKS}+polls?"
_UNIFORM = rf"uniform{_BLANKS}+{_DURATION}\.\.{_DURATION}"
_LOGNORMAL = rf"lognormal{_BLANKS}+{_DURATION}{_BLANKS}+sigma{_BLANKS}+([0-9]{{1,3}}(?:\.[0-9]{{1,6}})?)"


def _no_more_than(most: int) -> str:
    """The pattern of the numbers from 0 to most, as _DURATION has numbers."""
    digits = str(most)
    least = [f"[0-9]{{1,{len(digits) - 1}}}"] if len(digits) > 1 else []
    lower = [
        f"{digits[:place]}[0-{int(digit) - 1}]" + f"[0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if digit != "0"
    ]
    return rf"(?![0-9]{{10}})0*(?:(?:{'|'.join((*least, *lower))})(?:\.[0-9]{{1,6}})?|{digits}(?:\.0{{1,6}})?)"


_IN_RANGE = "|".join(
    rf"{_no_more_than(LONGEST // size)}{_BLANKS}*{unit}"
    if LONGEST // size < 10**9
    else rf"[0-9]{{1,9}}(?:\.[0-9]{{1,6}})?{_BLANKS}*{unit}"
    for unit, size in _UNITS.items()
)


def _of_durations(pattern: str) -> str:
    return rf"^{_BLANKS}*(?:{pattern.replace(_DURATION, f'(?:{_IN_RANGE})')}){_BLANKS}*$(?!\n)"


DURATION_PATTERN = _of_durations(_DURATION)
"""What a duration matches, for a JSON Schema."""
TIME_PATTERN = _of_durations(f"{_DURATION}|{_UNIFORM}|{_LOGNORMAL}")
DELAY_PATTERN = _of_durations(f"{_DURATION}|{_UNIFORM}|{_LOGNORMAL}|{_POLLS}|never")


@dataclass(frozen=True, slots=True)
class Delay:
    """What has to pass: a time, drawn from a distribution, or a number of polls."""

    text: str  # as it was written
    kind: str  # `fixed`, `uniform`, `lognormal`, `polls` or `never`
    time: Micros = 0  # the fixed time, the least of a uniform one, the median of a lognormal one
    spread: float = 0.0  # from least to most of a uniform time, in microseconds; sigma of a lognormal one
    polls: int | None = None  # how many polls of a task are answered as processing; None where time decides

    def sample(self, u: float) -> Micros | None:
        """The time at the quantile u (from 0 up to but not including 1); None where no time is enough."""
        if self.kind == "fixed":
            return self.time
        if not self.is_time:
            return None
        if self.kind == "uniform":
            return self.time + int(self.spread * u)
        from statistics import NormalDist

        quantile = NormalDist().inv_cdf(min(max(u, 1e-9), 1 - 1e-9))
        return min(round(self.time * exp(min(self.spread * quantile, 50))), LONGEST)

    @property
    def is_time(self) -> bool:
        """Whether it ends by the passing of time alone."""
        return self.kind not in ("polls", "never")


def duration(text: str, where: str, allowed: str = "") -> Micros:
    """A single duration such as `2s`, `250ms`, `1.5m`, at most 366 days. Raises Refusal naming `where`, and what is
    allowed where it is more than durations.
    """
    match = re.fullmatch(_DURATION, text.strip(" \t\r\n")) if len(text) <= MOST else None
    if match is None:
        remedy = f"allowed: {allowed}" if allowed else "write it as '2s', '250ms', '1.5m', '1h'"
        raise Refusal(Problem(where, f"{_shown(text)} is not a duration", remedy))
    return _time(match[1], match[2], text, where)


def _time(number: str, unit: str, text: str, where: str) -> Micros:
    micros = round(float(number) * _UNITS[unit])
    if micros > LONGEST:
        raise Refusal(Problem(where, f"{text!r} is too long", "allowed: up to 366 days"))
    return micros


def parse_delay(text: str, where: str, allowed: str = FORMS) -> Delay:
    """A delay as the settings write it. Raises Refusal naming `where`, with the forms that are allowed."""
    bare = text.strip(" \t\r\n") if len(text) <= MOST else ""
    plain = " ".join(bare.split())
    if bare == "never":
        return NEVER
    if match := re.fullmatch(_DURATION, bare):
        return Delay(plain, "fixed", _time(match[1], match[2], text, where))
    if match := re.fullmatch(_UNIFORM, bare):
        low, high = sorted((_time(match[1], match[2], text, where), _time(match[3], match[4], text, where)))
        return Delay(plain, "uniform", low, float(high - low))
    if match := re.fullmatch(_POLLS, bare):
        return after_polls(int(match[1]))
    if match := re.fullmatch(_LOGNORMAL, bare):
        return Delay(plain, "lognormal", _time(match[1], match[2], text, where), float(match[3]))
    raise Refusal(Problem(where, f"{_shown(text)} is not a delay", f"allowed: {allowed}"))


def after_polls(number: int) -> Delay:
    """The delay of so many polls, which are answered as processing; the next one finds the task ready."""
    text = f"{number} poll{'' if number == 1 else 's'}"
    return Delay(text, "polls", polls=number) if number else AT_ONCE


def readiness(delay: Delay) -> str | dict[str, str | int]:
    """When a task is ready, as the control API writes it: `at once`, `never`, or a table with `after` or
    `after_polls`.
    """
    if delay.polls is not None:
        return {"after_polls": delay.polls}
    if delay.kind == "fixed" and not delay.time:
        return "at once"
    return {"after": delay.text} if delay.is_time else delay.text


AT_ONCE = Delay("0s", "fixed")
NEVER = Delay("never", "never")


def _shown(text: str) -> str:
    return repr(text) if len(text) <= MOST else f"a text of {len(text)} characters"
