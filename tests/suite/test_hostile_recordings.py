"""Files for `validate` that are made to take its time and memory: each is read within bounds of both."""

from __future__ import annotations

import base64
import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contract_tests.captured import files
from contract_tests.captured import judge as judging
from contract_tests.captured.capture import Asked, Capture
from contract_tests.captured.files import validate
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context, Decoded
from mockserver.cli.main import commands
from support.recorded import CREATED, entry, har, url

MIB = 2**20
BLANKS = gzip.compress(b" " * (4 * MIB))
DEFLATE = zlib.compressobj(9, zlib.DEFLATED, -15)
ENDLESS = DEFLATE.compress(b" " * MIB) + DEFLATE.flush(zlib.Z_SYNC_FLUSH)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CALL = "method: GET, uri: 'http://h/api/info?login=a&token=b'"
POST = "method: POST, uri: 'http://h/api/create', headers: {}"


def packed(content: bytes, coding: str) -> dict[str, Any]:
    made = entry(url("info"), base64.b64encode(content).decode())
    made["response"]["content"]["encoding"] = "base64"
    made["response"]["headers"] = [{"name": "Content-Encoding", "value": coding}]
    return made


def posted(kind: str, text: str) -> dict[str, Any]:
    made = entry(url("info"), "{}", http_method="POST")
    made["request"]["postData"] = {"mimeType": kind, "text": text}
    return made


def cassette(code: str = "200", body: str = "'{}'", request: str = CALL) -> bytes:
    return (
        f"interactions:\n- &a\n  request: {{{request}}}\n  response: {{status: {{code: {code}}},"
        f" body: {{string: {body}}}}}\n"
    ).encode()


def nested(levels: int) -> str:
    return "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(levels))


def json_of(size: int) -> str:
    return '{"status": "ok", "id": 1, "x": "\\u0041' + "a" * size + '"}'


PADDING = "a=b; " * 20_000
MULTIPART = "multipart/form-data; boundary=b0"
FILES: Mapping[str, Callable[[], bytes]] = {
    "a bomb in each entry of a HAR file": lambda: har(*[packed(BLANKS, "gzip")] * 20),
    "a bomb in each response": lambda: (HEAD + b"Content-Encoding: gzip\r\n\r\n" + BLANKS + b"\n") * 20,
    "aliases of a body": lambda: cassette(body=f"'{'x' * MIB}'") + b"- *a\n" * 300,
    "aliases of a form": lambda: cassette(request=f"{POST}, body: '{'a=&' * 300_000}'") + b"- *a\n" * 300,
    "aliases of fields": lambda: (
        cassette(request=f"{POST}, form: {{{', '.join(map('x{}: 1'.format, range(3_000)))}}}") + b"- *a\n" * 300
    ),
    "aliases of headers": lambda: (
        cassette(request=f"{CALL}, headers: [{', '.join(['[x, y]'] * 3_000)}]") + b"- *a\n" * 300
    ),
    "aliases of wrong base64": lambda: cassette(body=f"'', base64_string: '{'A' * MIB}='") + b"- *a\n" * 300,
    "aliases of aliases": lambda: cassette(code=f"&b [{', '.join(['&c [x, *c]'] + ['*c'] * 3_000)}]") + b"- *a\n" * 300,
    "forms of many fields": lambda: har(*[posted("application/x-www-form-urlencoded", "a=&" * 300_000)] * 6),
    "a host of combining marks": lambda: har(
        entry("http://a" + "\u0315\u0327" * 100_000 + "/api/info?login=a&token=b", "{}")
    ),
    "a redirect to such a host": lambda: har(
        entry(url("info"), "", status=302)
        | {"response": {"status": 302, "redirectURL": "//a" + "\u0315\u0327" * 100_000}}
    ),
    "tokens": lambda: har(entry(url("info") + "".join(map("&token=%C3%A9{}".format, range(900))), json_of(2 * MIB))),
    "a bare CR in a form": lambda: har(
        posted(
            MULTIPART, "--b0\r\nA: b\rContent-Disposition: form-data; " + "; a=b" * 200_000 + "\r\n\r\n1\r\n--b0--\r\n"
        )
    ),
    "brackets in a form": lambda: har(
        posted(MULTIPART, "--b0\r\nContent-Disposition: form-data; name=" + "(" * 450 + "\r\n\r\n1\r\n--b0--\r\n")
    ),
    "parts of a form": lambda: har(posted(MULTIPART, "--b0\r\n\r\n" * 100_000)),
    "a number to the base of 60": lambda: cassette(code=f"!!int {'1:' * 200_000}1"),
    "a number of 6,000 digits": lambda: cassette(code=f"!!int 0x{'f' * 6000}"),
    "a date that is none": lambda: cassette(code="!!timestamp 9999-99-99"),
    "a form with a number of 6,000 digits": lambda: cassette(request=f"{CALL}, body: {{login: !!int 0x{'f' * 6000}}}"),
    "codings within codings": lambda: har(packed(ENDLESS, "deflate," * 500)),
    "a charset that takes its time": lambda: har(
        entry(url("info"), "".join(chr(0x4E00 + n % 20_000) for n in range(30_000)), "text/plain; charset=punycode")
    ),
    "forms within forms": lambda: har(posted(MULTIPART, nested(1200))),
    "a long header in a form": lambda: har(
        posted(MULTIPART, f"--b0\r\nContent-Disposition: form-data; {PADDING}name=x\r\n\r\n1\r\n--b0--\r\n")
    ),
    "a folded header in a form": lambda: har(
        posted(MULTIPART, f"--b0\r\nContent-Disposition: x;\r\n {PADDING[:800]}\r\n {PADDING}\r\n\r\n1\r\n--b0--\r\n")
    ),
    "a long type of a form": lambda: har(
        posted(f"multipart/form-data; {PADDING}boundary=b0", "--b0\r\n\r\n1\r\n--b0--\r\n")
    ),
    "a long query": lambda: har(entry(url("info") + "&" + "a=&" * 300_000, "{}")),
    "chunks of a byte": lambda: HEAD + b"\r\n" + b"1\r\nx\r\n" * 60_000 + b"0\r\n\r\n",
}
SECONDS = 5.0
"""Of computing; each has taken more before, or grew with the square."""
MEMORY = 40 * MIB
"""Beyond the file; several were multiples of the file."""


