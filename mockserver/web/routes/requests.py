"""The journal: which calls came, how many fit a pattern, and waiting for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, cast

from mockserver.core.clock import iso_of
from mockserver.core.delays import duration
from mockserver.core.errors import Conflict, NotFound, Problem, Refusal
from mockserver.core.messages import SECOND, Micros
from mockserver.faults.matching import MATCH_FIELDS, impossible
from mockserver.inputs import fields
from mockserver.inputs.fields import Field
from mockserver.profile.editions import ALL_SOURCES
from mockserver.settings.files import clauses
from mockserver.stores.journal import HTTP_METHODS, OUTCOMES, Count, Entry, Journal, Pattern, Waiter
from mockserver.web.har import archive
from mockserver.web.paging import LARGEST_PAGE, PAGE, page, page_of
from mockserver.web.route import (
    LOGIN,
    REFUSAL_FIELDS,
    ControlContext,
    ControlRequest,
    Deferred,
    Document,
    Route,
    Unmet,
    known_login,
)

NEAREST = 3  # calls that all but fit, in the answer to a failed verification
_LISTED = 10  # numbers of calls in the answer to one that found too many


def listed(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """A page of the calls that fit, oldest or newest first."""
    journal, pattern = _journal(context), _pattern(context, request.query)
    newest_first = request.query.get("order") == "newest"

    def read(offset: int, limit: int) -> list[Entry]:
        return list(islice(journal.entries(pattern, newest_first=newest_first), offset, offset + limit))

    return 200, {**page("requests", request, read, _shown), "dropped": journal.dropped(pattern)}


def read(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """One call."""
    journal, number = _journal(context), request.parts["number"]
    entry = journal.entry(number)
    if entry is None:
        what = "was dropped" if number <= journal.last_number else "has not come yet"
        remedy = f"the journal keeps the last {journal.size} of each account: see GET /_mock/requests"
        raise NotFound(Problem("number", f"the call {number} {what}", remedy))
    return 200, _shown(entry)


def clear(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """Forgets the calls of an account, or all, and nothing else."""
    _journal(context).clear(known_login(context.mock, request.query.get("login")))
    return 204, None


def exported(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """The calls that fit as an HTTP Archive, the newest of them where they are too many; oldest first."""
    journal, pattern = _journal(context), _pattern(context, request.query)
    limit = request.query.get("limit", 1000)
    newest = list(islice(journal.entries(pattern, newest_first=True), limit + 1))
    left_out = "; others are left out" if len(newest) > limit or journal.dropped(pattern) != 0 else ""
    comment = f"calls of a mock, rebuilt from its journal; logins and tokens are masked{left_out}"
    shown = newest[:limit]
    content = archive(reversed(shown), _newest_bodies(shown, journal.bodies()), request.caller.base, comment)
    return 200, Document("application/json", content)


def _newest_bodies(newest: Sequence[Entry], bodies: Mapping[int, bytes]) -> Mapping[int, bytes]:
    """The bodies of the newest entries, as many as make LARGEST_PAGE bytes."""
    left = LARGEST_PAGE
    found: dict[int, bytes] = {}
    for number in (entry.number for entry in newest if entry.number in bodies):
        left -= len(bodies[number])
        if left < 0:
            break
        found[number] = bodies[number]
    return found


def count(context: ControlContext, request: ControlRequest) -> tuple[int, Any]:
    """How many calls fit. Raises Unmet where that is not as expected, or can't be known."""
    wanted = request.body
    journal, pattern = _journal(context), _pattern(context, wanted)
    counted = journal.count(pattern)
    expected = {key: wanted[key] for key in _EXPECTED if key in wanted}
    _check(expected)
    low = expected.get("exactly", expected.get("at_least", 0))
    high = expected.get("exactly", expected.get("at_most", float("inf")))
    if not expected:
        return 200, _counted(counted, sure=counted.dropped == 0)
    if low <= counted.kept and counted.most <= high:
        return 200, _counted(counted, sure=True)
    sure = counted.most < low or counted.kept > high
    title = "The verification failed" if sure else "The verification is inconclusive"
    told = " and ".join(f"{key.replace('_', ' ')} {number}" for key, number in expected.items())
    raise _unmet(409, title, told, journal, counted, sure=sure, few=counted.kept < low)


