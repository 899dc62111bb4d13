"""The HTTP shell of the stand-ins: sockets and bytes, and no rule of the API."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import unquote

MAX_BODY = 1024 * 1024
MAX_FIELDS = 1000
NO_BODY = 204


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came."""

    http_method: str
    path: str  # decoded
    query: str  # raw
    headers: dict[str, str]  # by lower-case name
    body: bytes
    peer: str
    too_large: bool = False  # the body, or the number of fields in query or body, is over the limit; that part is empty


@dataclass(frozen=True, slots=True)
class Call:
    """A call as a stand-in read it."""

    http_method: str
    operation: str  # what follows /api/; the whole path where that is elsewhere
    params: dict[str, str]
    peer: str
    too_large: bool = False
    known_path: bool = True

    @property
    def format(self) -> str:
        """The format that is asked for; json where that is none."""
        asked = self.params.get("format")
        return asked if asked in ("json", "xml", "csv") else "json"


@dataclass(slots=True)
class Answer:
    """An answer before it is written."""

    body: dict[str, Any]
    format: str = "json"
    http: int = 200
    rows: str | None = None  # the section whose entries CSV shows
    headers: list[tuple[str, str]] = field(default_factory=list)
    page: tuple[str, bytes] | None = None  # content type and bytes of an answer that is not the API's own


class Service(Protocol):
    """A stand-in's own mind: reads parameters, answers, writes."""

    charged: int  # the units that it has taken of all accounts

    def __init__(self, accounts: dict[str, str], seconds: float, limit: int) -> None: ...

    def read(self, request: Request) -> dict[str, str]: ...

    def answer(self, call: Call) -> Answer: ...

    def write(self, answer: Answer) -> tuple[str, bytes]: ...


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    end: str = ""  # `close` or `reset`: the connection ends without a byte; `hang`: no byte until the server stops


def call_of(request: Request, params: dict[str, str]) -> Call:
    """The call that a request makes."""
    known = request.path.startswith("/api/")
    operation = request.path.removeprefix("/api/")
    return Call(request.http_method, operation, params, request.peer, request.too_large, known)


def _within_limits(request: Request) -> Request:
    long_query = request.query.count("&") >= MAX_FIELDS
    long_body = len(request.body) > MAX_BODY or request.body.count(b"&") >= MAX_FIELDS
    query, body = "" if long_query else request.query, b"" if long_body else request.body
    return replace(request, query=query, body=body, too_large=long_query or long_body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    server: Server

    def __getattr__(self, name: str) -> Any:
        """Every HTTP method is served alike."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, unquote(path, errors="replace"), query, headers, body, self.client_address[0])
        self._send(self.server.respond(_within_limits(request)))

    def _send(self, response: Response) -> None:
        if response.end:
            self._end(response.end)
            return
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.status != NO_BODY:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _end(self, how: str) -> None:
        self.close_connection = True
        if how == "hang":
            self.server.stopping.wait()
        elif how == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


class Server(ThreadingHTTPServer):
    """Serves on a free port of 127.0.0.1. What a handler raises, but for the end of a connection, goes to errors."""

    daemon_threads = True

    def __init__(self, respond: Callable[[Request], Response]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.respond = respond
        self.stopping = threading.Event()
        self.errors: list[BaseException] = []
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._workers: list[threading.Thread] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        worker = threading.Thread(target=self._work, args=(request, client_address), daemon=True)
        with self._lock:
            self._open.add(request)
            self._workers.append(worker)
        worker.start()

    def _work(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass  # the client has gone
        except Exception as error:  # noqa: BLE001 - reported when the server stops
            self.errors.append(error)
        finally:
            with self._lock:
                self._open.discard(request)
            # close() without shutdown(), so that a linger time of 0 becomes a reset
            request.close()

    def stop(self) -> None:
        """Ends the accepting, every connection and every thread."""
        self.shutdown()
        self.stopping.set()
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it has ended by itself
        for worker in self._workers:
            worker.join()
        self.server_close()
