"""The door of the control API: which requests may reach it. A web page may not, nor a stranger on the network.

A browser sends what a foreign page asks for, and the mock can't see the page. It sees what the browser adds: `Origin`
and `Sec-Fetch-Site`, which a page can't set, and `Host`, which names the page's own server where that name has been
made to point at this machine (DNS rebinding). Programs that are no browsers send neither of the first two.

A browser that has signed in on the dashboard sends its cookie with whatever a page has it ask, and pages of other ports
of this machine count as the same site. So a cookie is heard only beside `FROM_DASHBOARD`: a foreign page can't send
that header without asking first, which it is not allowed.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from mockserver.core.errors import Problem
from mockserver.core.written import shown
from mockserver.web.address import ASKED_HOST, HOST, address_of

CONTROL = re.compile(r"/_mock(?:/|\Z)")
"""The start of every path that is the control API's."""

Refused: TypeAlias = tuple[int, str, Problem]
"""Status, title and problem of the answer."""

_ORIGIN = re.compile(rf"(?P<scheme>https?)://(?P<authority>{HOST.pattern})", re.IGNORECASE)
_PORTS: Mapping[str, str] = {"http": ":80", "https": ":443"}
_OWN_SITES = frozenset({"", "none", "same-origin"})
_SITES = _OWN_SITES | {"same-site"}
"""The values of `Sec-Fetch-Site` that are let in: a page of this machine is held up by its Origin, where it matters."""
_LOCAL = "call the mock as localhost or 127.0.0.1, or start it with an admin token"
_PAGES = "open the mock's own pages, use no browser, or start the mock with --control-origin and the page's origin"
_BEARER = "send the header Authorization: Bearer TOKEN with the mock's admin token"
JSON = "application/json"
FROM_DASHBOARD = "X-Ifind-Mock-Dashboard"
"""The header by which the dashboard's own scripts say that they ask."""
MOST_COOKIES = 4
"""Cookies of sessions of one request that are looked at: a browser has one a folder, that of the longest path first."""
_FROM_DASHBOARD = f"HTTP_{FROM_DASHBOARD.upper().replace('-', '_')}"


@dataclass(frozen=True, slots=True)
class Door:
    """Lets in who may use the control API: with an admin token who sends it, without one who is on this machine."""

    token: str | None
    host: str  # the setting: a name that the user has given to the mock is one of this machine's
    origins: frozenset[str] = frozenset()  # of pages elsewhere that the user lets in
    knows_any: Callable[[Sequence[str]], bool] = lambda _: False  # of sessions; it may raise StoreError

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
        """Whether the request has the admin token, where there is one, or is the dashboard's, in a browser that has
        signed in by it.
        """
        if self.token is None or _bears(environ.get("HTTP_AUTHORIZATION", ""), self.token):
            return True
        return _FROM_DASHBOARD in environ and self.is_own_page(environ) and self.has_session(environ)

    def has_session(self, environ: Mapping[str, Any]) -> bool:
        """Whether the browser that asks has signed in, whichever page has it ask. Anybody may send cookies: few are
        looked at, with one read of the store.
        """
        start = f"{session_cookie(environ)}="
        cookies = (one.strip() for one in environ.get("HTTP_COOKIE", "").split(";"))
        sent = [*islice((one.removeprefix(start) for one in cookies if one.startswith(start)), MOST_COOKIES)]
        return bool(sent) and self.knows_any(sent)

    def opens(self, token: str) -> bool:
        """Whether this is the admin token."""
        return self.token is not None and _is(token, self.token)

    def is_own_page(self, environ: Mapping[str, Any]) -> bool:
        """Whether the request is of one of the mock's own pages, or of no page."""
        origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE", "").strip().lower()
        return (origin is None or _is_own(origin, environ.get(ASKED_HOST, ""))) and site in _OWN_SITES

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


def session_cookie(environ: Mapping[str, Any]) -> str:
    """The name of the cookie of a session. Browsers have one set of cookies for all ports of a host."""
    return f"ifind-mock-session-{address_of(environ).port}"


def _bears(sent: str, token: str) -> bool:
    scheme, _, credentials = sent.strip().partition(" ")
    return _is(credentials.strip(), token) and scheme.lower() == "bearer"  # its name has no case (RFC 9110, 11.1)


def _is(sent: str, token: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), token.encode())


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
