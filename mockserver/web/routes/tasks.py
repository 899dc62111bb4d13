"""Tasks: what the searches of accounts have become, and when they are ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.api.gateway import written
from mockserver.api.mock import Mock
from mockserver.api.operations import result_of
from mockserver.core.clock import iso_of
from mockserver.core.tasks import Task
from mockserver.formats.writers import FORMATS, WRITERS
from mockserver.inputs import fields
from mockserver.inputs.readiness import READY
from mockserver.web.paging import PAGE, page, page_of
from mockserver.web.route import LOGIN, ControlContext, ControlRequest, Route, known_login


def listed(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """A page of the tasks of the login in the query, without one of all, oldest or newest first."""
    mock, login = context.mock, known_login(context.mock, request.query.get("login"))
    newest_first = request.query.get("order") == "newest"

    def read(offset: int, limit: int) -> Sequence[Task]:
        return mock.store.tasks(login, offset, limit, newest_first=newest_first)

    return 200, page("tasks", request, read, lambda task: _shown(mock, task))


def read(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """The task of the path."""
    return 200, _shown(context.mock, context.mock.task(request.parts["id"]))


def answers(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """What a poll of the task of the path is answered now, in each format."""
    mock, task = context.mock, context.mock.task(request.parts["id"])
    rules, rendering = mock.profile.rules, mock.profile.rendering
    shown: dict[str, Any] = {}
    for form, row in WRITERS.items():
        answer = result_of(task, form, mock.now(task.login), rules, mock.words)
        content_type, body = written(answer, rendering)
        text = body.decode(row.encoding(rendering), "replace")
        shown[form] = {"http_status": answer.http, "content_type": content_type, "body": text}
    return 200, shown


def put(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Says anew when the task of the path is ready."""
    return 200, _shown(context.mock, context.mock.set_ready(request.parts["id"], request.body["ready"]))


def _shown(mock: Mock, task: Task) -> dict[str, Any]:
    ended = "ready" if task.failure is None else "failed"
    return {
        "id": task.id,
        "login": task.login,
        "phone": task.phone,
        "source": task.source,
        "cost": task.cost,
        "status": ended if task.is_ready(mock.now(task.login)) else "processing",
        "created_at": iso_of(task.created),
        "ready_at": None if task.ready is None else iso_of(task.ready),
        "polls_left": task.polls,
    }


_ID = fields.digits(1, 10**18 - 1).described("The id of the task.", 1)
_TIME = fields.text
_SHOWN: Mapping[str, fields.Field[Any]] = {
    "id": fields.whole(1, 2**63 - 1).described("The id of the task.", 1),
    "login": fields.text.described("The account that made it.", "demo@example.com"),
    "phone": fields.text.described("The phone that is searched.", "70001234567"),
    "source": fields.whole(1).described("The source that is searched.", 2),
    "cost": fields.whole(1).described("Units that it took.", 3),
    "status": fields.one_of(("processing", "ready", "failed")).described("What a poll finds it to be."),
    "created_at": _TIME.described("When it was made, by its account's clock.", "2030-01-01T00:00:00+03:00"),
    "ready_at": fields.or_none(_TIME).described("The time from which it is ready; null where none is known."),
    "polls_left": fields.or_none(fields.whole(0)).described(
        "How many more polls are answered as processing; null where time decides."
    ),
}
_ENTRY = fields.table_of(_SHOWN, required=_SHOWN)
_ORDER = {"order": fields.one_of(("oldest", "newest")).described("Which tasks come first; oldest without it.")}
_ANSWER: Mapping[str, fields.Field[Any]] = {
    "http_status": fields.whole(100, 599).described("The HTTP status."),
    "content_type": fields.text.described("The Content-Type.", "application/json; charset=utf-8"),
    "body": replace(fields.as_is, shape={"type": "string"}).described("The body, decoded."),
}
_IN_A_FORMAT = fields.table_of(_ANSWER, required=_ANSWER)
_ANSWERS = fields.table_of(
    {form: _IN_A_FORMAT.described(f"The answer to a poll that asks for {form}.") for form in FORMATS}, required=FORMATS
)
_READY = replace(READY, help="When it is ready: by time since it was made, at once, after more polls, or never.")

ROUTES = (
    Route(
        "GET",
        "/tasks",
        listed,
        "Lists the tasks of an account, or all.",
        {200: page_of("tasks", _ENTRY)},
        query={**PAGE, **_ORDER, **LOGIN},
    ),
    Route("GET", "/tasks/<id>", read, "A task.", {200: _ENTRY}, parts={"id": _ID}),
    Route(
        "GET",
        "/tasks/<id>/answers",
        answers,
        "What a poll of the task is answered now, in each format, where no fault strikes it. It counts no poll.",
        {200: _ANSWERS},
        parts={"id": _ID},
    ),
    Route(
        "PUT",
        "/tasks/<id>",
        put,
        "Says when a task is ready, in place of its delay; what is ready stays ready.",
        {200: _ENTRY},
        body=fields.table_of({"ready": _READY}, required=["ready"]),
        parts={"id": _ID},
    ),
)
