"""A captured answer: a body, the head of its HTTP response where that was kept, and what is known of its call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.contract.editions import SECTIONS

MAX_BYTES = 16 * 2**20  # bytes of the largest body that is read
METHODS = ("create", "result", "info")
SOURCES = tuple(SECTIONS)


@dataclass(frozen=True)
class Capture:
    """A body with what was kept of the response's head; None: not kept."""

    body: bytes = field(repr=False)
    status: int | None = None
    content_type: str | None = None
    length: int | None = None  # the Content-Length; None too for a coded body


@dataclass(frozen=True)
class Asked:
    """The call, as far as it is known; None: recognised by the answer, or left open."""

    method: str | None = None
    format: str | None = None
    source: int | None = None
    phone: str | None = field(default=None, repr=False)
    schema: str | None = None  # overrules method and source
    profile: Mapping[str, Any] | None = None  # choices by clause that the answer must show; None: what is documented
    secrets: tuple[str, ...] = field(default=(), repr=False)  # texts that the answer must not hold

    @property
    def section(self) -> str | None:
        return None if self.source is None else SECTIONS[self.source]

    @property
    def known(self) -> Mapping[str, str]:
        """The profile's choices that are words."""
        return {clause: choice for clause, choice in (self.profile or {}).items() if isinstance(choice, str)}


_STATUS = re.compile(rb"HTTP/[0-9](?:\.[0-9])? ([0-9]{3})[^\n]*\n")
_END = re.compile(rb"\n\r?\n")


def read_capture(data: bytes) -> Capture:
    """A body as it was sent, or a whole response as `curl -i` prints it: status line, headers, a blank line, body. Of
    several in a row (100 Continue, a proxy's, redirects) the last one counts.
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
