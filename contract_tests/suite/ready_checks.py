"""What a ready answer tells, looked at member by member, beyond what a schema can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contract_tests.api.reply import Reply
from contract_tests.contract.values import address, digits, is_loopback, seconds, unit, wrong_picture
from contract_tests.engine.tasks import Task
from contract_tests.findings.checks import Checks
from contract_tests.redact.mask import Shape


def whole(reply: Reply) -> bool:
    """Whether the reply is a ready answer with all its members, and not its rows alone (CSV)."""
    return reply.decoded is not None and reply.status == "ready" and reply.decoded.rows is None


def entries(reply: Reply, section: str) -> Sequence[Mapping[str, Any]]:
    """The objects of a section that is a list."""
    found = reply.model.get(section)
    return [e for e in found if isinstance(e, Mapping)] if isinstance(found, list) else []


def look_at_phones(checks: Checks, task: Task, reply: Reply) -> None:
    """Every row carries the phone that was asked for, by digits; nobody knows it of a task that --tasks names alone."""
    if not task.phone:
        checks.left_out(f"--tasks does not name the phone of task {task.id}")
        return
    for i, row in enumerate(entries(reply, "data")):
        checks.expect(
            "result.row-phone",
            digits(row.get("phone")) == task.phone,
            reply,
            where=f"data[{i}].phone",
            found=row.get("phone"),
            expected="the phone that was asked for",
        )


def look_at_phone_type(checks: Checks, reply: Reply) -> None:
    """JSON tells whether a row's phone is text or a number."""
    if reply.decoded is not None and reply.decoded.format == "json":
        for row in entries(reply, "data"):
            phone = row.get("phone")
            if isinstance(phone, str | int) and not isinstance(phone, bool):
                checks.choice("row.phone", "text" if isinstance(phone, str) else "number", reply)


def look_at_photo(checks: Checks, reply: Reply) -> None:
    """A photo that is there decodes to a picture."""
    photo = reply.model.get("photo")
    if isinstance(photo, str) and photo:
        what = wrong_picture(photo)
        checks.expect(
            "result.photo", what == "", reply, where="photo", found=Shape(what), expected="base64 of a picture"
        )


def look_at_address(checks: Checks, reply: Reply, *, loopback: bool) -> None:
    """The address is one, and on loopback it is loopback's."""
    if not whole(reply):
        return
    told = reply.model.get("ip")
    known = address(told)
    expected = "this machine's own address, 127.0.0.1 or ::1" if loopback else "an IP address"
    holds = known is not None and (not loopback or is_loopback(known))
    checks.expect("result.ip", holds, reply, where="ip", found=told, expected=expected)


def look_at_times(checks: Checks, reply: Reply) -> None:
    """The end is not before the beginning, where both can be understood."""
    if not whole(reply):
        return
    ended = reply.model.get("end_time")
    begin, end = seconds(reply.model.get("create_time")), seconds(ended)
    if begin is not None and end is not None:
        expected = "a time that is not before create_time"
        checks.expect("result.times-ordered", begin <= end, reply, where="end_time", found=ended, expected=expected)


def look_at_sections(checks: Checks, task: Task, reply: Reply) -> None:
    """What stands in sections that the source does not fill."""
    if not whole(reply) or (reply.decoded is not None and reply.decoded.format == "csv"):
        return
    others = [s for s in ("data", "names", "photo") if s != task.section]
    present = [s for s in others if s in reply.model]
    if any(reply.model[s] for s in present):
        seen = "filled, though the source does not fill them"
    else:
        seen = {0: "relevant", len(others): "all"}.get(len(present), "some of them present")
    checks.choice("result.sections", seen, reply)


def look_at_no_photo(checks: Checks, reply: Reply) -> None:
    """What stands for a photo that is not there; only JSON tells."""
    if whole(reply) and reply.decoded is not None and reply.decoded.format == "json" and "photo" in reply.model:
        photo = reply.model["photo"]
        if photo is None or photo == "":
            checks.choice("result.photo-empty", "" if photo == "" else "null", reply)


def look_at_cost(checks: Checks, task: Task, reply: Reply) -> None:
    """What one unit is, where there are enough records to tell."""
    seen = unit(reply.model.get("cost"), len(entries(reply, task.section)))
    if whole(reply) and seen is not None:
        checks.choice("quota.unit", seen, reply)
