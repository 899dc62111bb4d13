"""What an account has been called with: assertions on the mock's journal, which say what came instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.testing.channel import Channel, ControlError, whole_list
from mockserver.testing.suite import safe

_NOT_MET = (408, 409)  # a wait, a count
_LONGEST = 600  # seconds that the mock lets anybody wait


class Verification:
    """The calls of an account. They are named by any keys of the control API's patterns: `method`, `phone`, `source`,
    `format`, `http_method`, `outcome`, `task`, `http_status`, `fault`, `reason`, `after`, `since`, `until`.
    """

    __slots__ = ("_channel", "_whose", "login")

    def __init__(self, channel: Channel, login: str) -> None:
        self._channel = channel
        self.login: str = login
        self._whose = {"login": login}

    def requests(self, method: str | None = None, **keys: Any) -> list[dict[str, Any]]:
        """Its calls that fit, oldest first, as far as the journal still has them."""
        return whole_list(self._channel, "requests", self._pattern(method, keys))

    def history(self) -> str:
        """Its calls, a line each, for a reader; or why they are not known."""
        try:
            return safe("\n".join(map(_line, self.requests()))) or "none"
        except ControlError as error:
            return str(error)

    def assert_called(
        self,
        method: str | None = None,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **keys: Any,
    ) -> None:
        """Raises AssertionError, with the nearest calls and what differs, unless as many of its calls fit: at least
        one, where no number is given. It also does where calls that may have fitted are gone from the journal.
        """
        __tracebackhide__ = True
        numbers = {"exactly": times, "at_least": at_least, "at_most": at_most}
        expected = {key: number for key, number in numbers.items() if number is not None} or {"at_least": 1}
        pattern = self._pattern(method, keys)
        self._verify(pattern, "/requests/count", {**pattern, **expected})

    def assert_not_called(self, method: str | None = None, **keys: Any) -> None:
        """Raises AssertionError, with the calls, where any of its calls fits."""
        __tracebackhide__ = True
        self.assert_called(method, times=0, **keys)

    def wait_until_called(
        self, method: str | None = None, *, count: int = 1, timeout: float | str = 5, **keys: Any
    ) -> None:
        """Waits until as many of its calls fit, for calls of another thread or process. Raises AssertionError, as
        `assert_called` does, where they do not come in time: within so many seconds, or a duration such as `5s`.
        """
        __tracebackhide__ = True
        pattern = self._pattern(method, keys)
        longest, written = (_LONGEST, timeout) if isinstance(timeout, str) else (timeout, f"{timeout:.3f}s")
        body = {"match": pattern, "count": count, "timeout": written}
        self._verify(pattern, "/requests/wait", body, longest)

    def _pattern(self, method: str | None, keys: Mapping[str, Any]) -> dict[str, Any]:
        return {**self._whose, **({} if method is None else {"method": method}), **keys}

    def _verify(self, pattern: Mapping[str, Any], path: str, body: Any, patience: float = 0) -> None:
        __tracebackhide__ = True
        try:
            self._channel.call("POST", path, body, patience=patience)
        except ControlError as error:
            if error.status not in _NOT_MET:
                raise
            message = "\n".join(self._told(pattern, error))
        else:
            return
        raise AssertionError(safe(message))

    def _told(self, pattern: Mapping[str, Any], error: ControlError) -> Iterator[str]:
        keys = ", ".join(f"{key}={value!r}" for key, value in pattern.items() if key != "login")
        yield f"{error} ({keys or 'any call'} of {self.login})"
        nearest = error.details.get("nearest", ())
        if nearest:
            yield "the nearest calls:"
        for one in nearest:
            differs = ", ".join(
                f"{key} is {part['was']!r}, not {part['wanted']!r}" for key, part in one["differs"].items()
            )
            yield f"  {_line(one['request'])}: {differs}"
        numbers = error.details.get("numbers", ())
        if numbers:
            yield "the calls:"
        for number in numbers:
            yield f"  {_line(self._channel.call('GET', f'/requests/{number}'))}"


def _line(request: Mapping[str, Any]) -> str:
    """A call in a line."""
    known = (f"{key} {request[key]}" for key in ("phone", "source", "task") if request[key] is not None)
    called = ", ".join((request["method"] or "another path", *known))
    return f"#{request['number']} {called}: {request['outcome']} ({request['reason']})"
