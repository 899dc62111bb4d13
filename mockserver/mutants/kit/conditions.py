"""Conditions: for which calls and answers an edit is made; and the plainest edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from mockserver.mutants.kit.context import CallContext, Edit

Condition: TypeAlias = "Callable[[CallContext], bool]"


def every(*conditions: Condition) -> Condition:
    """Where all conditions hold. They are tried in turn: one that counts sees what passed those before it."""
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


def operation(name: str) -> Condition:
    """Calls of an operation."""
    return lambda c: c.operation == name


def over(http_method: str) -> Condition:
    """Calls over an HTTP method."""
    return lambda c: c.http_method == http_method


def written_in(form: str) -> Condition:
    """Answers in a format; before there is an answer, calls that ask for it."""
    return lambda c: c.format == form


def answered(status: str) -> Condition:
    """Answers with a status word."""
    return lambda c: c.status == status


def param(name: str, value: str) -> Condition:
    """Calls in which a parameter has a value."""
    return lambda c: c.params.get(name) == value


def lacking(*names: str) -> Condition:
    """Calls that have none of the parameters."""
    return lambda c: not c.params.keys() & {*names}


def source(number: str) -> Condition:
    """Calls that create or read a task of a source."""
    return lambda c: (c.task.source if c.task else c.params.get("source")) == number


def with_a(section: str) -> Condition:
    """Answers in which a section is not empty."""
    return lambda c: bool(c.body.get(section))


def read(times: Callable[[int], bool]) -> Condition:
    """Answers about a task whose n-th read passes the test; counts each call that gets as far as this condition."""
    return lambda c: times(c.count(f"reads of {c.params.get('id')}"))


CREATE, RESULT, INFO = operation("create"), operation("result"), operation("info")
GET, POST = over("GET"), over("POST")
JSON, XML, CSV = written_in("json"), written_in("xml"), written_in("csv")
OK, PROCESSING, READY, ERROR = (answered(word) for word in ("ok", "processing", "ready", "error"))
CREATED = every(CREATE, OK)
EVERY_SECOND_READ = read(lambda n: n % 2 == 0)
