"""The whole API, for every server that carries it: a request is decided, and its answer rendered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from mockserver.api.hints import hints
from mockserver.api.http import Request, Response, refusal
from mockserver.api.mock import Mock
from mockserver.api.operations import OPERATIONS, format_of
from mockserver.api.params import read_params
from mockserver.api.trace import Trace
from mockserver.core.errors import ApiError, StoreError
from mockserver.core.messages import Answer, Call, Headers, Micros, Page
from mockserver.core.tasks import Account, Task
from mockserver.formats.writers import WRITERS, prepared
from mockserver.profile.profile import Rendering
from mockserver.standard_error import write_failure
from mockserver.stores.journal import HTTP_METHODS, OUTCOMES, Entry
from mockserver.stores.store import Again
from mockserver.stores.store import Made as Counted

MAX_BODY = 1024 * 1024
"""Bytes of a request's body; a longer one is answered as `too-large`. Our choice: the API's own forms are tiny."""
BASE = b"/api/"
_TRIES = 100  # to decide a call by what other processes change all the time
LONGEST_REASON = 500  # characters of a reason
_ORIGIN = "Access-Control-Allow-Origin"
FAILED = refusal(500, "the mock failed; its standard error says where")


class Hook:
    """What may step in between a call and its answer; this one lets everything pass.

    A subclass replaces the steps that it needs. call is in each step the call as it was read off the request.
    """

    def on_call(self, call: Call) -> Call | Answer | Page:
        """The call to decide in its place, or an answer, for which the mock is not asked."""
        return call

    def on_answer(self, call: Call, answer: Answer | Page) -> Answer | Page:  # noqa: ARG002 - for subclasses
        """The answer in place of the one that the mock or `on_call` gave."""
        return answer

    def on_response(self, call: Call, answer: Answer | Page, response: Response) -> Response:  # noqa: ARG002 - as above
        """The response in place of the rendered one."""
        return response


class Made(NamedTuple):
    """An answer that a plan has made."""

    response: Response
    counted: Counted
    entry: Entry
    """Its entry in the journal, with any number."""


class CallPlan(Protocol):
    """What is left to do of a call that was looked at before the store was locked."""

    def run(self) -> Made | None:
        """Does it, in a transaction that writes; None where it has to be decided after all, and nothing was done.
        Raises StoreError.
        """


@dataclass(frozen=True, slots=True)
class Decision:
    """A request with its answer as data, before it is rendered."""

    request: Request
    answer: Answer | Page
    trace: Trace
    call: Call | None = None
    """None where the request is no call: a preflight, a body that can't be read, a path outside the API."""
    params: Mapping[str, str] = field(default_factory=dict)  # as far as they could be read


def _failed(request: Request) -> Decision:
    ((_, content_type),) = FAILED.headers
    page = Page(FAILED.status, content_type, FAILED.body, reason="an error of the mock's own")
    return Decision(request, page, Trace(error="server"))


