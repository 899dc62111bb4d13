"""Breakages of answers: how they are written, errors, units, and what must never happen."""

from __future__ import annotations

import base64
import re

from mockserver.mutants.kit.answers import (
    changing,
    content,
    errors,
    header,
    page,
    pop,
    ready,
    replacing_text,
    rows,
    setting,
)
from mockserver.mutants.kit.calls import charging, free
from mockserver.mutants.kit.context import CallContext, Edit
from mockserver.mutants.kit.mutant import Table
from mockserver.mutants.kit.when import (
    CREATE,
    CSV,
    ERROR,
    INFO,
    JSON,
    OK,
    POST,
    READY,
    RESULT,
    XML,
    lacks,
    param,
    putting,
    where,
)
from support.standins.breaking import SOURCES, Breakage, units_of

_UNASKED = lacks("format")
_NO_CREDENTIALS = lacks("login", "token")
_TRACEBACK = page(500, "text/html", b"<html><body>Traceback</body></html>")


def _limit_reported(of: int) -> Edit:
    """An account whose limit is another one than info reports."""
    return where(lambda c: units_of(c).update(of=of), INFO, OK)


def _echo(context: CallContext) -> None:
    if context.token:
        context.body["message"] += f" {context.token}"


def _echo_as_base64(context: CallContext) -> None:
    context.body["key"] = base64.b64encode(context.token.encode()).decode()


def _has_an_odd_id(context: CallContext) -> bool:
    """An id that is not a number, or is one of more than 19 digits."""
    return context.operation == "result" and re.fullmatch("[0-9]{0,19}", context.params.get("id", "")) is None


def _has_ads(context: CallContext) -> bool:
    return context.rows == "data"


BROKEN_ANSWERS: Table[Breakage] = {
    "format.default": {
        "xml unasked": Breakage(
            "result answers in XML where no format is asked for", where(putting(format="xml"), RESULT, _UNASKED)
        ),
        "csv unasked": Breakage(
            "info answers in CSV where no format is asked for", where(putting(format="csv"), INFO, _UNASKED)
        ),
        "nothing unasked": Breakage(
            "create over POST answers nothing where no format is asked for",
            response=where(putting(content=b""), CREATE, POST, _UNASKED),
            on=SOURCES,
        ),
    },
    "format.readable": {
        "xml is cut": Breakage("XML lacks its end", response=content(lambda old: old[:-4], READY, XML)),
        "csv is ragged": Breakage(
            "the first ad has a field less in CSV", ready(lambda b: b["data"][0].pop("url"), CSV, _has_ads)
        ),
        "csv quote is open": Breakage(
            "CSV ends with a quote that is not closed", response=content(lambda old: old + b'"', READY, CSV)
        ),
        "a key twice": Breakage(
            "JSON has a name twice",
            response=content(lambda old: old.replace(b"{", b'{"status": "ready", ', 1), READY, JSON),
        ),
        "xml is no utf-8": Breakage(
            "XML in windows-1251",
            response=content(lambda old: old.decode().encode("cp1251", "xmlcharrefreplace"), READY, XML),
        ),
        "json for xml": Breakage(
            "a ready answer is JSON where XML is asked for", where(putting(format="json"), READY, XML)
        ),
    },
    "error.members": {
        "error_code as text": Breakage("error_code is text", errors(changing("error_code", str))),
        "no message over POST": Breakage("errors over POST have no message", errors(pop("message"), POST)),
        "no code in result": Breakage("errors of result have no error_code", errors(pop("error_code"), RESULT)),
    },
    "error.missing": {
        "other words": Breakage("the documented message is another", errors(replacing_text("Not set", "Missing"))),
        "other words in result": Breakage(
            "result names missing parameters one by one",
            errors(setting(message="Not set param(s) login"), RESULT, _NO_CREDENTIALS),
        ),
        "401 for 400": Breakage(
            "a call without login and token is answered by 401", errors(setting(error_code=401), _NO_CREDENTIALS)
        ),
    },
    "formats.same": {
        "csv loses a row": Breakage("CSV lacks the last ad", ready(lambda b: b["data"].pop(), CSV, _has_ads)),
        "xml trims": Breakage(
            "XML drops what stands after a line break",
            rows(changing("description", lambda text: text.split("\n")[0].rstrip("\r")), XML),
        ),
        "csv rounds": Breakage("a price is another one in CSV", rows(setting(price="4000"), CSV)),
        "errors differ": Breakage(
            "errors have another message in XML", errors(setting(message="Error"), param("format", "xml"))
        ),
    },
    "quota.charged": {
        "free creates": Breakage("creates cost no unit", free()),
        "free creates over POST": Breakage("creates over POST cost no unit", free(POST), on=SOURCES),
    },
    "quota.polling-free": {
        "polls cost": Breakage("each result costs a unit", charging),
        "polls in csv cost": Breakage("each result in CSV costs a unit", where(charging, CSV)),
    },
    "quota.refuses": {
        "no limit": Breakage("creates go on above the limit that info reports", _limit_reported(2)),
        "limit of nothing": Breakage("an account of a limit of 0 can create", _limit_reported(0)),
    },
    "token.never-repeated": {
        "token in errors": Breakage("errors repeat the token", where(_echo, ERROR)),
        "token in a header": Breakage(
            "a header of result in XML repeats the token",
            response=where(
                header("X-Request-Token", lambda c: c.token.encode("ascii", "replace").decode()),
                RESULT,
                XML,
                lambda c: c.token.isprintable(),
            ),
        ),
        "token in base64": Breakage("info repeats the token in base64", where(_echo_as_base64, INFO, OK)),
    },
    "server.never-breaks": {
        "500 for an odd id": Breakage(
            "an id that is not a number is a server error", response=where(_TRACEBACK, _has_an_odd_id)
        ),
        "500 for another http_method": Breakage(
            "PUT is a server error",
            response=where(_TRACEBACK, lambda c: c.http_method not in ("GET", "POST", "HEAD")),
        ),
        "500 for another method": Breakage(
            "an unknown method is a server error",
            response=where(_TRACEBACK, lambda c: c.operation not in ("create", "result", "info")),
        ),
        "no answer to an odd id": Breakage(
            "an id that is not a number ends the connection", response=where(putting(end="close"), _has_an_odd_id)
        ),
    },
}
