"""Mutants of accounts: which credentials the server takes, what it charges and refuses, what it says of the account."""

from __future__ import annotations

import base64

from mockserver.mutants.kit.answers import body, header, setting
from mockserver.mutants.kit.calls import (
    believing,
    believing_anyone,
    charging,
    free,
    giving_back,
    refusing,
    without_limit,
)
from mockserver.mutants.kit.context import CallContext
from mockserver.mutants.kit.mutant import Mutant, Table
from mockserver.mutants.kit.when import CREATE, CSV, ERROR, INFO, OK, PROCESSING, RESULT, XML, param, source, where


def _echo(context: CallContext) -> None:
    context.body["message"] += f": {context.token}"


def _echo_in_base64(context: CallContext) -> None:
    context.body["message"] = base64.b64encode(context.token.encode("utf-8", "replace")).decode()


ACCOUNT_MUTANTS: Table[Mutant] = {
    "credentials.refused": {
        "create-believes-any-token": Mutant("create accepts any token", call=where(believing(), CREATE)),
        "result-believes-any-token": Mutant("result accepts any token", call=where(believing(), RESULT), also="in-csv"),
        "info-believes-any-token": Mutant("info accepts any token", call=where(believing(), INFO), also="over-post"),
        "anothers-token-is-taken": Mutant("another account's token is accepted", call=believing_anyone),
        "a-token-in-other-case-is-taken": Mutant(
            "a token in another case is accepted", call=believing(lambda sent, right: sent.lower() == right.lower())
        ),
        "a-token-cut-short-is-taken": Mutant(
            "the beginning of a token is accepted", call=believing(lambda sent, right: right.startswith(sent))
        ),
    },
    "quota.charged": {
        "nothing-is-charged": Mutant("create charges no unit", free(), also="over-post"),
        "source-3-is-free": Mutant("source 3 costs no unit", free(source("3"))),
        "finding-nothing-is-free": Mutant("a phone without records costs no unit", free(param("phone", "70000000000"))),
        "one-unit-is-charged-for-all": Mutant(
            "create charges one unit and reports a higher cost", giving_back(lambda cost: cost - 1)
        ),
    },
    "quota.polling-free": {
        "polls-are-charged": Mutant("each poll costs a unit", charging, also="over-post"),
        "early-polls-are-charged": Mutant("a poll before the task is ready costs a unit", where(charging, PROCESSING)),
    },
    "quota.refuses": {
        "the-limit-does-not-refuse": Mutant("a used-up limit does not refuse", call=without_limit(), also="over-post"),
        "a-limit-of-0-does-not-refuse": Mutant("a limit of 0 does not refuse", call=without_limit(lambda of: of == 0)),
    },
    "info.answers": {
        "info-fails": Mutant("info is always an error", call=refusing(INFO), also="in-xml"),
        "info-is-processing-in-csv": Mutant(
            "info in CSV is processing", body(setting(status="processing"), INFO, OK, CSV)
        ),
    },
    "token.never-repeated": {
        "the-token-is-echoed": Mutant("an error repeats the token", where(_echo, ERROR), also="in-csv"),
        "the-token-is-echoed-in-base64": Mutant(
            "an error in XML repeats the token in base64", where(_echo_in_base64, ERROR, XML)
        ),
        "info-repeats-the-token": Mutant(
            "info repeats the token", where(lambda c: c.body.update(token=c.token), INFO, OK)
        ),
        "the-token-is-echoed-in-a-header": Mutant(
            "a header repeats the token",
            response=header("X-Debug", lambda c: c.token.encode("ascii", "replace").decode()[:200]),
        ),
    },
}
