"""The control verbs of the routes under /_mock/, from JSON values to JSON values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any, TypeAlias

from mockserver.api.mock import Mock, is_test_login
from mockserver.core.clock import Clock, iso_of, parse_iso
from mockserver.core.delays import Delay
from mockserver.core.errors import Problem, Refusal, unknown
from mockserver.core.messages import SECOND
from mockserver.core.quota import day_of
from mockserver.core.tasks import Account
from mockserver.faults.faults import ALWAYS, ArmedFault
from mockserver.inputs import fields
from mockserver.inputs.accounts import ACCOUNT
from mockserver.settings.table import Settings


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked: the body's JSON value ({} where there is none), the query, the path's parts, and the address
    that the server is really bound to.
    """

    body: Any
    query: Mapping[str, str]
    parts: Mapping[str, str]
    host: str
    port: int


Verb: TypeAlias = "Callable[[Ask], tuple[int, Any]]"


class Control:
    """The control verbs as JSON sees them: each takes what was asked and gives a status and a body."""

    def __init__(self, mock: Mock, settings: Settings, end_waiting: Callable[[str | None], object]) -> None:
        self.mock = mock
        self.settings = settings
        self.end_waiting = end_waiting

    def routes(self) -> Mapping[str, Mapping[str, Verb]]:
        """Every route: path, HTTP method, verb."""
        return {
            "/health": {"GET": self.health},
            "/accounts": {"GET": self.accounts, "POST": self.put_account},
            "/faults": {"GET": self.faults, "POST": self.arm, "DELETE": self.disarm_all},
            "/faults/<fault_id>": {"DELETE": self.disarm},
            "/clock": {"GET": self.clock, "PUT": self.set_clock},
            "/clock/advance": {"POST": self.advance},
            "/reset": {"POST": self.reset},
        }

    @property
    def queries(self) -> Mapping[tuple[str, str], Mapping[str, fields.Reader]]:
        """The keys that a route takes in its query; all others take none."""
        return {("GET", "/clock"): {"login": LOGIN}}

    def health(self, ask: Ask) -> tuple[int, Any]:
        """What runs here; the port is the one really bound."""
        keys(ask.body, {})
        told_host = f"[{ask.host}]" if ":" in ask.host else ask.host
        return 200, {
            "status": "ok",
            "version": version("ifind-mock"),
            "api": f"http://{told_host}:{ask.port}/api",
            "host": ask.host,
            "port": ask.port,
            "state": "memory" if self.settings.state == "memory" else "sqlite",
            "edition": self.mock.profile.choices["edition"],
            "now": iso_of(self.mock.now()),
        }

    def accounts(self, ask: Ask) -> tuple[int, Any]:
        """All accounts, without their tokens: those are told to who makes or changes an account."""
        keys(ask.body, {})
        return 200, {"accounts": [self._account(a) for a in self.mock.store.accounts()]}

    def put_account(self, ask: Ask) -> tuple[int, Any]:
        """Makes an account, or changes the one with the login: what is left out stays or is made up."""
        written = ACCOUNT("", ask.body)
        account, made = self.mock.put_account(written.pop("login", None), written)
        return (201 if made else 200), {**self._account(account), "token": account.token}

    def faults(self, ask: Ask) -> tuple[int, Any]:
        """All armed faults with their counts."""
        keys(ask.body, {})
        return 200, {"faults": [_fault(c) for c in self.mock.faults.armed.values()]}

    def arm(self, ask: Ask) -> tuple[int, Any]:
        """Arms a fault."""
        return 201, _fault(self.mock.faults.arm(ask.body))

    def disarm(self, ask: Ask) -> tuple[int, Any]:
        """Takes one fault away."""
        keys(ask.body, {})
        self.mock.faults.disarm(ask.parts["fault_id"])
        return 204, None

    def disarm_all(self, ask: Ask) -> tuple[int, Any]:
        """Takes all faults away, and nothing else."""
        keys(ask.body, {})
        self.mock.faults.reset(None)
        return 204, None

    def clock(self, ask: Ask) -> tuple[int, Any]:
        """The clock of the login in the query, else the server's."""
        keys(ask.body, {})
        login = self._login(ask.query.get("login"))
        return 200, self._clock(login, self.mock.clock(login))

    def set_clock(self, ask: Ask) -> tuple[int, Any]:
        """Sets the clock of a login or of the server."""
        given = keys(ask.body, CLOCK)
        frozen = {"real": False, "frozen": True, None: None}[given.get("mode")]
        if frozen and given.get("speed", 1) != 1:
            raise Refusal(Problem("speed", "a frozen clock has none", "leave it out, or use the mode real"))
        if frozen is False and given.get("speed", 1) == 0:
            raise Refusal(Problem("speed", "a clock of speed 0 is frozen", "use the mode frozen"))
        login = self._login(given.get("login"))
        return 200, self._clock(
            login, self.mock.set_clock(login, frozen=frozen, now=given.get("now"), speed=given.get("speed"))
        )

    def advance(self, ask: Ask) -> tuple[int, Any]:
        """Puts a clock forward by seconds, or to a moment that is to come."""
        given = keys(ask.body, ADVANCE)
        login = self._login(given.get("login"))
        if ("seconds" in given) == ("to" in given):
            raise Refusal(Problem("", "either seconds or to is needed", 'write {"seconds": 5} or {"to": "midnight"}'))
        if "to" in given:
            return 200, self._clock(login, self.mock.advance_to(login, given["to"]))
        return 200, self._clock(login, self.mock.advance(login, round(given["seconds"] * SECOND)))

    def reset(self, ask: Ask) -> tuple[int, Any]:
        """Resets one login, or all; answers of theirs that still wait for their latency are ended."""
        login = self._login(keys(ask.body, RESET).get("login"))
        self.mock.reset(login)
        self.end_waiting(login)
        return 204, None

    def _login(self, login: str | None) -> str | None:
        """The login, where there is such an account, or one is made on first use."""
        if login is None or is_test_login(login) or self.mock.store.account(login) is not None:
            return login
        known = [a.login for a in self.mock.store.accounts()]
        raise Refusal(unknown("login", login, known, noun="account"))

    def _account(self, account: Account) -> dict[str, Any]:
        fields = {
            k: v for k, v in asdict(account).items() if k not in ("token", "day", "creates", "used", "configured")
        }
        day = day_of(self.mock.now(account.login), self.mock.profile.rules.day_turn)
        return {**fields, "used": account.used_on(day)}

    def _clock(self, login: str | None, clock: Clock) -> dict[str, Any]:
        mode = "frozen" if clock.frozen else "real"
        now = iso_of(self.mock.now(login))
        return {"mode": mode, "now": now, "speed": clock.speed, **({"login": login} if login else {})}


