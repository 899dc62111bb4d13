"""What a task is told to be: its id, its status, what was found."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from support.standins.breaking import Breakage, Scene
from support.standins.edits import (
    SOURCES,
    answers,
    each,
    ready,
    with_a,
    written_in,
)


def _back_to_processing(scene: Scene) -> None:
    scene.told.model, scene.told.rows = {"status": "processing"}, None


def _every_third_read_processes(scene: Scene) -> None:
    if scene.method == "result" and scene.status == "ready" and scene.count(f"read {scene.params['id']}") % 3 == 0:
        _back_to_processing(scene)


def _every_second_task_processes(scene: Scene) -> None:
    if scene.status == "ready" and list(scene.tasks).index(scene.params["id"]) % 2:
        _back_to_processing(scene)


def _ready_is_lost_in_csv(scene: Scene) -> None:
    if scene.status == "ready" and scene.kind == "csv" and scene.count(f"read {scene.params['id']}") > 1:
        _back_to_processing(scene)
    elif scene.status == "ready":
        scene.count(f"read {scene.params['id']}")


def _turned_round(scene: Scene) -> None:
    """Every second read in JSON has its rows the other way round."""
    if scene.status == "ready" and scene.kind == "json" and scene.count(f"read {scene.params['id']}") % 2 == 0:
        for section in ("data", "names"):
            if isinstance(scene.model.get(section), list):
                scene.model[section].reverse()


def _later_at_every_read(scene: Scene) -> None:
    if scene.status == "ready":
        n = scene.count(f"read {scene.params['id']}")
        end = scene.model["end_time"]
        scene.model["end_time"] = end + n if isinstance(end, int) else f"2040-01-01 00:00:{n % 60:02}"


def _begins_late(model: dict[str, Any]) -> None:
    text = isinstance(model["create_time"], str)
    model["create_time"] = "2040-01-01 00:00:00" if text else model["end_time"] + 60


def _same_id(scene: Scene) -> None:
    if scene.method == "create" and scene.status == "ok":
        scene.model["id"] = scene.memory.setdefault("id", scene.model["id"])


def _same_id_over_post(scene: Scene) -> None:
    if scene.http_method == "POST":
        _same_id(scene)
    elif scene.method == "create" and scene.status == "ok":
        scene.memory.setdefault("id", scene.model["id"])


BROKEN_TASKS: Mapping[str, Breakage] = MappingProxyType(
    {
        "id as text": Breakage(
            "create.ok", "id is text", edit=answers("create", "ok", lambda m: m.update(id=str(m["id"])))
        ),
        "created": Breakage(
            "create.ok", "create says created", edit=answers("create", "ok", lambda m: m.update(status="created"))
        ),
        "no id in xml": Breakage(
            "create.ok",
            "create tells no id in XML",
            edit=answers("create", "ok", lambda m: m.pop("id"), written_in("xml")),
            on=SOURCES,
        ),
        "the same id": Breakage("task.new-id", "every task has the first one's id", edit=_same_id),
        "the same id over POST": Breakage(
            "task.new-id", "a create over POST repeats an id", edit=_same_id_over_post, on=SOURCES
        ),
        "another word": Breakage(
            "result.processing",
            "a task that is not done says pending",
            edit=answers("result", "processing", lambda m: m.update(status="pending")),
        ),
        "processing without status": Breakage(
            "result.processing",
            "a task that is not done tells no status",
            edit=answers("result", "processing", lambda m: m.update(state=m.pop("status"))),
        ),
        "processing is an error": Breakage(
            "result.processing",
            "a task that is not done is answered by an error",
            edit=answers(
                "result",
                "processing",
                lambda m: m.update(status="error", error_code=425, message="The task is not ready"),
            ),
        ),
        "never ready": Breakage("result.becomes-ready", "no task is ever ready", seconds=1000.0),
        "one is never ready": Breakage(
            "result.becomes-ready",
            "every second task is never ready",
            edit=_every_second_task_processes,
            on=SOURCES,
        ),
        "no ip": Breakage("result.ready", "a ready answer has no ip", edit=ready(lambda m: m.pop("ip"))),
        "no end_time in xml": Breakage(
            "result.ready",
            "a ready answer has no end_time in XML",
            edit=ready(lambda m: m.pop("end_time"), written_in("xml")),
        ),
        "data as text": Breakage(
            "result.ready",
            "where there are no rows, JSON holds data that is no list",
            edit=ready(lambda m: m.update(data=""), lambda s: s.kind == "json" and s.told.rows != "data"),
            on=SOURCES,
        ),
        "no section": Breakage(
            "result.own-section",
            "a ready answer lacks its source's section",
            edit=ready(lambda m: [m.pop(s, None) for s in ("data", "names", "photo")]),
        ),
        "no names": Breakage(
            "result.own-section",
            "what source 1 finds stands under another name",
            edit=ready(lambda m: m.update(people=m.pop("names")), lambda s: s.told.rows == "names"),
            on=SOURCES,
        ),
        "a row without url": Breakage(
            "result.row-fields", "rows have no url", edit=ready(each("data", lambda row: row.pop("url")))
        ),
        "price as number": Breakage(
            "result.row-fields",
            "price is a number",
            edit=ready(each("data", lambda row: row.update(price=int(row["price"] or 0)))),
        ),
        "no description": Breakage(
            "result.row-fields",
            "a description is null",
            edit=ready(each("data", lambda row: row.update(description=None))),
        ),
        "another phone": Breakage(
            "result.row-phone",
            "rows carry another phone",
            edit=ready(each("data", lambda row: row.update(phone=type(row["phone"])("70009998877")))),
        ),
        "half a phone": Breakage(
            "result.row-phone",
            "rows carry the phone with its end hidden",
            edit=ready(each("data", lambda row: row.update(phone=str(row["phone"])[:-4] + "xxxx"))),
        ),
        "names as texts": Breakage(
            "result.names",
            "names is a list of texts",
            edit=ready(lambda m: m.update(names=[entry["name"] for entry in m["names"]]), with_a("names")),
            on=SOURCES,
        ),
        "names as titles": Breakage(
            "result.names",
            "an entry of names has a title and no name",
            edit=ready(each("names", lambda entry: entry.update(title=entry.pop("name"))), lambda s: s.kind != "csv"),
            on=SOURCES,
        ),
        "no picture": Breakage(
            "result.photo",
            "photo is base64 of a text",
            edit=ready(lambda m: m.update(photo=base64.b64encode("нет фото".encode()).decode()), with_a("photo")),
            on=SOURCES,
        ),
        "photo as list": Breakage(
            "result.photo",
            "where there is no photo, JSON holds one that is no text",
            edit=ready(lambda m: m.update(photo=[]), lambda s: s.kind == "json" and s.told.rows is not None),
        ),
        "half a picture": Breakage(
            "result.photo",
            "photo is cut short",
            edit=ready(lambda m: m.update(photo=m["photo"][:40]), with_a("photo")),
            on=SOURCES,
        ),
        "photo as an address": Breakage(
            "result.photo",
            "photo is a data: URL in XML",
            edit=ready(
                lambda m: m.update(photo=f"data:image/png;base64,{m['photo']}"),
                lambda s: s.kind == "xml" and bool(s.model.get("photo")),
            ),
            on=SOURCES,
        ),
        "cost as number": Breakage(
            "result.cost", "cost is a number", edit=ready(lambda m: m.update(cost=int(m["cost"])))
        ),
        "cost of nothing": Breakage("result.cost", "cost is 0", edit=ready(lambda m: m.update(cost="0"))),
        "cost in words": Breakage(
            "result.cost", "cost has a unit in XML", edit=ready(lambda m: m.update(cost="1 unit"), written_in("xml"))
        ),
        "no address": Breakage("result.ip", "ip is no address", edit=ready(lambda m: m.update(ip="localhost"))),
        "another's address": Breakage(
            "result.ip", "ip is another's in XML", edit=ready(lambda m: m.update(ip="203.0.113.7"), written_in("xml"))
        ),
        "ready goes back": Breakage(
            "task.ready-stays", "every third read says processing", edit=_every_third_read_processes
        ),
        "ready goes back in csv": Breakage(
            "task.ready-stays", "a task that was ready is processing in CSV", edit=_ready_is_lost_in_csv
        ),
        "rows turn round": Breakage("task.reads-equal", "every second read is in another order", edit=_turned_round),
        "the end moves": Breakage("task.reads-equal", "end_time is that of the reading", edit=_later_at_every_read),
        "ends before it begins": Breakage(
            "result.times-ordered", "create_time is after end_time", edit=ready(_begins_late)
        ),
        "ends before it begins in xml": Breakage(
            "result.times-ordered", "create_time is after end_time in XML", edit=ready(_begins_late, written_in("xml"))
        ),
    }
)
