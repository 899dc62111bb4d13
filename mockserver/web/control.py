"""The control API: its routes under /_mock/, from JSON values to JSON values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.metadata import version
from typing import Any, TypeAlias, TypeVar

from mockserver.api.mock import Mock, is_test_login
from mockserver.core.clock import Clock, iso_of, parse_iso
from mockserver.core.delays import Delay
from mockserver.core.errors import FEW, Problem, Refusal, cut
from mockserver.core.messages import SECOND
from mockserver.core.quota import day_of
from mockserver.core.tasks import Account
from mockserver.faults.armed import ArmedFault
from mockserver.faults.faults import ALWAYS
from mockserver.inputs import fields
from mockserver.inputs.accounts import ACCOUNT, KEYS
from mockserver.inputs.fields import table_of
from mockserver.settings.table import Settings
from mockserver.stores.opening import kind_of_store
from mockserver.web.address import Address

T = TypeVar("T")

LARGEST_PAGE = 1024 * 1024
"""Bytes of a page; what would make it longer stands on the next one."""
NEAR = 100
"""Accounts among which the one is looked for that a misspelt login may have meant."""
PLAIN = 64
"""Characters of a login with which others are compared: the time grows with the square."""


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A request of the control API."""

    body: Any  # the JSON value as its route reads it; an empty body is {}
    query: Mapping[str, Any]
    parts: Mapping[str, str]  # of the path
    address: Address  # by which the client reaches the mock
    base: str  # the URL of the mock, up to `/api` or `/_mock`


Handler: TypeAlias = "Callable[[ControlRequest], tuple[int, Any]]"
"""Gives the status and the JSON value of the answer."""
NOTHING = table_of({})


@dataclass(frozen=True, slots=True)
class Route:
    """What one HTTP method of a path takes and does."""

    handler: Handler
    body: fields.Field[Any] = NOTHING
    query: fields.Field[Any] = NOTHING


class Control:
    """The handlers of the control API over one mock."""

    def __init__(self, mock: Mock, settings: Settings, end_waiting: Callable[[str | None], object]) -> None:
        self.mock = mock
        self.settings = settings
        self.end_waiting = end_waiting

    def routes(self) -> Mapping[str, Mapping[str, Route]]:
        """Every route, by path and HTTP method."""
        return {
            "/health": {"GET": Route(self.health)},
            "/accounts": {"GET": Route(self.accounts, query=table_of(PAGE)), "POST": Route(self.put_account, ACCOUNT)},
            "/faults": {
                "GET": Route(self.faults, query=table_of(PAGE)),
                "POST": Route(self.arm, fields.as_is),  # the mock reads the document
                "DELETE": Route(self.disarm),
            },
            "/faults/<fault_id>": {"DELETE": Route(self.disarm)},
            "/clock": {"GET": Route(self.clock, query=table_of(LOGIN)), "PUT": Route(self.set_clock, table_of(CLOCK))},
            "/clock/advance": {"POST": Route(self.advance, table_of(ADVANCE))},
            "/reset": {"POST": Route(self.reset, table_of(LOGIN))},
        }

    def paths(self) -> frozenset[str]:
        """The paths of the routes, each up to what names a single thing, as a log shows them."""
        return frozenset({"/_mock", *("/_mock" + route.partition("/<")[0] for route in self.routes())})

    def health(self, request: ControlRequest) -> tuple[int, Any]:
        """What runs here, and the address at which the client reaches it."""
        return 200, {
            "status": "ok",
            "version": version("ifind-mock"),
            "api": f"{request.base}/api",
            "host": request.address.host,
            "port": request.address.port,
            "state": kind_of_store(self.settings.state),
            "edition": self.mock.profile.choices["edition"],
            "now": iso_of(self.mock.now()),
        }

    def accounts(self, request: ControlRequest) -> tuple[int, Any]:
        """A page of the accounts, without their tokens: only the answer that makes or changes an account holds one."""
        return 200, _page("accounts", request, self.mock.store.accounts, self._account)

    def put_account(self, request: ControlRequest) -> tuple[int, Any]:
        """Makes an account, or changes the one with the login: what is left out stays or is made up."""
        written = request.body
        account, made = self.mock.put_account(written.pop("login", None), written)
        return (201 if made else 200), {**self._account(account), "token": account.token}

    def faults(self, request: ControlRequest) -> tuple[int, Any]:
        """A page of the faults with their counts: all that may still strike, and the last of those that are over."""
        return 200, _page("faults", request, self.mock.store.faults.listed, _fault)

    def arm(self, request: ControlRequest) -> tuple[int, Any]:
        """Arms a fault."""
        return 201, _fault(self.mock.arm(request.body))

    def disarm(self, request: ControlRequest) -> tuple[int, Any]:
        """Takes the fault of the path away, without one all faults, and nothing else."""
        if fault_id := request.parts.get("fault_id"):
            self.mock.store.faults.disarm(fault_id)
        else:
            self.mock.store.faults.clear(None)
        return 204, None

    def clock(self, request: ControlRequest) -> tuple[int, Any]:
        """The clock of the login in the query, else the server's."""
        login = self._login(request.query.get("login"))
        return 200, self._clock(login, self.mock.clock(login))

    def set_clock(self, request: ControlRequest) -> tuple[int, Any]:
        """Sets the clock of a login or of the server."""
        wanted = request.body
        frozen = {"real": False, "frozen": True, None: None}[wanted.get("mode")]
        if frozen and wanted.get("speed", 1) != 1:
            raise Refusal(Problem("speed", "a frozen clock has none", "leave it out, or use the mode real"))
        if frozen is False and wanted.get("speed", 1) == 0:
            raise Refusal(Problem("speed", "a clock of speed 0 is frozen", "use the mode frozen"))
        login = self._login(wanted.get("login"))
        return 200, self._clock(
            login, self.mock.set_clock(login, frozen=frozen, now=wanted.get("now"), speed=wanted.get("speed"))
        )

    def advance(self, request: ControlRequest) -> tuple[int, Any]:
        """Puts a clock forward by seconds, or to the next midnight or ready task."""
        wanted = request.body
        login = self._login(wanted.get("login"))
        if ("seconds" in wanted) == ("to" in wanted):
            raise Refusal(Problem("", "either seconds or to is needed", 'write {"seconds": 5} or {"to": "midnight"}'))
        if "to" in wanted:
            return 200, self._clock(login, self.mock.advance_to(login, wanted["to"]))
        return 200, self._clock(login, self.mock.advance(login, round(wanted["seconds"] * SECOND)))

    def reset(self, request: ControlRequest) -> tuple[int, Any]:
        """Resets one login, or all; answers of theirs that still wait for their latency are ended."""
        login = self._login(request.body.get("login"))
        self.mock.reset(login)
        self.end_waiting(login)
        return 204, None

    def _login(self, login: str | None) -> str | None:
        """The login. Raises Refusal where it has no account, and none is made on first use."""
        if login is None or is_test_login(login) or self.mock.store.account(login) is not None:
            return login
        known = [account.login for account in self.mock.store.accounts(limit=NEAR)]
        near = get_close_matches(login, [one for one in known if len(one) <= PLAIN], n=1) if len(login) <= PLAIN else []
        hint = f"did you mean {near[0]!r}? " if near else ""
        listed = f"{', '.join(known[:FEW])}{', …' if len(known) > FEW else ''}"
        raise Refusal(
            Problem(
                "login", f"{cut(login)!r} is not an account", f"{hint}accounts: {listed}; GET /_mock/accounts has all"
            )
        )

    def _account(self, account: Account) -> dict[str, Any]:
        shown = {key: getattr(account, key) for key in KEYS if key != "token"}
        day = day_of(self.mock.now(account.login), self.mock.profile.rules.day_turn)
        return {**shown, "used": account.used_on(day)}

    def _clock(self, login: str | None, clock: Clock) -> dict[str, Any]:
        mode = "frozen" if clock.frozen else "real"
        now = iso_of(self.mock.now(login))
        return {"mode": mode, "now": now, "speed": clock.speed, **({"login": login} if login else {})}


