"""The profile: the choices of the open clauses, by which the API is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.core.errors import Problem, Refusal
from mockserver.core.written import kind_of
from mockserver.inputs import fields
from mockserver.inputs.fields import Field
from mockserver.profile.clauses import Clause
from mockserver.profile.profile import Profile, choice_in, resolve
from mockserver.settings.files import clauses, overlaid
from mockserver.web.route import ControlContext, ControlRequest, Route


def read(context: ControlContext, _request: ControlRequest) -> tuple[int, Any]:
    """Every open clause with its choice."""
    return 200, _shown(context.mock.profile)


def put(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Makes the choices of the body: all, or none where one of them is wrong."""
    chosen = {name: choice_in(entry) for name, entry in request.body.items()}
    profile = resolve(clauses(), overlaid(context.mock.profile.choices, chosen))
    context.mock.set_profile(profile)
    return 200, _shown(profile)


def take_back(context: ControlContext, _request: ControlRequest) -> tuple[int, Any]:
    """Makes the choices of the settings again."""
    context.mock.set_profile(None)
    return 204, None


def _shown(profile: Profile) -> dict[str, Any]:
    known = clauses()
    return {
        name: {
            "choice": choice,
            "title": known[name].title,
            "grade": known[name].grade,
            "default": known[name].default,
            "choices": list(known[name].choices),
            **({"value": value} if (value := known[name].value) else {}),
        }
        for name, choice in profile.choices.items()
    }


def _table(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Refusal(Problem(where, f"{kind_of(value)} is not a table", 'write {"row.phone": "number"}'))
    return value


def _entry(clause: Clause) -> dict[str, Any]:
    with_notes = {"type": "object", "properties": {"choice": clause.shape}, "required": ["choice"]}
    return {"anyOf": [clause.shape, with_notes], "description": f"{clause.title}."}


_OPEN = [clause for clause in clauses().values() if clause.default is not None]
_CHOICES: Field[Any] = Field(
    _table,
    {
        "type": "object",
        "properties": {clause.id: _entry(clause) for clause in _OPEN},
        "additionalProperties": False,
    },
    "a table of clauses",
    example={"error.http-status": "mirror", "error.codes": {"limit": 402}},
)
_CHOICE = fields.table_of(
    {
        "choice": fields.as_is.described("How the mock does it: a word, or a table by kind of error.", "body"),
        "title": fields.text.described("What the clause is about.", "HTTP status of errors"),
        "grade": fields.text.described("What is known of the API in this.", "assumed"),
        "default": fields.as_is.described("How the mock does it unless it is told otherwise.", "body"),
        "choices": fields.list_of(fields.text, "a list of words").described("The words that it may be."),
        "value": fields.text.described("What else it may be.", "rate"),
    },
    required=["choice", "title", "grade", "default", "choices"],
)
_PROFILE: Field[Any] = fields.table_by(fields.one_of(clause.id for clause in _OPEN), _CHOICE, "a table of clauses")

ROUTES = (
    Route("GET", "/profile", read, "The choice of every open clause, with what is known of the API.", {200: _PROFILE}),
    Route(
        "PUT",
        "/profile",
        put,
        "Makes choices of clauses, from the next call on; a clause that is not named stays as it is.",
        {200: _PROFILE},
        body=_CHOICES,
    ),
    Route("DELETE", "/profile", take_back, "Makes the choices of the settings again.", {204: None}),
)
