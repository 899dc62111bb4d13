"""What the clauses say of an answer's HTTP status and Content-Type."""

from __future__ import annotations

from collections.abc import Mapping

HTTP_OK = 200
OF_HTTP = (405, 413)  # statuses that report a fault of the HTTP request itself; no clause decides them
CHARSETS: Mapping[str, str] = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "cp1251": "windows-1251"}
"""The charset that is named in a Content-Type, by the choice of csv.encoding."""


def error_status(choice: str, code: object) -> int:
    """The HTTP status of an error under a choice of error.http-status."""
    return code if choice == "mirror" and isinstance(code, int) and 400 <= code < 600 else HTTP_OK


def status_choices(status: int, code: object) -> tuple[str, ...]:
    """The choices of error.http-status under which an error with the code may have the HTTP status."""
    return tuple(c for c in ("body", "mirror") if status in OF_HTTP or status == error_status(c, code))


def with_charset(content_type: str, encoding: str | None) -> str:
    """A Content-Type of CSV with its blank `{charset}` filled, by the choice of csv.encoding."""
    return content_type.replace("{charset}", CHARSETS.get(encoding or "", "utf-8"))
