"""The one place where calls leave: under the budget, noted in the ledger, and sent again where that costs nothing.

a create            once, and never again where it may have been taken; its units are reserved before it leaves
result, info, …     cost nothing: at most twice more, after a pause, on a fault of the connection or a 5xx
any of these        at most twice more, and slower from then on, where it is turned away: a 429, or the 503 that a
                    server in front of the API answers above its rate. A create only where info shows by then that it
                    took nothing; where info shows no units, by a 503, or late, it may have been taken: it is lost
a control call      to a mock's own routes, which take nothing of the budget

A free call may leave on a kept connection. Where the server has just ended that, the call is sent again at once, which
is none of the tries. A create has a new connection.
"""

from __future__ import annotations

import codecs
import html
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from contract_tests.api.calls import Call, request_of
from contract_tests.budget.budget import TIME_UP, Budget, Charge, Limits, NotChecked
from contract_tests.budget.ledger import ANSWERED, KEPT, LOST, REFUSED, UNSENT, Entry, Ledger
from contract_tests.contract.editions import COMMON_SOURCE
from contract_tests.contract.outcome import Outcome
from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import HttpResponse, OutOfTime, Request, TransportError
from contract_tests.transport.rate_limit import Pacer

TOO_MANY_REQUESTS = 429
SERVER_FAULT = 500
UNAVAILABLE = 503
SHORT = 1000
"""Bytes of an answer that is taken for an error by its words; a longer one may hold any words."""
MAX_RETRY_AFTER = 30.0
"""Seconds of Retry-After that are waited for at most."""
REFUSED_PAUSES = (0.5, 4.0)
"""Seconds before each further try of a call that was turned away without a Retry-After."""
SLOW = 2.0
"""Seconds after which a server in front of the API may answer in its place that has given up waiting for it."""
CONTROL_TIMEOUT = 10.0
"""Seconds for a call to a mock's control route, further tries included."""
RETRIABLE = ("unreachable", "timeout", "closed")
"""Kinds of TransportError that may pass by themselves."""


@dataclass(frozen=True, slots=True)
class RetriedCall:
    """A call that failed and was answered when it was sent again."""

    call: Call
    failure: str
    tries: int


class LostAnswer(NotChecked):
    """A create left and its answer did not come. It stays charged as unknown, and is not sent again."""

    def __init__(self, failure: TransportError | None) -> None:
        super().__init__("the answer of create was lost: charged, unknown, and not repeated", Outcome.INCONCLUSIVE)
        self.failure = failure


