"""Single values of an answer: HTTP status, Content-Type, type and size, a picture, an address, a time, a cost."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

HTTP_OK = 200
OF_HTTP = (405, 413)  # statuses that report a fault of the HTTP request itself; no clause decides them
CHARSETS: Mapping[str, str] = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "cp1251": "windows-1251"}
"""The charset that is named in a Content-Type, by the choice of csv.encoding."""


def error_status(choice: str, code: object) -> int:
    """The HTTP status of an error under a choice of error.http-status."""
    return code if choice == "mirror" and isinstance(code, int) and 400 <= code < 600 else HTTP_OK


def status_choices(status: int, code: object) -> tuple[str, ...]:
    """The choices of error.http-status under which an error with the code may have the HTTP status."""
    return tuple(c for c in ("body", "mirror") if status in OF_HTTP or status == error_status(c, code))


def with_charset(content_type: str, encoding: str | None) -> str:
    """A Content-Type with its blank `{charset}` filled, by the choice of csv.encoding."""
    return content_type.replace("{charset}", CHARSETS.get(encoding or "", "utf-8"))


def with_blank(content_type: str, encoding: str | None) -> str:
    """A Content-Type of XML or CSV with `{charset}` in place of the charset of the encoding that was seen."""
    charset = CHARSETS.get(encoding or "")
    if charset is None:
        return content_type
    return re.sub(rf'(charset="?){charset}(?=["; ]|$)', r"\1{charset}", content_type)


PICTURES = (
    (b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xaeB`\x82"),
    (b"\xff\xd8\xff", b"\xff\xd9"),
    (b"GIF87a", b";"),
    (b"GIF89a", b";"),
)
"""How the bytes of a picture begin and end; WebP is recognised below."""
LATEST = 10**11  # Unix seconds past the year 5000: a larger number does not count seconds

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def wrong_picture(text: str) -> str:
    """What is wrong with a photo, in words that hold nothing of it; empty for a right one."""
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


def address(text: object) -> Address | None:
    try:
        return ipaddress.ip_address(text) if isinstance(text, str) else None
    except ValueError:
        return None


def is_local(ip: Address) -> bool:
    """Whether the address is this machine's own, also where it is an IPv4 address written in IPv6."""
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


def digits(phone: object) -> str:
    """The digits of a phone, which is text or a number."""
    return "".join(c for c in str(phone) if c.isascii() and c.isdigit())


def form_of_time(value: object) -> str:
    """The choice of `result.times` that a value shows, or what it is instead."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "epoch" if 0 <= value < LATEST else "a number, and no Unix seconds"
    if isinstance(value, str):
        return "text" if _moment(value) else "a text of another form"
    return "neither number nor text"


def seconds(value: object) -> float | None:
    """create_time or end_time as Unix seconds; None for another form."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    moment = _moment(value) if isinstance(value, str) else None
    return moment.timestamp() if moment else None


def _moment(text: str) -> datetime | None:
    """The time of a text in Moscow time."""
    try:
        return datetime.strptime(f"{text} +0300", "%Y-%m-%d %H:%M:%S %z") if len(text) == 19 else None
    except ValueError:
        return None


def whole_units(cost: object) -> int | None:
    """The units of a cost, which is digits as text; None for anything else."""
    return int(cost) if isinstance(cost, str) and cost.isascii() and cost.isdigit() and len(cost) < 10 else None


def unit(cost: object, records: int) -> str | None:
    """The choice of `quota.unit` that a cost shows, or what it shows instead; None where the records do not decide."""
    if records <= 1 or not isinstance(cost, str):
        return None
    return {str(records): "record", "1": "task"}.get(cost, "neither 1 nor the number of records")


_KINDS: tuple[tuple[Any, str, str], ...] = (
    (str, "text", "a text of {} characters"),
    (bool, "true or false", ""),
    (int, "a whole number", ""),
    (float, "a number", ""),
    (Mapping, "an object", "an object of {} members"),
    (Sequence, "a list", "a list of {}"),
    (type(None), "null", ""),
)
"""A type, its name, and its name with a size."""


def kind(value: object) -> str:
    """The type of a value, as JSON has it."""
    return next((name for type_, name, _ in _KINDS if isinstance(value, type_)), type(value).__name__)


def shape(value: object) -> str:
    """Type and size of a value."""
    sized: Any = value
    found = next((text.format(len(sized)) for type_, _, text in _KINDS if text and isinstance(value, type_)), "")
    return "an empty text" if value == "" else found or kind(value)
