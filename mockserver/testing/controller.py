"""A mock for tests, and what each of its accounts can be told: for unittest, pytest and scripts alike."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from mockserver.core.errors import Problem, Refusal
from mockserver.data import PACKAGE
from mockserver.settings.table import Settings, SettingValues
from mockserver.testing.channel import Channel, ControlError, RemoteChannel, foreign, whole_list
from mockserver.testing.parts import ClockController, FaultsController, ScenariosController, StubsController
from mockserver.testing.verification import Verification

_HERE: SettingValues = {"host": "127.0.0.1", "port": 0}


class MockController:
    """A mock on a free port of this machine, served by a thread of this process from `start` to `stop`.

    With `with Mock(delay="0s") as mock:`, `mock.url` is what a program calls, as `mock.account()` with its login and
    token.

    The settings are those of the settings file, by name; neither the environment nor a file of the working directory
    counts, unless `config` names one. Raises ControlError for wrong settings, when it starts.
    """

    def __init__(self, **settings: Unpack[SettingValues]) -> None:
        self._by_name = settings
        self._whole: Settings | None = None
        self._channel: Channel | None = None
        self._stop = ExitStack()
        self._process = os.getpid()

    @classmethod
    def at(cls, url: str, *, admin_token: str | None = None) -> Self:
        """The mock that runs at the URL (with or without `/api`), such as one of `ifind-mock serve`. Raises
        ControlError where none answers there.
        """
        mock = cls()
        channel = RemoteChannel(url, admin_token)
        health = channel.call("GET", "/health")
        if not isinstance(health, dict) or "version" not in health:
            raise foreign(f"{channel.api}: /_mock/health")
        mock._channel = channel
        return mock

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """A mock of settings as `mockserver.load` returns them."""
        mock = cls()
        mock._whole = settings
        return mock

    def start(self) -> Self:
        """Serves from now on. A mock that runs already, here or elsewhere, is left as it is."""
        if self._channel is None:
            from mockserver.settings.loading import load
            from mockserver.testing.local import serve_locally

            by_name: SettingValues = {**_HERE, **self._by_name}
            try:
                settings = self._whole or load(arguments=by_name, environ={}, directory=PACKAGE)
                if self._by_name.get("workers", 1) != 1:
                    raise Refusal(Problem("workers", "are processes of `ifind-mock serve`", "leave it out"))
            except Refusal as refusal:
                raise ControlError(*refusal.problems) from None
            self._process = os.getpid()
            self._channel = self._stop.enter_context(serve_locally(settings))
        return self

    def stop(self) -> None:
        """Ends the mock that was started here. One that runs elsewhere goes on."""
        self._channel = None
        if self._process != os.getpid():  # this one was forked while the mock ran
            self._inherited, self._stop = self._stop, ExitStack()  # kept, since it would be closed else
        self._stop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def _open(self) -> Channel:
        if self._channel is None:
            raise ControlError(
                Problem("", "the mock does not run", "use it in `with Mock() as mock:`, or call start()")
            )
        return self._channel

    @property
    def url(self) -> str:
        """The URL of the API, which stands for https://i-find.pro/api: `http://127.0.0.1:49152/api`."""
        return self._open.api

    @property
    def ca_file(self) -> Path | None:
        """The file by which clients trust it (in PEM), where it is a mock of this process with `tls=True`."""
        return self._open.authority

    @property
    def clock(self) -> ClockController:
        """The clock of all accounts that have none of their own."""
        return ClockController(self._open, None)

    @property
    def faults(self) -> FaultsController:
        """The faults of any account's calls."""
        return FaultsController(self._open, None)

    def account(self, login: str | None = None, **fields: Any) -> AccountController:
        """A new account, which shares nothing with any other: its login and token are made up where none are given.
        fields: `token`, `daily_limit`, `paid_until`, `demo`, `delay`, `seed`. With the login of an account, that one,
        with the fields changed.
        """
        return AccountController(self._open, {**fields, **({} if login is None else {"login": login})})

    def reset(self) -> None:
        """Drops the tasks, charges, clocks and faults of all accounts. The accounts stay."""
        self._open.call("POST", "/reset", {})


class AccountController(Verification):
    """An account, with all that hangs on it: whatever is told to it leaves every other account as it is."""

    __slots__ = ("clock", "faults", "scenarios", "stubs", "token")  # so that a name with a typing error can't be set

    def __init__(self, channel: Channel, fields: Mapping[str, Any]) -> None:
        made = channel.call("POST", "/accounts", dict(fields))
        super().__init__(channel, made["login"])
        self.token: str = made["token"]
        self.clock = ClockController(channel, self.login)
        self.faults = FaultsController(channel, self.login)
        self.scenarios = ScenariosController(channel, self.login)
        self.stubs = StubsController(channel, self.login)

    @property
    def url(self) -> str:
        """The URL of the API."""
        return self._channel.api

    @property
    def delay(self) -> str | None:
        """The processing time of its tasks, as the settings write it: `2s`, `uniform 1s..5s`, `never`. None is that of
        the settings.
        """
        delay: str | None = self._read()["delay"]
        return delay

    @delay.setter
    def delay(self, delay: str | None) -> None:
        self._change(delay=delay)

    @property
    def ready(self) -> Any:
        """When its tasks are ready, in place of a delay: `at once`, `never`, `{"after": "2s"}` or `{"after_polls": 3}`.
        None is by the delay.
        """
        return self._read()["ready"]

    @ready.setter
    def ready(self, ready: str | Mapping[str, Any] | None) -> None:
        self._change(ready=ready)

    @property
    def daily_limit(self) -> int:
        """Units a day."""
        limit: int = self._read()["daily_limit"]
        return limit

    @daily_limit.setter
    def daily_limit(self, units: int) -> None:
        self._change(daily_limit=units)

    @property
    def used(self) -> int:
        """Units used today, by its clock."""
        used: int = self._read()["used"]
        return used

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """Its tasks, oldest first: `id`, `phone`, `source`, `cost`, `status`, `ready_at`."""
        return whole_list(self._channel, "tasks", self._whose)

    def reset(self) -> None:
        """Drops its tasks, charges, clock, faults, scenarios, stubs and calls; its answers that wait are given up."""
        self._channel.call("POST", "/reset", self._whose)

    def drop(self) -> None:
        """Takes it away, with all that hangs on it, where it is still there."""
        try:
            self._channel.call("DELETE", self._path)
        except ControlError as error:
            if error.status != 404:  # noqa: PLR2004 - not found
                raise

    @property
    def _path(self) -> str:
        return f"/accounts/{self.login}"

    def _read(self) -> dict[str, Any]:
        shown: dict[str, Any] = self._channel.call("GET", self._path)
        return shown

    def _change(self, **fields: Any) -> None:
        self._channel.call("POST", "/accounts", {"login": self.login, **fields})

    def __repr__(self) -> str:
        return f"<account {self.login}>"
