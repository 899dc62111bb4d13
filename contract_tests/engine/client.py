"""The API under test: sends calls, reads what comes back, and holds every single answer to what all answers owe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.api.account_info import units
from contract_tests.api.calls import Call
from contract_tests.api.reply import Reply, content_type
from contract_tests.budget.sender import LostAnswer, Reservation, Sender
from contract_tests.contract.http_head import status_choices
from contract_tests.contract.validate import problems
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context, Decoded, Unreadable
from contract_tests.engine.target import Target
from contract_tests.findings.checks import Checks
from contract_tests.findings.findings import Findings
from contract_tests.redact.mask import Shape
from contract_tests.redact.scan import MIN_SECRET, SecretMatcher
from contract_tests.transport.messages import HttpResponse, TransportError

HTTP_OK = 200
LOST_FOR_GOOD = 3
"""Connections refused in a row after which the target is taken for gone."""
STATUSES: Mapping[str, tuple[str, ...]] = {
    "create": ("ok", "error"),
    "result": ("processing", "ready", "error"),
}


class TargetLost(Exception):
    """The target answered before and takes no connection now."""


@dataclass
class ApiClient:
    """The door to the target. checks is the running test's; every finding about any answer goes to it. units_shown is
    the last answer of info to the main account, where no task was made since; asked_since_units says that a task was
    asked for after it, used holds what info told first and last, day_turned says that its used units have become fewer.
    """

    target: Target
    sender: Sender
    findings: Findings
    checks: Checks = field(init=False)
    secrets: set[str] = field(default_factory=set)
    reached: bool = False
    units_shown: Reply | None = None
    asked_since_units: bool = False
    used: list[int] = field(default_factory=list)
    day_turned: bool = False
    answers: int = 0
    reservations: dict[int, Reservation] = field(default_factory=dict)
    _once: dict[Call, Reply] = field(default_factory=dict)
    _lost: int = 0
    _paced: int = 0

    def __post_init__(self) -> None:
        self.checks = Checks(self.findings, ())

    def send_once(self, call: Call) -> Reply:
        """The reply to a call that many tests look at and none has to send anew."""
        if call not in self._once:
            self._once[call] = self.send(call)
        return self._once[call]

    def remember(self, reply: Reply) -> None:
        """Keeps a reply for `once`."""
        self._once[reply.call] = reply

    def remembered(self, call: Call) -> Reply | None:
        """The reply to a call that was sent once."""
        return self._once.get(call)

    def send(self, call: Call, *, section: str | None = None) -> Reply:
        """Sends the call. section is the one that the task's source fills, where that is known.

        What every answer owes is checked here: that there is one, that it can be read in its format, that it is no
        5xx, that an error has its members, that no token is repeated.
        """
        exchange = self._send(call)
        if isinstance(exchange, Reply):
            return exchange
        self._keep_secrets(call, exchange)
        reply = self._read(call, exchange, section)
        self._charge(reply)
        if not self.target.private:
            self.findings.secrets.learn(reply.model)
        self._look(reply)
        if call.method == "create" and reply.status != "error":
            self.units_shown = None
        elif call.method == "info" and call.but(format=None).params == self.target.main.params:
            self._look_at_units(reply)
        elif call.method == "result" and reply.status in ("ready", "processing"):
            self.asked_since_units = True
        return reply

    def _look_at_units(self, reply: Reply) -> None:
        """What info tells after tasks were asked for, and none was made, must be what it told before."""
        told = units(reply)
        if told is None:
            return
        self.used = [*self.used[:1], told.used]
        before = units(self.units_shown) if self.units_shown else None
        self.day_turned |= before is not None and told.used < before.used
        if before is not None and self.asked_since_units and told.used >= before.used:
            self.checks.expect(
                "quota.polling-free",
                told.used == before.used,
                reply,
                where="data.api_limit.used, after tasks were asked for",
                found=Shape(f"{told.used - before.used} more than before"),
                expected="no more than before: asking is free",
            )
        self.units_shown, self.asked_since_units = reply, False

    def send_unchecked(self, call: Call) -> Reply:
        """Sends a call that need not be answered by the API itself, such as one of an unknown method: it is read where
        that can be done, and nothing is said of it.
        """
        exchange = self._send(call)
        if isinstance(exchange, Reply):
            return exchange
        self._keep_secrets(call, exchange)
        try:
            reading, why = read_answer(exchange.body, call.format, Context(call.method)), ""
        except Unreadable as unreadable:
            reading, why = None, str(unreadable)
        reply = Reply(call, exchange, reading, why, self.answers)
        self._charge(reply)
        return reply

    def settle(self, reply: Reply, cost: int) -> None:
        """Notes what a create has taken, as its task tells."""
        reservation = self.reservations.pop(reply.number, None)
        if reservation is not None:
            self.sender.settle(reservation, cost)

    def _send(self, call: Call) -> HttpResponse | Reply:
        """What came of the call on the wire: an answer to be read, or the reply that there is none. Raises NotChecked
        where the call may not leave, TargetLost where nobody is there any more.
        """
        costs = call.method == "create"
        reservation: Reservation | None = None
        try:
            if costs:
                exchange, reservation = self.sender.send_create(call)
            else:
                exchange = self.sender.send_idempotent(call)
        except LostAnswer as lost:
            if lost.failure is not None:
                self._none(call, lost.failure)
            raise
        except TransportError as failure:
            return self._none(call, failure)
        finally:
            self.findings.calls = len(self.sender.log)
            self.answers += 1
        self._lost, self.reached = 0, True
        if reservation is not None:
            self.reservations[self.answers] = reservation
        for refused, answer in self.sender.paced[self._paced :]:
            self.findings.saw("rate.limit", "met", Reply(refused, answer, None, number=self.answers))
        self._paced = len(self.sender.paced)
        return exchange

    def _charge(self, reply: Reply) -> None:
        """A refused create has taken nothing. One that can't be read may have: it stays charged, unknown."""
        reservation = self.reservations.get(reply.number)
        if reservation is None:
            return
        if reply.status == "error":
            self.sender.release(self.reservations.pop(reply.number))
        elif not reply.readable:
            reservation.charge.lost = reservation.charge.units > 0

    def _none(self, call: Call, failure: TransportError) -> Reply:
        reply = Reply(call, None, None, self.findings.mask.text(str(failure)), self.answers)
        if failure.received:
            self._look_for_secrets(reply, {"what came": failure.received})
        if failure.kind in ("unreachable", "tls") and not self.reached:
            raise TargetLost(str(failure))
        found = self.findings.finding(
            "server.never-breaks", reply, "the connection", Shape(reply.failure), "an answer over HTTP"
        )
        self.checks.add(found)
        self._lost = self._lost + 1 if failure.kind == "unreachable" else 0
        if self._lost >= LOST_FOR_GOOD:
            raise TargetLost(str(failure))
        return reply

    def _keep_secrets(self, call: Call, exchange: HttpResponse) -> None:
        headers = "\n".join(map(": ".join, exchange.headers)).encode("latin-1")
        self._look_for_secrets(Reply(call, exchange, None), {"the body": exchange.body, "a header": headers})

    def _look_for_secrets(self, reply: Reply, places: Mapping[str, bytes]) -> None:
        """No answer repeats a token: not the accounts' own, and not a wrong one that was just tried."""
        self.findings.mark_checked("token.never-repeated")
        sent = (*reply.call.params, *reply.call.query)
        tried = {v for k, v in sent if k == "token" and len(v) >= MIN_SECRET and v.isascii() and v.isprintable()}
        own = SecretMatcher(dict.fromkeys(self.secrets, "token"))
        for where, text in places.items():
            for sought in (own, *(SecretMatcher({secret: "token"}) for secret in tried - self.secrets)):
                if sought.found_in(text):
                    self.checks.add(
                        self.findings.finding(
                            "token.never-repeated", reply, where, Shape("the token of the call"), "an answer without it"
                        )
                    )

    def _read(self, call: Call, exchange: HttpResponse, section: str | None) -> Reply:
        clause = "format.readable" if call.param("format") else "format.default"
        context = Context(call.method, section, self.findings.known())
        try:
            reading = read_answer(exchange.body, call.format, context)
        except Unreadable as why:
            reply = Reply(call, exchange, None, str(why), self.answers)
            moved = f"; it leads elsewhere (HTTP {exchange.status})" if 300 <= exchange.status < 400 else ""
            odd = "".join(f"; {oddity}" for oddity in exchange.oddities)
            finding = self.findings.finding(
                clause, reply, "the body", Shape(f"{why}{moved}{odd}"), f"an answer in {call.format}"
            )
            self.checks.add(finding)
            return reply
        self.findings.mark_checked(clause)
        return Reply(call, exchange, reading, number=self.answers)

    def _look(self, reply: Reply) -> None:
        self._look_at_status(reply)
        if reply.decoded is None:
            return
        self._note_choices(reply, reply.decoded)
        words = STATUSES.get(reply.call.method, ())
        if words and reply.status not in words:
            clause = "create.ok" if reply.call.method == "create" else _clause_of_result(reply)
            told = f"one of {', '.join(words)}"
            self.checks.expect(
                clause, holds=False, reply=reply, where="status", found=reply.model.get("status"), expected=told
            )
        if reply.status == "error":
            self.check_schema("error", reply)

    def _look_at_status(self, reply: Reply) -> None:
        self.findings.mark_checked("server.never-breaks")
        ours = reply.call.method == "result" and reply.call.param("token") in self.secrets
        told_by_the_task = ours and reply.status == "error" and reply.code == reply.http
        if reply.http >= 500 and not told_by_the_task:
            self.checks.add(
                self.findings.finding(
                    "server.never-breaks", reply, "the HTTP status", Shape(reply.http), "a status below 500"
                )
            )

    def _note_choices(self, reply: Reply, reading: Decoded) -> None:
        assert reply.response is not None, "what was read was answered"
        for clause, choice in reading.choices.items():
            self.findings.saw(clause, choice, reply)
        self.findings.saw(f"content-type.{reading.format}", content_type(reply.response), reply)
        self.findings.saw("cors", reply.response.header("access-control-allow-origin") or "off", reply)
        if reply.status != "error":
            if reply.http != HTTP_OK:
                self.findings.saw("error.http-status", f"HTTP {reply.http} of an answer that is no error", reply)
            return
        if reply.call.format != "json":
            self.findings.saw("error.follows-format", "yes" if reading.format != "json" else "no", reply)
            self.checks.expect(
                "format.readable",
                len(self.findings.seen["error.follows-format"]) == 1,
                reply,
                where="the format",
                found=Shape(f"{reading.format}, while other errors are written otherwise"),
                expected="all errors in the format that was asked for, or all in JSON",
            )
        self._note_http_status(reply)

    def _note_http_status(self, reply: Reply) -> None:
        could = status_choices(reply.http, reply.code) or (f"HTTP {reply.http} for error_code {reply.code}",)
        if len(could) == 1:
            self.findings.saw("error.http-status", could[0], reply)

    def check_schema(
        self,
        name: str,
        reply: Reply,
        *,
        part: Any = None,
        at: str = "",
        shows: tuple[str, ...] = (),
        believed: bool = True,
    ) -> None:
        """Holds the answer, or a part of it that stands at a path, to a schema. shows: the clauses that hold where it
        does. believed: also to what is not documented but observed, or given by a profile.
        """
        if reply.readable:
            for clause in shows:
                self.findings.mark_checked(clause)
        else:
            for clause in shows:
                self.findings.could_not_read(clause, reply)
            return
        instance = reply.model if part is None else part
        for problem in problems(name, instance, profile=self._profile(reply) if believed else None):
            where = f"{at}.{problem.path}" if at and problem.path else at or problem.path
            clause = problem.clause or "format.readable"
            self.checks.expect(
                clause,
                holds=False,
                reply=reply,
                where=where,
                found=_at(instance, problem.path, problem.found),
                expected=problem.expected,
            )

    def _profile(self, reply: Reply) -> Mapping[str, Any]:
        """The given choices, as far as the answer's format can show them."""
        return reply.decoded.shown(self.findings.given) if reply.decoded else self.findings.given


def _clause_of_result(reply: Reply) -> str:
    """What an answer of result with a strange status breaks: it may be meant for either."""
    return "result.ready" if {*reply.model} - {"status"} else "result.processing"


def _at(instance: Any, path: str, told: str) -> Any:
    """The value at a schema's path, or what the schema said of it where there is none."""
    value = instance
    for step in path.replace("[", ".[").split("."):
        if not step:
            continue
        try:
            value = value[int(step[1:-1])] if step.startswith("[") else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return Shape(told or "nothing")
    return value
