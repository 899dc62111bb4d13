"""How an answer of a stand-in is broken on its way: before it is decided, as data, or as bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from support.standins.shell import Call, Response, Told

EVERY = ("antique", "bureau", "courier")


@dataclass(slots=True)
class Scene:
    """One call on its way through a stand-in. accounts is login to token, tasks the owner's login by the id as text,
    in the order in which they were made; ready holds the ids of those that were told ready, memory whatever a breakage
    keeps from call to call. told is the answer, charged the units that it took.
    """

    call: Call
    number: int
    accounts: Mapping[str, str]
    tasks: dict[str, str]
    ready: list[str]
    memory: dict[str, Any]
    told: Told = field(default_factory=lambda: Told({}))
    charged: int = 0

    @property
    def method(self) -> str:
        return self.call.method

    @property
    def http_method(self) -> str:
        return self.call.http_method

    @property
    def params(self) -> dict[str, str]:
        return self.call.params

    @property
    def model(self) -> dict[str, Any]:
        return self.told.model

    @property
    def status(self) -> object:
        return self.told.model.get("status")

    @property
    def kind(self) -> str:
        """The format in which the answer is written."""
        return self.told.kind

    def count(self, what: str) -> int:
        """How often this has been asked, this time included."""
        self.memory[what] = self.memory.get(what, 0) + 1
        return int(self.memory[what])

    def authorise(self, login: str | None = None) -> None:
        """Gives the call right credentials: those of the login that it names, else of the given one."""
        named = self.params.get("login", "")
        owner = login or (named if named in self.accounts else next(iter(self.accounts)))
        self.params["login"], self.params["token"] = owner, self.accounts[owner]


def _nothing(_: Scene) -> None:
    """Leave all as it is."""


def _as_written(_: Scene, body: bytes) -> bytes:
    return body


@dataclass(frozen=True, slots=True)
class Breakage:
    """One way to break a promise or a law. breaks is the clause's id; on names the stand-ins that can show it.

    before may change the call that is decided, edit the answer as data, spoil its bytes, respond what goes out in all.
    seconds and limit take the place of the stand-in's own.
    """

    breaks: str
    title: str
    before: Callable[[Scene], None] = _nothing
    edit: Callable[[Scene], None] = _nothing
    spoil: Callable[[Scene, bytes], bytes] = _as_written
    respond: Callable[[Scene, Response], Response] = lambda _, response: response
    on: tuple[str, ...] = EVERY
    seconds: float | None = None
    limit: int | None = None


UNBROKEN = Breakage("", "nothing is broken")
