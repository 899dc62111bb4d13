"""Where bytes leave: the budget of units, calls and time is kept here, the ledger is written, and free calls are sent
again where they fail.

    a create            once, never again by itself; its units are reserved before it leaves
    result, info, …     cost nothing: at most twice more, after a pause, on a fault of the connection, a 5xx or a 429
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contract_tests.api.calls import Call, request_of
from contract_tests.budget.budget import Budget, Charge, NotChecked
from contract_tests.budget.ledger import ANSWERED, LOST, REFUSED, UNSENT, Entry, Ledger
from contract_tests.contract.editions import ANY_SOURCE
from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import HttpResponse, OutOfTime, Request, TransportError

TOO_MANY_REQUESTS = 429
SERVER_FAULT = 500
SHORT = 1000
"""Bytes of an answer that may be an error; one that tells what was found may hold any words."""
MAX_RETRY_AFTER = 30.0
"""Seconds that an answer may ask to wait."""
TIME_UP = "the time of the run is up"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take beside units: calls (None: any number), and the moment (monotonic) at which its time is up.
    pauses: seconds before each further try of a free call.
    """

    calls: int | None = None
    end: float | None = None
    pauses: Sequence[float] = (1.0, 3.0)


@dataclass(frozen=True, slots=True)
class SentCall:
    """A call that left: its number in the run, and what a create of it took."""

    number: int
    call: Call
    charge: Charge | None = None


@dataclass(frozen=True, slots=True)
class Retried:
    """A call that failed and was answered when it was sent again."""

    call: Call
    failure: str
    tries: int


@dataclass(eq=False)
class Reservation:
    """What a create that was sent may cost: the charge, and its line in the ledger."""

    charge: Charge
    line: int = 0
    replayed: bool = False


class LostAnswer(NotChecked):
    """A create left and its answer did not come: it is charged, unknown, and is not sent again by itself."""

    def __init__(self, failure: TransportError | None) -> None:
        super().__init__("the answer of create was lost: charged, unknown, and not repeated", inconclusive=True)
        self.failure = failure