class Gateway:
    """The API over one mock: decide, then render. plain leaves out the headers `X-Mock-Task` and `X-Mock-Reason`."""

    def __init__(self, mock: Mock, *, plain: bool = False, hook: Hook | None = None) -> None:
        self.mock = mock
        self.plain = plain
        self.hook = hook
        self.plan: Callable[[Request], CallPlan | None] = lambda _: None
        """Gives the plan of an ordinary call that writes. Where a store is shared, the less is done while it is locked,
        the more do others."""

    def answer(self, request: Request) -> Response:
        """The response to one request; for servers that take one at a time."""
        return self.turn((request,))[0]

    def turn(self, requests: Iterable[Request]) -> list[Response]:
        """The responses to requests that are answered together: what they write is kept by one commit. Where that
        fails, every answer from the first that wrote on is a server error, and nothing is charged.
        """
        asked: list[Request] = []
        decided: list[Decision | Made] = []
        coming = iter(requests)
        try:
            with self.mock.store.turn():
                planned: list[tuple[Request, CallPlan]] = []
                for request in coming:
                    asked.append(request)
                    if (plan := self.plan(request)) is not None:
                        planned.append((request, plan))
                        continue
                    decided += self._carried_out(planned)
                    planned.clear()
                    decided.append(self._safely(request))
                decided += self._carried_out(planned)
        except StoreError:
            first = next((at for at, one in enumerate(decided) if _wrote(one)), len(decided))
            decided[first:] = map(self._server_error, [*asked[first:], *coming])
        responses = [one.response if isinstance(one, Made) else self._rendered(one) for one in decided]
        entries = self._entries(decided, responses) if self.mock.journal.size else ()
        self.mock.store.record(map(_counted, decided), entries)
        return responses

    def _carried_out(self, planned: Sequence[tuple[Request, CallPlan]]) -> Iterator[Decision | Made]:
        if not planned:
            return
        try:
            self.mock.store.lock()
        except StoreError:
            yield from (self._server_error(request) for request, _ in planned)
            return
        for request, plan in planned:
            try:
                made: Decision | Made = plan.run() or self._safely(request)
            except StoreError:
                made = self._server_error(request)
            yield made

    def _safely(self, request: Request) -> Decision:
        """Decides a request; what goes wrong with it is nothing to the others of the turn."""
        for _ in range(_TRIES):
            try:
                decision = self.decide(request)
                self.mock.store.check()
            except Again:
                continue
            except StoreError:
                break
            except Exception as error:  # noqa: BLE001 - a bug of our own
                write_failure("the gateway", error)
                return _failed(request)
            return decision
        return self._server_error(request)

    def _rendered(self, decision: Decision) -> Response:
        try:
            return self.render(decision)
        except Exception as error:  # noqa: BLE001 - as above
            write_failure("the gateway", error)
            return self.render(_failed(decision.request))

    def _server_error(self, request: Request) -> Decision:
        return self._refused(request, ApiError("server", reason="the store failed"))

    def _refused(self, request: Request, error: ApiError) -> Decision:
        """The error, in the format that can still be read off the request: else off its query, else none."""
        trace = Trace(error=error.kind)
        for body in (request.body, b""):
            try:
                params = read_params(replace(request, body=body), self.mock.profile.parsing)
            except ApiError:
                continue
            return Decision(request, self.mock.refused(error, params), trace, params=params)
        return Decision(request, self.mock.refused(error, {}), trace)

    def decide(self, request: Request) -> Decision:
        """The request with its answer as data. Raises StoreError where the store fails."""
        as_read = replace(request, http_method="GET") if self._is_as_get(request) else request
        if request.http_method == "OPTIONS" and self.mock.profile.rules.origin is not None:
            return Decision(request, Page(204, "", b"", reason="clause cors"), Trace())
        try:
            params = read_params(as_read, self.mock.profile.parsing)
            if request.too_large:
                raise ApiError("too-large", reason=f"the body has more than {MAX_BODY} bytes", http=413)
        except ApiError as error:
            return replace(self._refused(as_read, error), request=request)
        if not request.path.startswith(BASE):
            stray = Trace(error="unknown-method")
            answer = self._taught(self.mock.not_found(params, http=404), as_read, params, stray)
            return Decision(request, answer, stray, params=params)
        operation = request.path[len(BASE) :].decode("utf-8", "replace")
        http_method = "GET" if request.http_method == "HEAD" else as_read.http_method
        call = Call(operation, http_method, params, request.peer)
        trace = Trace()
        passed = call if self.hook is None else self.hook.on_call(call)
        answer = self.mock.answer(passed, trace) if isinstance(passed, Call) else passed
        if trace.error:
            answer = self._taught(answer, as_read, params, trace)
        if self.hook is not None:
            answer = self.hook.on_answer(call, answer)
        return Decision(request, answer, trace, call, params)

    def _taught(
        self, answer: Answer | Page, request: Request, params: Mapping[str, str], trace: Trace
    ) -> Answer | Page:
        """The answer of an error, with a reason that says what may be wrong with the request."""
        try:
            found = hints(request, params, trace, self.mock.profile, self.mock.store.account)
        except StoreError:
            return answer
        return replace(answer, reason="; ".join(filter(None, (answer.reason, *found)))) if found else answer

    def _is_as_get(self, request: Request) -> bool:
        """Whether the clause http-method.other has the request answered as GET, which reads the query alone."""
        rules = self.mock.profile.rules
        if not rules.other_as_get or request.http_method in ("GET", "HEAD", "OPTIONS"):
            return False
        return request.http_method != "POST" or (request.path == BASE + b"info" and not rules.info_post)

    def render(self, decision: Decision) -> Response:
        """The answer as it is sent."""
        answer = decision.answer
        headers: list[tuple[str, str]] = []
        if isinstance(answer, Answer):
            content_type, body = self._written(answer) if answer.form is None else answer.form(answer, self._written)
        else:
            content_type, body = answer.content_type, answer.body
        if content_type:
            headers.append(("Content-Type", content_type))
        headers.extend(answer.headers)
        headers.extend(self._cors(decision.request, answer.headers))
        if not self.plain and isinstance(answer, Answer) and answer.task is not None:
            headers.append(("X-Mock-Task", str(answer.task)))
        reason = _shown(answer.reason)
        if not self.plain and reason:
            headers.append(("X-Mock-Reason", reason))
        response = Response(answer.http, tuple(headers), body, answer.delivery, reason)
        if self.hook is None or decision.call is None:
            return response
        return self.hook.on_response(decision.call, answer, response)

    def _written(self, answer: Answer) -> tuple[str, bytes]:
        return written(answer, self.mock.profile.rendering)

    def _cors(self, request: Request, own: Headers) -> Iterator[tuple[str, str]]:
        """The headers of the clause cors, but where the answer has a header of its own in their place."""
        origin = self.mock.profile.rules.origin
        if origin is None or any(name.lower() == _ORIGIN.lower() for name, _ in own):
            return
        yield _ORIGIN, origin
        if request.http_method == "OPTIONS":
            yield "Access-Control-Allow-Methods", "GET, POST"
            yield "Access-Control-Allow-Headers", "Content-Type"

    def _entries(
        self, decided: Sequence[Decision | Made], responses: Sequence[Response]
    ) -> list[tuple[Entry, bytes | None]]:
        """The calls of a turn as the journal keeps them."""
        entries: list[tuple[Entry, bytes | None]] = []
        last, real = self.mock.journal.last_number, self.mock.real.now()
        for number, (decision, response) in enumerate(zip(decided, responses, strict=True), last + 1):
            if isinstance(decision, Made):
                entries.append((decision.entry, response.body))
                continue
            request = decision.request
            call, answer, trace, params = decision.call, decision.answer, decision.trace, decision.params
            account = trace.account or self._known(params.get("login"))
            login = account.login if account else None
            token = params.get("token")
            phone, source = self._subject(call, trace.task, account)
            entry = Entry(
                number,
                self._time(login, real) if trace.now is None else trace.now,
                real,
                login,
                call.operation if call and call.operation in OPERATIONS else None,
                request.http_method if request.http_method in HTTP_METHODS else None,
                None if phone == token or (account and phone == account.token) else phone,
                source,
                format_of(params),
                tuple(params),
                _outcome(answer, trace.error),
                response.status,
                _error_code(answer),
                trace.task.id if trace.task else None,
                answer.faults,
                response.reason,
                response.delivery.latency,
                len(request.query) + len(request.body),
                len(response.body),
                response.headers[0][1] if response.headers and response.headers[0][0] == "Content-Type" else "",
                bool(request.body),
            )
            entries.append((entry, response.body if _is_kept(request, decision, response, token) else None))
        return entries

    def _known(self, login: str | None) -> Account | None:
        """The account of a call that was refused before it was looked for."""
        with suppress(StoreError):
            return self.mock.store.account(login) if login else None
        return None

    def _subject(self, call: Call | None, task: Task | None, account: Account | None) -> tuple[str | None, int | None]:
        """The phone and the source of a call."""
        if task is not None:
            return task.phone, task.source
        if call is None or call.operation not in OPERATIONS or call.operation == "info":
            return None, None
        with suppress(StoreError):
            facts = self.mock.facts(call, account, format_of(call.params))
            return facts.phone, facts.source
        return None, None

    def _time(self, login: str | None, real: Micros) -> Micros:
        with suppress(StoreError):
            return self.mock.now(login)
        return real


