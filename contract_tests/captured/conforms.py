"""assert_conforms: checks a response against the contract, in one line of a user's own test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract_tests.api.calls import FORMATS
from contract_tests.captured.capture import METHODS, SOURCES, Asked
from contract_tests.captured.judge import Judgement, judge
from contract_tests.captured.responses import asked_by, capture_of
from contract_tests.contract.clauses import Problem
from contract_tests.contract.profile import read_profile

__tracebackhide__ = True  # pytest shows the caller's line


class DoesNotConform(AssertionError):
    """A response that breaks the contract. The text lists the problems and holds no value of the answer."""

    def __init__(self, judgement: Judgement, status: int | None) -> None:
        over = "" if status is None else f", HTTP {status}"
        lines = "".join(f"\n  {line}" for line in judgement.lines())
        super().__init__(f"the answer ({judgement.title}{over}) does not conform:{lines}")
        self.problems: tuple[Problem, ...] = judgement.problems


def assert_conforms(
    response: object,
    *,
    method: str | None = None,
    format: str | None = None,  # noqa: A002 - the name of the API's own parameter
    source: int | None = None,
    phone: str | None = None,
    profile: Mapping[str, Any] | str | Path | None = None,
    strict: bool = False,
) -> dict[str, Any]:
    """Checks a response against the documented contract, and returns the decoded answer, with members as in JSON (for
    rows in CSV: the status and the section only).

    response comes from any HTTP library, or is a body in bytes or str. Method, format, source and phone are taken from
    the request where the response has it; method and format are else recognised. profile: choices by clause, or the
    file that has them; strict: refuted assumptions count too. An answer in a layout that no choice covers breaks no
    promise, and has no members here; nor does a web server's own to an HTTP method that nobody documents.

    Raises DoesNotConform, an AssertionError; TypeError for an unknown kind of response; ValueError for a stream that is
    not read yet or is used up, for a body packed in a way unknown here (Brotli, zstd), and for an unknown method,
    format or source; UsageError for a wrong profile.
    """
    known = (("method", method, METHODS), ("format", format, FORMATS), ("source", source, SOURCES))
    for name, value, allowed in known:
        if value is not None and value not in allowed:
            raise ValueError(f"{name}={value!r}: allowed are {', '.join(map(repr, allowed))}")
    choices = read_profile(Path(profile)) if isinstance(profile, str | Path) else profile
    capture = capture_of(response)
    asked = Asked(method, format, source, phone, profile=choices).over(asked_by(response))
    judgement = judge(capture, asked)
    if judgement.fails(strict=strict):
        raise DoesNotConform(judgement, capture.status)
    return dict(judgement.model)
