"""Single values of an answer: HTTP status, Content-Type, type and size, a picture, an address, a time, a cost."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

HTTP_OK = 200
OF_HTTP = (405, 413)  # statuses that report a fault of the HTTP request itself; no clause decides them
CHARSETS: Mapping[str, str] = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "cp1251": "windows-1251",
    "utf-16le": "utf-16",
}
"""The charset that is named in a Content-Type, by the choice of xml.encoding or csv.encoding."""
ENCODING_OF: Mapping[str, str] = {"content-type.xml": "xml.encoding", "content-type.csv": "csv.encoding"}
"""The clause that fills the blank `{charset}` of a Content-Type, by the clause of the Content-Type."""


def error_status(choice: str, code: object) -> int:
    """The HTTP status of an error under a choice of error.http-status."""
    return code if choice == "mirror" and isinstance(code, int) and 400 <= code < 600 else HTTP_OK


def status_choices(status: int, code: object) -> tuple[str, ...]:
    """The choices of error.http-status under which an error with the code may have the HTTP status, or a word for what
    no choice covers.
    """
    fitting = tuple(c for c in ("body", "mirror") if status in OF_HTTP or status == error_status(c, code))
    return fitting or ("an HTTP status that is neither 200 nor the error_code",)


def with_charset(content_type: str, encoding: str | None) -> str:
    """A Content-Type with its blank `{charset}` filled, by the choice of xml.encoding or csv.encoding."""
    return content_type.replace("{charset}", CHARSETS.get(encoding or "", "utf-8"))


def with_blank(content_type: str, encoding: str | None) -> str:
    """A Content-Type of XML or CSV with `{charset}` in place of the charset of the encoding that was seen."""
    charset = CHARSETS.get(encoding or "")
    if charset is None:
        return content_type
    return re.sub(rf'(charset="?){charset}(?=["; ]|$)', r"\1{charset}", content_type)


_PICTURES = re.compile(
    rb"""\x89PNG\r\n\x1a\n | \xff\xd8\xff | GIF8[79]a | BM.{12} | RIFF.{4}WEBP
    | II\*\0 | MM\0\* | II\+\0 | MM\0\+ | \0\0[\1\2]\0  # TIFF, BigTIFF, icon and cursor
    | .{4}ftyp(avif|avis|hei[cfmsx]|hev[cmsx]|mif1|msf1)  # AVIF, HEIC
    | \xff\x0a | \0\0\0\x0c(JXL|jP\ )\ \r\n\x87\n | \xff\x4f\xff\x51  # JPEG XL, JPEG 2000
    | (\xef\xbb\xbf)?(?>\s{1,100}+ | <\?xml\b.{0,1000}?\?> | <!--.{0,2000}?-->
      | <!DOCTYPE\s{1,9}svg\b[^[>]{0,1000}(\[[^]]{0,4000}\]\s{0,9})?>){0,9}+<svg\b""",
    re.DOTALL | re.VERBOSE,
)
"""How the bytes of a picture begin."""
LATEST = 10**10  # Unix seconds past the year 2200: a larger number does not count seconds

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def plain_base64(text: str) -> str:
    """A text in base64 without its line breaks, which PHP and readers of MIME skip, and the indentation of lines; with
    the padding, which PHP and browsers do without.
    """
    lines = re.split(r"[\r\n]", text)
    one = "".join(line.strip() for line in lines) if len(lines) > 1 else text
    return one + "=" * (-len(one) % 4)


def wrong_picture(text: str) -> str:
    """What is wrong with a photo, in words that hold nothing of it; empty for a right one."""
    try:
        content = base64.b64decode(plain_base64(text), validate=True)
    except (binascii.Error, ValueError):
        what = "is a data: URL and no base64" if text.lstrip()[:5].lower() == "data:" else "is not base64"
        return f"a text of {len(text)} characters that {what}"
    if not _PICTURES.match(content):
        return f"base64 of {len(content)} bytes that begin as no known kind of picture"
    return f"base64 of {len(content)} bytes that begin as a picture and do not end as one" if _is_cut(content) else ""


def _is_cut(picture: bytes) -> bool:
    """Whether a picture lacks its end, by its own structure. What comes behind the end is nobody's promise: cameras and
    messengers put a film or notes of theirs there.
    """
    match picture[:2]:
        case b"\x89P":
            return b"\0\0\0\0IEND\xaeB`\x82" not in picture
        case b"\xff\xd8":
            previews = 0 if (data := _data_of_jpeg(picture)) else picture.count(b"\xff\xd8\xff") - 1
            return (data or picture).count(b"\xff\xd9") <= previews
        case b"GI":
            return b"\0;" not in picture  # the end of the last block, and the end of all
        case b"RI":
            return int.from_bytes(picture[4:8], "little") + 8 > len(picture)
        case b"BM":
            return int.from_bytes(picture[2:6], "little") > len(picture)
    return False


def _data_of_jpeg(picture: bytes) -> bytes:
    """What stands behind the segments of a JPEG, which may hold previews, and parts of them; empty where they are not
    in order.
    """
    at = 2
    while (mark := picture[at : at + 2])[:1] == b"\xff" and mark != b"\xff\xda":
        at += 1 if mark == b"\xff\xff" else 2 + int.from_bytes(picture[at + 2 : at + 4])
    return picture[at:] if mark == b"\xff\xda" else b""


def address(text: object) -> Address | None:
    try:
        return ipaddress.ip_address(text) if isinstance(text, str) else None
    except ValueError:
        return None


def is_local(ip: Address) -> bool:
    """Whether the address is this machine's own, also where it is an IPv4 address written in IPv6."""
    return _plain(ip).is_loopback


