"""The documented names of an answer's members, and the status words."""

from __future__ import annotations

from collections.abc import Mapping

STATUSES = ("ok", "processing", "ready", "error")
STATUSES_OF: Mapping[str, tuple[str, ...]] = {"create": ("ok", "error"), "result": ("processing", "ready", "error")}
"""The status words of each method; those of info are open."""
COLUMNS = ("title", "price", "time", "phone", "name", "description", "location", "source", "category", "url")
"""The fields of a row, in the page's order."""
TIMES = ("create_time", "end_time")  # may be numbers or text
READY = ("status", "data", "names", "photo", "cost", "ip", *TIMES)  # of a ready answer
ERROR = ("status", "error_code", "message")
ACCOUNT = ("api_limit", "api_time_limit", "demo")  # of the account, in data of info
UNITS = ("used", "of")  # of api_limit
NUMBERS = ("id", "error_code", *UNITS)  # numbers in JSON
MEMBERS = frozenset((*READY, *ERROR, "id"))  # of any answer but one of info
DOCUMENTED = MEMBERS.union(COLUMNS, ACCOUNT, UNITS)
