"""Mutants of accounts: whom the mock believes, what it charges and refuses, what it tells of the account."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import MappingProxyType

from mockserver.core.messages import Call
from mockserver.mutants.behaviour import (
    believing,
    charging,
    free,
    giving_back,
    nothing_is_no_limit,
    other_accounts_token,
    without_limit,
)
from mockserver.mutants.broken import Mutant, Seen
from mockserver.mutants.edits import every_error, of_source, on, setting, where

_ANY = ("create", "result", "info")


def _token(seen: Seen) -> str:
    return seen.call.params.get("token", "")


def _finds_nothing(call: Call) -> bool:
    return call.params.get("phone") == "70000000000"


ACCOUNTS: Mapping[str, Mutant] = MappingProxyType(
    {
        **{
            f"{name}-believes-any-token": Mutant("credentials.refused", f"{name} takes any token", call=believing(name))
            for name in _ANY
        },
        "result-believes-any-token-in-csv": Mutant(
            "credentials.refused", "result in CSV takes any token", call=where(believing("result"), form="csv")
        ),
        "info-believes-any-token-over-post": Mutant(
            "credentials.refused", "info over POST takes any token", call=where(believing("info"), http_method="POST")
        ),
        "anothers-token-is-taken": Mutant(
            "credentials.refused", "another account's token is taken", call=other_accounts_token
        ),
        "a-token-in-other-case-is-taken": Mutant(
            "credentials.refused",
            "a token in other case is taken",
            call=believing(*_ANY, like=lambda given, right: given.lower() == right.lower()),
        ),
        "a-token-cut-short-is-taken": Mutant(
            "credentials.refused",
            "the beginning of a token is taken",
            call=believing(*_ANY, like=lambda given, right: right.startswith(given)),
        ),
        "nothing-is-charged": Mutant("quota.charged", "create takes no unit", answer=free),
        "nothing-is-charged-over-post": Mutant(
            "quota.charged", "create over POST takes no unit", answer=where(free, http_method="POST")
        ),
        "source-3-is-free": Mutant("quota.charged", "source 3 takes no unit", answer=where(free, when=of_source("3"))),
        "finding-nothing-is-free": Mutant(
            "quota.charged", "a phone without records takes no unit", answer=where(free, when=_finds_nothing)
        ),
        "one-unit-is-charged-for-all": Mutant(
            "quota.charged", "create takes a unit and tells more as its cost", answer=giving_back(lambda cost: cost - 1)
        ),
        "polls-are-charged": Mutant("quota.polling-free", "each poll takes a unit", answer=charging()),
        "polls-are-charged-over-post": Mutant(
            "quota.polling-free", "each poll over POST takes a unit", answer=where(charging(), http_method="POST")
        ),
        "early-polls-are-charged": Mutant(
            "quota.polling-free", "a poll before the task is ready takes a unit", answer=charging("processing")
        ),
        "the-limit-does-not-refuse": Mutant("quota.refuses", "a used-up limit does not refuse", call=without_limit),
        "the-limit-does-not-refuse-over-post": Mutant(
            "quota.refuses", "a used-up limit does not refuse over POST", call=where(without_limit, http_method="POST")
        ),
        "a-limit-of-0-does-not-refuse": Mutant(
            "quota.refuses", "a limit of 0 does not refuse", call=nothing_is_no_limit
        ),
        "info-fails": Mutant(
            "info.answers",
            "info is always an error",
            answer=where(lambda _, seen: seen.error("unknown-method"), "info"),
        ),
        "info-fails-in-xml": Mutant(
            "info.answers",
            "info in XML is an error",
            answer=where(lambda _, seen: seen.error("server"), "info", None, "xml"),
        ),
        "info-is-processing-in-csv": Mutant(
            "info.answers",
            "info in CSV is processing",
            answer=on("info", lambda b, _: setting(status="processing")(b), status="ok", form="csv"),
        ),
        "the-token-is-echoed": Mutant(
            "token.never-repeated",
            "an error repeats the token",
            answer=every_error(lambda b, s: b.update(message=f"{b['message']}: {_token(s)}")),
        ),
        "the-token-is-echoed-in-csv": Mutant(
            "token.never-repeated",
            "an error in CSV repeats the token",
            answer=every_error(lambda b, s: b.update(message=f"{b['message']}: {_token(s)}"), form="csv"),
        ),
        "the-token-is-echoed-in-base64": Mutant(
            "token.never-repeated",
            "an error repeats the token in base64",
            answer=every_error(
                lambda b, s: b.update(message=base64.b64encode(_token(s).encode("utf-8", "replace")).decode()),
                form="xml",
            ),
        ),
        "info-repeats-the-token": Mutant(
            "token.never-repeated",
            "info repeats the token",
            answer=on("info", lambda b, s: b.update(token=_token(s)), status="ok"),
        ),
        "the-token-is-echoed-in-a-header": Mutant(
            "token.never-repeated",
            "a header repeats the token",
            header=("X-Debug", lambda seen: _token(seen).encode("ascii", "replace").decode()[:200]),
        ),
    }
)
