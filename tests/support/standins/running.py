"""Runs a stand-in: `with serving("bureau") as target: …`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from support.standins.antique import Antique
from support.standins.breakages import BREAKAGES
from support.standins.breaking import Breakage, Breaker
from support.standins.bureau import Bureau
from support.standins.courier import Courier
from support.standins.people import PHONE
from support.standins.shell import Call, Request, Response, Server, call_of

STANDINS: Mapping[str, type[Antique | Bureau | Courier]] = {"antique": Antique, "bureau": Bureau, "courier": Courier}
"""The three by name; each has its PROFILE."""

HIDDEN: Mapping[str, frozenset[str]] = {
    "antique": frozenset(
        {"check.format-first", "info.csv", "result.photo-empty", "xml.escapes", "xml.item", "xml.names", "xml.null"}
    ),
    "bureau": frozenset({"csv.lacking", "info.csv"}),
    "courier": frozenset({"csv.lacking", "result.photo-empty"}),
}
"""Open clauses that a stand-in's other choices hide: no format is refused, no photo is empty, no column has a name, no
list has entries with a name of their own, no charset lacks a character.

Hidden in all: `task.lifetime`, `quota.turns-at` (a run is too short), `rate.limit` (the limits are high) and
`quota.charged-at` (there is but one choice).
"""

ACCOUNTS: Mapping[str, Mapping[str, str]] = {
    "antique": {"arina@example.com": "5be1d2408e7f3a9c", "foma@example.com": "a6b195730c4d8e2f"},
    "bureau": {"marfa+api@example.com": "pQ7/9fKw+2c==", "egor+api@example.com": "Zt1+x0/aLm5=="},
    "courier": {"Taras.O'Mock@example.com": "ck-51c0-ffee-77", "ulyana@example.com": "ck-0b5e-55ed-13"},
}
"""Tokens by login, the main account first."""

Misbehaviour = int | tuple[int, dict[str, str]] | tuple[int, dict[str, str], bytes] | str | None
Http = Callable[[int, str, str, dict[str, str]], Misbehaviour]
"""What happens to a call on the wire, by its number (from 1), HTTP method, operation and parameters.

None: it is answered. A status, or a status with headers: that status with a page of HTML, or with the bytes that
follow, and the call is not processed. `close`, `hang`, `reset`: the call is processed (a create charges), and then the
connection is closed without a byte, is left open without a byte until the server stops, or is reset.
"""


class Standin:
    """A stand-in that runs. calls holds (HTTP method, operation, parameters) as it read them."""

    def __init__(self, name: str, seconds: float, limit: int, breakage: Breakage, http: Http | None) -> None:
        self.name = name
        self.profile: Mapping[str, Any] = STANDINS[name].PROFILE
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self._service = STANDINS[name](dict(ACCOUNTS[name]), seconds, limit)
        self._breaker = Breaker(self._service, breakage, ACCOUNTS[name], limit)
        self._http = http
        self._lock = threading.Lock()
        self._held_from: int | None = None
        self._held = threading.Event()
        self._released = threading.Event()
        self._server = Server(self._respond)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/api"

    @property
    def env(self) -> dict[str, str]:
        """The variables that name the credentials and the phone."""
        (login, token), (login2, token2) = ACCOUNTS[self.name].items()
        named = {"LOGIN": login, "TOKEN": token, "LOGIN2": login2, "TOKEN2": token2, "PHONE": PHONE}
        return {f"IFIND_{key}": value for key, value in named.items()}

    @property
    def units(self) -> int:
        """Units charged to all accounts."""
        return self._service.charged

    def hold(self, n: int) -> threading.Event:
        """From call number n on, calls are processed and not answered until `release`; the event says that one is."""
        self._held_from = n
        return self._held

    def release(self) -> None:
        """Answers the calls that are held, and all others."""
        self._released.set()

    def _respond(self, request: Request) -> Response:
        with self._lock:
            call = call_of(request, self._service.read(request))
            self.calls.append((call.http_method, call.operation, dict(call.params)))
            number = len(self.calls)
            response = self._processed(call, self._http(number, *self.calls[-1]) if self._http else None)
        if self._held_from is not None and number >= self._held_from and not self._released.is_set():
            self._held.set()
            self._released.wait()
        return response

    def _processed(self, call: Call, wire: Misbehaviour) -> Response:
        if isinstance(wire, int | tuple):
            return _page(wire, {}) if isinstance(wire, int) else _page(*wire)
        response = self._breaker.respond(call)
        return response if wire is None else Response(end=wire)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Ends it. Raises what a call has raised, if any."""
        self.release()
        self._server.stop()
        for error in self._server.errors:
            raise error


def _page(status: int, headers: Mapping[str, str], body: bytes | None = None) -> Response:
    if body is not None:
        return Response(status, tuple(headers.items()), body)
    page = f"<html><h1>{status}</h1></html>".encode()
    return Response(status, (("Content-Type", "text/html"), *headers.items()), page)


@contextmanager
def serving(
    name: str,
    *,
    seconds: float = 0.15,
    limit: int = 100,
    breakage: Breakage | str | None = None,
    http: Http | None = None,
) -> Iterator[Standin]:
    """The stand-in of the name on a free port of 127.0.0.1. seconds: what a task takes by the clock; limit: units a day
    of each account; breakage: one of BREAKAGES, or its name; http: see Http.
    """
    broken = BREAKAGES[breakage] if isinstance(breakage, str) else breakage or Breakage("nothing is broken")
    target = Standin(name, seconds, limit, broken, http)
    target.start()
    try:
        yield target
    finally:
        target.stop()


def toml_of(profile: Mapping[str, Any]) -> str:
    """The profile as the file that `--profile` reads."""
    lines = (f"{json.dumps(clause)} = {_toml(choice)}" for clause, choice in profile.items())
    return "[profile]\n" + "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items()) + " }"
    # A JSON text is a basic string of TOML, but for surrogate pairs, which are not escaped here.
    return json.dumps(value, ensure_ascii=False)
