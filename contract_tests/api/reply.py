"""A call with its answer as read, or the reason why there is none; and the units in an answer of info."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from contract_tests.api.calls import Call
from contract_tests.contract.members import MEMBERS
from contract_tests.contract.values import whole_units
from contract_tests.decode.model import Decoded
from contract_tests.redact.mask import Mask
from contract_tests.transport.messages import HttpResponse

MAX_EXCERPT = 300
MIN_REPEATED = 3  # characters of a parameter's value that an error may repeat


class Unread(StrEnum):
    """Why an answer is not read, so that it shows nothing; the value is how a reason ends that begins `an answer`."""

    LOST = "did not come"
    UNREADABLE = "could not be read"
    TOO_LARGE = "is too large to be compared, or has a DTD of its own that may make it so"
    LAYOUT = "has a layout that no choice covers"
    DOUBT = "has no names and may be anything"
    STATUS = "has a status that is none of the known ones"


@dataclass(frozen=True)
class Reply:
    """A call with its answer."""

    call: Call
    response: HttpResponse | None
    decoded: Decoded | None
    """None where no answer could be read."""
    failure: str = ""
    """Why there is no answer, or none that can be read."""
    number: int = 0
    """Counts the run's calls from 1."""
    unread: Unread = Unread.LOST
    """Why no answer is read, where none is."""
    layout: tuple[str, str] | None = None
    """The clause of an unknown layout, and the word for the layout."""

    def left_unread(self, unread: Unread, failure: str) -> Reply:
        """The reply with its answer not read."""
        return replace(self, decoded=None, unread=unread, failure=failure)

    @property
    def has_unknown_layout(self) -> bool:
        """Whether the answer is well-formed, and which member is which can't be told."""
        return self.decoded is None and self.unread in (Unread.LAYOUT, Unread.DOUBT)

    @property
    def replayed(self) -> bool:
        """Whether the answer is what a run that was stopped has kept of it: members alone."""
        return self.decoded is not None and self.call.method == "create" and not (self.response and self.response.body)

    @property
    def readable(self) -> bool:
        """Whether there is an answer that could be read."""
        return self.decoded is not None

    @property
    def model(self) -> Mapping[str, Any]:
        """The answer's members; none where it could not be read."""
        return self.decoded.model if self.decoded else {}

    @property
    def status(self) -> str:
        """The status word; empty where there is none."""
        word = self.model.get("status")
        return word if isinstance(word, str) else ""

    @property
    def code(self) -> Any:
        """The error's code."""
        return self.model.get("error_code")

    @property
    def message(self) -> str:
        """The error's message; empty where it is no text."""
        text = self.model.get("message")
        return text if isinstance(text, str) else ""

    @property
    def cost(self) -> int | None:
        """The cost of a ready task in whole units; None where there is none."""
        return whole_units(self.model.get("cost"))

    @property
    def http(self) -> int:
        """The HTTP status; 0 where there was no answer."""
        return self.response.status if self.response else 0

    @property
    def is_page(self) -> bool:
        """Whether the answer is an HTML page, by its first bytes or its Content-Type."""
        if self.response is None:
            return False
        return b"<html" in self.response.body[:1000].lower() or "html" in (self.response.header("content-type") or "")

    def says_like(self, other: Reply) -> bool:
        """Whether both are errors with the same code and message, but for values of the calls that it repeats."""
        same_code = self.status == other.status == "error" and self.code == other.code
        return same_code and self.wording == other.wording

    @property
    def wording(self) -> str:
        """The error's message without the values of the call that it repeats, that of a format left out among them."""
        message = self.message
        values = {value for _, value in (*self.call.params, *self.call.query)} | {self.call.format}
        for value in sorted(values, key=lambda value: (-len(value), value)):
            message = message.replace(value, "{}") if len(value) >= MIN_REPEATED else message
        return message

    def summary(self, mask: Mask) -> str:
        """The answer in short: its head, and of the body no more than the mask allows."""
        if self.response is None:
            return self.failure
        kind = content_type(self.response) or "no Content-Type"
        odd = "".join(f"; {oddity}" for oddity in self.response.oddities)
        head = f"HTTP {self.response.status}, {mask.text(kind)}, {len(self.response.body)} bytes{odd}"
        if mask.shows:
            text = mask.text(self.response.body[: 4 * MAX_EXCERPT].decode("utf-8", "backslashreplace"))
            return f"{head}: {_one_line(text)}"
        members = ", ".join(k for k in self.model if k in MEMBERS)
        return f"{head}; members: {members}" if members else head


def content_type(response: HttpResponse) -> str:
    """The answer's Content-Type where it is a type with known parameters, so that it may be published of any target."""
    kind = response.header("content-type") or ""
    return kind if not kind or _KNOWN_TYPE.fullmatch(kind) else "a Content-Type of another kind"


_KNOWN_TYPE = re.compile(
    r"[a-z]{1,20}/[A-Za-z0-9][A-Za-z0-9.+-]{0,40}"
    r"""(; ?(charset="?[A-Za-z0-9_-]{1,20}"?|header="?(present|absent)"?))*"""
)


def _one_line(text: str) -> str:
    line = text.translate({i: f"\\x{i:02x}" for i in range(32)} | {10: "\\n", 13: "\\r", 9: "\\t"})
    return f"{line[:MAX_EXCERPT]}…" if len(line) > MAX_EXCERPT else line


@dataclass(frozen=True, slots=True)
class Units:
    """Units of the daily limit: used today, and in all."""

    used: int
    of: int


def answered(reply: Reply) -> bool:
    """Whether info was answered for the account. The documentation names the method and leaves its body open."""
    return reply.readable and reply.status not in ("error", "processing", "ready")


def units(reply: Reply) -> Units | None:
    """The units in an answer of info, read leniently, since its shape is an open point; None where it shows none."""
    limit = _limit(reply)
    used, of = whole_units(limit.get("used")), whole_units(limit.get("of"))
    return None if used is None or of is None else Units(used, of)


def used_units(reply: Reply) -> int | None:
    """The used units in an answer of info, in any writing of a number, rounded up; None where it shows none."""
    used = _limit(reply).get("used")
    if isinstance(used, bool) or not isinstance(used, int | float | str):
        return None
    match = _UNITS.fullmatch("".join(str(used).split()))
    return int(match[1]) + bool(match[2].strip(".,0")) if match else None


_UNITS = re.compile(r"([0-9]{1,20})((?:[.,][0-9]{0,20})?)")


def _limit(reply: Reply) -> Mapping[str, Any]:
    """The member `api_limit` in an answer of info; empty where there is none."""
    data = reply.model.get("data")
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    limit = data.get("api_limit") if isinstance(data, Mapping) else None
    return limit if isinstance(limit, Mapping) else {}
