"""What is taken of a call: methods, parameters, credentials, tasks of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from support.standins.breaking import Breakage, Scene
from support.standins.edits import (
    SOURCES,
    as_another_verb,
    calls,
    lacking,
    over,
)


def _owner(scene: Scene) -> str:
    known = scene.tasks.get(scene.params.get("id", ""))
    return known or next(iter(scene.accounts))


def _needs_no(name: str) -> Callable[[Scene], None]:
    """A call that lacks it is taken for the owner's of the task that it names, or of the first account."""

    def before(scene: Scene) -> None:
        if name not in scene.params:
            scene.authorise(_owner(scene))

    return before


def _processes_without_id(scene: Scene) -> None:
    if scene.method == "result" and "id" not in scene.params and "token" in scene.params:
        scene.told.model, scene.told.kind, scene.told.http = {"status": "processing"}, scene.call.kind, 200


def _let_in(scene: Scene) -> None:
    """Any token of a login that is known."""
    if scene.params.get("login") in scene.accounts and "token" in scene.params:
        scene.authorise()


def _let_in_with_any_tokens(scene: Scene) -> None:
    """Any token that is some account's."""
    if scene.params.get("token") in scene.accounts.values():
        _let_in(scene)


def _let_in_without_a_login(scene: Scene) -> None:
    """A login that is known to nobody."""
    if "token" in scene.params and scene.params.get("login", scene.number) not in scene.accounts:
        scene.authorise()


def _as_the_owner(scene: Scene) -> None:
    """Another account's task is read as if by its owner, whose credentials are not asked for."""
    login = scene.params.get("login", "")
    if scene.accounts.get(login) == scene.params.get("token") and scene.params.get("id") in scene.tasks:
        scene.authorise(_owner(scene))


def _any_id_is_the_last(scene: Scene) -> None:
    asked = scene.params.get("id", "")
    if asked.isdigit() and asked not in scene.tasks and scene.ready:
        scene.params["id"] = scene.ready[-1]


BROKEN_CALLS: Mapping[str, Breakage] = MappingProxyType(
    {
        "source 1 is gone": Breakage(
            "sources.documented",
            "source 1 is refused",
            before=calls("create", lambda s: s.params.update(source="77"), lambda s: s.params.get("source") == "1"),
            on=SOURCES,
        ),
        "source 3 is gone": Breakage(
            "sources.documented",
            "source 3 is refused",
            before=calls("create", lambda s: s.params.update(source="77"), lambda s: s.params.get("source") == "3"),
            on=SOURCES,
        ),
        "no create over POST": Breakage(
            "create.methods",
            "create is refused over POST",
            before=calls("create", as_another_verb, over("POST")),
            on=SOURCES,
        ),
        "no create over GET": Breakage(
            "create.methods",
            "create does not see the phone of a GET",
            before=calls("create", lambda s: s.params.pop("phone", None), over("GET")),
            on=SOURCES,
        ),
        "no result over POST": Breakage(
            "result.methods",
            "result is refused over POST",
            before=calls("result", as_another_verb, over("POST")),
        ),
        "no id over POST": Breakage(
            "result.methods",
            "result does not see the id of a POST",
            before=calls("result", lambda s: s.params.pop("id", None), over("POST")),
        ),
        "create without token": Breakage(
            "create.required",
            "create needs no token",
            before=calls("create", _needs_no("token")),
        ),
        "create without login": Breakage(
            "create.required",
            "create needs no login",
            before=calls("create", _needs_no("login")),
        ),
        "create without phone": Breakage(
            "create.required",
            "create needs no phone",
            before=calls("create", lacking("phone", lambda _: "70005550000")),
        ),
        "create without source": Breakage(
            "create.required",
            "create needs no source",
            before=calls("create", lacking("source", lambda _: "2")),
            on=SOURCES,
        ),
        "result without token": Breakage(
            "result.required",
            "result needs no token",
            before=calls("result", _needs_no("token")),
        ),
        "result without login": Breakage(
            "result.required",
            "result needs no login",
            before=calls("result", _needs_no("login")),
        ),
        "result without id": Breakage(
            "result.required",
            "result needs no id",
            edit=_processes_without_id,
        ),
        "no info": Breakage("info.answers", "info is refused", before=calls("info", as_another_verb)),
        "no info in csv": Breakage(
            "info.answers",
            "info is refused in CSV",
            before=calls("info", as_another_verb, lambda s: s.params.get("format") == "csv"),
        ),
        "any id": Breakage(
            "task.unknown", "an unknown id gives the last task", before=calls("result", _any_id_is_the_last)
        ),
        "any id over POST": Breakage(
            "task.unknown",
            "an unknown id gives the last task over POST",
            before=calls("result", _any_id_is_the_last, over("POST")),
        ),
        "anyone's task": Breakage(
            "task.foreign", "another account's task can be read", before=calls("result", _as_the_owner)
        ),
        "anyone's task over POST": Breakage(
            "task.foreign",
            "another account's task can be read over POST",
            before=calls("result", _as_the_owner, over("POST")),
        ),
        "any token": Breakage("credentials.refused", "result takes any token", before=calls("result", _let_in)),
        "any token for info": Breakage("credentials.refused", "info takes any token", before=calls("info", _let_in)),
        "any login": Breakage(
            "credentials.refused", "create takes any login", before=calls("create", _let_in_without_a_login)
        ),
        "another's token": Breakage(
            "credentials.refused",
            "result takes another account's token",
            before=calls("result", _let_in_with_any_tokens),
        ),
    }
)
