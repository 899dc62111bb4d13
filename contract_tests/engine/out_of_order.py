"""Answers that are about no call: what a service says to any call while it is out of order, or has locked its caller.

Nobody documents either. Whether an answer is one of them shows by another call, which the service has answered well:
gets that one the same at the moment, it is what any call gets.
"""

from __future__ import annotations

import re

from contract_tests.api.reply import Reply
from contract_tests.contract.any_answer import server_fault
from contract_tests.contract.values import HTTP_OK, whole_units

OUT = "the service answers every call by a fault: it may be under maintenance; run again later"
_UNAUTHORISED = 401
_LOCKED = (_UNAUTHORISED, 403, 423, 429)
"""Codes of an error, and HTTP statuses of a page, by which an account or an address may be locked."""
_WORDS = re.compile(
    r"maintenance|temporar|unavailable|try (?:again )?later"
    r"|технически\w{0,3} работ|обслуживани|временн|недоступ|(?:попробуйте|повторите)[^.]{0,20} позже"
)


def is_out(reply: Reply) -> bool:
    """Whether the answer may be what any call gets while the service is out of order: a page in place of an answer, an
    HTTP status or an error_code from 500 to 599, or an error that says so in words, in English or Russian.
    """
    call = reply.call
    fault = server_fault(reply.http, {}, of_task=False, http_method=call.way.http_method, operation=call.method)
    if not fault.holds or reply.status != "error":
        # PHP calls all that it writes text/html: JSON that can't be read is no page.
        written = reply.response.body.lstrip()[:1] if reply.response else b""
        page = reply.is_page and written == b"<" and not reply.readable
        return not fault.holds or (reply.http == HTTP_OK and page)
    code = whole_units(reply.code)
    return (code is not None and 500 <= code < 600) or _WORDS.search(reply.message.lower()) is not None


def is_lock(reply: Reply, *, own: bool) -> bool:
    """Whether the answer may be what any call gets of an account, or from an address, that is locked. own: the call has
    right credentials; others are refused by a 401 in any case.
    """
    code = reply.code if reply.status == "error" else None if reply.readable else reply.http
    return code in _LOCKED and (own or code != _UNAUTHORISED)


def signature(reply: Reply) -> tuple[object, ...]:
    """What tells an error, or a page, from others; not the values of the call, and no digits."""
    if not reply.readable:
        return reply.http, None, ""
    return reply.http, reply.code, re.sub("[0-9]", "", reply.wording)
