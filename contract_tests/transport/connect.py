"""Connections under one deadline: the name looked up, each address tried in turn, TLS verified."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from contract_tests.transport.messages import Request, TransportError

if TYPE_CHECKING:
    from ssl import SSLContext

Address = tuple[socket.AddressFamily, tuple[Any, ...]]
_LEAST = 0.001


def connect(host: str, port: int, request: Request, end: float) -> socket.socket:
    """A connection to the first of the host's addresses that takes one by the moment `end`. Raises TransportError."""
    addresses = _addresses(host, port, request, end)
    failure = "it has no address"
    for number, (family, address) in enumerate(addresses):
        left = end - time.monotonic()
        if left <= 0:
            raise TransportError("timeout", request, f"{host}:{port} took no connection", sent=False)
        try:
            return _connected(family, address, max(left / (len(addresses) - number), _LEAST))
        except TimeoutError:
            failure = "it took no connection in time"
        except OSError as error:
            failure = error.strerror or type(error).__name__
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


def _addresses(host: str, port: int, request: Request, end: float) -> list[Address]:
    """The host's addresses. A look-up knows no time-out and may hang, so a thread does it that can be left behind."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return _looked_up(host, port, request)
    answers: queue.SimpleQueue[list[Address] | TransportError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(_looked_up(host, port, request))
        except TransportError as failure:
            answers.put(failure)

    threading.Thread(target=look_up, daemon=True, name="name look-up").start()
    try:
        answer = answers.get(timeout=max(end - time.monotonic(), _LEAST))
    except queue.Empty:
        raise TransportError("timeout", request, f"the name {host} was not looked up", sent=False) from None
    if isinstance(answer, TransportError):
        raise answer
    return answer


def _looked_up(host: str, port: int, request: Request) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is no name of a host"
        raise TransportError("unreachable", request, f"{host}:{port}: {why}", sent=False) from None
    return [(family, address) for family, _, _, _, address in found]


def tls_context() -> SSLContext:
    """How TLS is spoken: the certificate and its name are verified. Of the environment only SSL_CERT_FILE and
    SSL_CERT_DIR are heeded, which say whom the user trusts; SSLKEYLOGFILE, which would have the keys of every
    connection written down, is not.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    return context


def secured(sock: socket.socket, context: SSLContext, host: str, request: Request, end: float) -> socket.socket:
    """The connection under TLS by the moment `end`. Raises TransportError."""
    try:
        sock.settimeout(max(end - time.monotonic(), _LEAST))
        return context.wrap_socket(sock, server_hostname=host, suppress_ragged_eofs=False)
    except TimeoutError:
        sock.close()
        raise TransportError("timeout", request, "during the TLS handshake", sent=False) from None
    except (OSError, ValueError) as error:
        sock.close()
        why = getattr(error, "verify_message", "") or getattr(error, "reason", "") or type(error).__name__
        raise TransportError("tls", request, f"{host}: {why}", sent=False) from None
