"""What every answer must satisfy: it can be read, is no 5xx, repeats no token, is a whole error, and costs no unit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from contract_tests.api.calls import Account, Call
from contract_tests.api.reply import Reply, Units, Unread, content_type, units
from contract_tests.contract.any_answer import is_by_api, server_fault, status_word
from contract_tests.contract.members import READY, STATUSES
from contract_tests.contract.outcome import Outcome
from contract_tests.contract.values import HTTP_OK, status_choices
from contract_tests.decode.answers import read_answer
from contract_tests.decode.model import Context, Decoded, TooLarge, UnknownLayout, Unreadable
from contract_tests.findings.checks import Checks
from contract_tests.redact.mask import MIN_SECRET, SafeText, repeated

_CODINGS = frozenset(("gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd"))  # what clients may unpack


def read(reply: Reply, context: Context) -> Reply:
    """The reply with its answer read as far as that is possible; nothing is judged."""
    assert reply.response is not None, "the caller has an answer"
    coding = (reply.response.header("content-encoding") or "").strip().lower()
    if coding in _CODINGS:  # clients that unpack and those that do not must read the same
        return reply.left_unread(Unread.UNREADABLE, f"its Content-Encoding is {coding}")
    try:
        decoded = read_answer(reply.response.body, reply.call.format, context)
    except TooLarge as large:
        return reply.left_unread(Unread.TOO_LARGE, str(large))
    except Unreadable as unreadable:
        return reply.left_unread(Unread.UNREADABLE, str(unreadable))
    except UnknownLayout as unknown:
        return replace(reply.left_unread(Unread.LAYOUT, str(unknown)), layout=(unknown.clause, unknown.layout))
    if decoded.doubt:
        return reply.left_unread(Unread.DOUBT, decoded.doubt)
    return replace(reply, decoded=decoded)


def _is_owed(reply: Reply) -> bool:
    """Whether the API itself must answer the call: it is made as the documentation has it, with no form and no header
    of which that says nothing.
    """
    call = reply.call
    plain = call.way.location != "multipart" and call.raw is None and not call.headers
    return plain and is_by_api(reply.http, call.way.http_method, call.method)


def check_readable(checks: Checks, reply: Reply) -> Reply:
    """Checks that the answer can be read and has a status of its method. One that has not is left unread: it shows
    nothing else.
    """
    assert reply.response is not None, "the caller has an answer"
    call, findings = reply.call, checks.findings
    clause = "format.readable" if call.param("format") else "format.default"
    if not _is_owed(reply) and (reply.decoded is None or reply.model.get("status") not in STATUSES):
        return reply.left_unread(Unread.UNREADABLE, reply.failure or "no answer of the API")
    if reply.decoded is None and reply.unread is Unread.UNREADABLE:
        status = reply.response.status
        moved = f"; it leads elsewhere (HTTP {status})" if 300 <= status < 400 else ""
        odd = "".join(f"; {oddity}" for oddity in reply.response.oddities)
        found = SafeText(f"{reply.failure}{moved}{odd}")
        checks.report(clause, reply, "the body", found, f"an answer in {call.format}")
        return reply
    if reply.unread is Unread.TOO_LARGE and reply.decoded is None:
        findings.could_not_read(clause, reply)
        return reply
    findings.mark_checked(clause)
    if reply.layout is not None:
        findings.saw(*reply.layout, reply)
    if reply.decoded is None:
        return reply
    word = status_word(call.method, reply.model)
    if word.holds:
        return reply
    # An answer of result with a strange status may be meant for either of two clauses.
    of_result = "result.ready" if {*READY}.intersection(reply.model.keys() - {"status"}) else "result.processing"
    clause = "create.ok" if call.method == "create" else of_result
    checks.report(clause, reply, word.path, SafeText(word.found) or word.value, word.expected)
    return reply.left_unread(Unread.STATUS, "a status that is none of the known ones")


def check_answer(checks: Checks, reply: Reply, tokens: Collection[str]) -> None:
    """Checks an answer's HTTP status and choices, and an error's members. tokens are the run's own."""
    own = reply.call.method == "result" and reply.call.param("token") in tokens
    check_server_fault(checks, reply, of_task=own)
    if reply.decoded is None:
        if reply.response is not None and reply.has_unknown_layout:
            checks.findings.saw(f"content-type.{reply.call.format}", content_type(reply.response), reply)
        return
    if not reply.replayed:
        _note_choices(checks, reply, reply.decoded)
    if reply.status == "error":
        checks.schema("error", reply)


def check_tokens(checks: Checks, reply: Reply, tokens: Collection[str], places: Mapping[str, bytes]) -> None:
    """Checks that the bytes, by the names of their places, repeat no token: none of the run's accounts, and no wrong
    one that the call carried.
    """
    checks.findings.mark_checked("token.never-repeated")
    sent = (*reply.call.params, *reply.call.query)
    tried = {v for k, v in sent if k == "token" and len(v) >= MIN_SECRET and v.isascii() and v.isprintable()}
    for where, content in places.items():
        found_there = repeated((*tokens, *tried.difference(tokens)), content)
        if found_there and all(map(str.isdigit, found_there)) and b"ready" in content:
            why = "the token is a number that stands in what was found, maybe by chance: use one with letters"
            checks.findings.not_checked("token.never-repeated", Outcome.INCONCLUSIVE, why)
        elif found_there:
            found = SafeText("the token of the call")
            checks.report("token.never-repeated", reply, where, found, "an answer without it")


