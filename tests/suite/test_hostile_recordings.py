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

from contract_tests.captured.capture import Asked
from contract_tests.captured.files import validate
from support.recorded import entry, har, url

MIB = 2**20
BLANKS = gzip.compress(b" " * (4 * MIB))
DEFLATE = zlib.compressobj(9, zlib.DEFLATED, -15)
ENDLESS = DEFLATE.compress(b" " * MIB) + DEFLATE.flush(zlib.Z_SYNC_FLUSH)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CALL = "method: GET, uri: 'http://h/api/info?login=a&token=b'"


def packed(content: bytes, coding: str) -> dict[str, Any]:
    made = entry(url("info"), base64.b64encode(content).decode())
    made["response"]["content"]["encoding"] = "base64"
    made["response"]["headers"] = [{"name": "Content-Encoding", "value": coding}]
    return made


def posted(kind: str, text: str) -> dict[str, Any]:
    made = entry(url("info"), "{}", http_method="POST")
    made["request"]["postData"] = {"mimeType": f"multipart/form-data; {kind}", "text": text}
    return made


def cassette(code: str = "200", body: str = "'{}'", request: str = CALL) -> bytes:
    return (
        f"interactions:\n- &a\n  request: {{{request}}}\n  response: {{status: {{code: {code}}},"
        f" body: {{string: {body}}}}}\n"
    ).encode()


def nested(levels: int) -> str:
    return "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(levels))


PADDING = "a=b; " * 20_000
FILES: Mapping[str, Callable[[], bytes]] = {
    "a bomb in each entry of a HAR file": lambda: har(*[packed(BLANKS, "gzip")] * 20),
    "a bomb in each response": lambda: (HEAD + b"Content-Encoding: gzip\r\n\r\n" + BLANKS + b"\n") * 20,
    "aliases of a body": lambda: cassette(body=f"'{'x' * MIB}'") + b"- *a\n" * 300,
    "a number to the base of 60": lambda: cassette(code=f"!!int {'1:' * 200_000}1"),
    "a number of 6,000 digits": lambda: cassette(code=f"!!int 0x{'f' * 6000}"),
    "a date that is none": lambda: cassette(code="!!timestamp 9999-99-99"),
    "a form with a number of 6,000 digits": lambda: cassette(request=f"{CALL}, body: {{login: !!int 0x{'f' * 6000}}}"),
    "codings within codings": lambda: har(packed(ENDLESS, "deflate," * 500)),
    "a charset that takes its time": lambda: har(
        entry(url("info"), "".join(chr(0x4E00 + n % 20_000) for n in range(30_000)), "text/plain; charset=punycode")
    ),
    "forms within forms": lambda: har(posted("boundary=b0", nested(1200))),
    "a long header in a form": lambda: har(
        posted("boundary=b0", f"--b0\r\nContent-Disposition: form-data; {PADDING}name=x\r\n\r\n1\r\n--b0--\r\n")
    ),
    "a folded header in a form": lambda: har(
        posted(
            "boundary=b0", f"--b0\r\nContent-Disposition: x;\r\n {PADDING[:800]}\r\n {PADDING}\r\n\r\n1\r\n--b0--\r\n"
        )
    ),
    "a long type of a form": lambda: har(posted(f"{PADDING}boundary=b0", "--b0\r\n\r\n1\r\n--b0--\r\n")),
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