@pytest.mark.parametrize("name", FILES)
def test_a_file_takes_little_time_and_memory_and_ends_in_no_error(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contract_tests.captured.files.MAX_FILE", 8 * MIB)  # as much is reserved to read one
    content = FILES[name]()
    (tmp_path / "file").write_bytes(content)
    tracemalloc.start()
    began = time.process_time()
    result = validate([str(tmp_path / "file")], Asked(), strict=False)
    seconds, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert result.files
    assert seconds < SECONDS
    assert peak < MEMORY + 4 * len(content)


@pytest.mark.parametrize("form", ["responses", "archive"])
def test_no_number_of_answers_holds_a_run_past_its_time(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(10_000))
    monkeypatch.setattr(files, "monotonic", lambda: float(next(now)))  # each look at the clock takes a second
    one = b'HTTP/1.1 200 OK\r\n\r\n{"status":"ok","id":1}'
    content = one * 100 if form == "responses" else har(*[entry(url("create"), CREATED)] * 100)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(content)
    reading = 100 if form == "archive" else 0
    found = files.validate([str(tmp_path)], Asked(), strict=False, seconds=20 + reading)

    assert found.exit_code == 4
    assert 10 < len(found.files) < 25
    assert [result.trouble for result in found.files[-2:]] == [
        f"{100 - len(found.files) + 2} answers were not looked at: {files.TIME_UP}",
        f"not looked at: {files.TIME_UP}",
    ]


def test_the_time_counts_while_a_recording_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(10_000))
    monkeypatch.setattr(files, "monotonic", lambda: float(next(now)))
    (tmp_path / "a").write_bytes(har(*[entry(url("create"), CREATED)] * 100))

    found = files.validate([str(tmp_path / "a")], Asked(), strict=False, seconds=20)

    assert found.exit_code == 4
    assert [(result.trouble, result.late) for result in found.files] == [(f"not looked at: {files.TIME_UP}", True)]
    assert next(now) < 25


def test_a_time_that_is_none_is_wrong_usage_and_a_short_one_ends_with_4(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b'{"status":"ok","id":1}')

    invoke = CliRunner().invoke

    assert invoke(commands, ["validate", str(tmp_path / "a"), "--timeout", "0.000001ms"]).exit_code == 4
    assert "--timeout: 'soon' is not a duration" in invoke(commands, ["validate", "x", "--timeout", "soon"]).stderr


def test_a_long_table_is_tried_as_no_answer_that_is_always_short(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"a;b;c;d\r\n" + b"1;2;3;4\r\n" * 10_000
    tried: set[str] = set()

    def read(body: bytes, asked: str, context: Context) -> Decoded:
        tried.add(context.method)
        return read_answer(body, asked, context)

    monkeypatch.setattr(judging, "read_answer", read)
    judging.judge(Capture(body), Asked())

    assert tried == {"result"}