def _check(expected: Mapping[str, int]) -> None:
    """Raises Conflict for numbers that no count could have."""
    if "exactly" in expected and len(expected) > 1:
        raise Conflict(Problem("exactly", "stands beside another number", "give one of them"))
    if expected.get("at_least", 0) > expected.get("at_most", _NUMBER):
        raise Conflict(Problem("at_most", "is less than at_least", "exchange the two"))


def wait(context: ControlContext, request: ControlRequest) -> tuple[int, Any] | Deferred:
    """Waits until as many calls fit."""
    journal, wanted = _journal(context), request.body
    pattern = _pattern(context, wanted.get("match", {}), "match")
    waiter = journal.wait(pattern, wanted.get("count", 1))
    return _Wait(journal, waiter, pattern.login, wanted.get("timeout", _TIMEOUT))


@dataclass(slots=True)
class _Wait:
    """The answer to `wait`."""

    journal: Journal
    waiter: Waiter
    login: str | None
    longest: Micros

    def begin(self, wake: Any) -> None:
        self.waiter.begin(wake)

    def leave(self) -> None:
        self.journal.leave(self.waiter)

    def answer(self) -> tuple[int, Any]:
        """The count, where it is reached. Raises Unmet where it is not."""
        self.leave()
        waiter = self.waiter
        counted = Count(waiter.pattern, waiter.seen, self.journal.dropped(waiter.pattern))
        if waiter.reached:
            return 200, _counted(counted, sure=True)
        if waiter.ended:
            raise Unmet(503, "The wait ended", Problem("", "the mock was reset while this answer waited"), {})
        title, told = "The calls did not come in time", f"at least {waiter.wanted}"
        sure = counted.dropped == 0
        raise _unmet(408, title, told, self.journal, counted, sure=sure, few=True)


def _unmet(
    status: int,
    title: str,
    expected: str,
    journal: Journal,
    counted: Count,
    *,
    sure: bool,
    few: bool,
) -> Unmet:
    """What keeps a verification from holding. sure: whether that is known; few: whether more calls were expected."""
    what, remedy = f"calls that fit: {counted.kept}; expected: {expected}", ""
    if not sure:
        dropped = "an unknown number" if counted.dropped is None else counted.dropped
        what += f"; calls that may have fitted were dropped: {dropped}"
        remedy = "raise the setting journal, or reset the account at the start of the test"
    details = _counted(counted, sure=sure)
    if few:
        details["nearest"] = [
            {"request": _shown(entry), "differs": {key: _difference(counted.pattern, entry, key) for key in keys}}
            for entry, keys in journal.nearest(counted.pattern, NEAREST)
        ]
    else:
        details["numbers"] = [entry.number for entry in islice(journal.entries(counted.pattern), _LISTED)]
    return Unmet(status, title, Problem("", what, remedy), details)


def _counted(counted: Count, *, sure: bool) -> dict[str, Any]:
    return {"count": counted.kept, "dropped": counted.dropped, "inconclusive": not sure}


def _difference(pattern: Pattern, entry: Entry, key: str) -> dict[str, Any]:
    """What was wanted of a key, and what the call has in its place."""
    name = {"fault": "faults", "after": "number", "since": "time", "until": "time"}.get(key, key)
    wanted = pattern.keys[key]
    return {"wanted": iso_of(wanted) if name == "time" else wanted, "was": _shown(entry)[name]}


def _journal(context: ControlContext) -> Journal:
    journal = context.mock.journal
    if not journal.size:
        raise Refusal(Problem("", "the journal is off", "start the mock with --journal 1000"))
    return journal


def _pattern(context: ControlContext, keys: Mapping[str, Any], where: str = "") -> Pattern:
    """The pattern of the keys that are among `_MATCH`. Raises Conflict for one that nothing could fit."""
    match = {key: value for key, value in keys.items() if key in _MATCH}
    problems = impossible(match, where)
    if "since" in match and match["since"] >= match.get("until", float("inf")):
        what, remedy = "is not after since, so nothing could match", "write a later time"
        problems.append(Problem(fields.inside(where, "until"), what, remedy))
    if problems:
        raise Conflict(*problems)
    known_login(context.mock, match.get("login"), fields.inside(where, "login"))
    return Pattern(match)


