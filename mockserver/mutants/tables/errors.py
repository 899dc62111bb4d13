"""Mutants of errors: what they hold, and what breaks instead of being refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mockserver.core.messages import METHODS, Answer, Call, Page
from mockserver.mutants.broken import Mutant, Seen
from mockserver.mutants.edits import broken_on, every_error, pop, setting, where, with_status

_OOPS = Page(500, "text/html", b"<h1>Internal Server Error</h1>")
_EMPTY = Page(200, "application/json", b"")
_LONG = 500
"""Characters of a value that no parameter of this API needs."""


def _lacking(name: str, **only: str) -> Callable[[Answer, Seen], Answer]:
    return every_error(lambda body, _: pop(name)(body), **only)


def _missing(old: str, new: str, **only: str) -> Callable[[Answer, Seen], Answer]:
    """Puts other words in the message of what is missing."""
    return every_error(lambda body, _: body.update(message=body["message"].replace(old, new)), **only)


def _missing_code(code: int, **only: str) -> Callable[[Answer, Seen], Answer]:
    return every_error(lambda body, _: body.update(error_code=code) if "Not set" in body["message"] else None, **only)


def _each_50th(answer: Answer, seen: Seen) -> Answer | Page:
    seen.memory["calls"] = seen.memory.get("calls", 0) + 1
    return answer if seen.memory["calls"] % 50 else _OOPS


def _no_phone(call: Call) -> bool:
    return not call.params.get("phone", "0").isdigit()


ERRORS: Mapping[str, Mutant] = MappingProxyType(
    {
        "error-code-is-text": Mutant(
            "error.members",
            "error_code is text",
            answer=every_error(lambda b, _: b.update(error_code=str(b["error_code"]))),
        ),
        "errors-lack-a-code": Mutant("error.members", "no error_code", answer=_lacking("error_code")),
        "errors-lack-a-code-in-xml": Mutant(
            "error.members", "no error_code in XML", answer=_lacking("error_code", form="xml")
        ),
        "errors-lack-a-message": Mutant("error.members", "no message", answer=_lacking("message")),
        "errors-lack-a-message-in-csv": Mutant(
            "error.members", "no message in CSV", answer=_lacking("message", form="csv")
        ),
        "a-message-is-null-over-post": Mutant(
            "error.members",
            "message is null over POST",
            answer=every_error(lambda b, _: setting(message=None)(b), http_method="POST", form="json"),
        ),
        "failed-tasks-lack-a-code": Mutant(
            "error.members",
            "the error of a task that failed has no error_code",
            answer=lambda answer, seen: (
                _lacking("error_code")(answer, seen) if answer.reason == "the task failed" else answer
            ),
        ),
        "missing-is-401": Mutant("error.missing", "the code for missing credentials is 401", answer=_missing_code(401)),
        "missing-in-another-order": Mutant(
            "error.missing", "token stands before login", answer=_missing("login, token", "token, login")
        ),
        "missing-in-other-words": Mutant(
            "error.missing", "the message has other words", answer=_missing("Not set", "Missing")
        ),
        "missing-in-other-words-in-csv": Mutant(
            "error.missing", "the message in CSV has other words", answer=_missing("Not set", "Missing", form="csv")
        ),
        "a-bad-phone-is-500": Mutant(
            "server.never-breaks", "a phone that is none breaks the server", answer=broken_on(_no_phone, _OOPS)
        ),
        "a-bad-phone-is-500-and-readable": Mutant(
            "server.never-breaks",
            "a phone that is none is answered with HTTP 500 and a right body",
            answer=with_status(500, _no_phone),
        ),
        "info-over-post-is-503": Mutant(
            "server.never-breaks",
            "info over POST is answered with HTTP 503 and a right body",
            answer=with_status(503, lambda call: (call.operation, call.http_method) == ("info", "POST")),
        ),
        "create-in-xml-is-502": Mutant(
            "server.never-breaks",
            "create in XML is answered with HTTP 502 and a right body",
            answer=with_status(502, lambda call: (call.operation, call.params.get("format")) == ("create", "xml")),
        ),
        "an-unknown-method-is-500": Mutant(
            "server.never-breaks",
            "an unknown method is answered with HTTP 500 and a right body",
            answer=with_status(500, lambda call: call.operation not in METHODS),
        ),
        "put-is-501": Mutant(
            "server.never-breaks",
            "what is neither GET nor POST is answered with HTTP 501 and a right body",
            answer=with_status(501, lambda call: call.http_method not in ("GET", "POST")),
        ),
        "a-long-value-is-no-answer": Mutant(
            "server.never-breaks",
            "a long value gets an empty answer",
            answer=broken_on(lambda call: any(len(v) > _LONG for v in call.params.values()), _EMPTY),
        ),
        "a-nul-is-500-in-csv": Mutant(
            "server.never-breaks",
            "a NUL breaks the server where CSV is asked for",
            answer=where(broken_on(lambda call: any("\0" in v for v in call.params.values()), _OOPS), form="csv"),
        ),
        "each-50th-call-is-500": Mutant("server.never-breaks", "each 50th call breaks the server", answer=_each_50th),
    }
)
