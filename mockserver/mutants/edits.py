"""What edits are made of: a change of a call, of an answer as data, or of its bytes, and for which calls."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from mockserver.core.messages import Answer, Call, Page
from mockserver.mutants.broken import Seen

_In = TypeVar("_In")
_Out = TypeVar("_Out")
Edit = Callable[[_In, Seen], _Out]
Table = list[list[str]]


def where(
    edit: Edit[_In, _In | _Out],
    operation: str | None = None,
    http_method: str | None = None,
    form: str | None = None,
    when: Callable[[Call], bool] = lambda _: True,
) -> Edit[_In, _In | _Out]:
    """The edit for the calls of an operation, an HTTP method, a format, or a condition; others are left alone."""

    def edited(value: _In, seen: Seen) -> _In | _Out:
        call = seen.call
        asked = ((operation, call.operation), (http_method, call.http_method), (form, seen.format))
        meant = all(wanted in (None, given) for wanted, given in asked) and when(call)
        return edit(value, seen) if meant else value

    return edited


def of_source(number: str) -> Callable[[Call], bool]:
    """Whether a call asks for the source."""
    return lambda call: call.params.get("source") == number


def on(
    operation: str, edit: Callable[[dict[str, Any], Seen], Any], *, status: str | None = None, **only: str
) -> Callable[[Answer, Seen], Answer]:
    """An edit of the body, in place, of the operation's answers; only those of the status, HTTP method and format."""

    def edited(answer: Answer, seen: Seen) -> Answer:
        if seen.call.operation != operation or (status is not None and answer.body["status"] != status):
            return answer
        if (
            only.get("http_method", seen.call.http_method) != seen.call.http_method
            or only.get("form", seen.format) != seen.format
        ):
            return answer
        body: dict[str, Any] = dict(answer.body)
        for section in ("data", "names"):
            if isinstance(body.get(section), list):
                body[section] = [dict(entry) for entry in body[section]]
        edit(body, seen)
        return replace(answer, body=body)

    return edited


def ready(edit: Callable[[dict[str, Any]], Any], **only: str) -> Callable[[Answer, Seen], Answer]:
    """An edit of the body of ready answers."""
    return on("result", lambda body, _: edit(body), status="ready", **only)


def ok(edit: Callable[[dict[str, Any]], Any], **only: str) -> Callable[[Answer, Seen], Answer]:
    """An edit of the body of what create answers well."""
    return on("create", lambda body, _: edit(body), status="ok", **only)


def processing(edit: Callable[[dict[str, Any]], Any], **only: str) -> Callable[[Answer, Seen], Answer]:
    """An edit of the body of the answers about tasks that are not done."""
    return on("result", lambda body, _: edit(body), status="processing", **only)


def every_error(edit: Callable[[dict[str, Any], Seen], Any], **only: str) -> Callable[[Answer, Seen], Answer]:
    """An edit of the body of every error."""

    def edited(answer: Answer, seen: Seen) -> Answer:
        return on(seen.call.operation, edit, status="error", **only)(answer, seen)

    return edited


def rows(edit: Callable[[dict[str, Any]], Any], **only: str) -> Callable[[Answer, Seen], Answer]:
    """An edit of each row of data."""
    return ready(lambda body: [edit(row) for row in body.get("data", [])], **only)


def last_row(edit: Callable[[dict[str, Any]], Any], **only: str) -> Callable[[Answer, Seen], Answer]:
    """An edit of the last row of data."""
    return ready(lambda body: [edit(row) for row in body.get("data", [])[-1:]], **only)


def names(edit: Callable[[str], Any], **only: str) -> Callable[[Answer, Seen], Answer]:
    """Puts something else in place of each entry of names, made of its text."""
    return ready(lambda body: body.update(names=[edit(n["name"]) for n in body.get("names", [])]), **only)


def photo(edit: Callable[[str], str], **only: str) -> Callable[[Answer, Seen], Answer]:
    """An edit of a photo that is there."""
    return ready(lambda body: body.update(photo=edit(body["photo"])) if body.get("photo") else None, **only)


def counted(
    edit: Callable[[dict[str, Any], int], Any], operation: str, status: str, **only: str
) -> Callable[[Answer, Seen], Answer]:
    """An edit that is told how often an answer about the same task was read before."""

    def counted(body: dict[str, Any], seen: Seen) -> None:
        key = ("read", seen.call.params.get("id"))
        before = seen.memory.get(key, 0)
        seen.memory[key] = before + 1
        edit(body, before)

    return on(operation, counted, status=status, **only)


def replacing(pattern: bytes, by: bytes, form: str, operation: str = "result") -> Callable[[bytes, Seen], bytes]:
    """Replaces in the bodies of an operation in a format."""
    return where(lambda body, _: re.sub(pattern, lambda _: by, body, flags=re.DOTALL), operation, None, form)


def table(edit: Callable[[Table], Table], **dialect: Any) -> Callable[[bytes, Seen], bytes]:
    """An edit of the cells of CSV."""

    def edited(body: bytes, _seen: Seen) -> bytes:
        out = io.StringIO(newline="")
        csv.writer(out, **dialect).writerows(edit(list(csv.reader(io.StringIO(body.decode(), newline="")))))
        return out.getvalue().encode()

    return where(edited, None, None, "csv")


def without_column(name: str) -> Callable[[Table], Table]:
    """Takes a column of rows away."""

    def edited(lines: Table) -> Table:
        if "title" not in lines[0]:
            return lines
        at = lines[0].index(name)
        return [line[:at] + line[at + 1 :] for line in lines]

    return edited


def written_as(form: str) -> Callable[[Answer, Seen], Answer]:
    """Writes the answer in another format."""
    return lambda answer, _: replace(answer, format=form)


def broken_on(condition: Callable[[Call], bool], page: Page) -> Callable[[Answer, Seen], Answer | Page]:
    """Answers the calls of a condition with a page."""
    return lambda answer, seen: page if condition(seen.call) else answer


def with_status(http: int, condition: Callable[[Call], bool]) -> Callable[[Answer, Seen], Answer]:
    """Answers the calls of a condition rightly, but for the HTTP status."""
    return lambda answer, seen: replace(answer, http=http) if condition(seen.call) else answer


def first_row_lost(body: dict[str, Any]) -> None:
    """Drops the first entry of data and names."""
    for section in ("data", "names"):
        if isinstance(body.get(section), list):
            body[section] = body[section][1:]


def pop(name: str) -> Callable[[dict[str, Any]], Any]:
    """Takes a member away."""
    return lambda body: body.pop(name, None)


def setting(**members: Any) -> Callable[[dict[str, Any]], Any]:
    """Sets members."""
    return lambda body: body.update(members)