@dataclass(repr=False)
class Sender:
    """Sends calls to a target under a budget."""

    base: str
    client: HttpClient
    budget: Budget
    ledger: Ledger | None = None
    holds_secret: Callable[[bytes], bool] = lambda _: False
    """Keeps what is a secret in an answer out of the ledger."""
    before: Callable[[Call], object] = lambda _: None
    """Called before a call leaves: asks the target, where that is due, what those before it have taken."""
    log: list[tuple[Call, Charge | None]] = field(default_factory=list)
    """Calls that left, each with what a create took."""
    retried: list[RetriedCall] = field(default_factory=list)
    rate_limited: list[tuple[Call, HttpResponse]] = field(default_factory=list)
    """Calls that the target refused because they came too fast."""
    _charged_before: dict[int, Charge] = field(default_factory=dict)
    """Charges of the run before it was stopped, by line of the ledger."""
    _lost: set[Request] = field(default_factory=set)
    down: set[str] = field(default_factory=set)
    """Methods whose last call was turned away however slowly it was sent: the rate of calls is not the reason."""

    def __post_init__(self) -> None:
        for entry in self.ledger.creates() if self.ledger else ():
            kept = entry.answer
            charge = Charge(entry.source, entry.units, entry.state == LOST, entry.number, replayed=True, kept=kept)
            self.budget.charges.append(charge)
            self._charged_before[entry.number] = charge
            if entry.units > 1:  # what was reserved for it and is no more than 1 says nothing
                self.budget.highest[entry.source] = max(self.budget.highest.get(entry.source, 1), entry.units)

    @property
    def spent_before(self) -> int:
        """Units that the run had taken before it was stopped and resumed."""
        return sum(charge.units for charge in self._charged_before.values())

    def send_idempotent(self, call: Call) -> HttpResponse:
        """The answer to a call that costs nothing, sent again where it fails.

        Raises TransportError; NotChecked where calls or time are used up.
        """
        request, tries = request_of(call, self.base), _Tries(self, call)
        self.before(call)
        while True:
            response, fault = self._try_once(call, request)
            pause = tries.pause_after(response, fault)
            if pause is None:
                break
            self.budget.calls -= 1
            if fault is not None and fault.stale:
                self.log.pop()  # the target has not seen it
            self.pause(pause)
        if response is None:
            assert fault is not None, "a try ends in a response or a fault"
            raise fault
        return response

    def _try_once(self, call: Call, request: Request) -> tuple[HttpResponse | None, TransportError | None]:
        """What came of sending a free call once."""
        line = 0
        try:
            line = self._begin(call, request)
            response = self.client.send(request, repeatable=True, paced=True)
        except TransportError as fault:
            self._note(line, LOST if fault.sent else UNSENT)
            self._check_time(fault)
            return None, fault
        self._note(line, ANSWERED)
        return response, None

    def send_create(self, call: Call) -> tuple[HttpResponse, Charge]:
        """The answer to a create, and what it may cost, which the caller must settle or release.

        It is sent once, and not at all where a run that was stopped has sent it. One that is turned away has cost
        nothing, and is sent again like a free call. Raises NotChecked, LostAnswer; TransportError where it never left.
        """
        request, source = request_of(call, self.base), source_of(call)
        if request in self._lost:
            raise LostAnswer(None)
        self.budget.check_creates()
        known = self.ledger.known(request) if self.ledger else None
        if known is not None:
            return self._replayed(known, request)
        tries = _Tries(self, call)
        while True:
            self.before(call)
            response, charge = self._create_once(call, request, source)
            if not turned_away(response):
                tries.pause_after(response, None)
                return response, charge
            self.release(charge, unexpected=True)
            pause = tries.pause_after(response, None)
            if pause is None:
                return response, charge
            self.budget.calls -= 1
            self.pause(pause)
            self._check_untaken(tries, request, charge, response)

    def _check_untaken(self, tries: _Tries, request: Request, charge: Charge, response: HttpResponse) -> None:
        """Raises LostAnswer where a create that was turned away may have been taken: info shows so, or a server in
        front may have given up waiting and nothing shows what it took.
        """
        if self.budget.limits.units is None:
            return
        known = self.budget.spent
        self.before(tries.call)  # asks info, since a create is in doubt
        unsure = not rate_limited(response) and (self.budget.hidden or response.seconds > SLOW)
        if self.budget.spent <= known and not unsure:
            return
        charge.units = 0 if self.budget.spent > known else self.budget.expected_cost(charge.source)
        charge.lost = True
        self._lost.add(request)
        self._note(charge.line, LOST, units=charge.units)
        if not rate_limited(response):
            self.client.pacer.per_second = tries.rate
        raise LostAnswer(None)

    def _create_once(self, call: Call, request: Request, source: int) -> tuple[HttpResponse, Charge]:
        """Sends a create once, under a charge of its own."""
        charge = self.budget.reserve(source)
        try:
            charge.line = self._begin(call, request, charge)
            response = self.client.send(request, repeatable=False, paced=True)
        except NotChecked:
            self.budget.release(charge)
            raise
        except TransportError as fault:
            if not fault.sent:
                self.budget.release(charge)
                self._note(charge.line, UNSENT)
                self._check_time(fault)
                raise
            charge.lost = charge.units > 0
            self._lost.add(request)
            self._note(charge.line, LOST, units=charge.units)
            raise LostAnswer(None if self._out_of_time(fault) else fault) from None
        self._note(charge.line, ANSWERED, units=charge.units)
        return response, charge

    def keep(self, charge: Charge, http: int, model: Mapping[str, Any]) -> None:
        """Notes what a run that is resumed needs of the answer to a create, which was read; nothing of one in which a
        secret stands for one of these members.
        """
        if self.ledger and charge.line and not charge.replayed:
            kept = {name: model[name] for name in KEPT if name in model}
            if not any(self.holds_secret(str(value).encode()) for value in kept.values()):
                self.ledger.keep(charge.line, http, kept)

    def release(self, charge: Charge, *, doubtful: bool = True, unexpected: bool) -> None:
        """Gives the units of a refused create back. doubtful: a target that lies may have taken them. unexpected:
        nothing was wrong in it.
        """
        if not charge.replayed:
            if doubtful:
                self.budget.refuse(charge, unexpected=unexpected)
            else:
                self.budget.release(charge)
            self._note(charge.line, REFUSED)

    def settle(self, charge: Charge, cost: int) -> None:
        """Notes the cost of a create, as its task states it."""
        self.budget.settle(charge, cost)
        if self.ledger and charge.line:
            self.ledger.settle(charge.line, cost)

    def _replayed(self, known: Entry, request: Request) -> tuple[HttpResponse, Charge]:
        """The answer without a body, and the charge with what was kept of it."""
        if known.answer is None:
            self._lost.add(request)  # each create of the ledger is returned once, and a run may ask for it again
            raise LostAnswer(None)
        return HttpResponse(request, known.http, (), b"", 0.0), self._charged_before[known.number]

    def _begin(self, call: Call, request: Request, charge: Charge | None = None) -> int:
        """Waits for the call's turn and notes that it leaves; its line in the ledger."""
        self.budget.check_call()
        self.client.pace(request)
        self.budget.calls += 1
        self.log.append((call, charge))
        if self.ledger is None:
            return 0
        source, units = (charge.source, charge.units) if charge else (0, 0)
        return self.ledger.begin(call.method, request, source=source, units=units)

    def _out_of_time(self, fault: TransportError) -> bool:
        """Whether the end of the run, and not the target, kept the answer from coming."""
        return isinstance(fault, OutOfTime) or (fault.kind in ("timeout", "unreachable") and self.budget.time_up)

    def _check_time(self, fault: TransportError) -> None:
        """Raises NotChecked where the run's time is up: the target is not to blame then."""
        if self._out_of_time(fault):
            raise self.budget.refusal(TIME_UP)

    def _note(self, line: int, state: str, *, units: int = 0) -> None:
        if self.ledger and line:
            self.ledger.end(line, state, units=units)

    def pause(self, seconds: float) -> None:
        """Waits so long, but not beyond the end of the run."""
        left = seconds if self.budget.end is None else self.budget.end - time.monotonic()
        time.sleep(max(0.0, min(seconds, left)))


