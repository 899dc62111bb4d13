"""An answer made comparable: what it shows, place by place; ids, times and personal values are references."""

from __future__ import annotations

import re

from contract_tests.api.reply import Reply, content_type
from contract_tests.contract.http_head import CHARSETS, status_choices
from contract_tests.parity.bodies import BODIES
from contract_tests.parity.observations import About, Shown

NO_CLAUSE = "no-clause"
"""The row of what differs and is no clause's."""


def shown(reply: Reply, about: About) -> Shown:
    """What a reply shows, beside whether the call was accepted and the kind of its error."""
    found = Shown()
    _headers(found, reply, about)
    if reply.decoded is None:
        return found
    for clause, choice in reply.decoded.choices.items():
        found.add(f"writing, {clause}", clause, choice, told=repr(choice))
    if reply.decoded.format == "csv" and "csv.encoding" not in reply.decoded.choices:
        # A mark of order would show without a letter that is not ASCII; which of the others it is would not.
        found.add("writing, csv.encoding", "csv.encoding", "utf-8", "cp1251", told="no mark, and ASCII alone")
    if note := BODIES.get(_kind_of(reply)):  # of a status word that is none of the known ones nothing more is compared
        note(found, reply, reply.decoded, about)
    return found


def _kind_of(reply: Reply) -> str:
    if reply.status == "error":
        return "error"
    return {"create": "create", "info": "info"}.get(reply.call.method, reply.status)


def _headers(found: Shown, reply: Reply, about: About) -> None:
    if reply.response is None:
        return
    origin = reply.response.header("access-control-allow-origin")
    told = {None: "off", "*": "'*'"}.get(origin, "an origin")
    found.add("Access-Control-Allow-Origin", "cors", origin or "off", told=told)
    moved = f"HTTP {reply.http}" if 300 <= reply.http < 400 else "no"
    found.add("a redirect", NO_CLAUSE, moved)
    if reply.decoded is None:
        return
    form = reply.decoded.format
    kind = reply.response.header("content-type") or ""
    charset = CHARSETS.get(about.encoding, "utf-8")
    meant = re.sub(re.escape(charset), "{charset}", kind, flags=re.IGNORECASE) if form == "csv" else kind
    found.add(f"Content-Type of {form}", f"content-type.{form}", kind, meant, told=repr(content_type(reply.response)))
    if reply.status != "error":
        found.add("HTTP status", "error.http-status", str(reply.http), told=f"HTTP {reply.http} of no error")
    elif (could := _http_of_error(reply)) and reply.http not in (405, 413):
        found.add("HTTP status", "error.http-status", *could)


def _http_of_error(reply: Reply) -> tuple[str, ...]:
    """The choices that an error's HTTP status may be. What is wrong with the HTTP request (405, 413) none decides."""
    return status_choices(reply.http, reply.code) or (f"HTTP {reply.http} for another error_code",)