def _shown(entry: Entry) -> dict[str, Any]:
    shown = {key: getattr(entry, key) for key in _SHOWN if key not in _CONVERTED}
    return {
        **shown,
        "time": iso_of(entry.time),
        "real_time": iso_of(entry.real_time),
        "params": [*entry.params],
        "faults": [*entry.faults],
        "latency": entry.latency / SECOND,
    }


def _with_plus(where: str, value: Any) -> Micros:
    """The time of a query, with the plus of its offset, which arrives as a blank where it is not escaped."""
    head, blank, offset = value.rpartition(" ") if isinstance(value, str) else ("", "", "")
    right = blank and "T" in head and re.fullmatch("[0-9]{2}:[0-9]{2}", offset)
    return fields.moment(where, f"{head}+{offset}" if right else value)


_NUMBER = 999_999_999
_KINDS: Mapping[str, int] = cast("Any", clauses()["error.codes"].default)
_OUTCOMES = (*OUTCOMES, *_KINDS)
_MATCH: Mapping[str, Field[Any]] = {
    **{key: field for key, field in MATCH_FIELDS.items() if key != "nth"},
    "http_method": fields.one_of(HTTP_METHODS).described("The HTTP method that was sent."),
    "outcome": fields.one_of(_OUTCOMES).described(
        "What came of the call: a status, error for any, or a kind of error."
    ),
    "fault": fields.at_most(fields.SHORT, fields.text).described("The id of a fault that struck it.", "f1"),
    "task": fields.whole(1, _NUMBER).described("The account's task that was created or read."),
    "http_status": fields.whole(100, 599).described("The HTTP status of the answer."),
    "reason": fields.at_most(fields.SHORT, fields.text).described("A part of the answer's X-Mock-Reason."),
    "after": fields.whole(0, _NUMBER).described("Calls with a higher number alone."),
    "since": fields.moment.described("From this time on, by the account's clock.", "2030-01-01T00:00:00+03:00"),
    "until": fields.moment.described("Before this time, by the account's clock.", "2030-01-02T00:00:00+03:00"),
}
"""What a pattern may name."""


_TEXTS: Mapping[str, Field[Any]] = {
    "source": fields.one_of(map(str, ALL_SOURCES)).then(lambda _, text: int(text)),
    "task": fields.digits(1, _NUMBER),
    "http_status": fields.digits(100, 599),
    "after": fields.digits(0, _NUMBER),
    "since": replace(fields.moment, read=_with_plus),
    "until": replace(fields.moment, read=_with_plus),
}
"""The keys that a query spells in another way."""
_QUERY = {key: _TEXTS.get(key, field).described(field.help) for key, field in _MATCH.items()}
_EXPECTED = {
    "exactly": fields.whole(0, _NUMBER).described("How many calls must fit."),
    "at_least": fields.whole(0, _NUMBER).described("How many must fit at least."),
    "at_most": fields.whole(0, _NUMBER).described("How many may fit at most."),
}


