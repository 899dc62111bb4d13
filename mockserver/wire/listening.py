"""The sockets that a server listens on."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

from mockserver.wire.failures import WireError

BACKLOG = 1024  # connections that may wait to be accepted
_LAST_PORT = 65535
_OPTIONS: tuple[tuple[int, str, int], ...] = (
    (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
    # Else the system lets some MiB wait for each client that does not read, and of each that is not read from. It takes
    # twice as much as is said here.
    (socket.SOL_SOCKET, "SO_SNDBUF", 128 * 1024),
    (socket.SOL_SOCKET, "SO_RCVBUF", 128 * 1024),
    # A client that vanishes without a word (its machine is off, its network gone) is noticed after 30 s.
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 15),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 5),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
)
"""What every connection has: those that are accepted take it from the socket that listens."""
_WHY = {
    errno.EADDRINUSE: "the port is in use; stop what listens there, or choose another port (0: any free one)",
    errno.EACCES: "no permission; ports below 1024 are often reserved, choose a higher one",
    errno.EADDRNOTAVAIL: "this machine has no such address; use 127.0.0.1 or 0.0.0.0",
    errno.EAFNOSUPPORT: "this machine has no addresses of this kind; use 127.0.0.1 or 0.0.0.0",
    errno.EINVAL: "the address can't be used so; a link-local one needs its interface, as in fe80::1%eth0",
}
_OFF = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""A name can stand for an address that is switched off, as ::1 often is in containers."""


class Listener(Protocol):
    """A socket that listens, as a server sees it."""

    def fileno(self) -> int:
        """Its number."""

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection. Raises BlockingIOError where there is none now, and OSError."""

    def getsockname(self) -> Any:
        """Its address."""

    def close(self) -> None:
        """Accepts no more."""


def sockets(host: str, port: int) -> list[socket.socket]:
    """Listening sockets for each address of the host, on one port (0: any). Raises WireError where that fails."""
    if not 0 <= port <= _LAST_PORT:
        raise WireError(f"can't listen on port {port}; ports are 1 to {_LAST_PORT}, and 0 for any free one")
    bound: list[socket.socket] = []
    refused: OSError | None = None
    with ExitStack() as undo:
        for family, address in _addresses(host, port):
            try:
                opened = _open(family, (address[0], bound[0].getsockname()[1] if bound else port, *address[2:]))
            except OSError as error:
                refused = error
                if error.errno not in _OFF:
                    bound.clear()
                    break
            else:
                bound.append(undo.enter_context(opened))
        if not bound:
            number = refused.errno or 0 if refused else 0
            raise WireError(f"can't listen on {host} port {port}: {_WHY.get(number) or os.strerror(number)}")
        undo.pop_all()
    return bound


def bound_address(bound: Listener) -> tuple[str, int]:
    """The address of a bound socket, a link-local one with its interface."""
    host, port, *rest = bound.getsockname()
    return (f"{host}%{socket.if_indextoname(rest[1])}" if rest and rest[1] else host), port


def _addresses(host: str, port: int) -> Iterator[tuple[socket.AddressFamily, tuple[str, int]]]:
    try:
        # As a text, even an address would have the tables of international names loaded.
        name = host.encode("ascii") if host.isascii() else host
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise WireError(f"can't listen on {host!r}: the host is unknown; give an address, such as 127.0.0.1") from None
    for family, _, _, _, address in dict.fromkeys(found):
        yield family, address  # type: ignore[misc]


def _open(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # where it would let two servers share a port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for level, name, value in _OPTIONS:
            if hasattr(socket, name):  # macOS and Windows lack some
                opened.setsockopt(level, getattr(socket, name), value)
        opened.setblocking(False)
        opened.bind(address)
        opened.listen(BACKLOG)
    except BaseException:
        opened.close()
        raise
    return opened
