"""Values: single texts that a mock keeps in its store, such as a profile that was set by control."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.faults.records import Change, Records

_VALUE = "value"


class Values:
    """The values of a store, by name. What it changes is written into its records, where it has some, and `take` takes
    in what others have written there. Without records, a transaction that fails does not take them back.
    """

    KINDS = (_VALUE,)
    """The records: each value by its name."""

    def __init__(self, records: Records | None = None) -> None:
        self._records = records
        self.forget()

    def forget(self) -> None:
        """Forgets all values, which stay in the records."""
        self._values: dict[str, str] = {}

    def take(self, changes: Sequence[Change]) -> None:
        """Takes in changes of records."""
        for change in changes:
            self._set(change.key, change.value)

    def get(self, name: str) -> str | None:
        """The value of the name."""
        return self._values.get(name)

    def put(self, name: str, value: str | None) -> None:
        """Keeps the value under the name; None takes it away."""
        if value == self._values.get(name):
            return
        self._set(name, value)
        if self._records is not None:
            if value is None:
                self._records.drop_record(_VALUE, name)
            else:
                self._records.put_record(_VALUE, name, value)

    def _set(self, name: str, value: str | None) -> None:
        if value is None:
            self._values.pop(name, None)
        else:
            self._values[name] = value
