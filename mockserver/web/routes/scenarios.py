"""Scenarios: what happens to one call after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.core.errors import NotFound, Problem, unknown
from mockserver.faults.scenarios import NAME, SCENARIO, RunningScenario
from mockserver.inputs import fields
from mockserver.settings.files import ready_scenarios
from mockserver.web.paging import PAGE, page, page_of
from mockserver.web.route import LOGIN, ControlContext, ControlRequest, Route, extended, known_login


def listed(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """A page of the scenarios, each with how far it has come."""
    return 200, page("scenarios", request, context.mock.store.scenarios.listed, _shown)


def read(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """The scenario of the path and of the login, and how far it has come."""
    login = known_login(context.mock, request.query.get("login"))
    return 200, _shown(context.mock.store.scenarios.get(request.parts["name"], login))


def put(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Begins the scenario of the body. Without steps, it is the ready one of the path's name."""
    name, document = request.parts["name"], request.body
    if isinstance(document, Mapping) and "steps" not in document:
        if name not in ready_scenarios():
            named = unknown("name", name, ready_scenarios(), noun="a ready scenario")
            raise NotFound(Problem("name", named.what, f"give it steps; {named.remedy}"))
        document = {**ready_scenarios()[name], **document}
    if isinstance(document, Mapping) and isinstance(document.get("login"), str):
        known_login(context.mock, document["login"])
    running, is_new = context.mock.put_scenario(name, document)
    return (201 if is_new else 200), _shown(running)


def _document(where: str, value: Any) -> Any:
    """The document as it is, for the mock to read. What is wrong with it is found here, before the mock is held up: it
    takes a while to explain a thousand steps.
    """
    if isinstance(value, Mapping) and "steps" in value:
        SCENARIO(where, value)
    return value


def drop(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Takes the scenario of the path and of the login away."""
    login = known_login(context.mock, request.query.get("login"))
    context.mock.drop_scenario(request.parts["name"], login)
    return 204, None


def drop_all(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Takes the scenarios of the login away, without one all."""
    context.mock.clear_scenarios(known_login(context.mock, request.query.get("login")))
    return 204, None


def _shown(running: RunningScenario) -> dict[str, Any]:
    progress = {
        "step": None if running.is_over else running.at + 1,
        "met": running.met,
        "calls": running.calls,
        "rounds": running.rounds,
    }
    return {"name": running.scenario.name, **running.scenario.document, "progress": progress}


_PROGRESS: Mapping[str, fields.Field[Any]] = {
    "step": fields.or_none(fields.whole(1)).described("The number of the current step; null after the last one.", 1),
    "met": fields.whole(0).described("How many calls this step has met.", 0),
    "calls": fields.whole(0).described("How many calls the scenario has met.", 0),
    "rounds": fields.whole(0).described("How often it has come to its end.", 0),
}
_PARTS = {"name": NAME.described("The name of the scenario.", "flaky-network")}
_SHOWN = extended(
    SCENARIO,
    {
        "name": _PARTS["name"],
        "progress": fields.table_of(_PROGRESS, required=_PROGRESS).described("How far it has come."),
    },
)
_SHOWN = replace(_SHOWN, shape={**_SHOWN.shape, "required": ["name", "steps", "progress"]})
_SHAPE = {key: part for key, part in SCENARIO.shape.items() if key != "required"}
_DOCUMENT = replace(SCENARIO, read=_document, shape=_SHAPE)

ROUTES = (
    Route(
        "GET",
        "/scenarios",
        listed,
        "Lists the scenarios, each with how far it has come.",
        {200: page_of("scenarios", _SHOWN)},
        query=PAGE,
    ),
    Route(
        "DELETE",
        "/scenarios",
        drop_all,
        "Takes all scenarios away, or those of an account.",
        {204: None},
        query=LOGIN,
    ),
    Route(
        "GET",
        "/scenarios/<name>",
        read,
        "A scenario, and how far it has come.",
        {200: _SHOWN},
        query=LOGIN,
        parts=_PARTS,
    ),
    Route(
        "PUT",
        "/scenarios/<name>",
        put,
        "Begins a scenario, in place of the one of the same name and login; without steps, the ready one of the name.",
        {200: _SHOWN, 201: _SHOWN},
        body=_DOCUMENT,
        parts=_PARTS,
    ),
    Route(
        "DELETE",
        "/scenarios/<name>",
        drop,
        "Takes a scenario away.",
        {204: None},
        query=LOGIN,
        parts=_PARTS,
    ),
)
