"""How answers are written, errors told, units counted, and what must never happen."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from support.standins.breaking import Breakage, Scene
from support.standins.edits import (
    SOURCES,
    When,
    always,
    each,
    errors,
    over,
    ready,
    spoilt,
    written_in,
)
from support.standins.shell import Response


def _units(change: Callable[[Scene, int], int], key: str = "used") -> Callable[[Scene], None]:
    """An edit of a number of units that info tells."""

    def edit(scene: Scene) -> None:
        if scene.method == "info" and scene.status == "ok":
            data = scene.model["data"]
            limit = (data[0] if isinstance(data, list) else data)["api_limit"]
            limit[key] = change(scene, limit[key])

    return edit


def _free_of_charge(when: When) -> Callable[[Scene], None]:
    """Creates that take nothing, as far as info tells."""

    def edit(scene: Scene) -> None:
        if scene.method == "create" and scene.status == "ok" and when(scene):
            free = f"free {scene.params['login']}"
            scene.memory[free] = scene.memory.get(free, 0) + scene.charged
        _units(lambda s, used: used - s.memory.get(f"free {s.params['login']}", 0))(scene)

    return edit


def _polls_cost(when: When) -> Callable[[Scene], None]:
    def edit(scene: Scene) -> None:
        if scene.method == "result" and scene.status in ("ready", "processing") and when(scene):
            scene.count(f"polls {scene.params['login']}")
        _units(lambda s, used: used + s.memory.get(f"polls {s.params['login']}", 0))(scene)

    return edit


def _echo(scene: Scene) -> None:
    if scene.status == "error" and scene.params.get("token"):
        scene.model["message"] += f" {scene.params['token']}"


def _echo_in_a_header(scene: Scene) -> None:
    if scene.method == "result" and scene.kind == "xml" and (token := scene.params.get("token", "")).isprintable():
        scene.told.headers.append(("X-Request-Token", token.encode("ascii", "replace").decode()))


def _echo_as_base64(scene: Scene) -> None:
    if scene.method == "info" and scene.status == "ok":
        scene.model["key"] = base64.b64encode(scene.params["token"].encode()).decode()


def _server_error(when: When) -> Callable[[Scene, Response], Response]:
    page = Response(500, (("Content-Type", "text/html"),), b"<html><body>Traceback</body></html>")
    return lambda scene, response: page if when(scene) else response


def _has_an_odd_id(scene: Scene) -> bool:
    """An id that is no number, or is one beyond a machine's."""
    return scene.method == "result" and re.fullmatch("[0-9]{0,19}", scene.params.get("id", "")) is None


def _ads_in_csv(scene: Scene) -> bool:
    return scene.kind == "csv" and scene.told.rows == "data"


def _two_keys(body: bytes) -> bytes:
    return body.replace(b"{", b'{"status": "ready", ', 1)


def _not_utf_8(body: bytes) -> bytes:
    return body.decode().encode("cp1251", "xmlcharrefreplace")


