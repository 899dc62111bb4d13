"""The client of the API under test: sends calls, remembers replies, and has every answer checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from contract_tests.api import calls
from contract_tests.api.calls import MULTIPART, Account, Call
from contract_tests.api.reply import Reply, Units, Unread, answered, units
from contract_tests.budget.budget import Charge, NotChecked
from contract_tests.budget.sender import (
    REFUSED_PAUSES,
    SERVER_FAULT,
    LostAnswer,
    RetriedCall,
    Sender,
    names_pace,
    rate_limited,
)
from contract_tests.contract.outcome import Outcome
from contract_tests.decode.csv import NO_ANSWER
from contract_tests.decode.model import Context, Decoded, sharing, weight
from contract_tests.engine.every_answer import (
    UnitsWatch,
    check_answer,
    check_readable,
    check_server_fault,
    check_tokens,
    read,
)
from contract_tests.engine.out_of_order import OUT, is_lock, is_out, signature
from contract_tests.engine.target import Target
from contract_tests.findings.checks import Checks
from contract_tests.findings.findings import Findings
from contract_tests.redact.mask import SafeText
from contract_tests.transport.messages import HttpResponse, TransportError

HEADER = 200
"""Bytes that a header takes, about."""
LOST_AFTER = 3
"""Connections refused in a row after which the target counts as gone."""


class TargetLost(Exception):
    """The target answered before and takes no connection now."""


class TargetMoved(TargetLost):
    """The target's first answer leads to the same method of an API at another URL."""


def _moved_to(call: Call, base: str, response: HttpResponse) -> str:
    """The URL of the API to which a redirect of the call leads, without credentials; empty for any other answer."""
    if response.status not in REDIRECTS:
        return ""
    try:
        url = urlsplit(urljoin(f"{base}/{call.method}", response.header("location") or ""))
        host = url.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    path, slash, method = url.path.rpartition("/")
    there = f"{url.scheme}://{host}{path}"
    leads = slash and method == call.method and url.scheme in ("http", "https") and host
    return there if leads and there != base else ""


REDIRECTS = (301, 302, 303, 307, 308)


def _about(call: Call) -> tuple[object, ...]:
    """What a call is about, whatever its format and the way it is sent, of which a multipart form may be ignored."""
    return call.method, frozenset(call.but(format=None).params), call.query, call.way == MULTIPART


def _check_pace(reply: Reply) -> None:
    """Raises NotChecked for an answer that refuses the rate of calls to the end: it is none to what the call asks, and
    the run has decided less than it was to, as with too small a budget.
    """
    response = reply.response
    if response is not None and rate_limited(response) and (not reply.readable or names_pace(reply.message.lower())):
        raise NotChecked("the target refused the call for its rate, however slow", Outcome.UNAFFORDABLE)


_IN_ALL = ("1", "2")
"""Sources that every edition with sources has."""
OF_TASK = ("result.photo-empty", "result.sections")
"""Clauses of what the sections of a task hold."""


