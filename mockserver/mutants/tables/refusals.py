"""Mutants of errors: their members, and calls that break the server instead of being refused."""

from __future__ import annotations

from mockserver.mutants.kit.answers import changing, errors, page, pop, replacing_text, setting
from mockserver.mutants.kit.context import CallContext
from mockserver.mutants.kit.mutant import Mutant, Table
from mockserver.mutants.kit.when import CREATE, CSV, INFO, JSON, POST, RESULT, XML, Condition, putting, where

_OOPS = page(500, "text/html", b"<h1>Internal Server Error</h1>")
_NOTHING = page(200, "application/json", b"")
_LONG = 500
"""Characters of a value that no parameter of this API needs."""


def _about_its_own_task(context: CallContext) -> bool:
    return context.is_authorised and context.task is not None and context.task.login == context.login


def _unset(context: CallContext) -> bool:
    return "Not set" in context.body["message"]


def _has_no_phone(context: CallContext) -> bool:
    return not context.params.get("phone", "0").isdigit()


def _right_body(what: str, http: int, *conditions: Condition) -> Mutant:
    return Mutant(f"{what} answered with HTTP {http} and a right body", where(putting(http=http), *conditions))


ERROR_MUTANTS: Table[Mutant] = {
    "error.members": {
        "error-code-is-text": Mutant("error_code is text", errors(changing("error_code", str))),
        "errors-lack-a-code": Mutant("no error_code", errors(pop("error_code")), also="in-xml"),
        "errors-lack-a-message": Mutant("no message", errors(pop("message")), also="in-csv"),
        "a-message-is-null-over-post": Mutant("message is null over POST", errors(setting(message=None), POST, JSON)),
        "failed-tasks-lack-a-code": Mutant(
            "the error of a task that failed has no error_code",
            errors(pop("error_code"), RESULT, _about_its_own_task),
        ),
    },
    "error.missing": {
        "missing-is-401": Mutant("the code for missing credentials is 401", errors(setting(error_code=401), _unset)),
        "missing-in-another-order": Mutant(
            "token stands before login", errors(replacing_text("login, token", "token, login"))
        ),
        "missing-in-other-words": Mutant(
            "the message has other words", errors(replacing_text("Not set", "Missing")), also="in-csv"
        ),
    },
    "server.never-breaks": {
        "a-bad-phone-is-500": Mutant("a wrong phone breaks the server", response=where(_OOPS, _has_no_phone)),
        "a-bad-phone-is-500-and-readable": _right_body("a wrong phone is", 500, _has_no_phone),
        "info-over-post-is-503": _right_body("info over POST is", 503, INFO, POST),
        "create-in-xml-is-502": _right_body("create in XML is", 502, CREATE, XML),
        "an-unknown-method-is-500": _right_body(
            "an unknown method is", 500, lambda c: c.operation not in ("create", "result", "info")
        ),
        "put-is-503": _right_body(
            "HTTP methods other than GET and POST are", 503, lambda c: c.http_method not in ("GET", "POST")
        ),
        "a-long-value-is-no-answer": Mutant(
            "a long value gets an empty answer",
            response=where(_NOTHING, lambda c: any(len(value) > _LONG for value in c.params.values())),
        ),
        "a-nul-is-500-in-csv": Mutant(
            "a NUL breaks the server where CSV is asked for",
            response=where(_OOPS, CSV, lambda c: any("\0" in value for value in c.params.values())),
        ),
        "each-50th-call-is-500": Mutant(
            "each 50th call breaks the server", response=where(_OOPS, lambda c: c.count("calls") % 50 == 0)
        ),
    },
}