@contextmanager
def open_sender(
    base: str, limits: Limits, *, call_timeout: float = 30.0, ledger: Ledger | None = None
) -> Iterator[Sender]:
    """A sender to the target, with a client of its own. call_timeout is in seconds."""
    budget = Budget(limits)
    with HttpClient(deadline=call_timeout, pacer=Pacer(limits.rate), end=budget.end) as client:
        yield Sender(base, client, budget, ledger)


def send_control(request: Request, seconds: float = CONTROL_TIMEOUT) -> HttpResponse:
    """The answer to a call of a mock's control route, sent again where a server before the mock turns it away; all in
    so many seconds. Raises TransportError.
    """
    end = time.monotonic() + seconds
    for pause in (*REFUSED_PAUSES, None):
        with HttpClient(deadline=seconds, end=end) as client:
            response = client.send(request)
        if pause is None or not turned_away(response) or time.monotonic() + pause >= end:
            break
        time.sleep(pause)
    return response


def source_of(call: Call) -> int:
    """The source that a create names, where it is a number; boards where it names none."""
    text = call.param("source") or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else COMMON_SOURCE


def rate_limited(response: HttpResponse) -> bool:
    """Whether the answer says that calls come too fast, and not that the daily limit is used up: one that names both
    limits means the first, where it names seconds, or asks to wait for some.
    """
    text = _text_of(response)
    worded = len(response.body) < SHORT and _ERROR.search(text) is not None and names_pace(text)
    soon = _SOON.search(text) or 0 < (retry_after(response) or 0) < MAX_RETRY_AFTER
    return (response.status == TOO_MANY_REQUESTS or worded) and bool(soon or _DAY.search(text) is None)


def turned_away(response: HttpResponse) -> bool:
    """Whether the call was refused for the rate of calls, or by a server in front of the API: a 503 that is no answer
    of the API's own. Above its rate nginx answers so; whether a 503 means that shows when calls come slower, and so it
    does for an error_code 429 that names no limit. What has the value `ok`, `processing` or `ready` was taken, whatever
    its HTTP status; a page and a sentence may have the word.
    """
    text = _text_of(response)
    if _OK.search(text) and not _REFUSED.search(text) and not _is_page(response):
        return False
    if rate_limited(response) or (_CODE.search(text) and not _LIMIT.search(text) and not _DAY.search(text)):
        return True
    page = "<html" in text or not text.strip() or response.header("retry-after") is not None
    return response.status == UNAVAILABLE and page and "error_code" not in text


def names_pace(text: str) -> bool:
    """Whether a text, in lower case, says in English or Russian that calls come too fast."""
    return _PACE.search(text) is not None


def _text_of(response: HttpResponse) -> str:
    """The beginning of an answer in lower case, with the characters that JSON and XML write as escapes."""
    head = response.body[:SHORT]
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        text = head.decode("cp1251", "replace")
    return html.unescape(_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)).lower()