BROKEN_ANSWERS: Mapping[str, Breakage] = MappingProxyType(
    {
        "xml unasked": Breakage(
            "format.default",
            "result answers in XML where no format is asked for",
            edit=lambda s: (
                setattr(s.told, "kind", "xml") if s.method == "result" and "format" not in s.params else None
            ),
        ),
        "csv unasked": Breakage(
            "format.default",
            "info answers in CSV where no format is asked for",
            edit=lambda s: setattr(s.told, "kind", "csv") if s.method == "info" and "format" not in s.params else None,
        ),
        "nothing unasked": Breakage(
            "format.default",
            "create over POST answers nothing where no format is asked for",
            spoil=lambda s, b: (
                b"" if (s.method, s.http_method) == ("create", "POST") and "format" not in s.params else b
            ),
            on=SOURCES,
        ),
        "xml is cut": Breakage("format.readable", "XML lacks its end", spoil=spoilt("xml", lambda b: b[:-4])),
        "csv is ragged": Breakage(
            "format.readable",
            "the first ad has a field less in CSV",
            edit=ready(lambda m: m["data"][0].pop("url"), _ads_in_csv),
        ),
        "csv quote is open": Breakage(
            "format.readable", "CSV begins with a quote that is not closed", spoil=spoilt("csv", lambda b: b + b'"')
        ),
        "a key twice": Breakage("format.readable", "JSON has a name twice", spoil=spoilt("json", _two_keys)),
        "xml is no utf-8": Breakage("format.readable", "XML in windows-1251", spoil=spoilt("xml", _not_utf_8)),
        "json for xml": Breakage(
            "format.readable",
            "a ready task is told in JSON where XML is asked for",
            edit=lambda s: setattr(s.told, "kind", "json") if (s.status, s.kind) == ("ready", "xml") else None,
        ),
        "error_code as text": Breakage(
            "error.members", "error_code is text", edit=errors(lambda m: m.update(error_code=str(m["error_code"])))
        ),
        "no message over POST": Breakage(
            "error.members", "errors over POST have no message", edit=errors(lambda m: m.pop("message"), over("POST"))
        ),
        "no code in result": Breakage(
            "error.members",
            "errors of result have no error_code",
            edit=errors(lambda m: m.pop("error_code"), lambda s: s.method == "result"),
        ),
        "other words": Breakage(
            "error.missing",
            "the documented message is another",
            edit=errors(lambda m: m.update(message=m["message"].replace("Not set", "Missing"))),
        ),
        "other words in result": Breakage(
            "error.missing",
            "result says what is missing one by one",
            edit=errors(
                lambda m: m.update(message="Not set param(s) login"),
                lambda s: s.method == "result" and not {"login", "token"} & {*s.params},
            ),
        ),
        "401 for 400": Breakage(
            "error.missing",
            "what lacks login and token is answered by 401",
            edit=errors(lambda m: m.update(error_code=401), lambda s: not {"login", "token"} & {*s.params}),
        ),
        "csv loses a row": Breakage(
            "formats.same",
            "CSV lacks the last ad",
            edit=ready(lambda m: m["data"].pop(), _ads_in_csv),
        ),
        "xml trims": Breakage(
            "formats.same",
            "XML drops what stands after a line break",
            edit=ready(
                each("data", lambda row: row.update(description=row["description"].split("\n")[0].rstrip("\r"))),
                written_in("xml"),
            ),
        ),
        "csv rounds": Breakage(
            "formats.same",
            "a price is another one in CSV",
            edit=ready(each("data", lambda row: row.update(price="4000")), written_in("csv")),
        ),
        "errors differ": Breakage(
            "formats.same",
            "errors have another message in XML",
            edit=errors(lambda m: m.update(message="Error"), lambda s: s.params.get("format") == "xml"),
        ),
        "free creates": Breakage("quota.charged", "creates take no unit", edit=_free_of_charge(always)),
        "free creates over POST": Breakage(
            "quota.charged", "creates over POST take no unit", edit=_free_of_charge(over("POST")), on=SOURCES
        ),
        "polls cost": Breakage("quota.polling-free", "each result takes a unit", edit=_polls_cost(always)),
        "polls in csv cost": Breakage(
            "quota.polling-free", "each result in CSV takes a unit", edit=_polls_cost(written_in("csv"))
        ),
        "no limit": Breakage(
            "quota.refuses",
            "creates go on above the limit that info tells",
            edit=_units(lambda _s, _of: 2, "of"),
            limit=1_000_000,
        ),
        "limit of nothing": Breakage(
            "quota.refuses",
            "an account of a limit of 0 can create",
            edit=_units(lambda _s, _of: 0, "of"),
            limit=1_000_000,
        ),
        "token in errors": Breakage("token.never-repeated", "errors repeat the token", edit=_echo),
        "token in a header": Breakage(
            "token.never-repeated", "a header of result in XML repeats the token", edit=_echo_in_a_header
        ),
        "token in base64": Breakage("token.never-repeated", "info tells the token in base64", edit=_echo_as_base64),
        "500 for an odd id": Breakage(
            "server.never-breaks", "an id that is no number is a fault", respond=_server_error(_has_an_odd_id)
        ),
        "500 for another http_method": Breakage(
            "server.never-breaks",
            "PUT is a fault of the server",
            respond=_server_error(lambda s: s.http_method not in ("GET", "POST", "HEAD")),
        ),
        "500 for another method": Breakage(
            "server.never-breaks",
            "an unknown method is a fault of the server",
            respond=_server_error(lambda s: s.method not in ("create", "result", "info")),
        ),
        "no answer to an odd id": Breakage(
            "server.never-breaks",
            "an id that is no number ends the connection",
            respond=lambda s, r: replace(r, end="close") if _has_an_odd_id(s) else r,
        ),
    }
)
