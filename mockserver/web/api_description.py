"""Describes the API's own methods in OpenAPI 3.1, as a profile has them answered.

`schemas/json` describes the answers, made strict for the profile; the examples are what the mock itself answers. What a
clause says carries `x-clause` and `x-grade`, and `x-choice` where the clause is open.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeAlias

from contract_tests.contract.csvw import csvw
from contract_tests.contract.resolve import for_profile
from mockserver.api.mock import TEST_TOKEN
from mockserver.api.operations import BAD_GATEWAY, OPERATIONS, error_answer, info_answer, ready_answer
from mockserver.api.params import FORM
from mockserver.core.clock import parse_iso
from mockserver.core.errors import ApiError
from mockserver.core.messages import SECOND, Answer, Headers
from mockserver.core.tasks import Account, Task
from mockserver.formats.writers import FORMATS, WRITERS, prepared
from mockserver.inputs import fields
from mockserver.people import people
from mockserver.people.magic import MAGIC
from mockserver.profile.profile import Profile
from mockserver.settings.files import clauses, words

TAG = "API"
_Part: TypeAlias = dict[str, Any]
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Target:
    """Whose API is described."""

    login: str  # of the account in the examples
    token: str
    is_mock: bool
    has_headers: bool = False  # whether answers have the mock's own headers


A_MOCK = Target("test-docs@example.com", TEST_TOKEN, is_mock=True, has_headers=True)
"""A mock makes the account on its first call, so that a call of the description runs as it is."""
THE_SERVICE = Target("name@example.com", "TOKEN", is_mock=False)


@dataclass(frozen=True, slots=True)
class _Method:
    summary: str
    clause: str  # of its HTTP methods
    required: str  # the clause of its required parameters
    errors: tuple[str, ...]  # the kinds of errors that may answer it


_ANY_METHOD = ("missing", "invalid", "credentials", "rate", "server", "too-large")
_METHODS: Mapping[str, _Method] = {
    "create": _Method(
        "Makes a task: searches a phone in a source.",
        "create.methods",
        "create.required",
        (*_ANY_METHOD, "limit"),
    ),
    "result": _Method(
        "What a task has found. While it is processed, wait for a few seconds and ask again.",
        "result.methods",
        "result.required",
        (*_ANY_METHOD, "unknown-task", "failed-task"),
    ),
    "info": _Method("Information on the account.", "info.methods", "credentials.refused", _ANY_METHOD),
}
_FIXED: Mapping[str, int] = {"too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
"""HTTP statuses of errors that no clause decides."""
_BLANKS: Mapping[str, Mapping[str, str]] = {
    "missing": {"names": "login, token"},
    "invalid": {"names": "format"},
    "limit": {"used": "100", "of": "100"},
}
"""What fills the blanks of an example's message."""
_PHONE = "70000000105"
_NOW = parse_iso("2030-01-01T00:00:00+03:00", "")
_TASK = Task(123, A_MOCK.login, _PHONE, 0, "192.0.2.1", _NOW, _NOW + 2 * SECOND, cost=1, seed=0)


def api_parts(profile: Profile, target: Target, prefix: str = "/api") -> _Part:
    """The parts of a document that are the API's: `tags`, `paths` below the prefix, and `components`."""
    used: dict[str, _Part] = {}
    paths = {f"{prefix}/{name}": _path(name, profile, target, used) for name in OPERATIONS}
    about = "The API itself. Faults, stubs and scenarios may have a mock answer otherwise." if target.is_mock else ""
    return {
        "tags": [{"name": TAG, "description": about or "The API of i-find.pro."}],
        "paths": paths,
        "components": {"schemas": used},
    }


def choices(profile: Profile) -> _Part:
    """Every open clause: its choice, what it is about, and how well it is founded."""
    known = clauses()
    return {
        name: {"choice": choice, "title": known[name].title, "grade": known[name].grade}
        for name, choice in profile.choices.items()
    }


def _marks(clause: str, profile: Profile) -> _Part:
    chosen = {"x-choice": profile.choices[clause]} if clause in profile.choices else {}
    return {"x-clause": clause, "x-grade": clauses()[clause].grade, **chosen}


def _path(name: str, profile: Profile, target: Target, used: dict[str, _Part]) -> _Part:
    method = _METHODS[name]
    parameters = _parameters(name, profile, target)
    responses = _responses(name, profile, target, used)

    def operation(http_method: str, takes: _Part) -> _Part:
        return {
            "tags": [TAG],
            "operationId": f"{http_method}_{name}",
            "summary": method.summary,
            **takes,
            "responses": responses,
            "security": [],
            **_marks(method.clause, profile),
        }

    path = {"get": operation("get", {"parameters": parameters})}
    if name != "info" or profile.rules.info_post:
        path["post"] = operation("post", {"requestBody": _form(parameters, profile)})
    return path


