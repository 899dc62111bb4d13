"""Malformed and extreme calls, sent by mistake or on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from contract_tests.api import calls
from contract_tests.api.calls import GET, POST, Account, Call, Raw, Way

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
# fmt: off
VALUES = (
    "", " ", "0", "-1", "-0", "1.0", "1e9", "1_000", "0x10", "NaN", "null", "9" * 400, "9" * 19, "\u0663",
    "\uff11\uff12", "x" * 5000, "\x00", "7\x00000001", "\x01\x1f\x7f", "\udcff\udcfe", "\udced\udca0\udc80",
    "\u202e\U0001f600", "'\"<&>]]>", "<?xml version='1.0'?><!DOCTYPE x>", 'a,b;c\td"e\r\nf', "=1+1",
    "\r\nX-Injected: yes", "%", "%00%ff", "{names} {0} {used", "../../etc/passwd", "1' OR '1'='1", "[]", "json\x00",
    "JSON", " json",
)
# fmt: on
"""Values for any parameter; a lone surrogate stands for the byte that `surrogateescape` takes it for."""


def with_values(account: Account, phone: str, source: int, task_id: object) -> Iterator[Call]:
    """Every parameter of every method with every awkward value, formats and ways by turns."""
    whole = (calls.create(account, phone, source), calls.result(account, task_id), calls.info(account))
    changed = [(call, name, v) for call in whole for name in (*dict(call.params), "format") for v in VALUES]
    for turn, (call, name, value) in enumerate(changed, 1):
        by = GET if turn % 2 or call.method == "info" else POST
        yield call.but(**{"format": calls.FORMATS[turn % len(calls.FORMATS)], name: value}).by(by)


def with_shapes(account: Account, phone: str, source: int, task_id: object) -> Iterator[Call]:
    """Calls with awkward names, bodies, types and lengths."""
    result = calls.result(account, task_id)
    for call in (result, calls.create(account, phone, source)):
        for name in dict(call.params):
            yield replace(call, params=tuple((f"{k}[]" if k == name else k, v) for k, v in call.params))
        yield replace(call, params=(*call.params, *((f"p{i}", "x") for i in range(1000))))
        yield replace(call, params=(*call.params, *call.params), way=POST)
        yield replace(call, tail="&id=%zz&phone=%u0041&x=%")
        yield replace(call, tail="&&&=&=x&;")
        for raw in BODIES:
            yield Call(call.method, call.params, POST, query=call.params, raw=raw)
            yield Call(call.method, call.params, POST, raw=raw)
    yield replace(result, raw=Raw(b"id=1", FORM))
    yield replace(result, headers=(("Cookie", "a=" + "x" * 4000),))
    yield replace(result, headers=(("Expect", "100-continue"),), way=POST)
    yield replace(result, way=Way("HEAD", "query"))
    yield result.but(padding="x" * 4000)


BODIES = (
    Raw(b"", FORM),
    Raw(b"", "multipart/form-data"),
    Raw(b"login=%zz&token=%&id=%f", FORM),
    Raw(b"\xff\xfe\x00", FORM),
    Raw(b"id=1", f"{FORM}; charset=utf-16"),
    Raw(b"id=1", f"{FORM}; charset=no-such-charset"),
    Raw(b'{"id": 1}', "application/json"),
    Raw(b"id=1", "text/plain"),
    Raw(b"id=1", "no type at all"),
    Raw(calls.multipart((("id", "1"),)), "multipart/form-data; boundary=another"),
    Raw(calls.multipart((("id", "1"),))[:-20], f"multipart/form-data; boundary={calls.BOUNDARY}"),
    Raw(b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", PARTS),
    Raw(b"--b\r\n" + b"A" * 9000 + b"\r\n\r\nx\r\n--b--\r\n", PARTS),
    Raw(b'--b\r\nContent-Disposition: form-data; name="id"; filename="f"\r\n\r\nx\r\n--b--\r\n', PARTS),
    Raw(b"\x1f\x8b\x08\x00", "application/octet-stream"),
)

NAMES = ("login", "token", "phone", "source", "id", "format", "id[]", "", "\x00", "x" * 300)
PATHS = ("", "/", "result/", "/result", "RESULT", "result%00", "%ff", "..%2fresult", "result.json", "x" * 1000)
"""Last parts of a path that are no method."""
