"""Describes the API's own methods in OpenAPI 3.1, as a profile has them answered.

`schemas/json` describes the answers, made strict for the profile; the examples are what the mock itself answers. What a
clause decides carries `x-clauses`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeAlias

from contract_tests.contract.csvw import csvw
from contract_tests.contract.resolve import Schema, for_profile, members, merged, types
from mockserver.api.gateway import BASE
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

_TAG = "API"
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
_OUTAGE = "bad-gateway"
_PHONE = "70000000105"
_NOW = parse_iso("2030-01-01T00:00:00+03:00", "")
_TASK = Task(123, A_MOCK.login, _PHONE, 0, "192.0.2.1", _NOW, _NOW + 2 * SECOND, cost=1, seed=0)


def api_parts(profile: Profile, target: Target) -> _Part:
    """The parts of a document that are the API's: `tags`, `paths` and `components`."""
    used: dict[str, _Part] = {}
    paths = {f"{BASE.decode()}{name}": _path(name, profile, target, used) for name in OPERATIONS}
    about = "The methods of the API."
    if target.is_mock:
        about += " Faults, stubs and scenarios may have a mock answer otherwise."
    return {"tags": [{"name": _TAG, "description": about}], "paths": paths, "components": {"schemas": used}}


def choices(profile: Profile) -> _Part:
    """Every open clause: its choice, what it is about, and how well it is founded."""
    known = clauses()
    return {
        name: {"choice": choice, "title": known[name].title, "grade": known[name].grade}
        for name, choice in profile.choices.items()
    }


def _marks(profile: Profile, *names: str) -> _Part:
    """The clauses that a part of the document rests on: how well each is founded, and its choice where it is open."""
    chosen = {name: {"choice": profile.choices[name]} if name in profile.choices else {} for name in names}
    return {"x-clauses": {name: {"grade": clauses()[name].grade, **choice} for name, choice in chosen.items()}}


