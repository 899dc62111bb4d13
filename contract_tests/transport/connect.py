"""Connections under one deadline: the name looked up, each address tried in turn, TLS verified, bytes read and written.

A moment `end` is in seconds of the monotonic clock.
"""

from __future__ import annotations

import ipaddress
import queue
import selectors
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import h11

from contract_tests.transport.messages import Request, TransportError
from contract_tests.transport.receive import MAX_HEADERS

if TYPE_CHECKING:
    from ssl import SSLContext

_TORN = "UNEXPECTED_EOF_WHILE_READING"
_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"}
"""What OpenSSL says, in its versions, of an answer that is plain HTTP."""
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""Needs no descriptor of its own, which a call would open and close twice."""
_CHUNK = 64 * 1024
_IDLE = 2.0  # seconds after which a kept connection is not trusted any more
_LEAST = 0.001


@dataclass
class Connection:
    socket: socket.socket
    secure: bool
    http: h11.Connection = field(
        default_factory=lambda: h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADERS)
    )
    used: float = 0.0  # the moment of the last use
    unsent: bool = False  # whether a part of the request never left
    torn: bool = False  # whether TLS was not ended as it should be, so that the end of the body may be missing

    def alive(self) -> bool:
        """Whether it may carry another request: nothing has come on it, not even its end."""
        return time.monotonic() - self.used < _IDLE and not self._ready(selectors.EVENT_READ, 0)

    def close(self) -> None:
        self.socket.close()

    def read(self, end: float) -> bytes:
        """The next bytes, none at the connection's end. Raises TimeoutError at the moment `end`, and OSError."""
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.socket.settimeout(left)
        try:
            return self.socket.recv(_CHUNK)
        except OSError as error:
            # Builds of Python differ in the class of this error; ssl itself is loaded for https alone.
            self.torn = getattr(error, "reason", "") == _TORN or type(error).__name__ == "SSLEOFError"
            if self.torn:
                return b""
            raise

    def write(self, data: bytes, end: float) -> None:
        """Sends the bytes; where an answer comes before they are all taken, the rest is not sent. Raises as `read`."""
        rest = memoryview(data)
        # Under TLS, bytes that have come need not be an answer's.
        events = selectors.EVENT_WRITE | (0 if self.secure else selectors.EVENT_READ)
        self.unsent = True
        while rest:
            left = end - time.monotonic()
            ready = self._ready(events, left) if left > 0 else 0
            if not ready:
                raise TimeoutError
            if not ready & selectors.EVENT_WRITE:
                return
            self.socket.settimeout(left)
            rest = rest[self.socket.send(rest[:_CHUNK]) :]
        self.unsent = False

    def _ready(self, events: int, seconds: float) -> int:
        """Those of the events that the socket is ready for within so many seconds."""
        with _Selector() as selector:
            selector.register(self.socket, events)
            return next((ready for _, ready in selector.select(seconds)), 0)


def connect(host: str, port: int, request: Request, end: float, tls: SSLContext | None) -> Connection:
    """A connection to the first of the host's addresses that takes one by the moment `end`. Raises TransportError."""
    failure = "it has no address"
    addresses = _addresses(host, port, request, end)
    for number, (family, _, _, _, address) in enumerate(addresses):
        left = end - time.monotonic()
        if left <= 0:
            raise TransportError("timeout", request, f"{host}:{port} took no connection", sent=False)
        try:
            sock = _connected(family, address, max(left / (len(addresses) - number), _LEAST))
        except TimeoutError:
            failure = "it took no connection in time"
        except OSError as error:
            failure = error.strerror or type(error).__name__
        else:
            return Connection(_secured(sock, tls, host, request, end) if tls else sock, tls is not None)
    raise TransportError("unreachable", request, f"{host}:{port}: {failure}", sent=False)


def _connected(family: socket.AddressFamily, address: tuple[Any, ...], seconds: float) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def _addresses(host: str, port: int, request: Request, end: float) -> list[Any]:
    """The host's addresses. A look-up has no time-out and may hang, so that of a name runs in a thread that can be left
    behind.
    """
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    results: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            results.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            results.put(error)

    threading.Thread(target=look_up, daemon=True, name="name look-up").start()
    try:
        found = results.get(timeout=max(end - time.monotonic(), _LEAST))
    except queue.Empty:
        raise TransportError("timeout", request, f"the name {host} was not looked up", sent=False) from None
    if isinstance(found, Exception):
        why = getattr(found, "strerror", None) or "it is not a host's name"
        raise TransportError("unreachable", request, f"{host}:{port}: {why}", sent=False)
    return found


def tls_context() -> SSLContext:
    """TLS with the certificate and its name verified. Of the environment only SSL_CERT_FILE and SSL_CERT_DIR count,
    which say whom the user trusts; SSLKEYLOGFILE, which has the keys of every connection written down, does not.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Some builds of Python set this by default; an answer that was cut short would then look whole.
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    context.load_default_certs()
    return context


def _secured(sock: socket.socket, tls: SSLContext, host: str, request: Request, end: float) -> socket.socket:
    """The connection under TLS by the moment `end`. Raises TransportError."""
    try:
        sock.settimeout(max(end - time.monotonic(), _LEAST))
        return tls.wrap_socket(sock, server_hostname=host, suppress_ragged_eofs=False)
    except TimeoutError:
        sock.close()
        raise TransportError("timeout", request, "during the TLS handshake", sent=False) from None
    except (OSError, ValueError) as error:
        sock.close()
        why = getattr(error, "verify_message", "") or getattr(error, "reason", "") or type(error).__name__
        if why in _NO_TLS:
            why = f"what answers there does not speak TLS ({why}); where it is plain HTTP, write http://"
        elif getattr(error, "verify_message", ""):
            why += "; where you trust it, name its CA's file in SSL_CERT_FILE"
        raise TransportError("tls", request, f"{host}: {why}", sent=False) from None