@dataclass(repr=False)
class ApiClient:
    """Sends the run's calls. Each method raises NotChecked where the call may not leave, TargetLost where the target is
    gone.
    """

    target: Target
    sender: Sender
    findings: Findings
    checks: Checks = field(init=False)
    """The running test's, which gets every finding."""
    units: UnitsWatch = field(init=False)
    noted: Callable[[Reply], object] = lambda _: None
    """Called with each answer of info for the main account."""
    tokens: set[str] = field(default_factory=set)
    """The tokens of the run's accounts."""
    reached: bool = False
    """The target has answered a call."""
    answers: int = 0
    charges: dict[int, Charge] = field(default_factory=dict)
    """Of creates whose cost is not known yet, by the reply's number."""
    replies: list[Reply] = field(default_factory=list)
    """The answers to all calls of `send`."""
    _settled: dict[int, Charge] = field(default_factory=dict)
    """Of creates whose cost is known, by the reply's number."""
    _replies: dict[Call, Reply] = field(default_factory=dict)
    _references: dict[tuple[object, ...], Mapping[str, Any]] = field(default_factory=dict)
    """The last answer in JSON, by what the call is about: layouts without names are read by it."""
    _refused: int = 0
    """Connections refused in a row."""
    _rate_limited: int = 0
    _asking_again: bool = False
    _has_guessed: bool = False
    """A wrong token was tried for the main account."""
    _locks: dict[tuple[object, ...], bool] = field(default_factory=dict)
    """Refusals since then, and whether each answers any call, as for an account or an address that is locked."""
    _own_faults: set[tuple[object, ...]] = field(default_factory=set)
    """Faults that were answered while other calls were answered well."""
    is_out: bool = False
    """The last answers were faults, whatever was called."""

    def __post_init__(self) -> None:
        self.checks = Checks(self.findings, ())
        self.units = UnitsWatch(self.target.main, shared=not self.target.provisioned)

    def send_cached(self, call: Call) -> Reply:
        """The reply to a call that many tests check; it is sent only the first time."""
        if call not in self._replies:
            self._replies[call] = self.send(call)
        return self._replies[call]

    def remember(self, reply: Reply) -> None:
        """Keeps a reply for `send_cached`."""
        self._replies[reply.call] = reply

    def send(self, call: Call, *, section: str | None = None) -> Reply:
        """Sends the call and checks what every answer must satisfy. section: the one that the task's source fills."""
        reply = self._send(call)
        if reply.response is None:
            return reply
        reply = self._read(reply, section)
        if reply.unread is Unread.UNREADABLE and call.format == "csv" and self._lacks_reference(call):
            reply = self._read_by_json(reply, section)
        if not self.target.own_mock:
            self.findings.secrets.learn(reply.model)
        reply = self._of_its_call(reply, section)
        reply = check_readable(self.checks, reply)
        self._keep_reference(reply)
        check_answer(self.checks, reply, self.tokens)
        self._note(reply)
        self.units.note(reply, self.checks)
        self.replies.append(reply)
        if self.units.suspects and not self._asking_again:
            self._ask_again()
        return reply

    def _of_its_call(self, reply: Reply, section: str | None = None) -> Reply:
        """The reply, or the one to the same call once the service is in order again. Raises NotChecked for an answer
        that is none to what the call asks: any call gets it. The faults of a mock are its own.
        """
        self._settle_refused(reply)
        _check_pace(reply)
        if self.target.provisioned or reply.replayed:
            return reply
        self._check_lock(reply)
        if not is_out(reply):
            self.is_out = False
        elif signature(reply) not in self._own_faults:
            return self._after_fault(reply, section)
        return reply

    def _after_fault(self, reply: Reply, section: str | None) -> Reply:
        """The reply to a call that was answered by a fault, once another call is answered well; the fault itself where
        that one is so at once, and the call is a create that may have been taken. Raises NotChecked where none is, or
        where such a create met a fault of any call.
        """
        call, budget = reply.call, self.sender.budget
        known, probe, pause = budget.spent, self._well_answered(call), 0.0
        for pause in () if self.is_out else (0.0, *REFUSED_PAUSES):
            self.sender.pause(pause)
            if not is_out(self._ask_beside(probe)):
                break
        else:
            self.is_out = True
            check_server_fault(self.checks, reply)
            raise NotChecked(OUT, Outcome.INCONCLUSIVE)
        if not pause and reply.http >= SERVER_FAULT:  # it was sent again already
            self._own_faults.add(signature(reply))
            return reply
        unsure = reply.status != "error" or budget.hidden or budget.spent > known
        if call.method == "create" and budget.limits.units is not None and unsure:
            if not pause:
                return reply
            why = "create was answered by a fault of any call, may have been taken, and was not sent again"
            raise NotChecked(why, Outcome.INCONCLUSIVE)
        budget.allow_calls(1)
        again = self._send(call)
        if again.response is None:
            return again
        again = self._read(again, section)
        self._settle_refused(again)
        _check_pace(again)
        if is_out(again):
            self._own_faults.add(signature(again))
        else:
            self.sender.retried.append(RetriedCall(call, f"a fault, by HTTP {reply.http}", 2))
        return again

    def _well_answered(self, call: Call) -> Call:
        """Another call that was answered well, that of info if there is one; else one whose answer is documented."""
        well = [r.call for r in self.replies if r.readable and not is_out(r) and r.call.method != "create"]
        if call.method != "info" and any(map(self.units.is_of_account, well)):
            return calls.info(self.target.main)
        others = (c for c in reversed(well) if c != call and not c.method == call.method == "info")
        return next(others, Call("result"))

    def _ask_beside(self, call: Call) -> Reply:
        """The reply to a call that shows whether the service is in order; nothing of it is judged."""
        self.sender.budget.allow_calls(1)
        reply = self._send(call)
        if reply.response is None:
            return reply
        reply = self._read(reply)
        if not is_out(reply):
            self._note(reply)
        return reply

    def _check_lock(self, reply: Reply) -> None:
        """Raises NotChecked for a refusal that answers any call since a wrong token was tried: a service may lock an
        account, or an address, against guessing.
        """
        main, call = self.target.main, reply.call
        own = call.param("login") == main.login and call.param("token") == main.token
        if call.param("login") == main.login and call.param("token") not in (None, main.token):
            self._has_guessed = True
        if not self._has_guessed or not is_lock(reply, own=own):
            return
        refusal = signature(reply)
        if refusal not in self._locks:
            was_answered = any(self.units.is_of_account(r.call) and answered(r) for r in self.replies)
            self._locks[refusal] = was_answered and signature(self._ask_beside(calls.info(main))) == refusal
        if self._locks[refusal]:
            if (charge := self.charges.pop(reply.number, None)) is not None:
                self.sender.release(charge, unexpected=False)
            why = "the account is refused since a wrong token was tried: it may be locked"
            raise NotChecked(why, Outcome.INCONCLUSIVE)

    def _note(self, reply: Reply) -> None:
        if self.units.is_of_account(reply.call):
            self.noted(reply)

    def _ask_again(self) -> None:
        """Repeats calls for results that may have taken units. Where they take the same each time, and as many calls of
        info take none, it is the asking that costs, and nobody else who uses the account.
        """
        self._asking_again = True
        polls, self.units.suspects = self.units.suspects, []
        idle = [calls.info(self.target.main)] * len(polls)
        self.sender.budget.allow_calls(4 * (len(polls) + 1))
        # In this order no steady use by others looks the same.
        before, once, again, after = [self._units_taken(by) for by in (idle, polls, polls, idle)]
        if before == after == 0 < once == again:
            self.units.polls_cost = True
            reply, found = self.units_now(self.target.main, known=True)[1], SafeText(f"{once} more each time")
            where, expected = "data.api_limit.used, after tasks were asked for", "no more than before: asking is free"
            self.checks.expect("quota.polling-free", False, reply, where, found, expected)

    def _units_taken(self, by: list[Call]) -> int:
        """How many units more info shows after the calls."""
        before, _ = self.units_now(self.target.main, known=True)
        for call in by:
            self._send(call)
            self.units.polled += [call] if call.method == "result" else []
        after, _ = self.units_now(self.target.main)
        return after.used - before.used

    def send_unchecked(self, call: Call) -> Reply:
        """Sends a call that the API itself need not answer, such as one of an unknown method. Of its answer only the
        token is checked.
        """
        reply = self._send(call)
        if reply.response is not None:
            reply = self._of_its_call(self._read(reply))
            self._note(reply)
        return reply

    def _lacks_reference(self, call: Call) -> bool:
        return call.method == "result" and self._references.get(_about(call), {}).get("status") != "ready"

    def _read_by_json(self, reply: Reply, section: str | None) -> Reply:
        """A reply in CSV, read by what JSON has, which tells what is in a layout that nobody knows. Where the task is
        ready by then, the reply may be of before: the call is sent again.
        """
        self.send(reply.call.but(format=None), section=section)
        again = self._read(reply, section)
        if again.unread is not Unread.UNREADABLE or not again.failure.startswith(NO_ANSWER):
            return again
        if self._lacks_reference(reply.call):
            return again
        later = self._send(reply.call)
        return again if later.response is None else self._read(later, section)

    def _read(self, reply: Reply, section: str | None = None) -> Reply:
        charge = self.charges.get(reply.number)
        if charge is not None and charge.kept is not None:
            return replace(reply, decoded=Decoded(charge.kept, reply.call.format, {}))
        reference = self._references.get(_about(reply.call))
        known = dict(self.findings.known())
        if self._lacks_reference(reply.call):
            # What empty elements of a task stand for is read off its own JSON, which is to come, and not off others.
            known = {clause: choice for clause, choice in known.items() if clause not in OF_TASK}
        found = read(reply, Context(reply.call.method, section, known, reference))
        if found.decoded is None:
            return found
        model = sharing(found.model, reference or {})
        shared = [id(value) for value in (reference or {}).values()]
        self.sender.budget.kept += weight([value for value in model.values() if id(value) not in shared])
        return replace(found, decoded=replace(found.decoded, model=model))

    def _keep_reference(self, reply: Reply) -> None:
        """Keeps an answer in JSON; what a ready task says is not replaced by an error, such as for a way to ask."""
        about = _about(reply.call)
        known = self._references.get(about, {})
        if reply.decoded is not None and reply.decoded.format == "json":
            self._references[about] = known if known.get("status") == "ready" != reply.status else reply.model

    def read_again(self, reply: Reply, section: str) -> Reply:
        """A reply in an unknown layout, read by what JSON has said since about the same thing."""
        again = self._read(reply, section or None)
        if again.readable:
            again = check_readable(self.checks, again)
            check_answer(self.checks, again, self.tokens)
        return again

    def units_now(self, account: Account, *, known: bool = False) -> tuple[Units, Reply]:
        """The units that info shows now. known: the last answer of info will do, where no task was made since. Raises
        NotChecked where info does not show them.
        """
        reply = self.units.shown if known and self.units.shown is not None else self.send(calls.info(account))
        now = units(reply)
        if now is None:
            raise NotChecked("info does not show the used units")
        return now, reply

    def settle(self, reply: Reply, cost: int | None) -> None:
        """Notes the cost of a create, where its task states it: of several that it states, the highest."""
        if cost is None:
            return
        charge = self.charges.pop(reply.number, None)
        if charge is not None:
            self._settled[reply.number] = charge
        else:
            charge = self._settled.get(reply.number)
            if charge is None or cost <= charge.units:
                return
        self.sender.settle(charge, cost)

    def _send(self, call: Call) -> Reply:
        """The reply with its answer unread; without an answer it says why."""
        charge: Charge | None = None
        try:
            if call.method == "create":
                response, charge = self.sender.send_create(call)
            else:
                response = self.sender.send_idempotent(call)
        except LostAnswer as lost:
            if lost.failure is not None:
                self._unanswered(call, lost.failure)
            raise
        except TransportError as failure:
            return self._unanswered(call, failure)
        finally:
            self.findings.calls = len(self.sender.log)
            self.answers += 1
        if not self.reached and (there := _moved_to(call, self.target.base, response)):
            shown = self.findings.mask.text(there)
            raise TargetMoved(f"{self.target.base} redirects to {shown}: name that in its place")
        self._refused, self.reached = 0, True
        self.sender.budget.kept += len(response.body) + HEADER * len(response.headers)
        if charge is not None:
            self.charges[self.answers] = charge
        for refused, answer in self.sender.rate_limited[self._rate_limited :]:
            self.findings.saw("rate.limit", "met", Reply(refused, answer, None, number=self.answers))
        self._rate_limited = len(self.sender.rate_limited)
        reply = Reply(call, response, None, number=self.answers)
        headers = "\n".join(map(": ".join, response.headers)).encode("latin-1")
        places = {"the body": response.body, "a header": headers, "the reason, a trailer or a 1xx": response.beside}
        check_tokens(self.checks, reply, self.tokens, places)
        return reply

    def _settle_refused(self, reply: Reply) -> None:
        """A refused create has cost nothing. One that can't be read may have: it stays charged, as unknown."""
        charge = self.charges.get(reply.number)
        if charge is None:
            return
        if reply.status == "error":
            main, call = self.target.main, reply.call
            ours = {call.param("login"), call.param("token")} == {main.login, main.token}
            right = ours and call.param("phone") == self.target.phones.ordinary and call.param("source") in _IN_ALL
            self.sender.release(self.charges.pop(reply.number), doubtful=ours, unexpected=right)
        elif not reply.readable:
            charge.lost = charge.units > 0
        else:
            self.sender.keep(charge, reply.http, reply.model)

    def _unanswered(self, call: Call, failure: TransportError) -> Reply:
        reply = Reply(call, None, None, self.findings.mask.text(str(failure)), self.answers)
        if failure.received:
            check_tokens(self.checks, reply, self.tokens, {"what came": failure.received})
        if failure.kind in ("unreachable", "tls") and not self.reached:
            raise TargetLost(str(failure))
        if failure.kind == "too-large":
            reply = replace(reply, unread=Unread.TOO_LARGE)
            self.findings.could_not_read("server.never-breaks", reply)
            return reply
        found, expected = SafeText(reply.failure), "an answer over HTTP"
        self.checks.report("server.never-breaks", reply, "the connection", found, expected)
        self._refused = self._refused + 1 if failure.kind == "unreachable" else 0
        if self._refused >= LOST_AFTER:
            raise TargetLost(str(failure))
        return reply