def written(answer: Answer, rendering: Rendering) -> tuple[str, bytes]:
    """The Content-Type and the bytes of an answer in its format."""
    content_type, write = prepared(answer.format, rendering)
    stubbed = answer.bodies.get(answer.format)
    if isinstance(stubbed, str):
        return content_type, stubbed.encode(WRITERS[answer.format].encoding(rendering), "replace")
    return content_type, write(answer if stubbed is None else replace(answer, body=stubbed, rows=None))


def _wrote(decision: Decision | Made) -> bool:
    return isinstance(decision, Made) or (isinstance(decision.answer, Answer) and decision.answer.wrote)


def _counted(decision: Decision | Made) -> Counted:
    if isinstance(decision, Made):
        return decision.counted
    method = decision.call.operation if decision.call else ""
    outcome = _outcome(decision.answer, decision.trace.error)
    return method if method in OPERATIONS else "other", outcome, decision.answer.http


def _is_kept(request: Request, decision: Decision, response: Response, token: str | None) -> bool:
    """Whether the client gets just this body, and no token stands in it, as it may where users wrote it."""
    if request.http_method == "HEAD" or response.delivery.transport != "whole":
        return False
    answer, task = decision.answer, decision.trace.task
    written = isinstance(answer, Page) or bool(answer.faults) or answer.form is not None
    written = written or (task is not None and (task.stub, task.failure) != (None, None))
    return not (written and token and any(one.encode("utf-8", "replace") in response.body for one in _spellings(token)))


def _spellings(token: str) -> set[str]:
    """The token as JSON, XML and CSV write it."""
    from html import escape

    quoted = {json.dumps(token, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True)}
    marked = escape(token, quote=False)
    in_ascii = marked.encode("ascii", "xmlcharrefreplace").decode()
    return {token, *quoted, *(one.replace("/", "\\/") for one in quoted), marked, in_ascii, token.replace('"', '""')}


def _outcome(answer: Answer | Page, error: str) -> str:
    """A key of `OUTCOMES`, or the kind of the error."""
    if isinstance(answer, Page):
        return "page"
    status = answer.body.get("status")
    if status == "error":
        return error or "error"
    return status if isinstance(status, str) and status in OUTCOMES else "page"


def _error_code(answer: Answer | Page) -> int | None:
    code = answer.body.get("error_code") if isinstance(answer, Answer) else None
    return code if isinstance(code, int) else None


def _shown(reason: str) -> str:
    """A reason as a header and a log can hold it."""
    if reason.isascii() and reason.isprintable() and len(reason) <= LONGEST_REASON:
        return reason
    return ascii(reason)[1:-1][:LONGEST_REASON]
