"""The kinds of faults: a row of KINDS each, a function from its settings to an Effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from mockserver.core.delays import Delay
from mockserver.core.messages import AT_ONCE, METHODS, Answer, Delivery, Page, Write
from mockserver.formats.writers import FORMATS
from mockserver.inputs import fields
from mockserver.inputs.headers import HEADERS
from mockserver.profile.clauses import CODES

ASPECTS = ("answer", "task", "form", "time", "transport")
"""What of a call a fault changes, in the order in which they act: the answer itself; the task that the call makes or
reads; the bytes that the answer is written in; when they leave; how they travel. A call meets one fault of each at
most.
"""
ARRIVAL = ("answer", "time", "transport")  # those that are decided when the call comes in


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
    stuck: bool = False  # the task that the call creates is never ready; a poll is answered as processing
    failure: ErrorOverride | None = None  # the task that the call creates ends in it; a poll is answered with it
    form: Callable[[float, Answer, Write], tuple[str, bytes]] | None = None
    """Content-Type and body of an answer of the API, from a chance (0 to below 1), the answer, and how it is written
    without the fault.
    """
    spares: str | None = None  # the format of the answers that it does not happen to
    latency: Delay | None = None  # real time before the answer, sampled for each call and added to the delivery's
    delivery: Delivery = AT_ONCE  # how the answer travels; it reaches the server as it stands here


NO_EFFECT = Effect()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault."""

    make: Callable[..., Effect]  # its keyword arguments are the settings' names
    settings: Mapping[str, fields.Field[Any]]
    required: tuple[str, ...] = ()
    aspect: str = "answer"  # one of ASPECTS

    @property
    def operations(self) -> tuple[str, ...]:
        """The API's methods that it can happen to."""
        return ("create", "result") if self.aspect == "task" else METHODS

    def schema(self, name: str) -> dict[str, Any]:
        """The JSON Schema of an action of this kind, which has the name."""
        rows = {"kind": fields.one_of([name]).described("The kind of fault."), **self.settings}
        shape = fields.table_of(rows, required=("kind", *self.required)).shape
        return {**shape, "title": name, "description": self.make.__doc__}


def error(*, code: int | None = None, message: str | None = None) -> Effect:
    """An error of the API, written as the profile writes errors; what is left out is as for a server error."""
    return Effect(error=ErrorOverride(code, message))


def http(
    *,
    status: int,
    body: str = "",
    content_type: str = "text/html; charset=utf-8",
    headers: Mapping[str, str] | None = None,
) -> Effect:
    """An answer that is not the API's own, such as a proxy's HTML 502."""
    return Effect(page=Page(status, content_type, body.encode(), headers=tuple((headers or {}).items())))


def stuck() -> Effect:
    """A created task is never ready; a poll is answered as processing."""
    return Effect(stuck=True)


def fail_task(*, code: int | None = None, message: str | None = None) -> Effect:
    """A created task ends in an error; a poll is answered with it."""
    return Effect(failure=ErrorOverride(code, message))


def garbage() -> Effect:
    """The right status and Content-Type, with a body that no parser of its format accepts."""
    return Effect(form=_garbage)


def _garbage(chance: float, answer: Answer, write: Write) -> tuple[str, bytes]:
    """The body without its end, from a place that chance picks, and bytes that can't stand there.

    The end closes what JSON and XML have open. The line break and the quotation mark leave CSV in a quoted cell, or
    with text behind one. An odd number of bytes is no UTF-16, and the others are neither UTF-8 nor windows-1251.
    """
    content_type, body = write(answer)
    kept = int(chance * len(body))
    surplus = b'\n"\x00\x98\xff<'
    return content_type, body[:kept] + surplus + b"\x98" * ((kept + len(surplus)) % 2 == 0)


def wrong_format(*, format: str | None = None, content_type: str = "asked") -> Effect:  # noqa: A002 - the setting's name
    """The right data in another format, under the Content-Type of the one that was asked for, or its own."""
    return Effect(form=partial(_wrong_format, format, content_type == "own"), spares=format)


def _wrong_format(other: str | None, own: bool, _: float, answer: Answer, write: Write) -> tuple[str, bytes]:
    usual = FORMATS[0] if answer.format != FORMATS[0] else FORMATS[1]
    content_type, body = write(replace(answer, format=other or usual))
    return content_type if own else write(answer)[0], body


def latency(*, delay: Delay) -> Effect:
    """The right answer, late by real time."""
    return Effect(latency=delay)


def reset() -> Effect:
    """The connection is reset (a TCP RST) in place of the answer."""
    return Effect(delivery=Delivery(transport="reset"))


def empty() -> Effect:
    """The connection is closed without a byte of the answer."""
    return Effect(delivery=Delivery(transport="empty"))


def truncate(*, size: int | None = None) -> Effect:
    """The connection is closed after fewer bytes of the body than Content-Length announces."""
    return Effect(delivery=Delivery(transport="truncate", settings={"size": size}))


def dribble(*, rate: int) -> Effect:
    """The right answer, whose body comes a few bytes at a time."""
    return Effect(delivery=Delivery(transport="dribble", settings={"rate": rate}))


_ERROR: Mapping[str, fields.Field[Any]] = {
    "code": fields.whole(CODES[0], CODES[-1]).described("Error code; as the profile has it, where it is left out."),
    "message": fields.text.described("Error message; as the profile has it, where it is left out."),
}
_HTTP: Mapping[str, fields.Field[Any]] = {
    "status": fields.whole(200, 599).described("HTTP status."),
    "body": fields.text.described("Body of the answer."),
    "content_type": fields.content_type.described("Its Content-Type."),
    "headers": HEADERS.described("More headers.", {"Retry-After": "2"}),
}
_WRONG_FORMAT: Mapping[str, fields.Field[Any]] = {
    "format": fields.one_of(FORMATS).described(
        "The format of the body, for calls that ask for another; without it JSON, and XML in place of JSON."
    ),
    "content_type": fields.one_of(("asked", "own")).described(
        "Whether the Content-Type is that of the format that was asked for, or the body's own.", "asked"
    ),
}
_SIZE = fields.whole(0).described(
    "Bytes of the body that are sent, at least one less than there are; without it half of them."
)
_RATE = fields.whole(1).described("Bytes of the body a second.", 100)

KINDS: Mapping[str, Kind] = {
    "error": Kind(error, _ERROR),
    "http": Kind(http, _HTTP, ("status",)),
    "stuck": Kind(stuck, {}, aspect="task"),
    "fail-task": Kind(fail_task, _ERROR, aspect="task"),
    "garbage": Kind(garbage, {}, aspect="form"),
    "wrong-format": Kind(wrong_format, _WRONG_FORMAT, aspect="form"),
    "latency": Kind(latency, {"delay": fields.latency.described("Time before the answer.")}, ("delay",), "time"),
    "reset": Kind(reset, {}, aspect="transport"),
    "empty": Kind(empty, {}, aspect="transport"),
    "truncate": Kind(truncate, {"size": _SIZE}, aspect="transport"),
    "dribble": Kind(dribble, {"rate": _RATE}, ("rate",), "transport"),
}


def kinds_of(aspect: str) -> list[str]:
    """The kinds of an aspect."""
    return [name for name, kind in KINDS.items() if kind.aspect == aspect]
