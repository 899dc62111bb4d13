"""Armed faults: those that a store holds, with their counts, and which of them strike a call."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from mockserver.core.chance import fraction
from mockserver.core.errors import NotFound, Problem, Refusal, cut, few
from mockserver.faults.actions import Strike
from mockserver.faults.faults import Fault, read_fault
from mockserver.faults.matching import Facts
from mockserver.faults.records import Change, Records

KEPT = 1000
"""Faults that are over and still listed, with their counts; an older one is forgotten."""
MOST = 100_000
"""Faults that may still strike, unless the settings have more. A call is held against those of its login, and those of
no login.
"""
_FAULT, _COUNTS, _LAST = "fault", "fault-counts", "fault-last"


@dataclass(frozen=True, slots=True)
class ArmedFault:
    """A fault with its counts."""

    id: str
    fault: Fault
    place: int  # in the order of the arming
    seen: int = 0  # matching calls so far
    struck: int = 0  # how many of them it struck

    def is_due(self, seed: int) -> bool:
        """Whether it strikes the call that was seen last."""
        fault = self.fault
        if self.seen <= fault.after or self.left == 0 or not fault.match.picks(self.seen):
            return False
        return fault.probability == 1 or fraction(seed, fault.key, self.seen) < fault.probability

    @property
    def left(self) -> int | None:
        """How often it will still strike; None is without end."""
        return None if self.fault.times is None else self.fault.times - self.struck

    @property
    def is_over(self) -> bool:
        """Whether it can't strike any more, whatever is called."""
        return self.left == 0 or self.fault.match.is_past(self.seen)

    @property
    def strike(self) -> Strike:
        """What it does to the call that was seen last."""
        fault, action = self.fault, self.fault.action
        left = "" if self.left is None else f" ({self.left} of {fault.times} left)"
        reason = f"fault {self.id} {action.kind}{left}"
        return Strike(self.id, action.aspect, action.effect, reason, fault.key, self.seen)