def _path(name: str, profile: Profile, target: Target, used: dict[str, _Part]) -> _Part:
    method = _METHODS[name]
    parameters = _parameters(name, profile, target)
    responses = _responses(name, profile, target, used)

    def operation(http_method: str, takes: _Part) -> _Part:
        return {
            "tags": [_TAG],
            "operationId": f"{http_method}_{name}",
            "summary": method.summary,
            **takes,
            "responses": responses,
            "security": [],
            **_marks(profile, method.clause),
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
    some |= _marks(profile, "param.empty-is-missing")
    of_phone = dict(fields.phone.shape)
    if rules.strip_phone:
        of_phone = {"type": "string", "pattern": fields.whole_text("[^0-9]*(?:[0-9][^0-9]*){7,15}")}
    magic = {
        phone: {"summary": one.title, "value": phone}
        for phone, one in MAGIC.items()
        if one.outcome != _OUTAGE  # tools that run the examples take such an answer for a mistake
    }
    by_phone = {"usual": {"summary": "an ordinary phone", "value": _PHONE}, **(magic if target.is_mock else {})}
    all_of_them: Mapping[str, _Part] = {
        "login": {"description": "Login of the account, an e-mail address.", "schema": some, "example": target.login},
        "token": {"description": "Access token of the account.", "schema": some, "example": target.token},
        "phone": {
            "description": "Phone that is searched: from the country code, without a plus sign.",
            "schema": {**of_phone, **_marks(profile, "phone.invalid")},
            "examples": by_phone,
        },
        "source": {
            "description": f"Where the phone is searched: {sources}.",
            "schema": {
                "type": "integer",
                "enum": [source.number for source in rules.edition.sources.values()],
                **_marks(profile, "edition"),
            },
            "example": 2,
        },
        "id": {
            "description": "Id of the task, as create has answered it.",
            "schema": {**fields.digits(1, 10**18 - 1).shape, **_marks(profile, "id.invalid")},
            "example": _TASK.id,
        },
        "format": {
            "description": "Format of the answer.",
            "schema": {
                "type": "string",
                "enum": [*FORMATS],
                "default": FORMATS[0],
                **_marks(profile, "format.invalid"),
            },
        },
    }
    return [
        {
            "name": one,
            "in": "query",
            "required": one in required,
            **all_of_them[one],
            **_marks(profile, _METHODS[name].required if one in required else "format.default"),
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
    multipart = {_MULTIPART: {"schema": form, **_marks(profile, "param.multipart")}}
    return {
        "required": True,
        "content": {FORM: {"schema": form}, **(multipart if profile.parsing.multipart else {})},
        **_marks(profile, "param.both"),
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
    if name == "create":
        answers = {"create": Answer({"status": "ok", "id": _TASK.id}, form, task=_TASK.id)}
    elif name == "result":
        answers = {"processing": Answer({"status": "processing"}, form, task=_TASK.id), **_ready(form, profile)}
    else:
        answers = {"info": info_answer(_ACCOUNT, 1, form, rules)}
    for schema, answer in answers.items():
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
    return dict(sorted({**responses, **(_of_a_mock(name, responses, profile, used) if target.is_mock else {})}.items()))


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
        **(_marks(profile, "error.http-status") if is_error else {}),
    }


_RENAMED = {413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
"""The names of RFC 9110, which HTTPStatus has from Python 3.13 on."""


def _phrase(status: int) -> str:
    try:
        return _RENAMED.get(status) or HTTPStatus(status).phrase
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
    marks = _marks(profile, f"content-type.{forms.pop()}") if len(forms) == 1 else {}
    return {"schema": references[0] if len(references) == 1 else {"anyOf": references}, "examples": shown, **marks}


def _component(schema: str, form: str, profile: Profile, used: dict[str, _Part]) -> str:
    """The name of the component that describes an answer in a format. It is added to used."""
    if form == "csv":
        name = f"{schema}-csv"
        table = csvw(schema, profile.choices)
        layout = {key: table[key] for key in ("dialect", "tableSchema")}
        used[name] = {"type": "string", "title": table["dc:title"], "contentMediaType": "text/csv", "x-csvw": layout}
        return name
    body = _plain(_told(for_profile(schema, profile.choices)), profile)
    used[schema] = {**body, "xml": {"name": profile.choices["xml.root"]}}
    return schema


def _told(node: Schema, above: str = "") -> Schema:
    """The schema with the clause of each node at the node itself, also where it is that of a node above."""
    clause = node.get("x-clause", above)
    made = {**node, "x-clause": clause}
    if "properties" in node:
        made["properties"] = {name: _told(member, clause) for name, member in node["properties"].items()}
    if "items" in node:
        made["items"] = _told(node["items"], clause)
    if "allOf" in node:
        made["allOf"] = [_told(part, clause) for part in node["allOf"]]
    return made


def _plain(node: Schema, profile: Profile) -> _Part:
    """The schema as one node without alternatives, so that a reader or a generator sees a type: it may allow more."""
    one = merged(node)
    made = {key: one[key] for key in _KEPT if key in one}
    is_fixed = "const" in one or "enum" in one
    kinds = types(one)
    if kinds:
        made["type"] = kinds[0] if len(kinds) == 1 else [*kinds]
    elif "anyOf" in one and not is_fixed:
        made["anyOf"] = one["anyOf"]
    if "properties" in one and "array" not in kinds:
        every = {name: one["properties"][name] for name in members(one)}  # not merged, so that no clause is lost
        made["properties"] = {name: _plain(member, profile) for name, member in every.items()}
    if "items" in one and not is_fixed and "object" not in kinds:
        made |= {key: one[key] for key in ("minItems", "maxItems") if key in one}
        made |= _list(_plain(one["items"], profile), profile)
    if not is_fixed:
        made |= {key: one[key] for key in ("pattern", "contentEncoding") if key in one}
    return {**made, **_marks(profile, *_clauses_of(node))}


_KEPT = ("title", "description", "const", "enum", "required", "minimum")


def _list(entry: _Part, profile: Profile) -> _Part:
    """The items of a list, with the names in XML, as far as OpenAPI has words for them."""
    name = str(profile.choices["xml.item"])
    is_bare = profile.choices["xml.names"] == "values" and [*entry.get("properties", ())] == ["name"]
    if profile.choices["xml.list"] == "repeated" or is_bare or "{" in name:
        return {"items": entry}
    return {"items": {**entry, "xml": {"name": name}}, "xml": {"wrapped": True}}


def _clauses_of(node: Schema) -> Iterator[str]:
    """The clauses that constrain a node itself."""
    if "x-clause" in node:  # what joins two nodes has none
        yield node["x-clause"]
    for part in node.get("allOf", ()):
        yield from _clauses_of(part)


def _of_a_mock(name: str, responses: _Part, profile: Profile, used: dict[str, _Part]) -> _Part:
    """The responses with those that a mock alone gives."""
    error = _component("error", "json", profile, used)
    ended = {"application/json": {"schema": {"$ref": f"#/components/schemas/{error}"}}}
    more: dict[str, _Part] = {
        "503": {"description": "The mock was reset, or stopped, while this answer waited.", "content": ended}
    }
    if name == "create":
        phone = next(phone for phone, one in MAGIC.items() if one.outcome == _OUTAGE)
        page = {"text/html": {"schema": {"type": "string"}, "example": BAD_GATEWAY.decode()}}
        more["502"] = {"description": f"A proxy's page, for the phone {phone}.", "content": page}
    return {
        status: {**told, **known, "content": {**told["content"], **known.get("content", {})}}
        for status, told in more.items()
        for known in [responses.get(status, {})]
    }
