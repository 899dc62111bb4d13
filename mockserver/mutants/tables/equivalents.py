"""Mutants that look broken and are not: a test that calls one broken asks for more than is promised."""

from __future__ import annotations

import csv
import json
from typing import Any

from mockserver.mutants.kit.answers import changing, content, created, names, ready, setting, table
from mockserver.mutants.kit.context import CallContext
from mockserver.mutants.kit.mutant import Mutant, Table
from mockserver.mutants.kit.when import CSV, ERROR, JSON, RESULT, XML, putting, where

_STEP = 7


def _number_of_step(context: CallContext) -> None:
    """Puts the mock's own id in place of the one that was reported in steps."""
    number = context.params.get("id", "")
    if number.isascii() and number.isdigit():
        whole, rest = divmod(int(number[:18]), _STEP)
        context.params["id"] = str(whole) if not rest and whole else "9" * 18


def _indented(text: bytes) -> bytes:
    return json.dumps(json.loads(text), ensure_ascii=False, indent=2).encode() + b"\n"


def _in_another_order(body: dict[str, Any]) -> None:
    body.update({name: body.pop(name) for name in reversed(list(body))})


EQUIVALENTS: Table[Mutant] = {
    "result.ready": {
        "members-in-another-order": Mutant(
            "the members of a ready answer stand in another order",
            ready(_in_another_order),
            equivalent="The members of a JSON object have no order (RFC 8259, section 1), elements of XML and"
            " columns of CSV under a line of names are found by their names, and the page promises no order.",
        ),
    },
    "result.names": {
        "names-are-plain-in-xml": Mutant(
            "names are plain texts in XML",
            names(str, XML),
            equivalent="The page shows names in JSON alone. How XML lays out a list is nobody's promise.",
        ),
    },
    "formats.same": {
        "created-in-xml-has-a-member-more": Mutant(
            "create in XML has a member more",
            created(setting(note="x"), XML),
            equivalent="The formats carry the same documented data. Members beside it are nobody's promise.",
        ),
    },
    "task.new-id": {
        "ids-go-in-steps": Mutant(
            "ids go in steps of 7",
            created(changing("id", lambda number: number * _STEP)),
            call=where(_number_of_step, RESULT),
            equivalent="An id is promised to be a number and new, not to follow the one before.",
        ),
    },
    "format.readable": {
        "json-is-indented": Mutant(
            "JSON is indented",
            response=content(_indented, JSON),
            equivalent="White space around JSON's tokens has no meaning (RFC 8259, section 2).",
        ),
        "csv-quotes-every-cell": Mutant(
            "CSV quotes every cell",
            response=table(lambda lines: lines, quoting=csv.QUOTE_ALL),
            equivalent="A cell that needs no quotes may have them (RFC 4180, section 2, rule 5).",
        ),
        "xml-has-a-comment": Mutant(
            "XML ends with a comment",
            response=content(lambda old: old + b"<!-- made in 1 ms -->", XML),
            equivalent="A comment is no part of a document's data (XML 1.0, section 2.5).",
        ),
        "errors-in-csv-are-json": Mutant(
            "errors are JSON where CSV is asked for",
            where(putting(format="json"), ERROR, CSV),
            equivalent="The page shows errors in JSON alone. Which format they follow is a clause, no promise.",
        ),
    },
}
