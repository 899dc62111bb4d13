"""A captured answer: a body, and the head of its HTTP response where that was kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_BYTES = 16 * 2**20
"""Bytes of the largest body that is read."""


@dataclass(frozen=True)
class Capture:
    """A body with what was kept of the response's head; None: not kept."""

    body: bytes
    status: int | None = None
    content_type: str | None = None
    length: int | None = None
    """The Content-Length; None too for a coded body."""

    @property
    def lacking(self) -> int:
        """Bytes that are missing at the end of the body."""
        return max(0, (self.length or 0) - len(self.body))


_STATUS = re.compile(rb"HTTP/[0-9](?:\.[0-9])? ([0-9]{3})[^\n]*\n")
_END = re.compile(rb"\n\r?\n")


def read_capture(data: bytes) -> Capture:
    """A body as it was sent, or a whole response as `curl -i` prints it: status line, headers, a blank line, body.

    Of several responses in a row (100 Continue, a proxy's, redirects) the last one counts.
    """
    last: re.Match[bytes] | None = None
    at, head = 0, b""
    while (line := _STATUS.match(data, at)) is not None:
        end = _END.search(data, line.end() - 1)
        last, head = line, data[line.end() : end.start() if end else len(data)]
        at = end.end() if end else len(data)
    return _headed(int(last[1]), head, data[at:]) if last else Capture(data)


def _headed(status: int, head: bytes, body: bytes) -> Capture:
    fields: dict[str, str] = {}
    for line in head.decode("latin-1").split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name.strip().lower(), value.strip())
    length = fields.get("content-length", "")
    coded = "content-encoding" in fields or not re.fullmatch("[0-9]{1,15}", length)
    return Capture(body, status, fields.get("content-type", ""), None if coded else int(length))
