"""Writes fixtures/synthetic from the mock; with `--check` they are only compared.

`python tests/support/write_samples.py`

Each sample is what a new mock answers at one moment of virtual time, so that the same code writes the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mockserver import data
from mockserver.api.http import Request, Response
from support.in_process import Api

Case = Callable[[str], Response]
"""From a format to the response."""

PEER = "192.0.2.1"
SEVERAL, NOTHING, ONE, AWKWARD = "70000000105", "70000000000", "70000000001", "70000000777"
FORMATS = ("json", "xml", "csv")


def call(
    form: str, *, method: str, profile: Mapping[str, Any] | None = None, times: int = 1, **params: Any
) -> Response:
    """What the last of so many equal calls is answered."""
    api = Api(dict(profile or {}))
    return [api.send(method, format=form, peer=PEER, **params) for _ in range(times)][-1]


def task(form: str, *, phone: str, source: int, wait: float = 2) -> Response:
    """What result answers for a task of the phone after the time, in seconds."""
    api = Api()
    number = api.create(phone, source, peer=PEER)
    api.time.passes(wait)
    return api.send("result", id=number, format=form)


def broken(form: str) -> Response:
    """What create answers where the fault `error` strikes."""
    api = Api()
    api.mock.arm({"action": {"kind": "error"}})
    return api.send("create", format=form, phone=SEVERAL, source=2)


def too_large(_: str) -> Response:
    """What a body past the limit is answered, whose parameters are not read."""
    return Api().gateway.answer(Request("POST", b"/api/create", b"", {}, b"", PEER, too_large=True))


CASES: Mapping[str, Case] = MappingProxyType(
    {
        "create": partial(call, method="create", phone=SEVERAL, source=2),
        "processing": partial(task, phone=SEVERAL, source=2, wait=0),
        "ready-data": partial(task, phone=SEVERAL, source=2),
        "ready-data-one": partial(task, phone=ONE, source=2),
        "ready-data-empty": partial(task, phone=NOTHING, source=2),
        "ready-names": partial(task, phone=SEVERAL, source=1),
        "ready-names-awkward": partial(task, phone=AWKWARD, source=1),
        "ready-names-empty": partial(task, phone=NOTHING, source=1),
        "ready-photo": partial(task, phone=SEVERAL, source=3),
        "ready-photo-empty": partial(task, phone=NOTHING, source=4),
        "info": partial(call, method="info"),
        "error-missing": partial(call, method="create", login=None, token=None, phone=SEVERAL, source=2),
        "error-invalid": partial(call, method="create", phone="8 (900)", source=2),
        "error-credentials": partial(call, method="info", token="wrong-token"),
        "error-unknown-task": partial(call, method="result", id=999999),
        "error-limit": partial(call, method="create", phone="70000000429", source=2),
        "error-rate": partial(call, method="info", profile={"rate.limit": "1/s"}, times=2),
        "error-failed-task": partial(task, phone="70000000500", source=2),
        "error-server": broken,
        "error-unknown-method": partial(call, method="delete"),
        "error-http-method": partial(call, method="info", http_method="PUT"),
        "error-too-large": too_large,
    }
)
JSON_ALONE = ("error-too-large",)
"""Where the format that was asked for is not read."""


def samples() -> Mapping[Path, bytes]:
    """Every sample with its file."""
    folder = data.path("fixtures", "synthetic")
    return {
        folder / form / f"{name}.{form}": case(form).body
        for form in FORMATS
        for name, case in CASES.items()
        if form == "json" or name not in JSON_ALONE
    }


def out_of_step() -> list[Path]:
    """The samples that are not what the mock answers, and files that are none."""
    made = samples()
    stray = [f for f in data.path("fixtures", "synthetic").glob("*/*") if f not in made]
    return sorted([*stray, *(f for f, held in made.items() if not f.is_file() or f.read_bytes() != held)])


def main(arguments: list[str]) -> int:
    """Writes the samples, or checks them; gives the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python tests/support/write_samples.py [--check]\n")
        return 2
    if arguments:
        wrong = out_of_step()
        sys.stderr.writelines(f"{file} is out of step; run python tests/support/write_samples.py\n" for file in wrong)
        return 1 if wrong else 0
    for file, held in samples().items():
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(held)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
