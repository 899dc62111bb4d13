"""Mutants of result: its methods and parameters, how a task becomes ready, and what stays so."""

from __future__ import annotations

import time

from mockserver.mutants.kit.answers import entries, processing, ready, setting, still_processing, unknown_is_ready
from mockserver.mutants.kit.calls import filling, reading_foreign_tasks, refusing, without
from mockserver.mutants.kit.context import CallContext
from mockserver.mutants.kit.mutant import Mutant, Table
from mockserver.mutants.kit.when import CSV, EVERY_SECOND_READ, GET, POST, READY, RESULT, param, read, source, where

_SECOND_READ = read(lambda n: n == 1 + 1)
_SOON = {"poll_timeout": 1.0}


def _failed(context: CallContext) -> None:
    context.respond(status="error", error_code=500, message="The task failed")


def _cost_grows(context: CallContext) -> None:
    context.body["cost"] = str(int(context.body["cost"]) + context.count(f"reads of {context.params['id']}"))


RESULT_MUTANTS: Table[Mutant] = {
    "result.methods": {
        "result-refuses-post": Mutant("POST is refused", call=refusing(RESULT, POST)),
        "result-refuses-get": Mutant("GET is refused", call=refusing(RESULT, GET)),
    },
    "result.required": {
        "result-needs-no-login": Mutant("result without login is accepted", call=where(without("login"), RESULT)),
        "result-needs-no-token": Mutant(
            "result without token is accepted", call=where(without("token"), RESULT), also="over-post"
        ),
        "id-is-not-required": Mutant(
            "result without id is accepted", call=where(filling(id="1"), RESULT), also="in-xml"
        ),
    },
    "result.processing": {
        "pending-for-processing": Mutant("status is pending", processing(setting(status="pending")), also="in-xml"),
        "processing-is-empty": Mutant("no status", processing(dict.clear)),
        "processing-is-ok-over-post": Mutant("status is ok over POST", processing(setting(status="ok"), POST)),
    },
    "result.becomes-ready": {
        "never-ready": Mutant("a task is never ready", where(still_processing, READY), options=_SOON),
        "source-3-is-never-ready": Mutant(
            "a task of source 3 is never ready", where(still_processing, READY, source("3")), options=_SOON
        ),
        "source-1-fails": Mutant("a task of source 1 ends in an error", where(_failed, READY, source("1"))),
    },
    "task.ready-stays": {
        "ready-goes-back": Mutant(
            "the second read is processing", where(still_processing, READY, _SECOND_READ), also="in-xml"
        ),
        "ready-ends-in-an-error-in-csv": Mutant(
            "the second read in CSV is an error", where(_failed, READY, CSV, _SECOND_READ)
        ),
    },
    "task.reads-equal": {
        "reads-differ": Mutant("cost grows with each read", where(_cost_grows, READY), also="in-xml"),
        "rows-change-their-order": Mutant(
            "every second read has the opposite order", ready(entries(lambda old: old[::-1]), EVERY_SECOND_READ)
        ),
        "end-time-is-made-anew": Mutant(
            "end_time is the moment of the read", where(lambda c: c.body.update(end_time=int(time.time())), READY)
        ),
    },
    "task.unknown": {
        "unknown-is-ready": Mutant("an unknown id is ready", unknown_is_ready, also="in-xml over-post"),
        "id-0-is-ready": Mutant("the id 0 is ready", where(unknown_is_ready, param("id", "0"))),
    },
    "task.foreign": {
        "foreign-is-read": Mutant(
            "another account's task is read", call=where(reading_foreign_tasks, RESULT), also="in-xml over-get"
        ),
    },
}
