"""The address at which a client reaches the mock, from a request as a WSGI server hands it on."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from wsgiref.types import WSGIEnvironment

from mockserver.api.http import LOOPBACK, callable_host

HOST = re.compile(
    r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}|\[(?P<ipv6>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\])(?::(?P<port>[0-9]{0,5}))?"
)
"""A Host header: the name or the address of a server, and its port."""
ASKED_HOST = "mockserver.asked_host"
"""The key of a request's own Host in its environment, where `with_usable_host` may have put another in its place."""
_DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
_LAST_PORT = 65535


class Address(NamedTuple):
    """A host, without the brackets of IPv6, and a port."""

    host: str
    port: int


def address_of(environ: Mapping[str, Any]) -> Address:
    """The address by which a request asked; where its Host names none that can be called, the one that is bound.

    Host is whatever a client writes. What is bound may be a path, `waitress.invalid` or nothing, which is this machine.
    """
    default = _DEFAULT_PORTS.get(environ.get("wsgi.url_scheme", ""), 80)
    asked = _parsed(environ.get("HTTP_HOST", ""), default)
    if asked is not None:
        return asked
    name, port = environ.get("SERVER_NAME", ""), environ.get("SERVER_PORT", "")
    bracketed = f"[{name}]" if ":" in name and not name.startswith("[") else name
    return (
        _parsed(f"{bracketed}:{port}", default) or _parsed(f"{LOOPBACK}:{port}", default) or Address(LOOPBACK, default)
    )


def with_usable_host(environ: WSGIEnvironment) -> WSGIEnvironment:
    """The request with its address in place of its Host: werkzeug refuses one that it can't encode."""
    host, port = address_of(environ)
    shown = f"[{host}]" if ":" in host else host
    return {**environ, "HTTP_HOST": f"{shown}:{port}", ASKED_HOST: environ.get("HTTP_HOST", "")}


def peer_of(environ: Mapping[str, Any]) -> str:
    """The caller's address; for a Unix socket, which has none, this machine's."""
    peer = environ.get("REMOTE_ADDR") or ""
    return peer if _is_address(peer) else LOOPBACK


def _parsed(text: str, default: int) -> Address | None:
    match = HOST.fullmatch(text)
    if match is None:
        return None
    name, port = match["ipv6"] or match["name"], int(match["port"] or default)
    # Nothing answers below the top-level domain `invalid` (RFC 2606).
    usable = _is_address(name) if match["ipv6"] else not f".{name.lower().rstrip('.')}".endswith(".invalid")
    return Address(callable_host(name), port) if usable and 1 <= port <= _LAST_PORT else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
