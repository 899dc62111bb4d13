"""Stubs: what a user has found on a phone, in place of the data that the mock makes up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeAlias

from mockserver.core.delays import Delay
from mockserver.core.errors import Conflict, NotFound, Problem, cut, few
from mockserver.faults.matching import Match
from mockserver.faults.records import Change, Records
from mockserver.inputs.readiness import READY

FOUND = ("data", "names", "photo", "bodies")
"""The keys of a stub's document that say what is found."""
MOST = 10_000
"""Stubs that a store holds, unless the settings have more."""
_Key: TypeAlias = "tuple[str | int | None, ...]"
_KEYS = ("login", "phone", "source")
_STUB, _LAST = "stub", "stub-last"


@dataclass(frozen=True, slots=True)
class Stub:
    """What is found by the searches that fit its match."""

    match: Match  # of login, phone and source
    found: Mapping[str, Any]  # rows as `data`, `names`, `photo`, and `bodies` by format: those that it has
    ready: Delay | None  # how long its tasks are processed; None is as without it
    cost: int | None  # of its tasks; None is by its records
    document: Mapping[str, Any]  # as it was written
    id: str = ""
    text: str = ""  # its id and what it finds, as JSON: what its tasks keep
    place: int = 0  # in the order in which they were made

    def records(self, section: str) -> int | None:
        """How many records a source of the section finds; None where the mock makes them up."""
        found = self.found.get(section)
        return None if found is None else bool(found) if isinstance(found, str) else len(found)

    @property
    def key(self) -> _Key:
        """The searches that it fits."""
        return tuple(self.match.entries.get(name) for name in _KEYS)


def stub_of(document: Mapping[str, Any]) -> Stub:
    """The stub of a document that has been checked."""
    ready = document.get("ready")
    return Stub(
        Match(document.get("match", {})),
        {key: document[key] for key in FOUND if key in document},
        None if ready is None else READY("ready", ready),
        document.get("cost"),
        document,
    )


class Stubs:
    """The stubs of a store; tasks keep the answers that they were made with. What it changes is written into its
    records, where it has some, and `take` takes in what others have written there.
    """

    KINDS = (_STUB, _LAST)
    """The records: by its id a stub's place and document; and the number of the last id, and the last place."""

    def __init__(self, records: Records | None = None) -> None:
        self._records = records
        self._last = self._last_place = 0
        self.forget()

    def forget(self) -> None:
        """Forgets all stubs, which stay in the records."""
        self._stubs: dict[str, Stub] = {}
        self._ids: dict[_Key, str] = {}  # each match has one stub

    def take(self, changes: Sequence[Change]) -> None:
        """Takes in changes of records, in the order in which the records were made."""
        changed = [change for change in changes if change.kind == _STUB]
        for change in changed:  # first of all, since one may have the match that another had
            if (before := self._stubs.get(change.key)) is not None:
                del self._ids[before.key]
        for change in changed:
            before = self._stubs.get(change.key)
            place, document = (0, None) if change.value is None else json.loads(change.value)
            if before is not None and before.place != place:
                del self._stubs[change.key]
            if document is not None:
                self._hold(stub_of(document), change.key, place)
        for change in changes:
            if change.kind == _LAST and change.value is not None:
                self._last, self._last_place = json.loads(change.value)

    def _hold(self, stub: Stub, stub_id: str, place: int) -> Stub:
        text = json.dumps({"id": stub_id, **stub.found}, ensure_ascii=False)
        kept = replace(stub, id=stub_id, text=text, place=place)
        self._stubs[stub_id], self._ids[kept.key] = kept, stub_id
        return kept

    def put(self, stub: Stub, stub_id: str | None = None, *, bounded: bool = True) -> tuple[Stub, bool]:
        """Keeps the stub under the id, without one in the place of the stub with the same match, or under a new id.
        Gives it, and whether it is new. Raises Conflict where another stub has the match, or there are too many, unless
        it is not bounded.
        """
        same = self._ids.get(stub.key)
        if stub_id is None:
            stub_id = same or self._free_id()
        elif same not in (None, stub_id):
            raise Conflict(Problem("match", f"is that of the stub {same!r}", "change that one, or delete it"))
        before = self._stubs.get(stub_id)
        if before is not None:
            del self._ids[before.key]
        elif bounded and len(self._stubs) >= MOST:
            raise Conflict(Problem("", f"there are {MOST} stubs", "delete some: DELETE /_mock/stubs"))
        self._last_place += before is None
        place = self._last_place if before is None else before.place
        if self._records is not None:
            if before is None:
                self._records.put_record(_LAST, "", json.dumps([self._last, self._last_place]))
            self._records.put_record(_STUB, stub_id, json.dumps([place, stub.document]))
        return self._hold(stub, stub_id, place), before is None

    def get(self, stub_id: str) -> Stub:
        """The stub of the id. Raises NotFound."""
        if stub_id not in self._stubs:
            stubs = few(self._stubs, len(self._stubs)) or "none"
            raise NotFound(Problem("", f"{cut(stub_id)!r} is not a stub", f"stubs: {stubs}"))
        return self._stubs[stub_id]

    def drop(self, stub_id: str) -> None:
        """Takes the stub away. Raises NotFound."""
        del self._ids[self.get(stub_id).key]
        del self._stubs[stub_id]
        if self._records is not None:
            self._records.drop_record(_STUB, stub_id)

    def clear(self, login: str | None) -> None:
        """Takes the stubs of the login away, with None all."""
        if login is None:
            self.forget()
            if self._records is not None:
                self._records.clear_records(_STUB)
            return
        for stub in tuple(self._stubs.values()):
            if stub.match.login == login:
                self.drop(stub.id)

    def listed(self, offset: int = 0, limit: int | None = None) -> Sequence[Stub]:
        """The stubs in the order in which they were made: after the first `offset`, at most `limit`."""
        return tuple(islice(self._stubs.values(), offset, None if limit is None else offset + limit))

    def find(self, login: str, phone: str, source: int, *, by_phone: bool) -> Stub | None:
        """The stub of a search: one for the login comes before one for all, then one for the phone, then one for the
        source. by_phone leaves out those that name no phone.
        """
        if not self._stubs:
            return None
        for one in (login, None):
            for two in (phone,) if by_phone else (phone, None):
                for three in (source, None):
                    if (found := self._ids.get((one, two, three))) is not None:
                        return self._stubs[found]
        return None

    def _free_id(self) -> str:
        while True:
            self._last += 1
            if (free := f"s{self._last}") not in self._stubs:
                return free
