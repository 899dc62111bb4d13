"""A whole check against hostile servers: it ends, fails, takes nothing for right that was not read, and leaks nothing."""

from __future__ import annotations

import gzip
import io
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from contract_tests.options import CheckOptions
from contract_tests.runner import run
from contract_tests.transport import Wire

LOGIN, TOKEN, PHONE = "anna@example.com", "7f3a9c5be1d2408e", "70005550123"
NAME = "Ольга Тульская"
EMPTY = '"price": "", "time": "", "description": "", "location": "", "source": "avito.ru", "category": "", "url": ""'
ROW = f'{{"title": "{NAME}", "phone": "{PHONE}", "name": "{NAME}", {EMPTY}}}'


def http(body: str | bytes, *headers: str, status: str = "200 OK") -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BOMB = "<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><r><status>&b;</status></r>"
HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no http": b"220 ready, " + NAME.encode() + b"\r\n\r\n",
    "a head without end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
    "thousands of headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    "cut": http('{"status": "ok", "id": 1}')[:-5],
    "more than announced": http('{"status": "ok", "id": 1}') + NAME.encode(),
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}\n",
    "chunks that are none": CHUNKED + NAME.encode() + b"\r\n",
    "interim without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    "a ring": http("", "Location: /api/info", status="302 Found"),
    "compressed": http(gzip.compress(f'{{"status": "ready", "data": [{ROW}]}}'.encode()), "Content-Encoding: gzip"),
    "a page": http(f"<html><p>{NAME} {TOKEN}</html>", "Content-Type: text/html", status="502 Bad Gateway"),
    "a nesting bomb": http('{"a":' * 100_000),
    "an xml bomb": http(BOMB, "Content-Type: application/xml"),
    "not utf-8": http(
        '{"status": "ok", "data": "Оля"}'.encode("cp1251"), "Content-Type: application/json; charset=utf-8"
    ),
    "a number beyond reason": http('{"status": "ok", "id": ' + "9" * 5000 + "}"),
    "1e400": http('{"status": "ok", "id": 1e400}'),
    "NaN": http('{"status": "ok", "id": NaN}'),
    "half a pair": http('{"status": "ok", "m": "\\ud83d"}'),
    "a name twice": http('{"status": "ok", "status": "ready"}'),
    "a list": http("[]"),
    "csv without end": http(f'status,name\r\nready,"{NAME}'),
    "ready at once": http(f'{{"status": "ready", "data": [{ROW}, {ROW}], "{NAME}": 1, "id": "{NAME}"}}'),
    "an error that tells all": http(
        f'{{"status": "error", "error_code": "{NAME}", "message": "{TOKEN} {LOGIN} {PHONE}"}}'
    ),
    "depths": http('{"status": "ok", "id": ' + "[" * 30 + "]" * 30 + "}"),
}


@contextmanager
def says(answer: bytes) -> Iterator[str]:
    """A server that says the same to everybody, and then hangs up."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=50)

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    connection.recv(65536)
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/api"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials, and a deadline that a server which keeps silent does not draw out."""
    for name, value in {"LOGIN": LOGIN, "TOKEN": TOKEN, "PHONE": PHONE}.items():
        monkeypatch.setenv(f"IFIND_{name}", value)
    for name in ("IFIND_LOGIN2", "IFIND_TOKEN2"):
        monkeypatch.delenv(name, raising=False)
    begin = Wire.__init__

    def hasty(self: Wire, **settings: object) -> None:
        begin(self, **{**settings, "deadline": 0.5})  # type: ignore[arg-type]

    monkeypatch.setattr(Wire, "__init__", hasty)


TABLE = re.compile(
    r"^(\S+) +(?:documented|law|observed|sister|assumed) +(holds|broken|refuted|error|[a-z ]+?)  ", re.MULTILINE
)
READ_OFF = (
    "create.ok",
    "result.ready",
    "result.row-fields",
    "formats.same",
    "format.readable",
    "format.default",
    "info.shape",
)
"""Clauses that only an answer which was read can show."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_check_of_a_hostile_server_ends_fails_and_tells_nothing(name: str) -> None:
    out = io.StringIO()
    with says(HOSTILE[name]) as url:
        code = run(CheckOptions(target=url, poll_timeout=1.0), out)
    told = out.getvalue()
    verdicts = dict(TABLE.findall(told))

    assert code == 1, told
    assert "Traceback" not in told
    assert "ERROR of the suite" not in told
    assert "error" not in verdicts.values(), told
    assert not [clause for clause in READ_OFF[:4] if verdicts.get(clause) == "holds"], told
    assert not [secret for secret in (LOGIN, TOKEN, PHONE, *NAME.split()) if secret in told], told
