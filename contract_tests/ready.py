"""What a ready answer tells, looked at member by member, beyond what a schema can say."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contract_tests.masking import Shape
from contract_tests.pool import Task
from contract_tests.reply import Reply
from contract_tests.verdicts import Verdict

PICTURES = (
    (b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xaeB`\x82"),
    (b"\xff\xd8\xff", b"\xff\xd9"),
    (b"GIF87a", b";"),
    (b"GIF89a", b";"),
)
"""How the bytes of a picture begin and end; WebP is told apart below."""
LATEST = 10**11
"""Unix seconds past the year 5000: a number beyond is no count of seconds."""


def whole(reply: Reply) -> bool:
    """Whether the reply is a ready answer with all its members, and not its rows alone (CSV)."""
    return reply.reading is not None and reply.status == "ready" and reply.reading.rows is None


def entries(reply: Reply, section: str) -> Sequence[Mapping[str, Any]]:
    """The objects of a section that is a list."""
    found = reply.model.get(section)
    return [e for e in found if isinstance(e, Mapping)] if isinstance(found, list) else []


def look_at_phones(verdict: Verdict, task: Task, reply: Reply) -> None:
    """Every row carries the phone that was asked for, by digits."""
    for i, row in enumerate(entries(reply, "data")):
        digits = "".join(c for c in str(row.get("phone")) if c.isascii() and c.isdigit())
        verdict.expect(
            "result.row-phone",
            digits == task.phone,
            reply,
            where=f"data[{i}].phone",
            found=row.get("phone"),
            expected="the phone that was asked for",
        )


def look_at_phone_type(verdict: Verdict, reply: Reply) -> None:
    """JSON tells whether a row's phone is text or a number."""
    if reply.reading is not None and reply.reading.format == "json":
        for row in entries(reply, "data"):
            phone = row.get("phone")
            if isinstance(phone, str | int) and not isinstance(phone, bool):
                verdict.choice("row.phone", "text" if isinstance(phone, str) else "number", reply)


def look_at_photo(verdict: Verdict, reply: Reply) -> None:
    """A photo that is there decodes to a picture."""
    photo = reply.model.get("photo")
    if isinstance(photo, str) and photo:
        what = _picture(photo)
        verdict.expect(
            "result.photo", what == "", reply, where="photo", found=Shape(what), expected="base64 of a picture"
        )


def _picture(text: str) -> str:
    """What is wrong with a photo; empty where nothing is."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return f"a text of {len(text)} characters that is no base64"
    for begin, end in PICTURES:
        if content.startswith(begin):
            # Some programs pad a file with zeros.
            whole = content.rstrip(b"\0").endswith(end)
            return "" if whole else f"base64 of {len(content)} bytes that begin as a picture and do not end as one"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        lacking = int.from_bytes(content[4:8], "little") + 8 - len(content)
        return "" if lacking <= 0 else f"base64 of a WebP that lacks {lacking} bytes"
    return f"base64 of {len(content)} bytes that are no PNG, JPEG, GIF or WebP"


def look_at_address(verdict: Verdict, reply: Reply, *, loopback: bool) -> None:
    """The address is one, and on loopback it is loopback's."""
    if not whole(reply):
        return
    told = reply.model.get("ip")
    address = _address(told)
    expected = "this machine's own address, 127.0.0.1 or ::1" if loopback else "an IP address"
    holds = address is not None and (not loopback or _is_loopback(address))
    verdict.expect("result.ip", holds, reply, where="ip", found=told, expected=expected)


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(told: object) -> _Address | None:
    try:
        return ipaddress.ip_address(told) if isinstance(told, str) else None
    except ValueError:
        return None


def _is_loopback(address: _Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def form_of_time(value: object) -> str:
    """The choice of `result.times` that a value shows, or what it is instead."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "epoch" if 0 <= value < LATEST else "a number, and no Unix seconds"
    if isinstance(value, str):
        return "text" if _moment(value) else "a text of another form"
    return "neither number nor text"


def _moment(text: str) -> datetime | None:
    """The moment of a text in Moscow time."""
    try:
        return datetime.strptime(f"{text} +0300", "%Y-%m-%d %H:%M:%S %z") if len(text) == 19 else None
    except ValueError:
        return None


def look_at_times(verdict: Verdict, reply: Reply) -> None:
    """The end is not before the beginning, where both can be understood."""
    if not whole(reply):
        return
    ended = reply.model.get("end_time")
    begin, end = _seconds(reply.model.get("create_time")), _seconds(ended)
    if begin is not None and end is not None:
        expected = "a time that is not before create_time"
        verdict.expect("result.times-ordered", begin <= end, reply, where="end_time", found=ended, expected=expected)


def _seconds(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    moment = _moment(value) if isinstance(value, str) else None
    return moment.timestamp() if moment else None


def look_at_sections(verdict: Verdict, task: Task, reply: Reply) -> None:
    """What stands in sections that the source does not fill."""
    if not whole(reply) or (reply.reading is not None and reply.reading.format == "csv"):
        return
    others = [s for s in ("data", "names", "photo") if s != task.section]
    present = [s for s in others if s in reply.model]
    if any(reply.model[s] for s in present):
        seen = "filled, though the source does not fill them"
    else:
        seen = {0: "relevant", len(others): "all"}.get(len(present), "some of them present")
    verdict.choice("result.sections", seen, reply)


def look_at_no_photo(verdict: Verdict, reply: Reply) -> None:
    """What stands for a photo that is not there; only JSON tells."""
    if whole(reply) and reply.reading is not None and reply.reading.format == "json" and "photo" in reply.model:
        photo = reply.model["photo"]
        if photo is None or photo == "":
            verdict.choice("result.photo-empty", "" if photo == "" else "null", reply)


def look_at_cost(verdict: Verdict, task: Task, reply: Reply) -> None:
    """What one unit is, where there are enough records to tell."""
    records = len(entries(reply, task.section))
    cost = reply.model.get("cost")
    if whole(reply) and records > 1 and isinstance(cost, str):
        seen = {str(records): "record", "1": "task"}.get(cost, "neither 1 nor the number of records")
        verdict.choice("quota.unit", seen, reply)
