"""The mutants: one row for each way of breaking a promise.

A row names the clause that it breaks and its edits, which leave alone what the promise is not about.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from mockserver.core.messages import METHODS, Page
from mockserver.mutants.broken import Mutant
from mockserver.mutants.edits import (
    anonymous,
    back_to_processing,
    believing,
    broken_on,
    charging_polls,
    counted,
    every_error,
    filling,
    first_row_lost,
    foreign_is_read,
    free,
    ok,
    on,
    other_accounts_token,
    pop,
    ready,
    refusing,
    replacing,
    rows,
    same_id,
    setting,
    source_refused,
    unknown_is_ready,
    with_status,
    without_limit,
)

_OOPS = Page(500, "text/html", b"<h1>Internal Server Error</h1>")
_EMPTY = Page(200, "application/json", b"")
_PNG_LIKE = base64.b64encode(b"no picture at all").decode()

MUTANTS: Mapping[str, Mutant] = MappingProxyType(
    {
        "id-is-text": Mutant("create.ok", "id is text", answer=ok(lambda b: b.update(id=str(b["id"])))),
        "id-is-missing": Mutant("create.ok", "no id", answer=ok(pop("id"))),
        "id-is-missing-in-xml": Mutant("create.ok", "no id in XML", answer=ok(pop("id"), format="xml")),
        "id-is-missing-in-csv": Mutant("create.ok", "no id in CSV", answer=ok(pop("id"), format="csv")),
        "id-is-null-over-post": Mutant("create.ok", "id is null over POST", answer=ok(setting(id=None), verb="POST")),
        "created-says-success": Mutant("create.ok", "status is success", answer=ok(setting(status="success"))),
        "create-refuses-post": Mutant("create.methods", "POST is refused", answer=refusing("create", "POST")),
        "create-refuses-get": Mutant("create.methods", "GET is refused", answer=refusing("create", "GET")),
        "result-refuses-post": Mutant("result.methods", "POST is refused", answer=refusing("result", "POST")),
        "result-refuses-get": Mutant("result.methods", "GET is refused", answer=refusing("result", "GET")),
        "phone-is-not-required": Mutant(
            "create.required", "create without phone is taken", call=filling("create", phone="70000000001")
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
        **{
            f"{operation}-needs-no-{name}": Mutant(
                f"{operation}.required", f"{operation} without {name} is taken", call=anonymous(operation, name)
            )
            for operation, name in (("create", "login"), ("result", "login"), ("result", "token"))
        },
        "id-is-not-required": Mutant("result.required", "result without id is taken", call=filling("result", id="1")),
        "default-is-xml": Mutant(
            "format.default",
            "without format the answer is XML",
            answer=lambda answer, seen: answer if "format" in seen.call.params else replace(answer, format="xml"),
        ),
        "xml-is-json": Mutant(
            "format.readable",
            "XML is answered in JSON",
            answer=lambda answer, seen: replace(answer, format="json") if seen.format == "xml" else answer,
        ),
        "xml-is-not-closed": Mutant("format.readable", "XML is not closed", body=replacing(rb"</cost>", b"", "xml")),
        "xml-is-not-escaped": Mutant(
            "format.readable", "& is not escaped", body=replacing(rb"&amp;|<cost>", b"&<cost>", "xml")
        ),
        "csv-is-ragged": Mutant(
            "format.readable", "a CSV row is short", body=replacing(rb",[^,\r]*\r\n\Z", b"\r\n", "csv")
        ),
        "csv-quote-is-open": Mutant(
            "format.readable", "a CSV quote stays open", body=replacing(rb"\r\n\Z", b'\r\n"\r\n', "csv")
        ),
        "json-has-a-trailing-comma": Mutant(
            "format.readable", "a trailing comma", body=replacing(rb"\}\Z", b",}", "json")
        ),
        "json-has-a-key-twice": Mutant(
            "format.readable", "a key stands twice", body=replacing(rb'"cost":', b'"cost":"7","cost":', "json")
        ),
        "json-has-nan": Mutant(
            "format.readable", "NaN", body=replacing(rb'"create_time":\d+', b'"create_time":NaN', "json")
        ),
        "json-is-not-utf-8": Mutant(
            "format.readable",
            "broken UTF-8",
            body=replacing(rb'"status":"ready"', b'"x":"\xff","status":"ready"', "json"),
        ),
        "errors-are-broken-json": Mutant(
            "format.readable",
            "errors are cut",
            body=lambda b, s: b[:-1] if s.format == "json" and b'"error"' in b else b,
        ),
        "pending-for-processing": Mutant(
            "result.processing",
            "status pending",
            answer=on("result", lambda b, _: b.update(status="pending"), status="processing"),
        ),
        "processing-is-empty": Mutant(
            "result.processing", "no status", answer=on("result", lambda b, _: b.clear(), status="processing")
        ),
        "never-ready": Mutant(
            "result.becomes-ready",
            "a task is never ready",
            answer=lambda answer, _: (
                replace(answer, body={"status": "processing"}, rows=None)
                if answer.body["status"] == "ready"
                else answer
            ),
            options={"poll_timeout": 1.0},
        ),
        **{
            f"ready-lacks-{name}": Mutant("result.ready", f"no {name}", answer=ready(pop(name)))
            for name in ("cost", "ip", "create_time", "end_time")
        },
        "ready-lacks-cost-in-xml": Mutant("result.ready", "no cost in XML", answer=ready(pop("cost"), format="xml")),
        "ready-lacks-ip-over-post": Mutant("result.ready", "no ip over POST", answer=ready(pop("ip"), verb="POST")),
        "data-is-an-object": Mutant(
            "result.ready",
            "data is an object",
            answer=ready(lambda b: b.update(data={"row": b.get("data", [])}) if b.get("data") else None, format="json"),
        ),
        **{
            f"{name}-is-left-out": Mutant("result.own-section", f"no {name}", answer=ready(pop(name), format="json"))
            for name in ("data", "names", "photo")
        },
        "a-row-lacks-url": Mutant("result.row-fields", "rows have no url", answer=rows(pop("url"), format="json")),
        "a-row-lacks-url-in-xml": Mutant(
            "result.row-fields", "rows have no url", answer=rows(pop("url"), format="xml")
        ),
        "title-is-null": Mutant("result.row-fields", "title is null", answer=rows(setting(title=None), format="json")),
        "price-is-a-number": Mutant(
            "result.row-fields", "price is a number", answer=rows(setting(price=5), format="json")
        ),
        "rows-carry-another-phone": Mutant(
            "result.row-phone", "rows carry another phone", answer=rows(setting(phone="70009999999"))
        ),
        "names-are-plain": Mutant(
            "result.names",
            "names are plain texts",
            answer=ready(lambda b: b.update(names=[n["name"] for n in b.get("names", [])]), format="json"),
        ),
        "names-lack-name": Mutant(
            "result.names",
            "entries of names have no name",
            answer=ready(lambda b: b.update(names=[{"title": n["name"]} for n in b.get("names", [])]), format="json"),
        ),
        "photo-is-not-base64": Mutant(
            "result.photo",
            "photo is no base64",
            answer=ready(lambda b: b.update(photo="%%%") if b.get("photo") else None),
        ),
        "photo-is-no-picture": Mutant(
            "result.photo",
            "photo is no picture",
            answer=ready(lambda b: b.update(photo=_PNG_LIKE) if b.get("photo") else None),
        ),
        "cost-is-a-number": Mutant(
            "result.cost", "cost is a number", answer=ready(lambda b: b.update(cost=int(b["cost"])))
        ),
        "cost-is-0": Mutant("result.cost", "cost is 0", answer=ready(setting(cost="0"))),
        "ip-is-a-name": Mutant("result.ip", "ip is a host name", answer=ready(setting(ip="localhost"))),
        "ip-is-anothers": Mutant("result.ip", "ip is another address", answer=ready(setting(ip="192.0.2.1"))),
        "ends-before-it-began": Mutant(
            "result.times-ordered",
            "end_time is before create_time",
            answer=ready(lambda b: b.update(end_time=b["create_time"] - 1)),
        ),
        "ready-goes-back": Mutant("task.ready-stays", "the second read is processing", answer=back_to_processing),
        "reads-differ": Mutant(
            "task.reads-equal",
            "cost grows with each read",
            answer=counted(lambda b, n: b.update(cost=str(n + 1)), "result", "ready"),
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
        "ids-repeat": Mutant(
            "task.new-id", "every task has the first one's id", answer=on("create", same_id, status="ok")
        ),
        "unknown-is-ready": Mutant("task.unknown", "an unknown id is ready", answer=unknown_is_ready),
        "foreign-is-read": Mutant("task.foreign", "another account's task is read", call=foreign_is_read),
        "xml-loses-a-row": Mutant("formats.same", "XML lacks a row", answer=ready(first_row_lost, format="xml")),
        "csv-loses-a-row": Mutant("formats.same", "CSV lacks a row", answer=ready(first_row_lost, format="csv")),
        "xml-has-another-cost": Mutant(
            "formats.same", "XML has another cost", answer=ready(setting(cost="77"), format="xml")
        ),
        "csv-has-another-title": Mutant(
            "formats.same", "CSV has another title", answer=rows(setting(title="x"), format="csv")
        ),
        "xml-loses-line-breaks": Mutant(
            "formats.same", "XML drops carriage returns", body=replacing(rb"&#13;", b"", "xml")
        ),
        **{
            f"{name}-believes-any-token": Mutant("credentials.refused", f"{name} takes any token", call=believing(name))
            for name in ("create", "result", "info")
        },
        "anothers-token-is-taken": Mutant(
            "credentials.refused", "another account's token is taken", call=other_accounts_token
        ),
        "nothing-is-charged": Mutant("quota.charged", "create takes no unit", answer=free),
        "polls-are-charged": Mutant("quota.polling-free", "each poll takes a unit", answer=charging_polls),
        "the-limit-does-not-refuse": Mutant("quota.refuses", "a used-up limit does not refuse", call=without_limit),
        "info-fails": Mutant(
            "info.answers",
            "info is always an error",
            answer=lambda answer, seen: seen.error("unknown-method") if seen.call.operation == "info" else answer,
        ),
        "error-code-is-text": Mutant(
            "error.members",
            "error_code is text",
            answer=every_error(lambda b, _: b.update(error_code=str(b["error_code"]))),
        ),
        "errors-lack-a-code": Mutant(
            "error.members", "no error_code", answer=every_error(lambda b, _: b.pop("error_code"))
        ),
        "errors-lack-a-message": Mutant(
            "error.members", "no message", answer=every_error(lambda b, _: b.pop("message"))
        ),
        "errors-lack-a-code-in-xml": Mutant(
            "error.members", "no error_code in XML", answer=every_error(lambda b, _: b.pop("error_code"), format="xml")
        ),
        "missing-is-401": Mutant(
            "error.missing",
            "the code for missing credentials is 401",
            answer=every_error(lambda b, _: b.update(error_code=401) if "Not set" in b["message"] else None),
        ),
        "missing-in-another-order": Mutant(
            "error.missing",
            "token stands before login",
            answer=every_error(lambda b, _: b.update(message=b["message"].replace("login, token", "token, login"))),
        ),
        "missing-in-other-words": Mutant(
            "error.missing",
            "the message has other words",
            answer=every_error(lambda b, _: b.update(message=b["message"].replace("Not set", "Missing"))),
        ),
        "the-token-is-echoed": Mutant(
            "token.never-repeated",
            "an error repeats the token",
            answer=every_error(lambda b, s: b.update(message=f"{b['message']}: {s.call.params.get('token', '')}")),
        ),
        "the-token-is-echoed-in-a-header": Mutant(
            "token.never-repeated",
            "a header repeats the token",
            header=(
                "X-Debug",
                lambda seen: seen.call.params.get("token", "").encode("ascii", "replace").decode()[:200],
            ),
        ),
        "a-bad-phone-is-500": Mutant(
            "server.never-breaks",
            "a phone that is none breaks the server",
            answer=broken_on(lambda call: not call.params.get("phone", "0").isdigit(), _OOPS),
        ),
        "a-bad-phone-is-500-and-readable": Mutant(
            "server.never-breaks",
            "a phone that is none is answered with HTTP 500 and a right body",
            answer=with_status(500, lambda call: not call.params.get("phone", "0").isdigit()),
        ),
        "info-over-post-is-503": Mutant(
            "server.never-breaks",
            "info over POST is answered with HTTP 503 and a right body",
            answer=with_status(503, lambda call: (call.operation, call.verb) == ("info", "POST")),
        ),
        "create-in-xml-is-502": Mutant(
            "server.never-breaks",
            "create in XML is answered with HTTP 502 and a right body",
            answer=with_status(502, lambda call: (call.operation, call.params.get("format")) == ("create", "xml")),
        ),
        "an-unknown-method-is-500": Mutant(
            "server.never-breaks",
            "an unknown method is answered with HTTP 500 and a right body",
            answer=with_status(500, lambda call: call.operation not in METHODS),
        ),
        "a-long-value-is-no-answer": Mutant(
            "server.never-breaks",
            "a long value gets an empty answer",
            answer=broken_on(lambda call: any(len(v) > 500 for v in call.params.values()), _EMPTY),  # noqa: PLR2004
        ),
        **{
            f"source-{source}-is-refused": Mutant(
                "sources.documented", f"source {source} is refused", answer=source_refused(source)
            )
            for source in ("1", "2", "3", "4")
        },
    }
)