def _parameters(name: str, profile: Profile, target: Target) -> list[_Part]:
    """The parameters of a method in the documentation's order, as they stand in a query."""
    rules = profile.rules
    required = [one for one in OPERATIONS[name].required if one != "source" or rules.edition.required]
    sources = ", ".join(f"{source.number} {source.title}" for source in rules.edition.sources.values())
    some = {"type": "string", **({"minLength": 1} if rules.empty_is_missing else {})}
    some |= _marks("param.empty-is-missing", profile)
    of_phone = dict(fields.phone.shape)
    if rules.strip_phone:
        of_phone = {"type": "string", "pattern": fields.whole_text("[^0-9]*(?:[0-9][^0-9]*){7,15}")}
    magic = {phone: {"summary": one.title, "value": phone} for phone, one in MAGIC.items()}
    by_phone = {"usual": {"summary": "an ordinary phone", "value": _PHONE}, **(magic if target.is_mock else {})}
    all_of_them: Mapping[str, _Part] = {
        "login": {"description": "Login of the account, an e-mail address.", "schema": some, "example": target.login},
        "token": {"description": "Access token of the account.", "schema": some, "example": target.token},
        "phone": {
            "description": "Phone that is searched: from the country code, without a plus sign.",
            "schema": {**of_phone, **_marks("phone.invalid", profile)},
            "examples": by_phone,
        },
        "source": {
            "description": f"Where the phone is searched: {sources}.",
            "schema": {
                "type": "integer",
                "enum": [source.number for source in rules.edition.sources.values()],
                **_marks("edition", profile),
            },
            "example": 2,
        },
        "id": {
            "description": "Id of the task, as create has answered it.",
            "schema": {**fields.digits(1, 10**18 - 1).shape, **_marks("id.invalid", profile)},
            "example": _TASK.id,
        },
        "format": {
            "description": "Format of the answer.",
            "schema": {
                "type": "string",
                "enum": [*FORMATS],
                "default": FORMATS[0],
                **_marks("format.invalid", profile),
            },
        },
    }
    return [
        {
            "name": one,
            "in": "query",
            "required": one in required,
            **all_of_them[one],
            **_marks(_METHODS[name].required if one in required else "format.default", profile),
        }
        for one in (*required, "format")
    ]


def _form(parameters: list[_Part], profile: Profile) -> _Part:
    """The parameters as the fields of a form."""
    properties = {}
    for one in parameters:
        example = next(iter(one["examples"].values()))["value"] if "examples" in one else one.get("example")
        examples = {} if example is None else {"examples": [example]}
        properties[one["name"]] = {"description": one["description"], **one["schema"], **examples}
    required = [one["name"] for one in parameters if one["required"]]
    form = {"type": "object", "required": required, "properties": properties}
    multipart = {_MULTIPART: {"schema": form, **_marks("param.multipart", profile)}}
    return {
        "required": True,
        "content": {FORM: {"schema": form}, **(multipart if profile.parsing.multipart else {})},
        **_marks("param.both", profile),
    }


@dataclass(frozen=True, slots=True)
class _Example:
    """An answer that a method may give."""

    name: str
    schema: str
    summary: str
    answer: Answer


def _examples(name: str, form: str, profile: Profile) -> Iterator[_Example]:
    """An example of each answer of a method in a format."""
    rules = profile.rules
    made = {
        "create": lambda: {"create": Answer({"status": "ok", "id": _TASK.id}, form, task=_TASK.id)},
        "result": lambda: {"processing": Answer({"status": "processing"}, form, task=_TASK.id), **_ready(form, profile)},
        "info": lambda: {"info": info_answer(_ACCOUNT, 1, form, rules)},
    }
    for schema, answer in made[name]().items():
        yield _Example(schema, schema, for_profile(schema, profile.choices)["title"], answer)
    for kind in _METHODS[name].errors:
        if kind != "rate" or rules.rate is not None:
            headers: Headers = (("Retry-After", "1"),) if kind == "rate" else ()
            error = ApiError(kind, reason="", http=_FIXED.get(kind), headers=headers, fields=_BLANKS.get(kind, {}))
            title = for_profile(f"error-{kind}", profile.choices)["title"]
            yield _Example(kind, "error", title, error_answer(error, rules, form))


_ACCOUNT = Account(A_MOCK.login, A_MOCK.token, daily_limit=1000, paid_until="2030-12-31 23:59:59")


def _ready(form: str, profile: Profile) -> Mapping[str, Answer]:
    """The ready answers of the edition, by the names of their schemas."""
    edition, rules = profile.rules.edition, profile.rules
    answers: dict[str, Answer] = {}
    for source in edition.sources.values():
        cost = max(1, people.count(_PHONE, source, _TASK.seed)) if rules.unit_is_record else 1
        task = replace(_TASK, source=source.number, cost=cost, edition=edition.name)
        answers.setdefault(f"ready-{source.section}", ready_answer(task, form, rules, words()))
    return answers


