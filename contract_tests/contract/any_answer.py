"""The rules of any answer: the suite turns the results into findings, `validate` into problems."""

from __future__ import annotations

from contract_tests.contract.members import STATUSES_OF
from contract_tests.contract.ready_checks import CheckResult, Model

DOCUMENTED_METHODS = ("GET", "POST")
NOT_IMPLEMENTED = 501


def server_fault(http: int, model: Model, *, of_task: bool, http_method: str = "GET") -> CheckResult:
    """Whether the HTTP status reports a fault of the server. of_task: it may mirror the error code of a failed task.
    For an HTTP method that nobody documents 501 is none: it says that the server does not know the method.
    """
    if http == NOT_IMPLEMENTED and http_method not in DOCUMENTED_METHODS:
        return CheckResult("HTTP status", "maximum", True, "a status below 500, or 501", http, str(http))
    mirrored = of_task and model.get("status") == "error" and model.get("error_code") == http
    return CheckResult("HTTP status", "maximum", http < 500 or mirrored, "a status below 500", http, str(http))


def status_word(method: str, model: Model) -> CheckResult:
    """Whether the status word is one of the method's; info may have any."""
    status, words = model.get("status"), STATUSES_OF.get(method, ())
    expected = " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
    found = "" if "status" in model else "no member `status`"
    return CheckResult("status", "enum", not words or status in words, expected, status, found)
