"""Mutants that look broken and are not: no test may tell them from the right mock, or it asks more than is promised."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from mockserver.core.messages import Answer, Call
from mockserver.mutants.broken import Mutant, Seen
from mockserver.mutants.edits import ok, ready, table, where

_STEP = 7


def _number_of(call: Call, _seen: Seen) -> Call:
    """The id that was given in steps, as the mock counts."""
    number = call.params.get("id", "")
    if call.operation != "result" or not (number.isascii() and number.isdigit()):
        return call
    whole, rest = divmod(int(number[:18]), _STEP)
    return replace(call, params={**call.params, "id": str(whole) if not rest and whole else "9" * 18})


def _spaced(body: bytes, _seen: Seen) -> bytes:
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2).encode() + b"\n"


def _turned(answer: Answer, seen: Seen) -> Answer:
    return ready(lambda body: body.update({name: body.pop(name) for name in reversed(list(body))}))(answer, seen)


EQUIVALENTS: Mapping[str, Mutant] = MappingProxyType(
    {
        "members-in-another-order": Mutant(
            "result.ready",
            "the members of a ready answer stand in another order",
            answer=_turned,
            equivalent="The members of a JSON object have no order (RFC 8259, section 1), elements of XML and columns"
            " of CSV under a line of names are found by their names, and the page promises no order.",
        ),
        "ids-go-in-steps": Mutant(
            "task.new-id",
            "ids go in steps of 7",
            call=_number_of,
            answer=ok(lambda body: body.update(id=body["id"] * _STEP)),
            equivalent="An id is promised to be a number and new, not to follow the one before.",
        ),
        "json-is-indented": Mutant(
            "format.readable",
            "JSON is indented",
            body=where(_spaced, form="json"),
            equivalent="White space around JSON's tokens says nothing (RFC 8259, section 2).",
        ),
        "csv-quotes-every-cell": Mutant(
            "format.readable",
            "CSV quotes every cell",
            body=table(lambda lines: lines, quoting=csv.QUOTE_ALL),
            equivalent="A cell may stand in quotes that needs none (RFC 4180, section 2, rule 5).",
        ),
        "xml-has-a-comment": Mutant(
            "format.readable",
            "XML ends with a comment",
            body=where(lambda body, _: body + b"<!-- made in 1 ms -->", form="xml"),
            equivalent="A comment is no part of a document's data (XML 1.0, section 2.5).",
        ),
    }
)
