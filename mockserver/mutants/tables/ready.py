"""Mutants of the ready answer: its members, its sections, its rows."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import MappingProxyType

from mockserver.mutants.broken import Mutant
from mockserver.mutants.edits import last_row, names, photo, pop, ready, rows, setting, table, without_column

_NO_PICTURE = base64.b64encode(b"no picture at all").decode()


def _halved(text: str) -> str:
    """The first half of a picture, as base64."""
    content = base64.b64decode(text)
    return base64.b64encode(content[: len(content) // 2]).decode()


def _earlier(body: dict[str, object]) -> None:
    begun = body["create_time"]
    assert isinstance(begun, int), "the default profile tells times as Unix seconds"
    body["end_time"] = begun - 1


READY: Mapping[str, Mutant] = MappingProxyType(
    {
        **{
            f"ready-lacks-{name}": Mutant("result.ready", f"no {name}", answer=ready(pop(name)))
            for name in ("cost", "ip", "create_time", "end_time")
        },
        "ready-lacks-cost-in-xml": Mutant("result.ready", "no cost in XML", answer=ready(pop("cost"), form="xml")),
        "ready-lacks-ip-over-post": Mutant(
            "result.ready", "no ip over POST", answer=ready(pop("ip"), http_method="POST")
        ),
        "ready-lacks-end_time-in-csv": Mutant(
            "result.ready", "no end_time in CSV", answer=ready(pop("end_time"), form="csv")
        ),
        "data-is-an-object": Mutant(
            "result.ready",
            "data is an object",
            answer=ready(lambda b: b.update(data={"row": b.get("data", [])}) if b.get("data") else None, form="json"),
        ),
        **{
            f"{name}-is-left-out": Mutant("result.own-section", f"no {name}", answer=ready(pop(name), form="json"))
            for name in ("data", "names", "photo")
        },
        "names-is-left-out-in-xml": Mutant(
            "result.own-section", "no names in XML", answer=ready(pop("names"), form="xml")
        ),
        "photo-is-left-out-in-csv": Mutant(
            "result.own-section", "no photo in CSV", answer=ready(pop("photo"), form="csv")
        ),
        "a-row-lacks-url": Mutant("result.row-fields", "rows have no url", answer=rows(pop("url"), form="json")),
        "a-row-lacks-url-in-xml": Mutant(
            "result.row-fields", "rows have no url in XML", answer=rows(pop("url"), form="xml")
        ),
        "rows-lack-time-in-csv": Mutant(
            "result.row-fields", "rows have no time in CSV", body=table(without_column("time"))
        ),
        "the-last-row-lacks-name": Mutant(
            "result.row-fields", "the last row has no name", answer=last_row(pop("name"), form="json")
        ),
        "title-is-null": Mutant("result.row-fields", "title is null", answer=rows(setting(title=None), form="json")),
        "price-is-a-number": Mutant(
            "result.row-fields", "price is a number", answer=rows(setting(price=5), form="json")
        ),
        "rows-carry-another-phone": Mutant(
            "result.row-phone", "rows carry another phone", answer=rows(setting(phone="70009999999"))
        ),
        "rows-carry-another-phone-in-csv": Mutant(
            "result.row-phone", "rows carry another phone in CSV", answer=rows(setting(phone="70009999999"), form="csv")
        ),
        "the-last-row-carries-another-phone": Mutant(
            "result.row-phone", "the last row carries another phone", answer=last_row(setting(phone="70009999999"))
        ),
        "names-are-plain": Mutant("result.names", "names are plain texts", answer=names(str, form="json")),
        "names-are-plain-in-xml": Mutant("result.names", "names are plain texts in XML", answer=names(str, form="xml")),
        "names-lack-name": Mutant(
            "result.names", "entries of names have no name", answer=names(lambda n: {"title": n}, form="json")
        ),
        "photo-is-not-base64": Mutant("result.photo", "photo is no base64", answer=photo(lambda _: "%%%")),
        "photo-is-no-picture": Mutant("result.photo", "photo is no picture", answer=photo(lambda _: _NO_PICTURE)),
        "photo-is-no-picture-in-xml": Mutant(
            "result.photo", "photo is no picture in XML", answer=photo(lambda _: _NO_PICTURE, form="xml")
        ),
        "photo-is-cut-over-post": Mutant(
            "result.photo", "photo is cut over POST", answer=photo(_halved, http_method="POST")
        ),
        "photo-is-a-data-url": Mutant(
            "result.photo", "photo is a data URL", answer=photo(lambda text: f"data:image/png;base64,{text}")
        ),
        "cost-is-a-number": Mutant(
            "result.cost", "cost is a number", answer=ready(lambda b: b.update(cost=int(b["cost"])))
        ),
        "cost-is-0": Mutant("result.cost", "cost is 0", answer=ready(setting(cost="0"))),
        "cost-is-0-in-csv": Mutant("result.cost", "cost is 0 in CSV", answer=ready(setting(cost="0"), form="csv")),
        "cost-is-empty-in-xml": Mutant(
            "result.cost", "cost is empty in XML", answer=ready(setting(cost=""), form="xml")
        ),
        "ip-is-a-name": Mutant("result.ip", "ip is a host name", answer=ready(setting(ip="localhost"))),
        "ip-is-anothers": Mutant("result.ip", "ip is another address", answer=ready(setting(ip="192.0.2.1"))),
        "ip-is-anothers-over-post": Mutant(
            "result.ip", "ip is another address over POST", answer=ready(setting(ip="192.0.2.1"), http_method="POST")
        ),
        "ip-has-a-port-in-csv": Mutant(
            "result.ip", "ip has a port in CSV", answer=ready(setting(ip="127.0.0.1:80"), form="csv")
        ),
        "ends-before-it-began": Mutant(
            "result.times-ordered", "end_time is before create_time", answer=ready(_earlier)
        ),
        "ends-before-it-began-in-xml": Mutant(
            "result.times-ordered", "end_time is before create_time in XML", answer=ready(_earlier, form="xml")
        ),
    }
)
