"""Edits of answers: their members, their format, their bytes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from mockserver.mutants.kit.context import CallContext, Edit
from mockserver.mutants.kit.when import CREATED, CSV, ERROR, PROCESSING, READY, Condition, putting, where, with_a

Change: TypeAlias = "Callable[[dict[str, Any]], object]"
"""A change of an answer's body, or of an entry of one of its sections, in place."""
Lines: TypeAlias = "list[list[str]]"
"""The cells of CSV."""


def body(change: Change, *conditions: Condition) -> Edit:
    """A change of the body where the conditions hold."""
    return where(lambda c: change(c.body), *conditions)


def _body_of(about: Condition) -> Callable[..., Edit]:
    """A function like `body`, for some answers only."""
    return lambda change, *conditions: body(change, about, *conditions)


# Edits of the body of answers about new tasks, about tasks that are not done, about ready ones, and of errors.
created, processing, ready, errors = (_body_of(about) for about in (CREATED, PROCESSING, READY, ERROR))


def each(section: str, change: Change) -> Change:
    """A change of every entry of a section."""
    return lambda body: [change(entry) for entry in body.get(section) or ()]


def rows(change: Change, *conditions: Condition) -> Edit:
    """A change of every row of data."""
    return ready(each("data", change), *conditions)


def last_row(change: Change, *conditions: Condition) -> Edit:
    """A change of the last row of data."""
    return ready(lambda body: change(body["data"][-1]), with_a("data"), *conditions)


def names(entry: Callable[[str], Any], *conditions: Condition) -> Edit:
    """Replaces each entry of names by something made of its text."""
    whole = changing("names", lambda old: [entry(each["name"]) for each in old])
    return ready(whole, with_a("names"), *conditions)


def photo(picture: Callable[[str], str], *conditions: Condition) -> Edit:
    """Replaces a photo by something made of its text."""
    return ready(changing("photo", picture), with_a("photo"), *conditions)


def setting(**members: Any) -> Change:
    """Sets members."""
    return lambda body: body.update(members)


def changing(name: str, value: Callable[[Any], Any]) -> Change:
    """Replaces a member by something made of its value."""
    return lambda body: body.update({name: value(body[name])})


def pop(*names: str) -> Change:
    """Drops members."""
    return lambda body: [body.pop(name, None) for name in names]


def replacing_text(old: str, new: str) -> Change:
    """Replaces words of an error's message."""
    return changing("message", lambda text: text.replace(old, new))


def entries(order: Callable[[list[Any]], list[Any]]) -> Change:
    """Replaces the lists data and names by something made of them."""
    return lambda body: body.update(
        {name: order(body[name]) for name in ("data", "names") if isinstance(body.get(name), list)}
    )


def still_processing(context: CallContext) -> None:
    """Answers that the task is not done."""
    context.respond(status="processing")


def unknown_is_ready(context: CallContext) -> None:
    """Answers a call with right credentials and an unknown id as if the task were ready."""
    asked = context.operation == "result" and context.params.get("id")
    if asked and context.status == "error" and context.is_authorised and context.task is None:
        sections = {"data": [], "names": [], "photo": ""}
        context.respond(status="ready", **sections, cost="1", ip="127.0.0.1", create_time=1, end_time=2)


# The response: status, headers and bytes.


def page(http: int, content_type: str, content: bytes) -> Edit:
    """Sends a page in place of the answer."""
    return putting(http=http, headers=(("Content-Type", content_type),), content=content)


def header(name: str, value: Callable[[CallContext], str]) -> Edit:
    """Adds a header."""
    return lambda c: putting(headers=(*c.headers, (name, value(c))))(c)


def content(change: Callable[[bytes], bytes], *conditions: Condition) -> Edit:
    """A change of the bytes where the conditions hold."""

    def edited(context: CallContext) -> None:
        context.content = change(context.content)

    return where(edited, *conditions)


def replacing(pattern: bytes, by: bytes, *conditions: Condition) -> Edit:
    """Replaces every match of a pattern in the bytes."""
    return content(lambda old: re.sub(pattern, lambda _: by, old, flags=re.DOTALL), *conditions)


def table(change: Callable[[Lines], Lines], **dialect: Any) -> Edit:
    """A change of the cells of CSV, which is written again in the dialect."""

    def changed(old: bytes) -> bytes:
        out = io.StringIO(newline="")
        csv.writer(out, **dialect).writerows(change(list(csv.reader(io.StringIO(old.decode(), newline="")))))
        return out.getvalue().encode()

    return content(changed, CSV)
