"""Mutants of create: its methods, parameters and sources, its answer, and new ids."""

from __future__ import annotations

from mockserver.mutants.kit.answers import changing, created, pop, setting
from mockserver.mutants.kit.calls import asking, filling, refusing, repeating_ids, without
from mockserver.mutants.kit.context import CallContext
from mockserver.mutants.kit.mutant import Mutant, Table
from mockserver.mutants.kit.when import CREATE, CREATED, GET, POST, param, where

_PHONE = where(filling(phone="70000000001"), CREATE)
_SOURCE = where(filling(source="2"), CREATE)


def _fifth_id_again(context: CallContext) -> None:
    before = context.memory.get("id before")
    context.memory["id before"] = context.body["id"]
    if before is not None and context.body["id"] % 5 == 0:
        context.body["id"] = before


CREATE_MUTANTS: Table[Mutant] = {
    "create.ok": {
        "id-is-text": Mutant("id is text", created(changing("id", str))),
        "id-is-missing": Mutant("no id", created(pop("id")), also="in-xml in-csv"),
        "id-is-null-over-post": Mutant("id is null over POST", created(setting(id=None), POST)),
        "created-says-success": Mutant("status is success", created(setting(status="success"))),
    },
    "create.methods": {
        "create-refuses-post": Mutant("POST is refused", call=refusing(CREATE, POST), also="in-csv"),
        "create-refuses-get": Mutant("GET is refused", call=refusing(CREATE, GET)),
    },
    "create.required": {
        "phone-is-not-required": Mutant("create without phone is accepted", call=_PHONE, also="over-post"),
        "token-is-not-required": Mutant("create without token is accepted", call=where(without("token"), CREATE)),
        "source-is-not-required": Mutant("create without source is accepted", call=_SOURCE, also="in-csv"),
        "create-needs-no-login": Mutant("create without login is accepted", call=where(without("login"), CREATE)),
    },
    "task.new-id": {
        "ids-repeat": Mutant("every task has the first one's id", repeating_ids()),
        "ids-repeat-over-post": Mutant("tasks made over POST have the first one's id", repeating_ids(POST)),
        "an-id-is-given-twice": Mutant("each fifth task has the id of the one before", where(_fifth_id_again, CREATED)),
    },
    "sources.documented": {
        **{
            f"source-{n}-is-refused": Mutant(
                f"source {n} is refused", call=where(asking(source="77"), CREATE, param("source", n))
            )
            for n in ("1", "2", "3", "4")
        },
        "source-3-is-refused-over-post": Mutant(
            "source 3 is refused over POST", call=where(asking(source="77"), CREATE, param("source", "3"), POST)
        ),
    },
}
