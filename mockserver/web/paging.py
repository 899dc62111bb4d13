"""Lists of the control API, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from mockserver.inputs import fields
from mockserver.inputs.fields import Field
from mockserver.web.route import ControlRequest

T = TypeVar("T")

LARGEST_PAGE = 1024 * 1024
"""Bytes of a page; what would make it longer stands on the next one."""
PAGE: Mapping[str, Field[Any]] = {
    "limit": fields.digits(1, 1000).described("How many entries the answer lists at most; 100 without it.", 100),
    "offset": fields.digits(0, 999_999_999).described("How many entries are left out before them.", 0),
}


def page(
    name: str, request: ControlRequest, read: Callable[[int, int], Sequence[T]], show: Callable[[T], Any]
) -> dict[str, Any]:
    """A page of a list, and as `next` the offset of the one that follows, where one does. read gives the entries after
    an offset, at most as many as its limit says.
    """
    offset, limit = request.query.get("offset", 0), request.query.get("limit", 100)
    entries = read(offset, limit + 1)
    shown: list[Any] = []
    size = 0
    for entry in entries[:limit]:
        written = show(entry)
        size += len(json.dumps(written))
        if shown and size > LARGEST_PAGE:
            break
        shown.append(written)
    following = {"next": offset + len(shown)} if len(entries) > len(shown) else {}
    return {name: shown, **following}


def page_of(name: str, entry: Field[Any], beside: Mapping[str, Field[Any]] | None = None) -> Field[Any]:
    """The field of a page of such entries, with the members beside them."""
    following = fields.whole(1).described("The offset of the page that follows, where one does.")
    entries = fields.list_of(entry, f"a list of {name}").described("What stands on the page.")
    rows = {name: entries, **(beside or {})}
    return fields.table_of({**rows, "next": following}, required=rows)
