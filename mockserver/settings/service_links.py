"""Variables that Kubernetes and Docker set in every container for a service or a link of the mock's own name.

A service `ifind-mock` sets `IFIND_MOCK_PORT=tcp://10.96.0.7:8080`, not meant for the mock. Sources: Kubernetes,
"Service", "Environment variables"; Docker, "Legacy container links", "Environment variables".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

_LAST_PORT = 65535
_LONGEST = 1000  # characters of such a name; the time that one takes grows with the square
_NUMBER = r"[0-9]{1,5}"
_URL = rf"(?P<scheme>tcp|udp|sctp)://(?P<address>\[[^\]]+\]|[^:]+):(?P<number>{_NUMBER})"
_OF_PORT = r"PORT_(?P<named>[0-9]{1,5})_(?P<protocol>TCP|UDP|SCTP)"
_LINKS = tuple(
    # A service whose name goes on, as ifind-mock-api does, puts the rest of it before the name of the variable.
    re.compile(rf"(?:[A-Z0-9_]{{1,253}}_)??(?:{link})", re.DOTALL)
    for link in (
        r"SERVICE_HOST=(?P<address>.+)",
        rf"SERVICE_PORT(?:_[A-Z0-9_]+)?=(?P<number>{_NUMBER})",
        rf"PORT={_URL}",
        rf"{_OF_PORT}(?:_START|_END)?={_URL}",
        rf"{_OF_PORT}_ADDR=(?P<address>.+)",
        rf"{_OF_PORT}_PORT(?:_START|_END)?=(?P<number>{_NUMBER})",
        rf"{_OF_PORT}_PROTO=(?P<scheme>tcp|udp|sctp)",
        r"NAME=/[^/]+/[^/]+",
    )
)


def service_links(variables: Mapping[str, str]) -> set[str]:
    """The names of such variables among those with the mock's prefix; all names are without it."""
    names = [name for name in variables if len(name) <= _LONGEST]
    links = {name for name in names if _is_link(name, variables[name])}
    # Docker copies the variables of the other container, whatever they are, beside the name of the link.
    copies = {name for name in names if any(f"{name[: at.start()]}NAME" in links for at in _COPY.finditer(name))}
    return links | copies


_COPY = re.compile(r"(?:^|(?<=_))ENV_(?=[A-Za-z_])")


def _is_link(name: str, value: str) -> bool:
    """Whether a variable is a link by its name and its value."""
    found = [match.groupdict() for link in _LINKS if (match := link.fullmatch(f"{name}={value}")) is not None]
    return any(_agrees(parts, is_end=name.endswith("_END")) for parts in found)


def _agrees(parts: dict[str, str | None], *, is_end: bool) -> bool:
    """Whether address and port can be such, and protocol and port are those of the name. The last port of a range is
    not: the name has the first.
    """
    address, number, named = parts.get("address"), parts.get("number"), parts.get("named")
    scheme, protocol = parts.get("scheme"), parts.get("protocol")
    return (
        (address is None or _is_address(address))
        and (number is None or 1 <= int(number) <= _LAST_PORT)
        and (number is None or named is None or is_end or int(number) == int(named))
        and (scheme is None or protocol is None or scheme == protocol.lower())
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
