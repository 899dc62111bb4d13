"""Mutants of the ready answer: its members, its sections, its rows."""

from __future__ import annotations

import base64
from typing import Any

from mockserver.mutants.kit.answers import changing, last_row, names, photo, pop, ready, rows, setting, table
from mockserver.mutants.kit.mutant import Mutant, Table
from mockserver.mutants.kit.when import CSV, JSON, POST, XML, with_a

_ANOTHER_PHONE = setting(phone="70009999999")
_ANOTHER_IP = setting(ip="192.0.2.1")


def _no_picture(_: str) -> str:
    return base64.b64encode(b"no picture at all").decode()


def _half(text: str) -> str:
    """The first half of a picture, as base64."""
    picture = base64.b64decode(text)
    return base64.b64encode(picture[: len(picture) // 2]).decode()


def _without_time(lines: list[list[str]]) -> list[list[str]]:
    if "time" not in lines[0]:
        return lines
    at = lines[0].index("time")
    return [line[:at] + line[at + 1 :] for line in lines]


def _ends_early(body: dict[str, Any]) -> None:
    body["end_time"] = body["create_time"] - 1


READY_MUTANTS: Table[Mutant] = {
    "result.ready": {
        "ready-lacks-cost": Mutant("no cost", ready(pop("cost")), also="in-xml"),
        "ready-lacks-ip": Mutant("no ip", ready(pop("ip")), also="over-post"),
        "ready-lacks-create_time": Mutant("no create_time", ready(pop("create_time"))),
        "ready-lacks-end_time": Mutant("no end_time", ready(pop("end_time")), also="in-csv"),
        "data-is-an-object": Mutant(
            "data is an object", ready(changing("data", lambda rows: {"row": rows}), JSON, with_a("data"))
        ),
        "data-is-0-where-it-is-not-filled": Mutant(
            "data is 0 where the source does not fill it", ready(setting(data=0), JSON, with_a("names"))
        ),
    },
    "result.own-section": {
        **{f"{name}-is-left-out": Mutant(f"no {name}", ready(pop(name), JSON)) for name in ("data", "names", "photo")},
        "data-is-null": Mutant("data with rows is null", ready(setting(data=None), JSON, with_a("data"))),
        "names-is-false": Mutant(
            "names is false where there are names", ready(setting(names=False), JSON, with_a("names"))
        ),
        "photo-is-left-out-in-csv": Mutant("no photo in CSV", ready(pop("photo"), CSV)),
    },
    "result.row-fields": {
        "a-row-lacks-url": Mutant("rows have no url", rows(pop("url"), JSON)),
        "rows-lack-time-in-csv": Mutant("rows have no time in CSV", response=table(_without_time)),
        "the-last-row-lacks-name": Mutant("the last row has no name", last_row(pop("name"), JSON)),
        "title-is-null": Mutant("title is null", rows(setting(title=None), JSON)),
        "price-is-a-number": Mutant("price is a number", rows(setting(price=5), JSON)),
    },
    "result.row-phone": {
        "rows-carry-another-phone": Mutant("rows carry another phone", rows(_ANOTHER_PHONE), also="in-csv"),
        "the-last-row-carries-another-phone": Mutant("the last row carries another phone", last_row(_ANOTHER_PHONE)),
    },
    "result.names": {
        "names-are-plain": Mutant("names are plain texts", names(str, JSON)),
        "names-lack-name": Mutant("entries of names have no name", names(lambda text: {"title": text}, JSON)),
    },
    "result.photo": {
        "photo-is-not-base64": Mutant("photo is not base64", photo(lambda _: "%%%")),
        "photo-is-no-picture": Mutant("photo is not a picture", photo(_no_picture), also="in-xml"),
        "photo-is-cut-over-post": Mutant("photo is cut over POST", photo(_half, POST)),
        "photo-is-a-data-url": Mutant("photo is a data URL", photo(lambda text: f"data:image/png;base64,{text}")),
    },
    "result.cost": {
        "cost-is-a-number": Mutant("cost is a number", ready(changing("cost", int))),
        "cost-is-0": Mutant("cost is 0", ready(setting(cost="0")), also="in-csv"),
        "cost-is-0.00": Mutant("cost is 0.00", ready(setting(cost="0.00"))),
        "cost-is-less-than-1-in-xml": Mutant("cost is 0.50 in XML", ready(setting(cost="0.50"), XML)),
        "cost-is-empty-in-xml": Mutant("cost is empty in XML", ready(setting(cost=""), XML)),
    },
    "result.ip": {
        "ip-is-a-name": Mutant("ip is a host name", ready(setting(ip="localhost"))),
        "ip-is-anothers": Mutant("ip is another address", ready(_ANOTHER_IP), also="over-post"),
        "ip-has-a-port-in-csv": Mutant("ip has a port in CSV", ready(setting(ip="127.0.0.1:80"), CSV)),
    },
    "result.times-ordered": {
        "ends-before-it-began": Mutant("end_time is before create_time", ready(_ends_early), also="in-xml"),
    },
}
