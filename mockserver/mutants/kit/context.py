"""A call on its way through a server that is broken on purpose, as edits see and change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

FORMATS = ("json", "xml", "csv")


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task, as far as edits need it."""

    login: str
    source: str
    cost: int


class ServerView(Protocol):
    """The server that is broken, as far as edits read and change its state."""

    @property
    def tokens(self) -> Mapping[str, str]:
        """The token of each login, in the order of the accounts."""

    def task(self, number: str) -> TaskView | None:
        """The task with the id; None where no task has it."""

    def units(self, login: str) -> tuple[int, int]:
        """The units that an account has used today, and its limit."""

    def charge(self, login: str, units: int) -> None:
        """Takes units from an account; gives them back where the number is negative."""


@dataclass(slots=True)
class CallContext:
    """One call on its way through a server. Edits change it in place.

    An edit of the call sees no answer yet. Edits of the answer and the response see the call as the client sent it.
    """

    operation: str
    http_method: str
    params: dict[str, str]
    server: ServerView
    memory: dict[Any, Any]
    """What edits keep from call to call, for as long as the server runs."""
    format: str = ""
    """The format of the answer; before there is an answer, the format asked for."""
    body: dict[str, Any] = field(default_factory=dict)
    """The answer as data; empty where it is a page."""
    http: int = 200
    rows: str | None = None
    """The section whose entries CSV shows; None where an answer is flat."""
    headers: tuple[tuple[str, str], ...] = ()
    """The headers of the response, in the last step only."""
    content: bytes = b""
    """The bytes of the response, in the last step only."""

    def __post_init__(self) -> None:
        self.format = self.format or self.asked_format

    @property
    def asked_format(self) -> str:
        """The format asked for, JSON where that is none."""
        asked = self.params.get("format", "")
        return asked if asked in FORMATS else FORMATS[0]

    @property
    def status(self) -> object:
        """The status word of the answer."""
        return self.body.get("status")

    @property
    def login(self) -> str:
        """The login that the call names; empty where it names none."""
        return self.params.get("login", "")

    @property
    def token(self) -> str:
        """The token of the call; empty where it has none."""
        return self.params.get("token", "")

    @property
    def task(self) -> TaskView | None:
        """The task that the call asks for or has made."""
        return self.server.task(str(self.body.get("id", "")) or self.params.get("id", ""))

    @property
    def is_authorised(self) -> bool:
        """Whether the credentials are right."""
        return self.server.tokens.get(self.login) == self.token

    def authorise(self, login: str) -> None:
        """Replaces the credentials by those of an account."""
        self.params |= {"login": login, "token": self.server.tokens[login]}

    def respond(self, **body: Any) -> None:
        """Replaces the answer by one without rows, in the format asked for."""
        self.body, self.format, self.http, self.rows = body, self.asked_format, 200, None

    def count(self, what: str) -> int:
        """How often this was counted, including now."""
        self.memory[what] = n = self.memory.get(what, 0) + 1
        return int(n)


Edit: TypeAlias = "Callable[[CallContext], object]"