class ArmedFaults:
    """The faults of a store. What it changes is written into its records, where it has some, and `take` takes in what
    others have written there. Without records, a transaction that fails does not take the counts back.
    """

    KINDS = (_FAULT, _COUNTS, _LAST)
    """The records: by its id a fault with its place, its counts apart from it; and the last place."""

    def __init__(self, records: Records | None = None) -> None:
        self._records = records
        self._last = 0
        self.forget()

    def forget(self) -> None:
        """Forgets all faults, which stay in the records."""
        self._faults: dict[str, ArmedFault] = {}
        self._armed: dict[str | None, dict[int, str]] = {}
        """The ids of those that may still strike, by the login of their match, then by the order of their arming."""
        self._over: deque[str] = deque()

    def take(self, changes: Sequence[Change]) -> None:
        """Takes in changes of records, in the order in which the records were made."""
        for change in changes:
            if change.kind == _LAST and change.value is not None:
                self._last = int(change.value)
            elif change.kind == _FAULT:
                self._take(change)
        # Their order is that in which faults came to their end.
        for change in sorted(changes, key=lambda change: change.number):
            before = self._faults.get(change.key)
            if change.kind == _COUNTS and change.value is not None and before is not None:
                seen, struck = json.loads(change.value)
                self._faults[change.key] = armed = replace(before, seen=seen, struck=struck)
                if armed.is_over and not before.is_over:
                    self._unarm(armed)
                    self._over.append(armed.id)

    def _take(self, change: Change) -> None:
        before = self._faults.get(change.key)
        place, document = (0, None) if change.value is None else json.loads(change.value)
        if before is not None:
            self._unheld(before)
            if before.place != place:
                del self._faults[change.key]
        if document is not None:
            self._hold(ArmedFault(change.key, read_fault(document), place))

    @property
    def live(self) -> int:
        """How many may still strike."""
        return len(self._faults) - len(self._over)

    def arm(self, fault: Fault, *, bounded: bool = True) -> ArmedFault:
        """Arms the fault under a new id. Raises Refusal where too many are armed, unless it is not bounded."""
        place = self._next_place(bounded=bounded)
        while f"f{place}" in self._faults:  # somebody has chosen that one
            place = self._next_place(bounded=bounded)
        return self._keep(ArmedFault(f"f{place}", fault, place))

    def put(self, fault_id: str, fault: Fault) -> tuple[ArmedFault, bool]:
        """Arms the fault under the id, with its counts at 0, in the place of the one that has it; and whether none had
        it. Raises Refusal where too many are armed.
        """
        before = self._faults.get(fault_id)
        if before is None:
            return self._keep(ArmedFault(fault_id, fault, self._next_place())), True
        self._unheld(before)
        if self._records is not None:
            self._records.drop_record(_COUNTS, fault_id)
        return self._keep(ArmedFault(fault_id, fault, before.place)), False

    def _next_place(self, *, bounded: bool = True) -> int:
        if bounded and self.live >= MOST:
            raise Refusal(Problem("", f"{MOST} faults are armed", "take some away: DELETE /_mock/faults"))
        self._last += 1
        if self._records is not None:
            self._records.put_record(_LAST, "", str(self._last))
        return self._last

    def _keep(self, armed: ArmedFault) -> ArmedFault:
        if self._records is not None:
            self._records.put_record(_FAULT, armed.id, json.dumps([armed.place, armed.fault.document]))
        return self._hold(armed)

    def _hold(self, armed: ArmedFault) -> ArmedFault:
        self._faults[armed.id] = armed
        ids = self._armed.setdefault(armed.fault.match.login, {})
        is_last = not ids or next(reversed(ids)) < armed.place
        ids[armed.place] = armed.id
        if not is_last:
            self._armed[armed.fault.match.login] = dict(sorted(ids.items()))
        return armed

    def fault(self, fault_id: str) -> ArmedFault:
        """The fault of the id. Raises NotFound."""
        fault = self._faults.get(fault_id)
        if fault is None:
            armed = few(self._faults, len(self._faults)) or "none"
            raise NotFound(Problem("", f"{cut(fault_id)!r} is not an armed fault", f"armed: {armed}"))
        return fault

    def disarm(self, fault_id: str) -> None:
        """Takes the fault away. Raises NotFound for an unknown id."""
        self._unheld(self.fault(fault_id))
        self._drop(fault_id)

    def _drop(self, fault_id: str) -> None:
        del self._faults[fault_id]
        if self._records is not None:
            for kind in (_FAULT, _COUNTS):
                self._records.drop_record(kind, fault_id)

    def _unheld(self, fault: ArmedFault) -> None:
        """Holds no call against the fault any more."""
        if fault.is_over:
            self._over.remove(fault.id)
        else:
            self._unarm(fault)

    def clear(self, login: str | None) -> None:
        """Takes the faults of the login away, with None all."""
        if login is None:
            self.forget()
            if self._records is not None:
                self._records.clear_records(_FAULT, _COUNTS)
            return
        over = {i for i in self._over if self._faults[i].fault.match.login == login}
        self._over = deque(i for i in self._over if i not in over)
        for fault_id in (*self._armed.pop(login, {}).values(), *over):
            self._drop(fault_id)

    def listed(self, offset: int = 0, limit: int | None = None) -> Sequence[ArmedFault]:
        """The faults with their counts, in the order in which they were armed: after the first `offset`, at most
        `limit`. Of those that are over, the last KEPT.
        """
        return tuple(islice(self._faults.values(), offset, None if limit is None else offset + limit))

    def may_strike(self, login: str | None) -> bool:
        """Whether a fault may strike a call of the login."""
        return bool(self._armed) and (login in self._armed or None in self._armed)

    def strike(self, facts: Facts, seed: int, aspects: Collection[str], taken: Collection[str] = ()) -> list[Strike]:
        """The faults that strike the call, counted: of each of the aspects, unless it is taken, the first that is due.
        Every fault of these aspects that fits the call counts it, also where another strikes.
        """
        ids = self._armed.get(None, {})
        if facts.login is not None and (own := self._armed.get(facts.login)):
            ids = dict(sorted({**ids, **own}.items())) if ids else own
        struck: dict[str, Strike] = {}
        for fault_id in (*ids.values(),):
            armed = self._faults[fault_id]
            aspect = armed.fault.action.aspect
            if aspect not in aspects or not armed.fault.fits(facts):
                continue
            armed = replace(armed, seen=armed.seen + 1)
            if aspect not in taken and aspect not in struck and armed.is_due(seed):
                armed = replace(armed, struck=armed.struck + 1)
                struck[aspect] = armed.strike
            self._faults[fault_id] = armed
            if self._records is not None:
                self._records.put_record(_COUNTS, fault_id, json.dumps([armed.seen, armed.struck]))
            if armed.is_over:
                self._retire(armed)
        return list(struck.values())

    def _retire(self, fault: ArmedFault) -> None:
        """Keeps the fault for the list alone: no call is held against it any more."""
        self._unarm(fault)
        self._over.append(fault.id)
        if len(self._over) > KEPT:
            self._drop(self._over.popleft())

    def _unarm(self, fault: ArmedFault) -> None:
        login = fault.fault.match.login
        ids = self._armed[login]
        del ids[fault.place]
        if not ids:
            del self._armed[login]