def is_near(ip: Address) -> bool:
    """Whether the address is one of a private network, or this machine's own: a server behind a forwarded port sees
    the one that the port is forwarded from.
    """
    near = _plain(ip)
    return near.is_loopback or near.is_link_local or any(near in network for network in _PRIVATE)


_PRIVATE = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)


def _plain(ip: Address) -> Address:
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def digits(phone: object) -> str:
    """The digits of a phone, which is text or a number, with 7 for the 8 that begins a Russian one of eleven digits."""
    whole = int(phone) if isinstance(phone, float) and phone.is_integer() else phone
    found = "".join(c for c in str(whole) if c.isascii() and c.isdigit())
    return f"7{found[1:]}" if len(found) == RUSSIAN and found.startswith("8") else found


RUSSIAN = 11  # digits of a Russian phone, which begins with 7, within the country also with 8


def names_phone(value: object, phone: str) -> bool:
    """Whether a value names the phone of these digits, maybe beside others or words, a Russian one maybe without 7."""
    fitting = (phone, phone[1:]) if len(phone) == RUSSIAN and phone.startswith("7") else (phone,)
    parts = _BETWEEN.split(value) if isinstance(value, str) else [value]
    several = digits(value) if len(digits(value)) > LONGEST else ""
    return any(digits(part) in fitting for part in parts) or fitting[-1] in several


_BETWEEN = re.compile(r"[^\W\d_]|[,;|&\r\n]")
"""What stands in no phone, and so between two: letters, and what divides a list."""
LONGEST = 15  # digits of a phone


def form_of_time(value: object) -> str:
    """The choice of `result.times` that a value shows, or what it is instead."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return f"{kind(value)} in place of a number or a text"
    if isinstance(value, float):
        return "a number with a fraction"
    if isinstance(value, int):
        return "epoch" if 0 <= value < LATEST else "a number, and no Unix seconds"
    if _EPOCH.fullmatch(value):
        return "Unix seconds as text"
    plain = len(value) == len("YYYY-MM-DD HH:MM:SS") and _moment(value, _FORMS[0])
    return "text" if plain else "a text of another form"


def not_before(begin: object, end: object) -> bool | None:
    """Whether the second time is not before the first; None where they have not one known form, so it can't be told."""
    for read in (_number_of, _seconds_of):
        one, other = read(begin), read(end)
        if one is not None and other is not None:
            return one <= other if _looks(begin, one) == _looks(end, other) else None
    return None