def _page(
    name: str, request: ControlRequest, read: Callable[[int, int], Sequence[T]], show: Callable[[T], Any]
) -> dict[str, Any]:
    """A page of a list, and as `next` the offset of the one that follows, where one does."""
    offset, limit = request.query.get("offset", 0), request.query.get("limit", 100)
    entries = read(offset, limit + 1)
    shown: list[Any] = []
    size = 0
    for entry in entries[:limit]:
        written = show(entry)
        size += len(json.dumps(written))
        if shown and size > LARGEST_PAGE:
            break
        shown.append(written)
    following = {"next": offset + len(shown)} if len(entries) > len(shown) else {}
    return {name: shown, **following}


def _fault(armed: ArmedFault) -> dict[str, Any]:
    fault = armed.fault
    settings = {k: v.text if isinstance(v, Delay) else v for k, v in fault.settings.items()}
    return {
        "id": armed.id,
        "match": dict(fault.match.entries),
        "action": {"kind": fault.kind, **settings},
        "times": ALWAYS if fault.times is None else fault.times,
        "after": fault.after,
        "probability": fault.probability,
        "seen": armed.seen,
        "struck": armed.struck,
    }


LOGIN: Mapping[str, fields.Field[Any]] = {
    "login": fields.at_most(fields.SHORT, fields.text).described("The account that is meant; without it, the server.")
}
PAGE: Mapping[str, fields.Field[Any]] = {
    "limit": fields.digits(1, 1000).described("How many entries the answer lists at most.", "100"),
    "offset": fields.digits(0, 999_999_999).described("How many entries are left out before them.", "0"),
}
_TIME = fields.at_most(fields.SHORT, fields.text).then(lambda where, text: parse_iso(text, where))
CLOCK: Mapping[str, fields.Field[Any]] = {
    "mode": fields.one_of(("real", "frozen")).described("Whether time passes."),
    "now": replace(_TIME, allowed="a time such as 2030-01-01T00:00:00Z").described("The time that it shows now."),
    "speed": fields.number(0, 1_000_000).described("How many times as fast as real time it goes."),
    **LOGIN,
}
ADVANCE: Mapping[str, fields.Field[Any]] = {
    "seconds": fields.number(0, 1e11).described("How far the clock is put forward."),
    "to": fields.one_of(("midnight", "next-ready")).described("The moment to which it is put forward."),
    **LOGIN,
}
