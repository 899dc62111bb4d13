"""What breakages are made of: edits of calls, of answers and of bytes, where something holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.standins.breaking import Scene

Edit = Callable[[dict[str, Any]], object]
When = Callable[[Scene], bool]
SOURCES = ("bureau", "courier")
"""The stand-ins in which source is a parameter, so that names and pictures can be asked for."""


def always(_: Scene) -> bool:
    return True


def written_in(*kinds: str) -> When:
    return lambda scene: scene.kind in kinds


def with_a(section: str) -> When:
    """Where the section is there and is not empty."""
    return lambda scene: bool(scene.model.get(section))


def over(http_method: str) -> When:
    return lambda scene: scene.http_method == http_method


def answers(method: str, status: str, change: Edit, when: When = always) -> Callable[[Scene], None]:
    """An edit of the answers of a method that have a status."""

    def edit(scene: Scene) -> None:
        if scene.method == method and scene.status == status and when(scene):
            change(scene.model)

    return edit


def ready(change: Edit, when: When = always) -> Callable[[Scene], None]:
    return answers("result", "ready", change, when)


def each(section: str, change: Callable[[dict[str, Any]], object]) -> Edit:
    """An edit of each entry of a section."""
    return lambda model: [change(entry) for entry in model.get(section) or ()]


def errors(change: Edit, when: When = always) -> Callable[[Scene], None]:
    def edit(scene: Scene) -> None:
        if scene.status == "error" and when(scene):
            change(scene.model)

    return edit


def calls(method: str, change: Callable[[Scene], object], when: When = always) -> Callable[[Scene], None]:
    """A change of a call before it is decided."""

    def before(scene: Scene) -> None:
        if scene.method == method and when(scene):
            change(scene)

    return before


def lacking(name: str, value: Callable[[Scene], str]) -> Callable[[Scene], None]:
    """Puts in what a call lacks."""

    def fill(scene: Scene) -> None:
        if name not in scene.params:
            scene.params[name] = value(scene)

    return fill


def as_another_verb(scene: Scene) -> None:
    scene.call.http_method = "PUT"


def spoilt(kind: str, change: Callable[[bytes], bytes], status: str = "ready") -> Callable[[Scene, bytes], bytes]:
    """A change of the bytes of answers in a format that have a status."""
    return lambda scene, body: change(body) if scene.kind == kind and scene.status == status else body
