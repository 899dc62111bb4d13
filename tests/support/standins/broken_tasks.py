"""Breakages of tasks: their id, their status, what was found."""

from __future__ import annotations

import base64
from typing import Any

from mockserver.mutants.kit.answers import (
    changing,
    created,
    each,
    entries,
    names,
    photo,
    pop,
    processing,
    ready,
    rows,
    setting,
    still_processing,
)
from mockserver.mutants.kit.calls import repeating_ids
from mockserver.mutants.kit.context import CallContext
from mockserver.mutants.kit.mutant import Table
from mockserver.mutants.kit.when import CSV, EVERY_SECOND_READ, JSON, POST, READY, XML, read, where
from support.standins.breaking import SOURCES, Breakage


def _every_second_task(context: CallContext) -> bool:
    known = context.memory.setdefault("tasks", [])
    if context.params["id"] not in known:
        known.append(context.params["id"])
    return known.index(context.params["id"]) % 2 == 1


def _later_at_every_read(context: CallContext) -> None:
    n, end = context.count(f"reads of {context.params['id']}"), context.body["end_time"]
    context.body["end_time"] = end + n if isinstance(end, int) else f"2040-01-01 00:00:{n % 60:02}"


def _begins_late(body: dict[str, Any]) -> None:
    text = isinstance(body["create_time"], str)
    body["create_time"] = "2040-01-01 00:00:00" if text else body["end_time"] + 60


BROKEN_TASKS: Table[Breakage] = {
    "create.ok": {
        "id as text": Breakage("id is text", created(changing("id", str))),
        "created": Breakage("create says created", created(setting(status="created"))),
        "no id in xml": Breakage("create has no id in XML", created(pop("id"), XML), on=SOURCES),
    },
    "task.new-id": {
        "the same id": Breakage("every task has the first one's id", repeating_ids()),
        "the same id over POST": Breakage("a create over POST repeats an id", repeating_ids(POST), on=SOURCES),
    },
    "result.processing": {
        "another word": Breakage("a task that is not done says pending", processing(setting(status="pending"))),
        "processing without status": Breakage(
            "a task that is not done has no status", processing(lambda b: b.update(state=b.pop("status")))
        ),
        "processing is an error": Breakage(
            "a task that is not done is answered by an error",
            processing(setting(status="error", error_code=425, message="The task is not ready")),
        ),
    },
    "result.becomes-ready": {
        "never ready": Breakage("no task is ever ready", where(still_processing, READY)),
        "one is never ready": Breakage(
            "every second task is never ready", where(still_processing, READY, _every_second_task), on=SOURCES
        ),
    },
    "result.ready": {
        "no ip": Breakage("a ready answer has no ip", ready(pop("ip"))),
        "no end_time in xml": Breakage("a ready answer has no end_time in XML", ready(pop("end_time"), XML)),
        "data as text": Breakage(
            "where there are no rows, data in JSON is not a list",
            ready(setting(data="none"), JSON, lambda c: c.rows != "data"),
            on=SOURCES,
        ),
    },
    "result.own-section": {
        "no section": Breakage("a ready answer lacks its source's section", ready(pop("data", "names", "photo"))),
        "no names": Breakage(
            "the section of source 1 has another name",
            ready(lambda b: b.update(people=b.pop("names")), lambda c: c.rows == "names"),
            on=SOURCES,
        ),
    },
    "result.row-fields": {
        "a row without url": Breakage("rows have no url", rows(pop("url"))),
        "price as number": Breakage("price is a number", rows(changing("price", lambda text: int(text or 0)))),
        "no description": Breakage("a description is null", rows(setting(description=None))),
    },
    "result.row-phone": {
        "another phone": Breakage(
            "rows carry another phone", rows(changing("phone", lambda phone: type(phone)("70009998877")))
        ),
        "half a phone": Breakage(
            "rows carry the phone with its end hidden", rows(changing("phone", lambda phone: f"{str(phone)[:-4]}xxxx"))
        ),
    },
    "result.names": {
        "names as texts": Breakage("names is a list of texts", names(str), on=SOURCES),
        "names as titles": Breakage(
            "an entry of names has a title and no name",
            ready(each("names", lambda entry: entry.update(title=entry.pop("name"))), lambda c: c.format != "csv"),
            on=SOURCES,
        ),
    },
    "result.photo": {
        "no picture": Breakage(
            "photo is base64 of a text", photo(lambda _: base64.b64encode("нет фото".encode()).decode()), on=SOURCES
        ),
        "photo as list": Breakage(
            "where there is no photo, photo in JSON is not a text",
            ready(lambda b: b.update(photo=["none"]), JSON, lambda c: c.rows is not None),
        ),
        "half a picture": Breakage("photo is cut short", photo(lambda text: text[:40]), on=SOURCES),
        "photo as an address": Breakage(
            "photo is a data: URL in XML", photo(lambda text: f"data:image/png;base64,{text}", XML), on=SOURCES
        ),
    },
    "result.cost": {
        "cost as number": Breakage("cost is a number", ready(changing("cost", int))),
        "cost of nothing": Breakage("cost is 0", ready(setting(cost="0"))),
        "cost in words": Breakage("cost has a unit in XML", ready(setting(cost="1 unit"), XML)),
    },
    "result.ip": {
        "no address": Breakage("ip is not an address", ready(setting(ip="localhost"))),
        "another's address": Breakage("ip is another's in XML", ready(setting(ip="203.0.113.7"), XML)),
    },
    "task.ready-stays": {
        "ready goes back": Breakage(
            "every third read says processing", where(still_processing, READY, read(lambda n: n % 3 == 0))
        ),
        "ready goes back in csv": Breakage(
            "a task that was ready is processing in CSV", where(still_processing, READY, read(lambda n: n > 1), CSV)
        ),
    },
    "task.reads-equal": {
        "rows turn round": Breakage(
            "every second read is in another order", ready(entries(lambda old: old[::-1]), JSON, EVERY_SECOND_READ)
        ),
        "the end moves": Breakage("end_time is that of the reading", where(_later_at_every_read, READY)),
    },
    "result.times-ordered": {
        "ends before it begins": Breakage("create_time is after end_time", ready(_begins_late)),
        "ends before it begins in xml": Breakage("create_time is after end_time in XML", ready(_begins_late, XML)),
    },
}
