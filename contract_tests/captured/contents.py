"""What is wrong with the values of a ready answer; no look tells one."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.captured.answer import Answer, problem, wrong_choice
from contract_tests.contract import values
from contract_tests.contract.validate import SchemaProblem, shape


def look_at_phones(answer: Answer) -> Iterator[SchemaProblem]:
    """Every row carries the phone that was asked for, by digits."""
    due = values.digits(answer.asked.phone or "")
    for i, row in answer.entries("data") if due else ():
        phone = row.get("phone")
        if isinstance(phone, str | int) and values.digits(phone) != due:
            yield problem("result.row-phone", f"data[{i}].phone", "phone", "the phone that was asked for", shape(phone))


def look_at_photo(answer: Answer) -> Iterator[SchemaProblem]:
    """A photo that is there decodes to a picture."""
    photo = answer.model.get("photo")
    if answer.ready and isinstance(photo, str) and photo and (wrong := values.wrong_picture(photo)):
        yield problem("result.photo", "photo", "picture", "base64 of a picture", wrong)


def look_at_address(answer: Answer) -> Iterator[SchemaProblem]:
    """The address is one."""
    if answer.ready and isinstance(told := answer.model.get("ip"), str) and values.address(told) is None:
        yield problem("result.ip", "ip", "address", "an IP address", shape(told))


def look_at_times(answer: Answer) -> Iterator[SchemaProblem]:
    """The end is not before the beginning, and both have the form that the profile gives."""
    if not answer.ready:
        return
    ended = answer.model.get("end_time")
    begin, end = values.seconds(answer.model.get("create_time")), values.seconds(ended)
    if begin is not None and end is not None and end < begin:
        yield problem("result.times-ordered", "end_time", "order", "a time not before create_time", shape(ended))
    for name in ("create_time", "end_time"):
        if name in answer.model:
            yield from wrong_choice(answer, "result.times", values.form_of_time(answer.model[name]), name)


def look_at_cost(answer: Answer) -> Iterator[SchemaProblem]:
    """What one unit is, where there are enough records to tell."""
    records = max(len(answer.entries("data")), len(answer.entries("names")))
    seen = values.unit(answer.model.get("cost"), records) if answer.ready else None
    if seen is not None:
        yield from wrong_choice(answer, "quota.unit", seen, "cost")
