"""HAR files, as browsers, proxies and test tools write them (HTTP Archive 1.2)."""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from contract_tests.captured.capture import Capture
from contract_tests.captured.recordings import MOST_VALUES, DamagedArchive, Recording
from contract_tests.captured.sent import Pairs, SentCall, form_of, form_of_pairs

_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{[^{}]{0,4096}?"log"\s*:\s*\{')
NO_BODY = "its body was not kept: export the HAR file with content (in a browser: Save all as HAR with content)"
ELSEWHERE = "its body stands in another file: record the HAR file with embedded content"
NO_BASE64 = "its body is base64 that can't be decoded: record it again"


def is_har(data: bytes) -> bool:
    return _START.match(data) is not None


def read_har(data: bytes) -> Iterator[Recording]:
    """The entries. Raises DamagedArchive."""
    document = json_of(data, "a HAR file")
    log = document.get("log") if isinstance(document, Mapping) else None
    entries = log.get("entries") if isinstance(log, Mapping) else None
    if not isinstance(entries, list):
        raise DamagedArchive("a HAR file without a list log.entries: export it again")
    for number, entry in enumerate(entries, start=1):
        yield _recording(number, mapping(entry))


_MARKS = (b",", b"{", b"[")
"""Before each value and each name stands one of them, unless a colon does. In texts they stand, too."""
_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[{\[]|[^\s{}\[\]",:]++', re.DOTALL)


def json_of(data: bytes, what: str) -> Any:
    """The document. Raises DamagedArchive."""
    marks = sum(map(data.count, _MARKS))
    if marks > MOST_VALUES and sum(1 for _ in islice(_VALUE.finditer(data), MOST_VALUES + 1)) > MOST_VALUES:
        raise DamagedArchive(f"{what} of more than {MOST_VALUES:,} values, the most that are read: split it")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        why = f"no JSON at line {error.lineno}, column {error.colno}"
    except UnicodeDecodeError as error:
        why = f"no UTF-8 at byte {error.start}"
    except (RecursionError, ValueError):
        why = "nested too deep, or with a number beyond reach"
    raise DamagedArchive(f"{what} that is cut or damaged ({why}): export it again")


def mapping(value: object) -> Mapping[str, Any]:
    """The value, or an empty mapping in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str:
    """The value, or an empty text in place of anything else."""
    return value if isinstance(value, str) else ""


def number_of(value: object) -> int:
    """A whole number, also as text or with words behind it; 0 for anything else."""
    found = re.match(r"-?[0-9]{1,15}", str(value)) if isinstance(value, int | float | str) else None
    return int(found[0]) if found and not isinstance(value, bool) else 0


def _recording(number: int, entry: Mapping[str, Any]) -> Recording:
    request, response = mapping(entry.get("request")), mapping(entry.get("response"))
    call = SentCall(
        text(request.get("method")).upper(), text(request.get("url")), _form(mapping(request.get("postData")))
    )
    status = max(0, number_of(response.get("status")))
    fields = _fields(response.get("headers"))
    content = mapping(response.get("content"))
    head = (number, call, status)
    sent_type = fields.get("content-type", "") if fields else None
    location = text(response.get("redirectURL")) or fields.get("location", "")
    if not isinstance(content.get("text"), str):
        if status and (300 <= status < 400 or _was_empty(response, content, fields)):
            return Recording(*head, Capture(b"", status, sent_type), location=location)
        return Recording(*head, trouble=ELSEWHERE if "_file" in content else NO_BODY, location=location)
    written = content["text"]
    recoded = text(content.get("encoding")).lower() != "base64"
    try:
        body = in_charset(written, sent_type or text(content.get("mimeType"))) if recoded else base64.b64decode(written)
    except (binascii.Error, ValueError):
        return Recording(*head, trouble=NO_BASE64, location=location)
    codings = fields.get("content-encoding", "")
    capture = Capture(body, status or None, sent_type, recoded=recoded, codings=codings)
    return Recording(*head, capture, lacking=_lacking(body, written, content.get("size")), location=location)


def _fields(headers: object) -> dict[str, str]:
    """The headers by name in lower case, the first of each."""
    fields: dict[str, str] = {}
    for header in map(mapping, headers if isinstance(headers, list) else ()):
        fields.setdefault(text(header.get("name")).lower(), text(header.get("value")))
    return fields


def _form(posted: Mapping[str, Any]) -> Pairs | None:
    fields = posted.get("params")
    if isinstance(fields, list) and fields:
        named = ((mapping(f).get("name"), mapping(f).get("value")) for f in fields)
        return form_of_pairs([(name, value) for name, value in named if isinstance(value, str)])
    return form_of(text(posted.get("mimeType")), posted.get("text"))


def _was_empty(response: Mapping[str, Any], content: Mapping[str, Any], fields: Mapping[str, str]) -> bool:
    """Whether the answer had no body; a size alone may be 0 where no body was kept."""
    sizes = (response.get("bodySize"), number_of(fields.get("content-length", "-1")))
    return content.get("size") == 0 and 0 in sizes


_XML_CHARSET = re.compile(r"""\s*<\?xml[^>]{0,100}\sencoding\s*=\s*["']([\w.-]{1,40})["']""")


def in_charset(written: str, content_type: str) -> bytes:
    """The text in the charset that its Content-Type or its XML declaration names; else, and for JSON, in UTF-8."""
    if written.lstrip()[:1] in ("{", "["):  # browsers take JSON for UTF-8 whatever its head says
        return encoded(written, "utf-8")
    named = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", content_type, re.IGNORECASE)
    found = named or _XML_CHARSET.match(written)
    return encoded(written, found[1] if found else "utf-8")


_NO_CHARSETS = frozenset(["idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"])
"""Codecs of texts that no answer is in; the time of some grows with the square of the length."""


def encoded(written: str, encoding: str) -> bytes:
    """The text in the encoding, or in UTF-8 where that is unknown or lacks a character."""
    with suppress(LookupError, UnicodeError):
        if codecs.lookup(encoding).name not in _NO_CHARSETS:
            return written.encode(encoding)
    return written.encode("utf-8", "surrogatepass")


def _lacking(body: bytes, written: str, size: object) -> str:
    """How much of a body is there, where its size is larger, also in other charsets and with a mark that is lost."""
    due = size if isinstance(size, int) and not isinstance(size, bool) else 0
    if due <= len(body):
        return ""
    plain, wide = len(written.encode("utf-8", "surrogatepass")), len(written.encode("utf-16-le", "surrogatepass"))
    lines = written.count("\n")
    fits = {plain + 3, plain + lines, wide, wide + 2}
    return "" if due in fits else f"{len(body)} of {due} bytes"
