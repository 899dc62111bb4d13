"""The tasks of a process, by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, TypeAlias

Fields: TypeAlias = tuple[Any, ...]
"""The fields of a task in their order, of which the first is its id."""

_BITS = 10


class MemoryTasks:
    """The fields of each task, in the order of the ids.

    They stand in parts of 1,024 ids. One dictionary would be copied whole each time that it grows. And Python's garbage
    collector, which looks at each object of ours but at no tuple of numbers and texts, would look through all of it
    after a task: at a million tasks, either takes longer than a thousand calls.
    """

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: dict[int, dict[int, Fields]] = {}

    def get(self, task_id: int) -> Fields | None:
        """The task of that id."""
        part = self._parts.get(task_id >> _BITS)
        return None if part is None else part.get(task_id)

    def put(self, fields: Fields) -> None:
        """Keeps the task, a new one behind all others or one that is there."""
        task_id = fields[0]
        part = self._parts.get(task_id >> _BITS)
        if part is None:
            part = self._parts[task_id >> _BITS] = {}
        part[task_id] = fields

    def pop(self, task_id: int) -> Fields:
        """Drops the task and gives it. Raises KeyError where there is none."""
        part = self._parts[task_id >> _BITS]
        fields = part.pop(task_id)
        if not part:
            del self._parts[task_id >> _BITS]
        return fields

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