@dataclass
class Sender:
    """Sends calls to a target under a budget. log holds what left, retried what retried, paced what was refused for its
    pace; missed counts calls that the limits of the run held back, repeated those that are
    further tries, which the limit of calls does not count. holds_secret keeps answers out of the ledger.
    """

    base: str
    wire: HttpClient
    budget: Budget
    limits: Limits = field(default_factory=Limits)
    ledger: Ledger | None = None
    holds_secret: Callable[[bytes], bool] = lambda _: False
    log: list[SentCall] = field(default_factory=list)
    retried: list[Retried] = field(default_factory=list)
    paced: list[tuple[Call, HttpResponse]] = field(default_factory=list)
    missed: int = 0
    repeated: int = 0
    _taken: dict[int, Charge] = field(default_factory=dict)
    _lost: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        for entry in self.ledger.creates() if self.ledger else ():
            charge = Charge(entry.source, entry.units, lost=entry.state == LOST)
            self.budget.charges.append(charge)
            self._taken[entry.number] = charge

    def send_idempotent(self, call: Call) -> HttpResponse:
        """The answer to a call that costs nothing, sent again where it fails. Raises TransportError; NotChecked where
        calls or time are used up.
        """
        request = request_of(call, self.base)
        failure, tries, pauses = "", 0, [*self.limits.pauses, None]
        while True:
            exchange, fault = self._tried(call, request)
            tries += 1
            pause = pauses.pop(0)
            again = exchange is None or _asks_for_patience(exchange) or exchange.status >= SERVER_FAULT
            if pause is None or not again or (fault is not None and fault.kind not in PASSING):
                break
            self.repeated += 1
            if fault is not None and fault.stale:
                continue  # a server may end a connection that was kept: that is no failure
            failure = str(fault) if exchange is None else f"HTTP {exchange.status}"
            self._pause(pause if exchange is None else max(pause, self._patience(call, exchange)))
        if exchange is None:
            assert fault is not None, "a try ends in one of both"
            raise fault
        if failure and not again:
            self.retried.append(Retried(call, failure, tries))
        return exchange

    def _tried(self, call: Call, request: Request) -> tuple[HttpResponse | None, TransportError | None]:
        """What came of sending a free call once."""
        line = 0
        try:
            line = self._leave(call, request)
            exchange = self.wire.send(request, repeatable=True, paced=True)
        except TransportError as fault:
            self._note(line, LOST if fault.sent else UNSENT)
            self._look_at_time(fault)
            return None, fault
        self._note(line, ANSWERED)
        return exchange, None

    def send_create(self, call: Call) -> tuple[HttpResponse, Reservation]:
        """The answer to a create, and what it may cost, which the caller must settle or release. It is sent once; one
        that was sent before by a run that was stopped is not sent again. One that was refused for its pace has cost
        nothing, and is sent again like a free call. Raises NotChecked, LostAnswer; TransportError where it never left.
        """
        request, source = request_of(call, self.base), source_of(call)
        if request in self._lost:
            raise LostAnswer(None)
        if self.budget.forbidden:
            raise NotChecked(self.budget.forbidden)
        known = self.ledger.known(request) if self.ledger else None
        if known is not None:
            return self._replayed(known)
        for pause in (*self.limits.pauses, None):
            exchange, reservation = self._bought(call, request, source)
            if pause is None or not _asks_for_patience(exchange):
                break
            self.release(reservation)
            self._pause(max(pause, self._patience(call, exchange)))
            self.repeated += 1
        return exchange, reservation

    def _bought(self, call: Call, request: Request, source: int) -> tuple[HttpResponse, Reservation]:
        """A create that leaves once, under a reservation of its own."""
        charge = self.budget.reserve(source)
        line = 0
        try:
            line = self._leave(call, request, charge)
            exchange = self.wire.send(request, repeatable=False, paced=True)
        except NotChecked:
            self.budget.release(charge)
            raise
        except TransportError as fault:
            if not fault.sent:
                self.budget.release(charge)
                self._note(line, UNSENT)
                self._look_at_time(fault)
                raise
            charge.lost = charge.units > 0
            self._lost.add(request)
            self._note(line, LOST, units=charge.units)
            raise LostAnswer(None if self._out_of_time(fault) else fault) from None
        kept = None if self.ledger is None or self.holds_secret(exchange.body) else exchange
        self._note(line, ANSWERED, units=charge.units, answer=kept)
        return exchange, Reservation(charge, line)

    @property
    def spent_before(self) -> int:
        """Units that the run had taken before it was stopped and taken up again."""
        return sum(charge.units for charge in self._taken.values())

    def release(self, reservation: Reservation) -> None:
        """The create was refused, so it took nothing."""
        if not reservation.replayed:
            self.budget.release(reservation.charge)
            self._note(reservation.line, REFUSED)

    def settle(self, reservation: Reservation, cost: int) -> None:
        """What the create has taken, as its task tells."""
        self.budget.settle(reservation.charge, cost)
        if self.ledger and reservation.line:
            self.ledger.settle(reservation.line, cost)

    def _replayed(self, known: Entry) -> tuple[HttpResponse, Reservation]:
        charge = self._taken.get(known.number, Charge(known.source, known.units))
        if known.answer is None:
            raise LostAnswer(None)
        return known.answer, Reservation(charge, known.number, replayed=True)

    def _leave(self, call: Call, request: Request, charge: Charge | None = None) -> int:
        """Notes that the call is about to leave, once its pace allows it; its line in the ledger."""
        self._check_limits()
        self.wire.pace(request)
        self.log.append(SentCall(len(self.log) + 1, call, charge))
        if self.ledger is None:
            return 0
        source, units = (charge.source, charge.units) if charge else (0, 0)
        return self.ledger.begin(call.method, request, source=source, units=units)

    def _check_limits(self) -> None:
        calls, end = self.limits.calls, self.limits.end
        if calls is not None and len(self.log) - self.repeated >= calls:
            raise self._missed(f"the {calls} calls of this plan are used up")
        if end is not None and time.monotonic() >= end:
            raise self._missed(TIME_UP)

    def _missed(self, why: str) -> NotChecked:
        self.missed += 1
        return NotChecked(why, unaffordable=True)

    def _out_of_time(self, fault: TransportError) -> bool:
        """Whether it was the end of the run, and not the target, that kept an answer from coming."""
        end = self.limits.end
        late = fault.kind in ("timeout", "unreachable") and end is not None and time.monotonic() >= end
        return late or isinstance(fault, OutOfTime)

    def _look_at_time(self, fault: TransportError) -> None:
        """Raises NotChecked where the time of the run is up: the target is not to blame then."""
        if self._out_of_time(fault):
            raise self._missed(TIME_UP)

    def _note(self, line: int, state: str, *, units: int = 0, answer: HttpResponse | None = None) -> None:
        if self.ledger and line:
            self.ledger.end(line, state, units=units, answer=answer)

    def _patience(self, call: Call, exchange: HttpResponse) -> float:
        """Seconds that the answer asks to wait; a target that found the calls too fast gets them at half the pace."""
        told = exchange.header("retry-after") or ""
        wait = min(float(told), MAX_RETRY_AFTER) if told.isascii() and told.isdigit() and len(told) < 10 else 0.5
        if not _asks_for_patience(exchange):
            return wait if told else 0.0
        self.paced.append((call, exchange))
        self.wire.pacer.slow_down(0.0)
        return wait

    def _pause(self, seconds: float) -> None:
        left = seconds if self.limits.end is None else self.limits.end - time.monotonic()
        time.sleep(max(0.0, min(seconds, left)))


PASSING = ("unreachable", "timeout", "closed")
"""Faults of a connection that may heal by themselves."""


def source_of(call: Call) -> int:
    """The source that a create asks for, as far as it is a number; the boards where it names none."""
    told = call.param("source") or ""
    return int(told) if told.isascii() and told.isdigit() and len(told) < 4 else ANY_SOURCE


def _asks_for_patience(exchange: HttpResponse) -> bool:
    """Whether the answer refuses the pace, and not the daily limit."""
    said = exchange.body[:SHORT].lower()
    worded = len(exchange.body) < SHORT and b"error" in said and b"too many requests" in said
    return (exchange.status == TOO_MANY_REQUESTS or worded) and b"daily limit" not in said