def _looks(time: object, read: float) -> object:
    """What two times share that can be compared: numbers both count seconds, or have as many digits, which those made
    of day, month and year need not; texts have the same parts, and both a zone, or neither.
    """
    if _number_of(time) is not None:
        return None if abs(read) < LATEST else len(str(abs(int(read))))
    return re.sub(r"[0-9]+", "0", _ZONE.sub(" zone", str(time)))


_ZONE = re.compile(r"(?<=[0-9])(?:Z|[+-][0-9]{2}:?[0-9]{2}(?::[0-9]{2})?)\Z")


def seconds(value: object) -> float | None:
    """create_time or end_time as Unix seconds; None for another form. A text without a zone is in Moscow time."""
    number = _number_of(value)
    return _seconds_of(value) if number is None else number


_EPOCH = re.compile(r"[0-9]{9,11}(?:\.[0-9]{1,9})?")
_FORMS = ("%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")
MOSCOW = timezone(timedelta(hours=3))


def _number_of(value: object) -> float | None:
    """A number, or Unix seconds as text."""
    if isinstance(value, str):
        return float(value) if _EPOCH.fullmatch(value) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _seconds_of(value: object) -> float | None:
    """A text that names a moment, as Unix seconds."""
    moment = _moment(value)
    return moment.timestamp() if moment else None


def _moment(value: object, *forms: str) -> datetime | None:
    """The time of a text in one of the forms, or by default in any that is usual."""
    if not isinstance(value, str) or not 10 <= len(value) <= 40:
        return None
    for form in forms or _FORMS:
        with suppress(ValueError):
            return datetime.strptime(f"{value} +0300", f"{form} %z")
    with suppress(ValueError):
        moment = datetime.fromisoformat(value)
        return None if forms else moment if moment.tzinfo else moment.replace(tzinfo=MOSCOW)
    return None


def whole_units(value: object) -> int | None:
    """The units of a cost or a counter: a whole number, also as text and with a fraction of nothing (`2.00`), which a
    DECIMAL column gives. None for anything else, and for more units than anyone could have.
    """
    if isinstance(value, int):
        return None if isinstance(value, bool) or not 0 <= value < MOST_UNITS else value
    match = _UNITS.fullmatch(str(value)) if isinstance(value, float | str) else None
    return int(match[1]) if match else None


_UNITS = re.compile(r"([0-9]{1,15})(?:\.0{1,15})?")
MOST_UNITS = 10**15  # more than anyone could have


def unit(cost: object, records: int) -> str | None:
    """The choice of `quota.unit` that a cost shows, or what it shows instead; None where the records do not decide."""
    if records <= 1 or cost is None:
        return None
    return {records: "record", 1: "task"}.get(whole_units(cost) or 0, "neither 1 nor the number of records")


_KINDS: tuple[tuple[Any, str, tuple[str, str]], ...] = (
    (str, "text", ("character", "characters")),
    (bool, "true or false", ("", "")),
    (int, "a whole number", ("", "")),
    (float, "a number", ("", "")),
    (Mapping, "an object", ("member", "members")),
    (Sequence, "a list", ("entry", "entries")),
    (type(None), "null", ("", "")),
)
"""A type, its name, and what its size counts, of one and of several."""


def kind(value: object) -> str:
    """The type of a value, as JSON has it."""
    return next((name for type_, name, _ in _KINDS if isinstance(value, type_)), type(value).__name__)


def account_shape(model: Mapping[str, object]) -> str:
    """The choice of info.shape that an answer of info shows, or the type of what it has instead."""
    if "data" not in model:
        return "absent"
    found = kind(model["data"])
    return {"an object": "object", "a list": "list"}.get(found, found)


def shape(value: object) -> str:
    """Type and size of a value."""
    counted = next((words for type_, _, words in _KINDS if isinstance(value, type_)), ("", ""))
    if not counted[0] or not isinstance(value, str | Mapping | Sequence):
        return kind(value)
    name = kind(value).removeprefix("an ").removeprefix("a ")
    if not value:
        return f"an empty {name}"
    return f"{'an' if name == 'object' else 'a'} {name} of {len(value)} {counted[len(value) != 1]}"
