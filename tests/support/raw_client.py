"""A bare HTTP client for tests of the wire server: it sends bytes as they are, and reads answers strictly."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Got:
    """An answer as it was read."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection."""

    def __init__(self, address: tuple[str, int], *, timeout: float = 5.0) -> None:
        self.socket = socket.create_connection(address, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> Client:
        self.socket.sendall(data)
        return self

    def answer(self, *, head: bool = False) -> Got:
        """The next answer; EOFError where the connection closes instead."""
        start = self.file.readline()
        if not start:
            raise EOFError("the server closed the connection")
        version, status, reason = start.decode("ascii").removesuffix("\r\n").split(" ", 2)
        assert version == "HTTP/1.1"
        headers: dict[str, str] = {}
        while (line := self.file.readline()) != b"\r\n":
            assert line.endswith(b"\r\n"), line
            name, _, value = line.decode("latin-1").removesuffix("\r\n").partition(": ")
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value
        bodiless = head or status in {"100", "204", "304"}
        length = 0 if bodiless else int(headers["content-length"])
        body = self.file.read(length)
        assert len(body) == length
        return Got(int(status), reason, headers, body)

    def ask(self, path: str = "/api/create", *, http_method: str = "GET", headers: str = "", body: bytes = b"") -> Got:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.send(f"{http_method} {path} HTTP/1.1\r\nHost: t\r\n{headers}{length}\r\n".encode() + body)
        return self.answer(head=http_method == "HEAD")

    def closed(self) -> bool:
        """Whether the server closes the connection now, without another byte."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@contextmanager
def connected(address: tuple[str, int]) -> Iterator[Client]:
    client = Client(address)
    try:
        yield client
    finally:
        client.close()
