"""The target of a run: its URL, the accounts, and the phones that are known there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from contract_tests.api.calls import Account
from contract_tests.contract.clauses import UsageError


@dataclass(frozen=True, slots=True)
class Phones:
    """The numbers to look up. All but the ordinary one are the mock's magic phones."""

    ordinary: str = field(repr=False)
    awkward: str | None = None
    hundred: str | None = None
    nothing: str | None = None
    one: str | None = None
    failing: str | None = None
    never: str | None = None


MAGIC = Phones(
    ordinary="70001234567",
    awkward="70000000777",
    hundred="70000000100",
    nothing="70000000000",
    one="70000000001",
    failing="70000000500",
    never="70000000408",
)


@dataclass(frozen=True)
class Target:
    """A running API."""

    base: str
    main: Account
    phones: Phones
    second: Account | None = None
    own_mock: bool = False
    """A mock that the suite or its caller started: its answers may be shown."""
    make_account: Callable[[str, int], Account] | None = None
    """Makes an account of a name with a daily limit; None where the suite may not."""
    finish_tasks: Callable[[], None] | None = None
    """Puts the clock of a private mock forward until all tasks are done; None where they take their time."""

    @property
    def provisioned(self) -> bool:
        """Whether the accounts are made for the run, so that units cost nothing."""
        return self.make_account is not None

    @property
    def loopback(self) -> bool:
        """Whether it runs on this machine."""
        return on_loopback(self.base)


def read_url(text: str) -> str:
    """The URL of an API, without a slash at the end. Raises UsageError, which does not show what may be credentials."""
    shown = repr(_without_credentials(text))
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        why = "its port is not a number from 1 to 65535" if "ort" in str(error) else "its host can't be read"
        raise UsageError(f"the target is not a URL: {why}") from None
    if url.scheme not in ("http", "https") or not url.hostname:
        raise UsageError(
            f"{shown} is not a target; write mock, live, or the API's URL such as http://127.0.0.1:8080/api"
        )
    if url.username is not None or url.password is not None:
        raise UsageError("a target's URL must not hold credentials: set IFIND_LOGIN and IFIND_TOKEN instead")
    if url.query or url.fragment:
        raise UsageError(f"{shown} is not a target: leave out what stands after the path")
    if port == 0 or not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(f"{shown} is not a target: it can't be reached")
    return text.rstrip("/")


def _without_credentials(text: str) -> str:
    """A text that should be a URL, without what may be a user, a password or a parameter."""
    before, at, after = text.rpartition("@")
    scheme, slashes, _ = before.partition("//")
    shown = f"{scheme if slashes else ''}{slashes}…@{after}" if at else text
    address = re.split("[?#]", shown, maxsplit=1)[0]
    return address if address == shown else f"{address}…"


def on_loopback(url: str) -> bool:
    """Whether the URL's host is this machine by its name or address; no name is resolved."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
