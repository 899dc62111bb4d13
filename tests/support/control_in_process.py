"""Drives the control API in this process, without a server and without Flask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.settings.loading import load
from mockserver.web.control import Control, Handled
from support.in_process import Api


class ControlledApi(Api):
    """A mock of which is told what to do: `tell` gives the answer of the control API."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.ended: list[str | None] = []
        """The logins whose waiting answers were ended; None for all."""
        self.control = Control(self.mock, load(options), lambda operation: operation(), self.ended.append)

    def tell(self, route: str, body: Any = None, **query: Any) -> Handled:
        """The answer to a route such as `PUT /accounts/x`."""
        http_method, _, path = route.partition(" ")
        return self.control.handle(http_method, path, query, body)

    def told(self, route: str, body: Any = None, **query: Any) -> Any:
        """The value that a route answers, which must be no refusal."""
        handled = self.tell(route, body, **query)
        assert handled.status < 300, handled
        return handled.body


def counted(api: Api, done: list[int]) -> tuple[Control, list[int]]:
    """The control of a mock, and for each time that it holds the state how much was added to what the test counts."""
    held: list[int] = []

    def guard(operation: Callable[[], Any]) -> Any:
        before = sum(done)
        try:
            return operation()
        finally:
            held.append(sum(done) - before)

    return Control(api.mock, api.settings, guard, lambda _: None), held
