"""What an account of a mock can be told beside its own fields: its clock, its faults, scenarios and stubs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Literal, Self

from mockserver.testing.channel import Channel, ControlError


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
        self._whose = {} if login is None else {"login": login}

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
        meant = {**self._whose, **(match or {})}
        action = {"kind": kind, **settings}
        document = {"match": meant, "action": action, "times": times, "after": after, "probability": probability}
        return FaultHandle(self._channel, self._channel.call("POST", "/faults", document)["id"])

    def clear(self) -> None:
        """Disarms all faults of the account's calls; those of the server: all that there are."""
        self._channel.call("DELETE", "/faults", query=self._whose)


class FaultHandle:
    """A fault that has been armed."""

    def __init__(self, channel: Channel, fault_id: str) -> None:
        self._channel = channel
        self.id = fault_id

    @property
    def struck(self) -> int:
        """How many calls it has happened to."""
        struck: int = self._channel.call("GET", f"/faults/{self.id}")["struck"]
        return struck

    def disarm(self) -> None:
        """Takes it away, where it is still there."""
        try:
            self._channel.call("DELETE", f"/faults/{self.id}")
        except ControlError as error:
            if error.status != 404:  # noqa: PLR2004 - not found: a reset has taken it away
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.disarm()


class ScenariosController:
    """The scenarios of an account: what happens to one call after another."""

    def __init__(self, channel: Channel, login: str) -> None:
        self._channel = channel
        self._whose = {"login": login}

    def play(self, name: str, steps: Sequence[Mapping[str, Any]] | None = None, **rest: Any) -> None:
        """Begins a scenario for the account's calls: a ready one by its name, such as `flaky-network`, or one of these
        steps: `play("mine", [{"action": {"kind": "error"}, "times": 2}])`.
        """
        given = {} if steps is None else {"steps": [*steps]}
        self._channel.call("PUT", f"/scenarios/{name}", {**self._whose, **given, **rest})

    def progress(self, name: str) -> dict[str, Any]:
        """How far it has come: `step` (None after the last), `met`, `calls`, `rounds`."""
        progress: dict[str, Any] = self._channel.call("GET", f"/scenarios/{name}", query=self._whose)["progress"]
        return progress

    def stop(self, name: str) -> None:
        """Ends it before its last step."""
        self._channel.call("DELETE", f"/scenarios/{name}", query=self._whose)

    def clear(self) -> None:
        """Ends all scenarios of the account."""
        self._channel.call("DELETE", "/scenarios", query=self._whose)


class StubsController:
    """The stubs of an account: what is found on a phone, in place of made-up data."""

    def __init__(self, channel: Channel, login: str) -> None:
        self._channel = channel
        self._whose = {"login": login}

    def put(self, phone: str | None = None, *, source: int | None = None, **found: Any) -> str:
        """Has searches of the phone (None: of any) find this: `data`, `names`, `photo`, whole `bodies` by format,
        `ready`, `cost`, `lenient`. In place of the stub for the same searches, where there is one. Gives its id.
        """
        named = {"phone": phone, "source": source}
        match = {**self._whose, **{key: value for key, value in named.items() if value is not None}}
        stub_id: str = self._channel.call("POST", "/stubs", {"match": match, **found})["id"]
        return stub_id

    def drop(self, stub_id: str) -> None:
        """Takes a stub away; tasks keep what they have found."""
        self._channel.call("DELETE", f"/stubs/{stub_id}")

    def clear(self) -> None:
        """Takes all stubs of the account away."""
        self._channel.call("DELETE", "/stubs", query=self._whose)


def _text(at: datetime | str) -> str:
    return at.isoformat() if isinstance(at, datetime) else at


def _time(clock: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(clock["now"])