_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_OK = re.compile(r"""(?:^|[>"'=,;|\t\n]) {0,9}(?:ok|processing|ready)(?! {0,9}["'] {0,9}:) {0,9}(?:[<"',;|\t\r\n]|$)""")
_CODE = re.compile(r"error_code\W{1,20}429\b|\berror\W{1,5}429\b")
_PACE = re.compile(
    r"too many requests|too (?:fast|frequent|often)|rate limit|slow down|requests? (?:per|a) (?:second|minute)"
    r"|(?:слишком|очень) част|част(?:ые|ых|ота|оту) (?:запрос|обращен)|слишком много (?:запрос|обращен)|лимит запросов"
    r"|не так часто|(?:запрос|обращен)\w{0,5} в (?:секунд|минут)"
)
_REFUSED = re.compile(r"""status["']?[>:= ]{1,9}["']?error\b""")
_ERROR = re.compile(r"\berror")
_SOON = re.compile(
    r"(?:per|an?|each|every) ?(?:sec|second|min|minute)\b|\d ?(?:sec|seconds?)\b|\d/(?:s|sec|min)\b|\brps\b"
    r"|\bв (?:секунд|минут)|\d ?секунд"
)
_DAY = re.compile(r"daily|per day|a day|today|суточн|дневн|\b(?:в|за|на) (?:сутки|день)\b|сегодня")
_LIMIT = re.compile(r"limit|quota|\bunits?\b|лимит|квот|баланс|единиц")


@dataclass
class _Tries:
    """The tries of one call: whether it is sent again, and after which pause."""

    sender: Sender
    call: Call
    count: int = 0
    failure: str = ""
    """What went wrong at the try before."""
    suspected: list[HttpResponse] = field(default_factory=list)
    """Answers that may have refused the rate of calls."""

    def __post_init__(self) -> None:
        self.rate = self.sender.client.pacer.per_second

    def pause_after(self, response: HttpResponse | None, fault: TransportError | None) -> float | None:
        """Seconds until the call is sent again; None where it is not."""
        if fault is not None and fault.stale:
            return 0.0  # a server may end a connection that was kept: that is no failure
        self.count += 1
        failed = response is None or turned_away(response) or response.status >= SERVER_FAULT
        pauses = self._pauses(response)
        if not failed or self.count > len(pauses) or (fault is not None and fault.kind not in RETRIABLE):
            self._end(response, failed=failed)
            return None
        self.failure = str(fault) if response is None else f"HTTP {response.status}"
        pause = pauses[self.count - 1]
        if response is None:
            return pause
        if turned_away(response):
            self._slow_down(response)
        asked = retry_after(response)  # nothing, where the moment has passed already
        return max(min(self.sender.budget.limits.pauses, default=0.0), asked) if asked else pause

    @property
    def _own_pauses(self) -> Sequence[float]:
        """The pauses after a fault; none on a mock."""
        return self.sender.budget.limits.pauses

    def _pauses(self, response: HttpResponse | None) -> Sequence[float]:
        """The pauses of a failed call. On a mock, whose faults are its own, only the rate may be refused."""
        own = self._own_pauses
        if response is None or not turned_away(response) or self.call.method in self.sender.down:
            return own
        return REFUSED_PAUSES if own or _is_page(response) or rate_limited(response) else own

    def _slow_down(self, response: HttpResponse) -> None:
        response = replace(response, body=response.body[:SHORT])  # as many are kept as calls are turned away
        if rate_limited(response):
            self.sender.rate_limited.append((self.call, response))
        elif self.call.method in self.sender.down:
            return
        else:
            self.suspected.append(response)
        self.sender.client.pacer.slow_down(0.0)

    def _end(self, response: HttpResponse | None, *, failed: bool) -> None:
        """Concludes from the last try what the others were."""
        sender = self.sender
        if not failed:
            sender.down.discard(self.call.method)
            sender.rate_limited += [(self.call, refused) for refused in self.suspected]
            if self.failure:
                sender.retried.append(RetriedCall(self.call, self.failure, self.count))
        elif response is not None and turned_away(response) and not (rate_limited(response) and self._own_pauses):
            sender.down.add(self.call.method)
            sender.client.pacer.per_second = self.rate


def retry_after(response: HttpResponse) -> float | None:
    """Seconds that the answer asks to wait, as a number or as the date of their end, by the server's own clock if it
    shows that; None where it asks for none.
    """
    text = response.header("retry-after") or ""
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER)
    moment = _date_of(text)
    if moment is None:
        return None
    now = _date_of(response.header("date") or "") or datetime.now(UTC)
    return max(0.0, min((moment - now).total_seconds(), MAX_RETRY_AFTER))


def _date_of(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a number in it may be beyond what a date can have
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _is_page(response: HttpResponse) -> bool:
    """Whether the answer is a page of HTML, which the API never writes."""
    return b"<html" in response.body[:SHORT].lower()
