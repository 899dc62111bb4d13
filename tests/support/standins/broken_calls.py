"""Breakages of calls: methods, parameters, credentials, tasks of others."""

from __future__ import annotations

from mockserver.mutants.kit.answers import still_processing, unknown_is_ready
from mockserver.mutants.kit.calls import (
    asking,
    believing,
    believing_anyone,
    filling,
    reading_foreign_tasks,
    refusing,
    without,
)
from mockserver.mutants.kit.context import CallContext, Edit
from mockserver.mutants.kit.mutant import Table
from mockserver.mutants.kit.when import CREATE, GET, INFO, POST, RESULT, lacks, param, where
from support.standins.breaking import SOURCES, Breakage


def _forgetting(name: str) -> Edit:
    return lambda c: c.params.pop(name, None)


def _believing_any_login(context: CallContext) -> None:
    """Takes a call with a token for one of the first account, where no account has its login."""
    if "token" in context.params and context.login not in context.server.tokens:
        context.authorise(next(iter(context.server.tokens)))


def _has_a_token(context: CallContext) -> bool:
    return "token" in context.params


BROKEN_CALLS: Table[Breakage] = {
    "sources.documented": {
        f"source {n} is gone": Breakage(
            f"source {n} is refused", call=where(asking(source="77"), CREATE, param("source", n)), on=SOURCES
        )
        for n in ("1", "3")
    },
    "create.methods": {
        "no create over POST": Breakage("create is refused over POST", call=refusing(CREATE, POST), on=SOURCES),
        "no create over GET": Breakage(
            "create does not see the phone of a GET", call=where(_forgetting("phone"), CREATE, GET), on=SOURCES
        ),
    },
    "result.methods": {
        "no result over POST": Breakage("result is refused over POST", call=refusing(RESULT, POST)),
        "no id over POST": Breakage(
            "result does not see the id of a POST", call=where(_forgetting("id"), RESULT, POST)
        ),
    },
    "create.required": {
        "create without token": Breakage("create needs no token", call=where(without("token"), CREATE)),
        "create without login": Breakage("create needs no login", call=where(without("login"), CREATE)),
        "create without phone": Breakage("create needs no phone", call=where(filling(phone="70005550000"), CREATE)),
        "create without source": Breakage(
            "create needs no source", call=where(filling(source="2"), CREATE), on=SOURCES
        ),
    },
    "result.required": {
        "result without token": Breakage("result needs no token", call=where(without("token"), RESULT)),
        "result without login": Breakage("result needs no login", call=where(without("login"), RESULT)),
        "result without id": Breakage("result needs no id", where(still_processing, RESULT, lacks("id"), _has_a_token)),
    },
    "info.answers": {
        "no info": Breakage("info is refused", call=refusing(INFO)),
        "no info in csv": Breakage("info is refused in CSV", call=refusing(INFO, param("format", "csv"))),
    },
    "task.unknown": {
        "any id": Breakage("an unknown id is ready", unknown_is_ready),
        "any id over POST": Breakage("an unknown id is ready over POST", where(unknown_is_ready, POST)),
    },
    "task.foreign": {
        "anyone's task": Breakage("another account's task can be read", call=where(reading_foreign_tasks, RESULT)),
        "anyone's task over POST": Breakage(
            "another account's task can be read over POST", call=where(reading_foreign_tasks, RESULT, POST)
        ),
    },
    "credentials.refused": {
        "any token": Breakage("result accepts any token", call=where(believing(), RESULT)),
        "any token for info": Breakage("info accepts any token", call=where(believing(), INFO)),
        "any login": Breakage("create accepts any login", call=where(_believing_any_login, CREATE)),
        "another's token": Breakage("result accepts another account's token", call=where(believing_anyone, RESULT)),
    },
}
