"""When an edit is made: conditions of calls and answers; and the plainest edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from mockserver.mutants.kit.context import CallContext, Edit

Condition: TypeAlias = "Callable[[CallContext], bool]"


def every(*conditions: Condition) -> Condition:
    """Holds where all conditions do. A later one is tried only where those before it hold."""
    return lambda c: all(condition(c) for condition in conditions)


def where(edit: Edit, *conditions: Condition) -> Edit:
    """The edit where all conditions hold."""
    holds = every(*conditions)
    return lambda c: edit(c) if holds(c) else None


def putting(**fields: Any) -> Edit:
    """Sets fields of the call or the answer, such as its HTTP method, format or status."""

    def edited(context: CallContext) -> None:
        for name, value in fields.items():
            setattr(context, name, value)

    return edited


def having(**fields: Any) -> Condition:
    """Calls and answers whose fields have these values; before there is an answer, format is the one asked for."""
    return lambda c: all(getattr(c, name) == value for name, value in fields.items())


def param(name: str, value: str) -> Condition:
    """Calls in which a parameter has a value."""
    return lambda c: c.params.get(name) == value


def lacks(*names: str) -> Condition:
    """Calls that have none of the parameters."""
    return lambda c: not c.params.keys() & {*names}


def source(number: str) -> Condition:
    """Calls that create or read a task of a source."""
    return lambda c: (c.task.source if c.task else c.params.get("source")) == number


def with_a(section: str) -> Condition:
    """Answers in which a section is not empty."""
    return lambda c: bool(c.body.get(section))


def read(times: Callable[[int], bool]) -> Condition:
    """Reads of a task whose number passes the test. A read is counted where this condition is tried."""
    return lambda c: times(c.count(f"reads of {c.params.get('id')}"))


CREATE, RESULT, INFO = (having(operation=name) for name in ("create", "result", "info"))
GET, POST = (having(http_method=name) for name in ("GET", "POST"))
JSON, XML, CSV = (having(format=name) for name in ("json", "xml", "csv"))
OK, PROCESSING, READY, ERROR = (having(status=word) for word in ("ok", "processing", "ready", "error"))
CREATED = having(operation="create", status="ok")
EVERY_SECOND_READ = read(lambda n: n % 2 == 0)
