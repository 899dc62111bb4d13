"""The kinds of faults: a row of KINDS each, a function from its settings to an Effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.core.delays import Delay
from mockserver.core.messages import AT_ONCE, METHODS, Delivery, Page
from mockserver.inputs import fields
from mockserver.profile.clauses import CODES


@dataclass(frozen=True, slots=True)
class ErrorOverride:
    """How a call or a task ends in an error; None is the profile's code or message."""

    code: int | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault does to a call."""

    error: ErrorOverride | None = None  # the answer, before anything happens
    page: Page | None = None  # likewise
    latency: Delay | None = None  # real time before the answer, sampled for each call and added to the delivery's
    delivery: Delivery = AT_ONCE  # how the answer travels; it reaches the server as it stands here
    stuck: bool = False  # the task that the call creates is never ready; a poll is answered as processing
    failure: ErrorOverride | None = None  # the task that the call creates ends in it; a poll is answered with it


NO_EFFECT = Effect()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault."""

    make: Callable[..., Effect]  # its keyword arguments are the settings' names
    settings: Mapping[str, fields.Field[Any]]
    required: tuple[str, ...] = ()
    of_task: bool = False  # whether it happens to a task, and not to the call

    @property
    def operations(self) -> tuple[str, ...]:
        """The API's methods that it can happen to."""
        return ("create", "result") if self.of_task else METHODS

    def schema(self, name: str) -> dict[str, Any]:
        """The JSON Schema of an action of this kind, which has the name."""
        rows = {"kind": fields.one_of([name]).described("The kind of fault."), **self.settings}
        shape = fields.table_of(rows, required=("kind", *self.required)).shape
        return {**shape, "title": name, "description": self.make.__doc__}


def error(*, code: int | None = None, message: str | None = None) -> Effect:
    """An error of the API, written as the profile writes errors; what is left out is as for a server error."""
    return Effect(error=ErrorOverride(code, message))


def http(*, status: int, body: str = "", content_type: str = "text/html; charset=utf-8") -> Effect:
    """An answer that is not the API's own, such as a proxy's HTML 502."""
    return Effect(page=Page(status, content_type, body.encode()))


def latency(*, delay: Delay) -> Effect:
    """The right answer, late by real time."""
    return Effect(latency=delay)


def stuck() -> Effect:
    """A created task is never ready; a poll is answered as processing."""
    return Effect(stuck=True)


def fail_task(*, code: int | None = None, message: str | None = None) -> Effect:
    """A created task ends in an error; a poll is answered with it."""
    return Effect(failure=ErrorOverride(code, message))


_ERROR: Mapping[str, fields.Field[Any]] = {
    "code": fields.whole(CODES[0], CODES[-1]).described("Error code; as the profile has it, where it is left out."),
    "message": fields.text.described("Error message; as the profile has it, where it is left out."),
}
_HTTP: Mapping[str, fields.Field[Any]] = {
    "status": fields.whole(200, 599).described("HTTP status."),
    "body": fields.text.described("Body of the answer."),
    "content_type": fields.content_type.described("Its Content-Type."),
}

KINDS: Mapping[str, Kind] = {
    "error": Kind(error, _ERROR),
    "http": Kind(http, _HTTP, ("status",)),
    "latency": Kind(latency, {"delay": fields.latency.described("Time before the answer.")}, ("delay",)),
    "stuck": Kind(stuck, {}, of_task=True),
    "fail-task": Kind(fail_task, _ERROR, of_task=True),
}

LATER = ("reset", "empty", "truncate", "garbage", "dribble", "wrong-format")
"""Kinds that happen to the bytes on the socket; they are refused by name until the wire server can do them."""