_TIMEOUT = 5 * SECOND
_UP_TO_600S = (
    r"(?:[0-9]{1,5}(?:\.[0-9]{1,6})?ms|(?:[0-9]{1,2}|[1-5][0-9]{2})(?:\.[0-9]{1,6})?s|600(?:\.0{1,6})?s"
    r"|[0-9](?:\.[0-9]{1,6})?m|10m)"
)
_WAIT = fields.table_of(
    {
        "match": fields.table_of(_MATCH).described("The calls that are meant: those that fit every key."),
        "count": fields.whole(1, _NUMBER).described("How many calls must have come.", 1),
        "timeout": fields.matching(_UP_TO_600S, "a timeout", "a duration such as '5s', up to 600s")
        .then(lambda where, text: duration(text, where))
        .described("How long it waits for them, in real time.", "5s"),
    }
)
_CONVERTED = ("time", "real_time", "params", "faults", "latency")
_SHOWN: Mapping[str, Field[Any]] = {
    "number": fields.whole(1, 2**53).described("Of all calls of the mock, from 1."),
    "time": fields.text.described("By the account's clock.", "2030-01-01T12:00:00+03:00"),
    "real_time": fields.text.described("By the clock of the computer.", "2030-01-01T12:00:00+03:00"),
    "login": fields.or_none(MATCH_FIELDS["login"]).described("The account; null where the call names none."),
    "method": fields.or_none(MATCH_FIELDS["method"]).described("The API's method; null for another path."),
    "http_method": fields.or_none(_MATCH["http_method"]).described("As it was sent; null for an unusual one."),
    "phone": fields.or_none(MATCH_FIELDS["phone"]).described("The phone that is searched; for result, the task's."),
    "source": fields.or_none(MATCH_FIELDS["source"]).described("The source; for result, the task's."),
    "format": MATCH_FIELDS["format"],
    "params": fields.list_of(fields.text, "a list of names").described("The API's parameters that were sent."),
    "outcome": _MATCH["outcome"],
    "http_status": _MATCH["http_status"],
    "error_code": fields.or_none(fields.whole(-(2**53), 2**53)).described("The error's code; null without an error."),
    "task": fields.or_none(fields.whole(1, 2**63)).described("The account's task that was created or read."),
    "faults": fields.list_of(fields.text, "a list of ids").described("The faults that struck the call."),
    "reason": fields.text.described("As in X-Mock-Reason.", "task created, cost 1"),
    "latency": fields.number(0, 1e9).described("Seconds for which the answer waited."),
    "request_size": fields.whole(0, 2**53).described("Bytes of the query and the body."),
    "response_size": fields.whole(0, 2**53).described("Bytes of the answer's body."),
    "content_type": fields.text.described("Of the answer.", "application/json; charset=utf-8"),
}
_ENTRY = fields.table_of(_SHOWN, required=_SHOWN)
_LOST: Mapping[str, Field[Any]] = {
    "dropped": fields.or_none(fields.whole(0, 2**53)).described(
        "How many calls that may have fitted were dropped; null where that is not known any more."
    )
}
_COUNTED: Mapping[str, Field[Any]] = {
    "count": fields.whole(0, 2**53).described("How many calls fit."),
    **_LOST,
    "inconclusive": fields.flag.described("Whether calls that were dropped could change what is said."),
}
_ORDER = {"order": fields.one_of(("oldest", "newest")).described("Which calls come first; oldest without it.")}
_LIMIT = {"limit": PAGE["limit"].described("How many entries it has at most; 1000 without it.", "1000")}
_COUNTS = fields.table_of(_COUNTED, required=_COUNTED)
_DIFFERENCE = fields.table_of(
    {
        "wanted": fields.as_is.described("What the pattern asks for."),
        "was": fields.as_is.described("What the call has."),
    },
    required=("wanted", "was"),
)
_MISS = fields.table_of(
    {
        "request": _ENTRY.described("The call."),
        "differs": fields.table_of(dict.fromkeys(_MATCH, _DIFFERENCE)).described("Each key that it does not fit."),
    },
    required=("request", "differs"),
)
_FAILED = fields.table_of(
    {
        **REFUSAL_FIELDS,
        **_COUNTED,
        "nearest": fields.list_of(_MISS, "a list of calls").described(
            "Where more were expected: calls that all but fit, those that differ least first."
        ),
        "numbers": fields.list_of(fields.whole(1), "a list of numbers").described(
            "Where fewer were expected: the numbers of the first calls that fit."
        ),
    },
    required=REFUSAL_FIELDS,
)

ROUTES = (
    Route(
        "GET",
        "/requests",
        listed,
        "Lists the calls of the API that fit.",
        {200: page_of("requests", _ENTRY, _LOST)},
        query={**_QUERY, **_ORDER, **PAGE},
    ),
    Route("DELETE", "/requests", clear, "Forgets the calls of an account, or all.", {204: None}, query=LOGIN),
    Route(
        "GET",
        "/requests.har",
        exported,
        "The calls that fit as an HTTP Archive (HAR 1.2), with logins and tokens masked.",
        {200: ("application/json",)},
        query={**_QUERY, **_LIMIT},
    ),
    Route(
        "POST",
        "/requests/count",
        count,
        "Counts the calls that fit, and verifies the number: 409 where it is not as expected.",
        {200: _COUNTS, 409: _FAILED},
        body=fields.table_of({**_MATCH, **_EXPECTED}),
        only_asks=True,
    ),
    Route(
        "POST",
        "/requests/wait",
        wait,
        "Waits until as many calls fit: 408 where they do not come in time, 503 where the mock is reset before.",
        {200: _COUNTS, 408: _FAILED},
        body=_WAIT,
        only_asks=True,
    ),
    Route(
        "GET",
        "/requests/<number>",
        read,
        "A call.",
        {200: _ENTRY},
        parts={"number": fields.digits(1, _NUMBER).described("The number of the call.", "1")},
    ),
)
