"""What is fuzzed: readers of what others write, each with samples to begin from. A reader returns, or raises what it
says that it raises; anything else is a failure.

The fuzzer changes samples at random, by a seed, so that a failure is found again; `guided` has another fuzzer.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context, UnknownLayout, Unreadable
from mockserver.api.http import Request
from mockserver.core.errors import IfindMockError
from mockserver.data import TextFileError, toml_of
from mockserver.settings.loading import check_file, load
from mockserver.web.app import create_app
from support.in_process import Api

SYNTHETIC = Path(__file__).resolve().parents[2] / "fixtures" / "synthetic"
PIECES = (
    *(b"\0", b"\xff", b"\r\n", b"\n", b'"', b"'", b"<", b">", b"&", b"&#", b"]]>", b"<![CDATA[", b"<!--", b"{", b"}"),
    *(b"[", b"]", b",", b";", b":", b"\t", b"\\", b"\\u", b"\\ud800", b"%", b"%00", b"%ff", b"=", b"?", b"..", b"null"),
    *(
        b"true",
        b"-",
        b"1e999",
        b"9" * 400,
        b"NaN",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"status",
        b"login",
        b"data",
        b"=",
        b"#",
    ),
)
"""What tells a reader something, to be put in anywhere."""


@dataclass(frozen=True)
class Reader:
    """A reader: gets the bytes, and raises for what it should not."""

    read: Callable[[bytes], object]
    samples: Sequence[bytes]


def changed(sample: bytes, others: Sequence[bytes], draw: random.Random) -> bytes:
    """The sample with some changes."""
    data = bytearray(sample)
    for _ in range(draw.choice((1, 1, 2, 3, 8))):
        at, size = draw.randrange(len(data) + 1), draw.choice((1, 2, 8, 40))
        way = draw.randrange(6)
        if way == 0:
            data[at : at + size] = b""
        elif way == 1:
            data[at:at] = draw.choice(PIECES)
        elif way == 2:
            data[at : at + 1] = bytes([draw.randrange(256)])
        elif way == 3:
            data[at:at] = data[at : at + size] * draw.choice((1, 2, 30))
        elif way == 4:
            other = draw.choice(others)
            begin = draw.randrange(len(other) + 1)
            data[at : at + size] = other[begin : begin + size]
        else:
            data = data[:at]
    return bytes(data)


def inputs(samples: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    draw = random.Random(seed)
    for _ in range(count):
        yield changed(draw.choice(samples), samples, draw)


# The readers.

REFERENCE = json.loads((SYNTHETIC / "json" / "ready-data.json").read_bytes())


def _answers(kind: str) -> Reader:
    contexts = [
        Context("result", "data"),
        Context("result", "names", reference=REFERENCE),
        Context("result", "data", {"csv.delimiter": ";"}, REFERENCE),
        Context("info"),
        Context("create"),
    ]

    def read(data: bytes) -> None:
        try:
            read_answer(data, kind, contexts[sum(data[:8]) % len(contexts)])
        except (Unreadable, UnknownLayout):
            return

    samples = [path.read_bytes() for path in sorted((SYNTHETIC / kind).iterdir())]
    return Reader(read, [sample[:1500] for sample in samples])


def _requests() -> Reader:
    api = Api()

    def read(data: bytes) -> None:
        target, _, rest = data.partition(b" ")
        head, _, body = rest.partition(b"\n\n")
        path, _, query = target.partition(b"?")
        pairs = (line.partition(b": ") for line in head.split(b"\n"))
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, _, value in pairs}
        api.time.passes(1)
        response = api.gateway.answer(Request("POST" if body else "GET", path, query, headers, body, "127.0.0.1"))
        assert 200 <= response.status < 500, response.status

    account = b"login=demo@example.com&token=demo-token"
    form, multipart = b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=b"
    return Reader(
        read,
        [
            b"/api/create?" + account + b"&phone=70001234567&source=2 accept: */*\n\n",
            b"/api/result?" + account + b"&id=1&format=xml accept: */*\n\n",
            b"/api/info content-type: " + form + b"\n\n" + account + b"&format=csv",
            b"/api/create content-type: " + multipart + b"\n\n--b\r\n"
            b'Content-Disposition: form-data; name="login"\r\n\r\ndemo@example.com\r\n--b--\r\n',
        ],
    )


def _configuration() -> Reader:
    file = Path(tempfile.mkdtemp()) / "ifind-mock.toml"

    def read(data: bytes) -> None:
        file.write_bytes(data)
        try:
            toml_of(data)
            check_file(str(file))
        except (TextFileError, IfindMockError):
            return

    whole = b"""
port = 8080
state = "memory"
delays = { 1 = "uniform 1s..5s", 2 = "2s", "70001234567" = "lognormal 2s sigma 0.5" }
accounts = [{ login = "a@example.com", token = "abcdef", daily_limit = 10, paid_until = 2030-12-31 }]
[profile]
"error.http-status" = "mirror"
"error.messages" = { missing = "no {names}" }
[[faults]]
match = { method = "result", nth = 2 }
action = { kind = "error", code = 500, message = "down" }
times = 1
"""
    return Reader(read, [whole, *whole.strip().split(b"\n")])


def _control() -> Reader:
    client = create_app(load()).test_client()

    def read(data: bytes) -> None:
        route, _, body = data.partition(b"\n")
        method, _, path = route.decode("latin-1").partition(" ")
        response = client.open(f"/_mock/{path}", method=method, data=body, content_type="application/json")
        assert response.status_code < 500, response.status_code

    return Reader(
        read,
        [
            b'POST accounts\n{"login": "a@example.com", "token": "abcdef", "daily_limit": 5, "demo": true}',
            b'POST faults\n{"match": {"method": "result", "nth": 2}, "action": {"kind": "error", "code": 500}}',
            b'PUT clock\n{"mode": "frozen", "now": "2030-01-01T00:00:00+03:00", "speed": 2}',
            b'POST clock/advance\n{"seconds": 5}',
            b'POST reset\n{"login": "a@example.com"}',
        ],
    )


READERS: Mapping[str, Callable[[], Reader]] = {
    "json": lambda: _answers("json"),
    "xml": lambda: _answers("xml"),
    "csv": lambda: _answers("csv"),
    "requests": _requests,
    "configuration": _configuration,
    "control": _control,
}
