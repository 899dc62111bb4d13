"""Records: small texts by kind and key, through which processes share what each of them keeps as objects."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Change(NamedTuple):
    """The last change of a record."""

    kind: str
    key: str
    value: str | None  # None: it was dropped
    number: int  # of all changes, from 1


class Records(Protocol):
    """Where changes are written, inside a transaction that writes."""

    def put_record(self, kind: str, key: str, value: str) -> None:
        """Keeps the value under the kind and the key, in place of the one that is there."""

    def drop_record(self, kind: str, key: str) -> None:
        """Takes the record away. Processes see the change also where there was none."""

    def clear_records(self, *kinds: str) -> None:
        """Takes all records of the kinds away."""