def check_server_fault(checks: Checks, reply: Reply, *, of_task: bool = False) -> None:
    """Checks that the HTTP status is no server error. of_task: it may be the error code of a task that failed."""
    checks.findings.mark_checked("server.never-breaks")
    http_method, operation = reply.call.way.http_method, reply.call.method
    fault = server_fault(reply.http, reply.model, of_task=of_task, http_method=http_method, operation=operation)
    if not fault.holds:
        checks.report("server.never-breaks", reply, "the HTTP status", SafeText(fault.value), fault.expected)


def _note_choices(checks: Checks, reply: Reply, decoded: Decoded) -> None:
    assert reply.response is not None, "what was read was answered"
    note = checks.findings.saw
    for clause, choice in decoded.choices.items():
        note(clause, choice, reply)
    note(f"content-type.{decoded.format}", content_type(reply.response), reply)
    if origin := reply.response.header("access-control-allow-origin"):
        note("cors", origin, reply)
    if reply.status != "error":
        if reply.call.method == "info" and reply.call.format != "json":
            note("info.follows-format", "no" if decoded.format == "json" else "yes", reply)
        if reply.http != HTTP_OK:
            note("error.http-status", f"HTTP {reply.http} of an answer that is not an error", reply)
        return
    # Where info ignores format, so do its errors.
    if reply.call.format != "json" and reply.call.method != "info":
        note("error.follows-format", "yes" if decoded.format != "json" else "no", reply)
    could = status_choices(reply.http, reply.code)
    if len(could) == 1:
        note("error.http-status", could[0], reply)


TAKEN_BY_OTHERS = (
    "units were taken while tasks were asked for, maybe by others: run again while nobody uses the account"
)


@dataclass
class UnitsWatch:
    """What info has shown of the main account."""

    account: Account
    shared: bool = False
    """Others may use the account, so that units are taken that are none of the run's."""
    polls_cost: bool = False
    """Units were taken each time that tasks were asked for, and none in between."""
    suspects: list[Call] = field(default_factory=list)
    """Calls for results while which units were taken, by the run or by others."""
    shown: Reply | None = None
    """The last answer of info, where no task was made since."""
    used: list[int] = field(default_factory=list)
    """Used units: the first and the last that were shown."""
    day_turned: bool = False
    """The used units have become fewer."""
    is_prompt: bool | None = None
    """Whether info has shown units right after creates: else its counter may be late, or they are taken later."""
    costs: dict[str, int | None] = field(default_factory=dict)
    """The costs of the run's tasks, by their ids; None: not known yet."""
    idle_looks: int = 0
    """How often info was asked while no task was made since it last was."""
    moves_by_itself: bool = False
    """The used units have grown between such answers beyond what the creates had taken."""
    polling: int = 0
    """Units that were taken while tasks were asked for and none was made."""
    polled: list[Call] = field(default_factory=list)
    """Calls for results since the last answer of info."""

    def note(self, reply: Reply, checks: Checks) -> None:
        """Takes any answer of the run into account, and checks that polling has cost nothing."""
        if reply.call.method == "create" and reply.status != "error":
            self.shown = None
            self.costs.setdefault(str(reply.model.get("id")), None)
        elif self.is_of_account(reply.call):
            self._note_units(reply, checks)
        elif reply.call.method == "result" and reply.status in ("ready", "processing"):
            self.polled.append(reply.call)
            number = str(reply.call.param("id"))
            if number in self.costs and reply.cost is not None:
                self.costs[number] = reply.cost

    def is_of_account(self, call: Call) -> bool:
        """Whether the call asks for the units of the account."""
        return call.method == "info" and call.but(format=None).params == self.account.params

    def _note_units(self, reply: Reply, checks: Checks) -> None:
        now = units(reply)
        if now is None:
            return
        self.day_turned |= bool(self.used) and now.used < self.used[-1]
        self.used = [*self.used[:1], now.used]
        before = units(self.shown) if self.shown else None
        if before is not None:
            self.idle_looks += 1
            self.moves_by_itself |= now.used > before.used and not self._may_be_of_creates(now)
            if self.polled:
                self.polling += max(0, now.used - before.used) if not self._may_be_of_creates(now) else 0
                self.check_free(checks, reply, before, now, "after tasks were asked for")
        self.shown, self.polled = reply, []

    def check_free(self, checks: Checks, reply: Reply, before: Units, now: Units, when: str) -> None:
        """Checks that polling has taken no unit. Where fewer are used than before, the day of the limit has turned."""
        more = now.used - before.used
        if more > 0 and self._may_be_of_creates(now):
            checks.findings.not_checked("quota.polling-free", Outcome.INCONCLUSIVE, "info shows units of creates late")
        elif more > 0 and self.shared and not self.polls_cost:
            self.suspects = [*{call.format: call for call in self.polled}.values()]
            checks.findings.not_checked("quota.polling-free", Outcome.INCONCLUSIVE, TAKEN_BY_OTHERS)
        elif more >= 0:
            where, found = f"data.api_limit.used, {when}", SafeText(f"{more} more than before")
            checks.expect("quota.polling-free", not more, reply, where, found, "no more than before: asking is free")

    def _may_be_of_creates(self, now: Units) -> bool:
        """Whether what was used since the run began may be no more than what its creates have taken."""
        known = [cost for cost in self.costs.values() if cost is not None]
        unknown = not self.is_prompt and len(known) < len(self.costs)
        return unknown or now.used - self.used[0] <= sum(known)
