"""The tasks of a process, by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from marshal import dumps, loads
from typing import Any, TypeAlias

Fields: TypeAlias = tuple[Any, ...]
"""The fields of a task in their order, of which the first is its id and the last its stub."""

_BITS = 10
_PLAIN = 2  # the format of marshal that looks for nothing that is there twice


class MemoryTasks:
    """The fields of each task, in the order of the ids.

    They stand in parts of 1,024 ids: one dictionary would be copied whole each time that it grows, which takes longer
    than a thousand calls at a million tasks. Of most tasks the fields are kept as bytes, which take less than half the
    memory, and at which the garbage collector never looks. Those of a task with a stub stay as they are: others have
    its text, too.
    """

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: dict[int, dict[int, bytes | Fields]] = {}

    def get(self, task_id: int) -> Fields | None:
        """The task of that id."""
        part = self._parts.get(task_id >> _BITS)
        kept = None if part is None else part.get(task_id)
        return None if kept is None else _read(kept)

    def put(self, fields: Fields) -> None:
        """Keeps the task, a new one behind all others or one that is there."""
        task_id = fields[0]
        part = self._parts.get(task_id >> _BITS)
        if part is None:
            part = self._parts[task_id >> _BITS] = {}
        part[task_id] = dumps(fields, _PLAIN) if fields[-1] is None else fields

    def pop(self, task_id: int) -> Fields:
        """Drops the task and gives it. Raises KeyError where there is none."""
        part = self._parts[task_id >> _BITS]
        kept = part.pop(task_id)
        if not part:
            del self._parts[task_id >> _BITS]
        return _read(kept)

    def bring_back(self, tasks: Mapping[int, Fields]) -> None:
        """Keeps tasks that were dropped, in their old places."""
        for fields in tasks.values():
            self.put(fields)
        for number in {task_id >> _BITS for task_id in tasks}:
            self._parts[number] = dict(sorted(self._parts[number].items()))
        self._parts = dict(sorted(self._parts.items()))

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self._parts.values())

    def __reversed__(self) -> Iterator[int]:
        return chain.from_iterable(map(reversed, reversed(self._parts.values())))


def _read(kept: bytes | Fields) -> Fields:
    return loads(kept) if type(kept) is bytes else kept  # type: ignore[return-value]  # noqa: S302 - bytes of our own
