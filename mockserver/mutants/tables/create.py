"""Mutants of create: its methods, parameters and sources, its answer, and new ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from mockserver.mutants.behaviour import (
    anonymous,
    believing,
    each_fifth_id_again,
    filling,
    refusing,
    same_id,
    source_refused,
)
from mockserver.mutants.broken import Mutant
from mockserver.mutants.edits import ok, on, pop, setting, where

CREATE: Mapping[str, Mutant] = MappingProxyType(
    {
        "id-is-text": Mutant("create.ok", "id is text", answer=ok(lambda b: b.update(id=str(b["id"])))),
        "id-is-missing": Mutant("create.ok", "no id", answer=ok(pop("id"))),
        "id-is-missing-in-xml": Mutant("create.ok", "no id in XML", answer=ok(pop("id"), form="xml")),
        "id-is-missing-in-csv": Mutant("create.ok", "no id in CSV", answer=ok(pop("id"), form="csv")),
        "id-is-null-over-post": Mutant(
            "create.ok", "id is null over POST", answer=ok(setting(id=None), http_method="POST")
        ),
        "created-says-success": Mutant("create.ok", "status is success", answer=ok(setting(status="success"))),
        "create-refuses-post": Mutant("create.methods", "POST is refused", answer=refusing("create", "POST")),
        "create-refuses-get": Mutant("create.methods", "GET is refused", answer=refusing("create", "GET")),
        "create-refuses-post-in-csv": Mutant(
            "create.methods",
            "POST is refused where CSV is asked for",
            answer=where(refusing("create", "POST"), form="csv"),
        ),
        "phone-is-not-required": Mutant(
            "create.required", "create without phone is taken", call=filling("create", phone="70000000001")
        ),
        "phone-is-not-required-over-post": Mutant(
            "create.required",
            "create without phone is taken over POST",
            call=where(filling("create", phone="70000000001"), http_method="POST"),
        ),
        "token-is-not-required": Mutant(
            "create.required",
            "create without token is taken",
            call=lambda call, seen: believing("create")(
                replace(call, params={"token": "none", **call.params}) if call.operation == "create" else call, seen
            ),
        ),
        "source-is-not-required": Mutant(
            "create.required", "create without source is taken", call=filling("create", source="2")
        ),
        "source-is-not-required-in-csv": Mutant(
            "create.required",
            "create without source is taken in CSV",
            call=where(filling("create", source="2"), form="csv"),
        ),
        "create-needs-no-login": Mutant(
            "create.required", "create without login is taken", call=anonymous("create", "login")
        ),
        "ids-repeat": Mutant(
            "task.new-id", "every task has the first one's id", answer=on("create", same_id, status="ok")
        ),
        "ids-repeat-over-post": Mutant(
            "task.new-id",
            "tasks made over POST have the first one's id",
            answer=on("create", same_id, status="ok", http_method="POST"),
        ),
        "an-id-is-given-twice": Mutant(
            "task.new-id",
            "each fifth task has the id of the one before",
            answer=on("create", each_fifth_id_again, status="ok"),
        ),
        **{
            f"source-{source}-is-refused": Mutant(
                "sources.documented", f"source {source} is refused", answer=source_refused(source)
            )
            for source in ("1", "2", "3", "4")
        },
        "source-3-is-refused-over-post": Mutant(
            "sources.documented", "source 3 is refused over POST", answer=where(source_refused("3"), http_method="POST")
        ),
    }
)
