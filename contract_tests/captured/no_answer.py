"""Files and bodies that hold no answer: what they are, and what to do."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from http import HTTPStatus
from itertools import chain

from contract_tests.captured.capture import GZIP, Capture

CAPTURE = "capture with `curl -sS -i --output FILE URL`"


def other_file(data: bytes) -> str:
    """What a file is that can hold no answer as it stands, and what to do; empty for any other."""
    for begin, what in _BEGINNINGS:
        if re.match(begin, data):
            return what
    text = as_utf8(data)
    if text is not data and _HEAD.match(text.lstrip()):
        return (
            "text in UTF-16, as PowerShell's > writes it, which may have changed what the server sent: "
            "capture with `curl.exe -sS -i --output FILE URL`"
        )
    return next((what for pattern, what in _LINES if pattern.search(text[:_SEARCHED])), "")


_SEARCHED = 2**16  # bytes at the beginning of a file in which its kind shows
_HEAD = re.compile(rb"HTTP/[0-9](?:\.[0-9])? [1-5][0-9]{2}\b")
_TRAFFIC = "export the HTTP exchange as HAR, or " + CAPTURE
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\xa1\xb2\x3c\x4d", f"a pcap file of packets: {_TRAFFIC}"),
    (rb"\n\r\r\n(?s:.{4})(?:\x1a\x2b\x3c\x4d|\x4d\x3c\x2b\x1a)", f"a pcapng file of packets: {_TRAFFIC}"),
    (rb"PRI \* HTTP/2\.0\r\n", f"frames of HTTP/2 as the client sent them: {_TRAFFIC}"),
    (rb"\0\0[\x00-\xff]\x04[\0\x01]\0{4}", f"frames of HTTP/2: {_TRAFFIC}"),
    (rb"[\x14-\x17]\x03[\0-\x04]", f"bytes of TLS, which are encrypted: {_TRAFFIC}"),
    (rb"PK\x03\x04", "a zip archive: unpack it, and name the files in it"),
    (rb"7z\xbc\xaf\x27\x1c|Rar!|\xfd7zXZ\0|BZh[1-9]", "a packed file: unpack it, and name what is in it"),
    (rb"\x28\xb5\x2f\xfd", f"bytes packed with zstd: unpack them with `zstd -d`, or {CAPTURE}"),
    (rb"SQLite format 3\0", "a SQLite database: name files of captured answers"),
    (rb"%PDF-", "a PDF file: name files of captured answers"),
    (rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF(?s:.{4})WEBP", "a picture: name files of captured answers"),
    (rb"\xac\xed\0\x05", f"a session of Charles, or other objects of Java: {_TRAFFIC}"),
    (rb"\d+:\d+:[a-z_]+;", "flows of mitmproxy: export them with `mitmdump -nr FILE --set hardump=FILE.har`"),
)
_LINES: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (
        re.compile(rb"^(?:[0-9:.]+ )?< HTTP/[0-9]", re.MULTILINE),
        f"an output of `curl -v`, which mixes the answer with other lines: {CAPTURE}",
    ),
    (
        re.compile(rb"\A(?:[0-9:.]+ )?(?:== Info:|=> Send header|<= Recv)"),
        f"a trace of curl: {CAPTURE}",
    ),
    (re.compile(rb"\A\s*% Total +% Received"), f"an output of curl with its progress meter: {CAPTURE}"),
    (
        re.compile(rb"\A(?:--[0-9-]{10} [0-9:]{8}--  |Setting --|DEBUG output created by Wget|  HTTP/[0-9])"),
        "messages of wget, with or without the answer: keep it with `wget -q --save-headers -O FILE URL`",
    ),
    (
        re.compile(rb"\A[^\n]{0,9}\x1b\[[0-9;]*m"),
        f"text with the colours of a terminal: take HTTPie's --pretty=none, or {CAPTURE}",
    ),
    (
        re.compile(rb"\A[A-Z]{3,10} \S+ HTTP/[0-9]"),
        "a request, or one with its answer: keep the answer alone, from its line HTTP/1.1 on",
    ),
    (
        re.compile(rb"\A\s*StatusCode\s*: [0-9]{3}\s"),
        "what PowerShell's Invoke-WebRequest shows of an answer: keep the answer itself with -OutFile FILE",
    ),
    (
        re.compile(rb"\A\s*\{\s*\"info\"\s*:\s*\{[^{}]*schema\.getpostman\.com"),
        "a collection of Postman: keep the answers themselves (Save response to file)",
    ),
    (
        re.compile(rb"""\Ab(?:'.*'|".*")\s*\Z""", re.DOTALL),
        "bytes as Python prints them: write them to the file as they are (response.content)",
    ),
)


def as_utf8(data: bytes) -> bytes:
    """Text in UTF-16 in UTF-8; anything else as it is."""
    codec = utf_16_of(data)
    if codec is None:
        return data
    return data.decode(codec, "replace").removeprefix("\ufeff").encode("utf-8", "replace")


def mark_of(data: bytes) -> bytes:
    """The byte order mark at the beginning; empty where there is none."""
    marks = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return next((mark for mark in marks if data.startswith(mark)), b"")


def utf_16_of(data: bytes) -> str | None:
    """The byte order of text in UTF-16, by its mark or by the NULs beside ASCII; None for any other."""
    marks = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
    marked = next((codec for mark, codec in marks.items() if data.startswith(mark)), None)
    zeros = [not byte for byte in data[:4]]
    by_zeros = {(False, True, False, True): "utf-16-le", (True, False, True, False): "utf-16-be"}
    return marked or by_zeros.get(tuple(zeros))  # type: ignore[arg-type]


_ZSTD = b"\x28\xb5\x2f\xfd"
_CUT_CHUNKS = re.compile(rb"[0-9A-Fa-f]{1,8}[ \t]*(?:;[^\r\n]*)?\r?\n[{<\[]")
_PAGE = re.compile(rb"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
_PRINTED = re.compile(
    rb"[\[\s]*\{\s*(?:'|[A-Za-z_]\w*:\s)|'\s*[{<\[]|Response \{|<(?:Client)?Response[ (]\["  # Python, JavaScript
    rb"|string\([0-9]+\) \"|stdClass Object\b|[Aa]rray\s*\(|\(object\) ?array|object\("  # PHP
)
UNPACKED = "capture the unpacked body, as `curl --compressed` does"


def packed(capture: Capture) -> str:
    """What a body is that is still packed in a coding that is unknown here; empty for any other. The server broke
    nothing: a client asked for that coding.
    """
    coding = capture.coding or ("zstd" if capture.body.startswith(_ZSTD) else "")
    return f"compressed bytes ({coding})" if coding else ""


def wrong_body(capture: Capture, form: str) -> str:
    """What a body is in place of an answer in the format, and what to do; empty for any other."""
    return next(chain(_wrong_size(capture), _wrong_bytes(capture), _wrong_text(capture, form)), "")


def _wrong_size(capture: Capture) -> Iterator[str]:
    size = len(capture.body)
    if (lacking := (capture.length or 0) - size) > 0:
        of_head = "" if size else f" (an answer to HEAD, as by curl -I, has no body: {CAPTURE})"
        yield f"{size} bytes, {lacking} fewer than its Content-Length says{of_head}"


def _wrong_bytes(capture: Capture) -> Iterator[str]:
    body = capture.body
    if body.startswith(GZIP[:2]):
        yield f"compressed bytes (gzip) that are cut or damaged: {UNPACKED}"
    if _CUT_CHUNKS.match(body):
        yield f"raw chunks of HTTP that are cut or damaged: {CAPTURE}, without --raw"


def _wrong_text(capture: Capture, form: str) -> Iterator[str]:
    body, status = capture.body, capture.status or 0
    is_page, is_blank = _PAGE.match(body[:1024]) is not None, not body.removeprefix(mark_of(body)).strip()
    if status == HTTPStatus.NOT_MODIFIED:
        yield "HTTP 304, whose body the client has in its cache: call without If-None-Match or If-Modified-Since"
    if 300 <= status < 400 and (is_page or is_blank):
        yield f"a redirect (HTTP {status}): call the address that it leads to, or let the client follow it (curl -L)"
    if is_blank and (body or form != "csv"):
        what = "no text but white space or a byte order mark" if body else "an empty body"
        yield what if status else f"{what}: if the capture failed, {CAPTURE}, which keeps the HTTP status too"
    if is_page:
        yield "an HTML page, of a server, a proxy or a login: call the address of the API"
    if capture.status is None and _PRINTED.match(body):
        yield f"a value as a program prints it: write the body itself to the file, or {CAPTURE}"
    if form == "json" and utf_16_of(body):
        yield f"text in UTF-16, where JSON is UTF-8: if a shell wrote it (PowerShell's >), {CAPTURE}"
    if form == "json" and mark_of(body) == codecs.BOM_UTF8:
        yield "a byte order mark before the JSON: if an editor has put it there, save the file without it"
