"""The sample answers of fixtures/synthetic: what a new mock answers at one moment of virtual time."""

from __future__ import annotations

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
    """The answer to the last of so many equal calls."""
    api = Api(dict(profile or {}))
    return [api.send(method, format=form, peer=PEER, **params) for _ in range(times)][-1]


def task(form: str, *, phone: str, source: int, wait: float = 2) -> Response:
    """The answer of result to a task of the phone after so many seconds."""
    api = Api()
    number = api.create(phone, source, peer=PEER)
    api.time.passes(wait)
    return api.send("result", id=number, format=form)


def broken(form: str) -> Response:
    """The answer of create where the fault `error` strikes."""
    api = Api()
    api.mock.arm({"action": {"kind": "error"}})
    return api.send("create", format=form, phone=SEVERAL, source=2)


def too_large(_: str) -> Response:
    """The answer to a body over the limit, whose parameters are not read."""
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
"""Cases in which the format of the call is not read."""


def samples() -> Mapping[Path, bytes]:
    """Every sample with its file."""
    folder = data.path("fixtures", "synthetic")
    return {
        folder / form / f"{name}.{form}": case(form).body
        for form in FORMATS
        for name, case in CASES.items()
        if form == "json" or name not in JSON_ALONE
    }
