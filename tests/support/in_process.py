"""Drives a mock in this process: virtual time, no socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from mockserver.api.http import Request, Response
from mockserver.assembly import open_gateway
from mockserver.core.clock import parse_iso
from mockserver.core.messages import SECOND
from mockserver.profile.profile import resolve
from mockserver.settings.files import clauses, words
from mockserver.settings.loading import load
from mockserver.stores.store import Store

LOGIN, TOKEN = "demo@example.com", "demo-token"
PHONE = "70001234567"
CLAUSES = clauses()
WORDS = words()


@dataclass
class Time:
    """Real time for the mock: the wall clock. Tests move it on."""

    micros: int = parse_iso("2030-01-01T12:00:00+03:00", "")
    ran: int = 0  # the monotonic clock

    def __call__(self) -> int:
        return self.micros

    def passes(self, seconds: float) -> None:
        self.steps(seconds)
        self.ran += round(seconds * SECOND)

    def steps(self, seconds: float) -> None:
        """The wall clock is set, or the computer was suspended."""
        self.micros += round(seconds * SECOND)


OPENED: list[Store] = []
"""The stores of the mocks that the test has opened; it ends with their closing (`conftest.py`)."""


class Api:
    """A mock with a client's view of it: `call` gives the decoded JSON, `send` the raw response."""

    def __init__(self, profile: dict[str, Any] | None = None, state: str = "memory", **options: Any) -> None:
        settings = load({**options, "state": state})
        chosen = resolve(CLAUSES, {**settings.profile.choices, **(profile or {})})
        self.settings = settings
        self.time = Time()
        self.gateway = open_gateway(replace(settings, profile=chosen), self.time, monotonic=lambda: self.time.ran)
        self.mock = self.gateway.mock
        OPENED.append(self.mock.store)

    def send(
        self,
        method: str,
        *,
        http_method: str = "GET",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        peer: str = "127.0.0.1",
        **params: Any,
    ) -> Response:
        params = {"login": LOGIN, "token": TOKEN, **params}
        query = urlencode({k: v for k, v in params.items() if v is not None}).encode()
        return self.gateway.answer(Request(http_method, f"/api/{method}".encode(), query, headers or {}, body, peer))

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return json.loads(self.send(method, **params).body)

    def create(self, phone: str = PHONE, source: int | str | None = 2, **params: Any) -> int:
        answer = self.call("create", phone=phone, source=source, **params)
        assert answer["status"] == "ok", answer
        return answer["id"]

    def ready(self, phone: str = PHONE, source: int | str | None = 2, **params: Any) -> dict[str, Any]:
        number = self.create(phone, source)
        self.time.passes(2)
        return self.call("result", id=number, **params)

    def used(self, **params: Any) -> int:
        return self.call("info", **params)["data"]["api_limit"]["used"]

    def account(self, login: str, **fields: Any) -> None:
        known = self.mock.store.account(login)
        assert known is not None
        self.mock.store.put_account(replace(known, **fields))


def reason(response: Response) -> str:
    return dict(response.headers).get("X-Mock-Reason", "")
