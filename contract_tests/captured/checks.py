"""What is wrong with a captured answer, looked at from each side; no look tells a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from contract_tests.captured import contents, layout
from contract_tests.captured.answer import Answer, problem
from contract_tests.contract.validate import SchemaProblem, each_problem, shape
from contract_tests.redact.scan import SecretMatcher


def look_at_schema(answer: Answer) -> Iterator[SchemaProblem]:
    """The answer against its schema; of rows alone (CSV), what stands in them."""
    if answer.schema is None:
        return
    rows, named = answer.reading.rows, answer.schema
    for found in each_problem(named, answer.model, profile=answer.profile):
        if rows is None or found.path.startswith(rows):
            yield found


def look_at_status(answer: Answer) -> Iterator[SchemaProblem]:
    """A status that tells nothing of an answer, or tells of another method's."""
    if answer.schema is not None:
        return
    told = answer.model.get("status")
    if answer.method == "result":
        yield problem("result.ready", "status", "enum", "processing, ready or error", shape(told))
    elif told == "ok":
        expected = "id, as in an answer of create, or data, as in one of info (or its method to be given)"
        yield problem("format.readable", "", "recognised", expected, "neither")
    else:
        found = shape(told) if "status" in answer.model else "nothing"
        yield problem("format.readable", "status", "enum", "ok, processing, ready or error", found)


def look_at_section(answer: Answer) -> Iterator[SchemaProblem]:
    """Rows alone (CSV) are those of the section that the source fills."""
    due, rows = answer.asked.section, answer.reading.rows
    if rows is not None and due is not None and rows != due:
        yield problem(
            "result.own-section", "", "columns", f"the section {due}, which the source fills", f"rows of {rows}"
        )


def look_at_secrets(answer: Answer) -> Iterator[SchemaProblem]:
    """No answer repeats the token."""
    if SecretMatcher(dict.fromkeys(answer.asked.secrets, "token")).found_in(answer.capture.body):
        yield problem("token.never-repeated", "", "not", "an answer without the token", "the token of the call")


LOOKS: tuple[Callable[[Answer], Iterator[SchemaProblem]], ...] = (
    look_at_secrets,
    layout.look_at_http,
    look_at_status,
    look_at_section,
    look_at_schema,
    contents.look_at_phones,
    contents.look_at_photo,
    contents.look_at_address,
    contents.look_at_times,
    contents.look_at_cost,
    layout.look_at_writing,
    layout.look_at_lines,
)
"""In the order in which of two problems of one clause at one place the first is kept."""
