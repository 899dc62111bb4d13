"""A mock for tests, and what each of its accounts can be told: for unittest, pytest and scripts alike."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, Unpack
from urllib.parse import quote

from mockserver.core.errors import Problem
from mockserver.data import PACKAGE
from mockserver.settings.table import Settings, SettingValues
from mockserver.testing.channel import Channel, ControlError, RemoteChannel

_HERE: SettingValues = {"host": "127.0.0.1", "port": 0}


class MockController:
    """A mock on a free port of this machine, served by a thread of this process from `start` to `stop`.

    With `with Mock(delay="0s") as mock:`, `mock.url` is what a program calls, as `mock.account()` with its login and
    token.

    The settings are those of the settings file, by name; neither the environment nor a file of the working directory
    counts, unless `config` names one. Raises Refusal for wrong settings, when it starts.
    """

    def __init__(self, **settings: Unpack[SettingValues]) -> None:
        self._by_name = settings
        self._whole: Settings | None = None
        self._channel: Channel | None = None
        self._stop = ExitStack()

    @classmethod
    def at(cls, url: str, *, admin_token: str | None = None) -> Self:
        """The mock that runs at the URL (with or without `/api`), such as one of `ifind-mock serve`. Raises
        ControlError where none answers there.
        """
        mock = cls()
        channel = RemoteChannel(url, admin_token)
        channel.call("GET", "/health")
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
            settings = self._whole or load(arguments=by_name, environ={}, directory=PACKAGE)
            self._channel = self._stop.enter_context(serve_locally(settings))
        return self

    def stop(self) -> None:
        """Ends the mock that was started here. One that runs elsewhere goes on."""
        self._channel = None
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


class AccountController:
    """An account, with all that hangs on it: whatever is told to it leaves every other account as it is."""

    def __init__(self, channel: Channel, fields: Mapping[str, Any]) -> None:
        self._channel = channel
        self._shown: dict[str, Any] = channel.call("POST", "/accounts", dict(fields))
        self.login: str = self._shown["login"]
        self.token: str = self._shown["token"]
        self.clock = ClockController(channel, self.login)
        self.faults = FaultsController(channel, self.login)

    @property
    def url(self) -> str:
        """The URL of the API."""
        return self._channel.api

    @property
    def delay(self) -> str | None:
        """The processing time of its tasks, as the settings write it: `2s`, `uniform 1s..5s`, `never`. None is that of
        the settings.
        """
        delay: str | None = self._change()["delay"]
        return delay

    @delay.setter
    def delay(self, delay: str | None) -> None:
        self._change(delay=delay)

    @property
    def daily_limit(self) -> int:
        """Units a day."""
        limit: int = self._change()["daily_limit"]
        return limit

    @daily_limit.setter
    def daily_limit(self, units: int) -> None:
        self._change(daily_limit=units)

    @property
    def used(self) -> int:
        """Units used today, by its clock."""
        used: int = self._change()["used"]
        return used

    def reset(self) -> None:
        """Drops its tasks, charges, clock and faults; answers of its that wait are given up."""
        self._channel.call("POST", "/reset", {"login": self.login})

    def _change(self, **fields: Any) -> dict[str, Any]:
        changed: dict[str, Any] = self._channel.call("POST", "/accounts", {"login": self.login, **fields})
        return changed

    def __repr__(self) -> str:
        return f"<account {self.login}>"


class ClockController:
    """The clock of an account, or of the server. Each method gives the time that the clock shows afterwards."""

    def __init__(self, channel: Channel, login: str | None) -> None:
        self._channel = channel
        self._whose = {} if login is None else {"login": login}

    @property
    def now(self) -> datetime:
        """The time that it shows."""
        return _time(self._channel.call("GET", "/clock", query=self._whose))

    def freeze(self, at: datetime | str | None = None) -> datetime:
        """Stops the clock, now or at a time: from then on it moves only when it is told to. A time without an offset is
        Moscow's.
        """
        return self._put(mode="frozen", **({} if at is None else {"now": _text(at)}))

    def run(self, at: datetime | str | None = None, *, speed: float = 1) -> datetime:
        """Lets the clock run, from now on or from a time, so many times as fast as real time. Without both it shows the
        real time again.
        """
        return self._put(mode="real", speed=speed, **({} if at is None else {"now": _text(at)}))

    def advance(self, by: float | timedelta) -> datetime:
        """Puts it forward, by seconds or a timedelta."""
        return self._advance(seconds=by.total_seconds() if isinstance(by, timedelta) else by)

    def to_midnight(self) -> datetime:
        """Puts it forward to the moment at which the daily limit begins anew."""
        return self._advance(to="midnight")

    def to_next_ready(self) -> datetime:
        """Puts it forward to the moment at which the next task is ready. Raises ControlError where none is on its
        way.
        """
        return self._advance(to="next-ready")

    def _put(self, **body: Any) -> datetime:
        return _time(self._channel.call("PUT", "/clock", {**body, **self._whose}))

    def _advance(self, **body: Any) -> datetime:
        return _time(self._channel.call("POST", "/clock/advance", {**body, **self._whose}))


class FaultsController:
    """The faults of an account's calls, or of any."""

    def __init__(self, channel: Channel, login: str | None) -> None:
        self._channel = channel
        self._login = login

    def arm(
        self,
        kind: str,
        *,
        match: Mapping[str, Any] | None = None,
        times: int | Literal["always"] = 1,
        after: int = 0,
        probability: float = 1,
        **settings: Any,
    ) -> FaultHandle:
        """Arms a fault: `arm("error", code=500, times=2, match={"method": "create"})`.

        kind and settings are those of docs/faults.md, such as `http` with `status`, `body` and `headers`; match names
        the calls that are meant (`method`, `phone`, `source`, `format`, `nth`). It strikes so many times, after so many
        calls that it lets pass, each time with the probability. Used with `with`, it is disarmed at the end.
        """
        meant = {**({} if self._login is None else {"login": self._login}), **(match or {})}
        action = {"kind": kind, **settings}
        document = {"match": meant, "action": action, "times": times, "after": after, "probability": probability}
        return FaultHandle(self._channel, self._channel.call("POST", "/faults", document)["id"])

    def clear(self) -> None:
        """Disarms all faults of the account's calls; those of the server: all that there are."""
        if self._login is None:
            self._channel.call("DELETE", "/faults")
            return
        for fault in _all(self._channel, "faults"):
            if fault["match"].get("login") == self._login:
                FaultHandle(self._channel, fault["id"]).disarm()


class FaultHandle:
    """A fault that has been armed."""

    def __init__(self, channel: Channel, fault_id: str) -> None:
        self._channel = channel
        self.id = fault_id

    @property
    def struck(self) -> int:
        """How many calls it has happened to."""
        counts = {fault["id"]: fault["struck"] for fault in _all(self._channel, "faults")}
        struck: int = counts.get(self.id, 0)
        return struck

    def disarm(self) -> None:
        """Takes it away, where it is still there."""
        try:
            self._channel.call("DELETE", f"/faults/{quote(self.id, safe='')}")
        except ControlError as error:
            if error.status != 404:  # noqa: PLR2004 - not found: a reset has taken it away
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.disarm()


def _all(channel: Channel, name: str) -> list[dict[str, Any]]:
    """All entries of a list that comes in pages."""
    entries: list[dict[str, Any]] = []
    offset: int | None = 0
    while offset is not None:
        page = channel.call("GET", f"/{name}", query={"offset": offset, "limit": 1000})
        entries += page[name]
        offset = page.get("next")
    return entries


def _text(at: datetime | str) -> str:
    return at.isoformat() if isinstance(at, datetime) else at


def _time(clock: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(clock["now"])
