"""assert_conforms: one line in a user's own test that holds a response to the contract."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from contract_tests.captured.asked import FORMATS, METHODS, SOURCES
from contract_tests.captured.judge import Judgement, judge
from contract_tests.captured.responses import asked_by, capture_of
from contract_tests.captured.summary import described, told
from contract_tests.contract.profile import read_profile
from contract_tests.contract.validate import SchemaProblem


class DoesNotConform(AssertionError):
    """A response that breaks the contract. problems has each; the text lists them, and tells no value of the answer."""

    def __init__(self, judgement: Judgement, status: int | None) -> None:
        over = "" if status is None else f", HTTP {status}"
        lines = "".join(f"\n  {line}" for line in told(judgement))
        super().__init__(f"the answer ({described(judgement)}{over}) does not conform:{lines}")
        self.problems: tuple[SchemaProblem, ...] = judgement.problems


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
    """Holds a response to what is documented, and gives the decoded answer, members as in JSON (of rows in CSV: status
    and the section alone).

    response is of any HTTP library, or a body in bytes or str; one that is a stream is read to its end. Method and
    format are told by the request's URL where the response knows it, else recognised; source and phone are looked at
    where they are given. profile: choices by clause, or the file that has them; strict: what it refutes counts too.

    Raises DoesNotConform, an AssertionError; TypeError for what is no response, ValueError for one that was read
    already and for an argument that there is not, UsageError for a profile.
    """
    _one_of("method", method, METHODS)
    _one_of("format", format, FORMATS)
    _one_of("source", source, SOURCES)
    __tracebackhide__ = True
    choices = read_profile(Path(profile)) if isinstance(profile, str | Path) else profile
    sent, capture = asked_by(response), capture_of(response)
    asked = replace(
        sent,
        method=method or sent.method,
        format=format or sent.format,
        source=source,
        phone=phone,
        profile=choices,
    )
    judgement = judge(capture, asked)
    if judgement.fails(strict=strict):
        raise DoesNotConform(judgement, capture.status)
    return dict(judgement.model)


def _one_of(name: str, given: object, allowed: Collection[object]) -> None:
    if given is not None and given not in allowed:
        raise ValueError(f"{name}={given!r}: allowed are {', '.join(map(repr, allowed))}")
