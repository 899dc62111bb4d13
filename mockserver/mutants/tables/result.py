"""Mutants of result: its methods and parameters, the way to a ready answer, and what stays so."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mockserver.mutants.behaviour import (
    anonymous,
    failed,
    filling,
    foreign_is_read,
    refusing,
    second_read,
    still_processing,
    task_source,
    unknown_is_ready,
)
from mockserver.mutants.broken import Mutant
from mockserver.mutants.edits import counted, on, processing, setting, where

RESULT: Mapping[str, Mutant] = MappingProxyType(
    {
        "result-refuses-post": Mutant("result.methods", "POST is refused", answer=refusing("result", "POST")),
        "result-refuses-get": Mutant("result.methods", "GET is refused", answer=refusing("result", "GET")),
        "result-needs-no-login": Mutant(
            "result.required", "result without login is taken", call=anonymous("result", "login")
        ),
        "result-needs-no-token": Mutant(
            "result.required", "result without token is taken", call=anonymous("result", "token")
        ),
        "result-needs-no-token-over-post": Mutant(
            "result.required",
            "result without token is taken over POST",
            call=where(anonymous("result", "token"), http_method="POST"),
        ),
        "id-is-not-required": Mutant("result.required", "result without id is taken", call=filling("result", id="1")),
        "id-is-not-required-in-xml": Mutant(
            "result.required", "result without id is taken in XML", call=where(filling("result", id="1"), form="xml")
        ),
        "pending-for-processing": Mutant(
            "result.processing", "status pending", answer=processing(setting(status="pending"))
        ),
        "pending-for-processing-in-xml": Mutant(
            "result.processing", "status pending in XML", answer=processing(setting(status="pending"), form="xml")
        ),
        "processing-is-empty": Mutant("result.processing", "no status", answer=processing(dict.clear)),
        "processing-is-ok-over-post": Mutant(
            "result.processing", "status ok over POST", answer=processing(setting(status="ok"), http_method="POST")
        ),
        "never-ready": Mutant(
            "result.becomes-ready", "a task is never ready", answer=still_processing, options={"poll_timeout": 1.0}
        ),
        "source-3-is-never-ready": Mutant(
            "result.becomes-ready",
            "a task of source 3 is never ready",
            answer=lambda answer, seen: still_processing(answer, seen) if task_source(answer, seen) == 3 else answer,
            options={"poll_timeout": 1.0},
        ),
        "source-1-fails": Mutant(
            "result.becomes-ready",
            "a task of source 1 ends in an error",
            answer=lambda answer, seen: failed(answer, seen) if task_source(answer, seen) == 1 else answer,
        ),
        "ready-goes-back": Mutant(
            "task.ready-stays", "the second read is processing", answer=second_read(still_processing)
        ),
        "ready-goes-back-in-xml": Mutant(
            "task.ready-stays",
            "the second read in XML is processing",
            answer=where(second_read(still_processing), form="xml"),
        ),
        "ready-ends-in-an-error-in-csv": Mutant(
            "task.ready-stays", "the second read in CSV is an error", answer=where(second_read(failed), form="csv")
        ),
        "reads-differ": Mutant(
            "task.reads-equal",
            "cost grows with each read",
            answer=counted(lambda b, n: b.update(cost=str(n + 1)), "result", "ready"),
        ),
        "reads-differ-in-xml": Mutant(
            "task.reads-equal",
            "cost in XML grows with each read",
            answer=counted(lambda b, n: b.update(cost=str(int(b["cost"]) + n)), "result", "ready", form="xml"),
        ),
        "rows-change-their-order": Mutant(
            "task.reads-equal",
            "every other read is turned round",
            answer=counted(
                lambda b, n: b.update(data=b.get("data", [])[:: (-1) ** n], names=b.get("names", [])[:: (-1) ** n]),
                "result",
                "ready",
            ),
        ),
        "end-time-is-made-anew": Mutant(
            "task.reads-equal",
            "end_time is the moment of the read",
            answer=on(
                "result",
                lambda b, s: b.update(end_time=s.mock.now(s.call.params["login"]) // 1_000_000),
                status="ready",
            ),
        ),
        "unknown-is-ready": Mutant("task.unknown", "an unknown id is ready", answer=unknown_is_ready),
        "unknown-is-ready-in-xml": Mutant(
            "task.unknown", "an unknown id is ready in XML", answer=where(unknown_is_ready, form="xml")
        ),
        "unknown-is-ready-over-post": Mutant(
            "task.unknown", "an unknown id is ready over POST", answer=where(unknown_is_ready, http_method="POST")
        ),
        "id-0-is-ready": Mutant(
            "task.unknown",
            "the id 0 is ready",
            answer=where(unknown_is_ready, when=lambda call: call.params.get("id") == "0"),
        ),
        "foreign-is-read": Mutant("task.foreign", "another account's task is read", call=foreign_is_read),
        "foreign-is-read-in-xml": Mutant(
            "task.foreign", "another account's task is read in XML", call=where(foreign_is_read, form="xml")
        ),
        "foreign-is-read-over-get": Mutant(
            "task.foreign", "another account's task is read over GET", call=where(foreign_is_read, http_method="GET")
        ),
    }
)
