"""The rules of any answer: the suite turns the results into findings, `validate` into problems."""

from __future__ import annotations

from contract_tests.contract.members import STATUSES_OF
from contract_tests.contract.ready_checks import CheckResult, Model

NOT_IMPLEMENTED = 501
UNKNOWN_METHOD = (404, 405, NOT_IMPLEMENTED)
"""HTTP statuses by which a web server refuses an HTTP method."""
OVERSIZED = (413, 414, 431)
"""HTTP statuses by which a web server itself refuses a request for its size."""


def is_documented(http_method: str, operation: str | None) -> bool:
    """Whether the documentation has the HTTP method for the operation: GET and POST, and none for info. Empty, None:
    unknown, so it may have.
    """
    return http_method in ("", "GET", "POST") and operation != "info"


def is_by_api(http: int, http_method: str, operation: str | None) -> bool:
    """Whether the API itself must have answered, and not the web server in front of it."""
    known = http_method in ("", "GET", "POST") and (http not in UNKNOWN_METHOD or is_documented(http_method, operation))
    return known and http not in OVERSIZED


def server_fault(
    http: int, model: Model, *, of_task: bool, http_method: str = "", operation: str | None = None
) -> CheckResult:
    """Whether the HTTP status reports a fault of the server. of_task: it may mirror the error code of a failed task.
    For an HTTP method that nobody documents 501 is none: it says that the server does not know the method.
    """
    if http == NOT_IMPLEMENTED and not is_documented(http_method, operation):
        return CheckResult("HTTP status", "maximum", True, "a status below 500, or 501", http, str(http))
    mirrored = of_task and model.get("status") == "error" and model.get("error_code") == http
    return CheckResult("HTTP status", "maximum", http < 500 or mirrored, "a status below 500", http, str(http))


def status_word(method: str, model: Model) -> CheckResult:
    """Whether the status word is one of the method's; info may have any."""
    status, words = model.get("status"), STATUSES_OF.get(method, ())
    expected = " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
    found = "" if "status" in model else "no member `status`"
    return CheckResult("status", "enum", not words or status in words, expected, status, found)