def _fault(countdown: ArmedFault) -> dict[str, Any]:
    fault = countdown.fault
    settings = {k: v.text if isinstance(v, Delay) else v for k, v in fault.settings.items()}
    return {
        "id": fault.id,
        "match": dict(fault.match),
        "action": {"kind": fault.kind, **settings},
        "times": ALWAYS if fault.times is None else fault.times,
        "after": fault.after,
        "probability": fault.probability,
        "seen": countdown.seen,
        "struck": countdown.struck,
    }


LOGIN = fields.text.described("The account that is meant; without it, the server.")
_TIME = replace(
    fields.text.then(lambda where, text: parse_iso(text, where)), allowed="a time such as 2030-01-01T00:00:00Z"
)
CLOCK: Mapping[str, fields.Field[Any]] = {
    "mode": fields.one_of(("real", "frozen")).described("Whether time passes."),
    "now": _TIME.described("The time that it shows now."),
    "speed": fields.number(0, 1_000_000).described("How many times as fast as real time it goes."),
    "login": LOGIN,
}
ADVANCE: Mapping[str, fields.Field[Any]] = {
    "seconds": fields.number(0, 1e11).described("How far the clock is put forward."),
    "to": fields.one_of(("midnight", "next-ready")).described("The moment to which it is put forward."),
    "login": LOGIN,
}
RESET: Mapping[str, fields.Field[Any]] = {"login": LOGIN}


def keys(body: Any, readers: Mapping[str, fields.Reader]) -> dict[str, Any]:
    """The object's entries. Raises Refusal with every problem."""
    problems: list[Problem] = []
    given = fields.table(body, "", readers, problems)
    if problems:
        raise Refusal(*problems)
    return given
