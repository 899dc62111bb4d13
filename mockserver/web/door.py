"""The door of the control API: which requests may reach it. A web page may not, nor a stranger on the network.

A browser sends what a foreign page asks for, and the mock can't see the page. It sees what the browser adds: `Origin`
and `Sec-Fetch-Site`, which a page can't set, and `Host`, which names the page's own server where that name has been
made to point at this machine (DNS rebinding). Programs that are no browsers send neither of the first two.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from mockserver.core.errors import Problem
from mockserver.core.written import shown
from mockserver.web.address import ASKED_HOST, HOST

CONTROL = re.compile(r"/_mock(?:/|\Z)")
"""The start of every path that is the control API's."""

Refused: TypeAlias = tuple[int, str, Problem]
"""Status, title and problem of the answer."""

_ORIGIN = re.compile(rf"(?P<scheme>https?)://(?P<authority>{HOST.pattern})", re.IGNORECASE)
_PORTS: Mapping[str, str] = {"http": ":80", "https": ":443"}
_SITES = frozenset({"", "none", "same-origin", "same-site"})
"""The values of `Sec-Fetch-Site` that are let in: a page of this machine is held up by its Origin, where it matters."""
_LOCAL = "call the mock as localhost or 127.0.0.1, or start it with an admin token"
_PAGES = "open the mock's own pages, use no browser, or start the mock with --control-origin and the page's origin"
_BEARER = "send the header Authorization: Bearer TOKEN with the mock's admin token"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Door:
    """Lets in who may use the control API: with an admin token who sends it, without one who is on this machine."""

    token: str | None
    host: str  # the setting: a name that the user has given to the mock is one of this machine's
    origins: frozenset[str] = frozenset()  # of pages elsewhere that the user lets in

    def refused(self, environ: Mapping[str, Any], *, is_open: bool = False) -> Refused | None:
        """Why the request stays outside, whatever its path; None where it may come in. One that is_open may come in
        without a token, not with a wrong one.
        """
        problem = self._foreign(environ)
        if problem is not None:
            return 403, "The control API is closed to this caller", problem
        if self.is_trusted(environ) or (is_open and "HTTP_AUTHORIZATION" not in environ):
            return None
        return 401, "The admin token is needed", Problem("Authorization", "is missing or wrong", _BEARER)

    def is_trusted(self, environ: Mapping[str, Any]) -> bool:
        """Whether the request has the admin token, where there is one."""
        return self.token is None or _bears(environ.get("HTTP_AUTHORIZATION", ""), self.token)

    def origin(self, environ: Mapping[str, Any]) -> str | None:
        """The origin of the page that asks, where it is one of `origins`."""
        origin = environ.get("HTTP_ORIGIN")
        return origin if origin is not None and _normal(origin) in self.origins else None

    def _foreign(self, environ: Mapping[str, Any]) -> Problem | None:
        host = environ.get(ASKED_HOST, "")
        if self.token is None and host and not self._is_here(host):
            return Problem("Host", f"{shown(host)} is not a name of this machine", _LOCAL)
        if self.origin(environ) is not None:
            return None
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and not _is_own(origin, host):
            return Problem("Origin", f"{shown(origin)} is another web page's", _PAGES)
        site = environ.get("HTTP_SEC_FETCH_SITE", "").strip().lower()
        if site not in _SITES:
            return Problem("Sec-Fetch-Site", "another web page asks", _PAGES)
        return None

    def _is_here(self, host: str) -> bool:
        match = HOST.fullmatch(host)
        if match is None:
            return False
        name = (match["ipv6"] or match["name"]).lower().removesuffix(".")
        return name in ("localhost", self.host.lower()) or name.endswith(".localhost") or _is_loopback(name)


def wrong_type(content_type: str) -> Problem | None:
    """The problem of a body's Content-Type. A web page can send any other type to any server without asking first."""
    kind = content_type.partition(";")[0].strip()
    if kind.lower() == JSON:
        return None
    what = f"the body's type is {shown(kind)}" if kind else "the body has no type"
    return Problem("Content-Type", what, f"add the header Content-Type: {JSON}, as curl --json does")


def _bears(sent: str, token: str) -> bool:
    scheme, _, credentials = sent.strip().partition(" ")
    right = hmac.compare_digest(credentials.strip().encode("utf-8", "replace"), token.encode())
    return right and scheme.lower() == "bearer"  # a scheme's name has no case (RFC 9110, 11.1)


def _is_own(origin: str, host: str) -> bool:
    """Whether the page comes from where the request goes to. A proxy may have taken the TLS off, so that the scheme
    tells nothing but the port that is left out.
    """
    match = _ORIGIN.fullmatch(origin)
    if match is None or not host:
        return False
    port = _PORTS[match["scheme"].lower()]
    return match["authority"].lower().removesuffix(port) == host.lower().removesuffix(port)


def _normal(origin: str) -> str:
    """An origin as the setting `control_origin` has it."""
    scheme, mark, authority = origin.lower().partition("://")
    return f"{scheme}{mark}{authority.removesuffix(_PORTS.get(scheme, ''))}"


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