def _responses(name: str, profile: Profile, target: Target, used: dict[str, _Part]) -> _Part:
    """The answers of a method by HTTP status and media type. The schemas that they need are added to used."""
    found: dict[int, dict[str, list[_Example]]] = {}
    for form in FORMATS:
        for example in _examples(name, form, profile):
            content_type, _ = prepared(example.answer.format, profile.rendering)
            media_type = content_type.partition(";")[0].strip().lower()
            found.setdefault(example.answer.http, {}).setdefault(media_type, []).append(example)
    responses = {
        str(status): {
            **_response(status, [one for some in by_type.values() for one in some], profile, target),
            "content": {media_type: _content(some, profile, used) for media_type, some in by_type.items()},
        }
        for status, by_type in sorted(found.items())
    }
    return {**responses, **(_of_a_mock(name, responses, profile, used) if target.is_mock else {})}


def _response(status: int, examples: list[_Example], profile: Profile, target: Target) -> _Part:
    headers: _Part = {}
    if target.has_headers:
        headers["X-Mock-Reason"] = {"description": "Why the answer is as it is.", "schema": {"type": "string"}}
    if target.has_headers and any(one.answer.task is not None for one in examples):
        headers["X-Mock-Task"] = {"description": "The id of the task.", "schema": {"type": "integer"}}
    if any(one.answer.headers for one in examples):
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    is_error = any(one.schema == "error" for one in examples)
    return {
        "description": _phrase(status),
        **({"headers": headers} if headers else {}),
        **(_marks("error.http-status", profile) if is_error else {}),
    }


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # a profile may have any code
        return "Error"


def _content(examples: list[_Example], profile: Profile, used: dict[str, _Part]) -> _Part:
    """The answers of one media type. Several formats may share it."""
    schemas: dict[str, None] = {}
    shown: dict[str, _Part] = {}
    for one in examples:
        form = one.answer.format
        schemas[_component(one.schema, form, profile, used)] = None
        _, write = prepared(form, profile.rendering)
        text = write(one.answer).decode(WRITERS[form].encoding(profile.rendering)).removeprefix("\ufeff")
        value = json.loads(text) if form == "json" else text
        known = shown.get(one.name, {}).get("value", value)
        shown[one.name if known == value else f"{one.name}-{form}"] = {"summary": one.summary, "value": value}
    references = [{"$ref": f"#/components/schemas/{schema}"} for schema in schemas]
    forms = {one.answer.format for one in examples}
    marks = _marks(f"content-type.{forms.pop()}", profile) if len(forms) == 1 else {}
    return {"schema": references[0] if len(references) == 1 else {"anyOf": references}, "examples": shown, **marks}


def _component(schema: str, form: str, profile: Profile, used: dict[str, _Part]) -> str:
    """The name of the component that describes an answer in a format. It is added to used."""
    if form == "csv":
        name = f"{schema}-csv"
        table = csvw(schema, profile.choices)
        layout = {key: table[key] for key in ("dialect", "tableSchema")}
        used[name] = {"type": "string", "title": table["dc:title"], "contentMediaType": "text/csv", "x-csvw": layout}
        return name
    document = for_profile(schema, profile.choices)
    body = {key: value for key, value in document.items() if key not in ("$schema", "examples")}
    root = {"name": profile.choices["xml.root"]}
    used[schema] = {**_with_elements(body, profile), "xml": root}
    return schema


def _with_elements(node: Any, profile: Profile) -> Any:
    """The schema with the names that lists and their entries have in XML, as far as OpenAPI has words for them."""
    if isinstance(node, list):
        return [_with_elements(part, profile) for part in node]
    if not isinstance(node, dict):
        return node
    made = {key: _with_elements(part, profile) for key, part in node.items()}
    if "items" not in made or profile.choices["xml.list"] == "repeated":
        return made
    numbered = "{" in str(profile.choices["xml.item"])
    entry = {} if numbered else {"xml": {"name": profile.choices["xml.item"]}}
    return {**made, "items": {**made["items"], **entry}, "xml": {"wrapped": True}}


def _of_a_mock(name: str, responses: _Part, profile: Profile, used: dict[str, _Part]) -> _Part:
    """The responses with those that a mock alone gives."""
    ended = {"application/json": {"schema": {"$ref": f"#/components/schemas/{_component('error', 'json', profile, used)}"}}}
    more = {"503": {"description": "The mock was reset, or stopped, while this answer waited.", "content": ended}}
    if name == "create":
        page = {"text/html": {"schema": {"type": "string"}, "example": BAD_GATEWAY.decode()}}
        more["502"] = {"description": "A proxy's page, for the phone 70000000502.", "content": page}
    return {
        status: {**told, **known, "content": {**told["content"], **known.get("content", {})}}
        for status, told in more.items()
        for known in [responses.get(status, {})]
    }
