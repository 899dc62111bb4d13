"""Metrics of the mock, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

from mockserver.core.messages import SECOND
from mockserver.stores.opening import kind_of_store
from mockserver.web.route import ControlContext, ControlRequest, Document, Route

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def read(context: ControlContext, _request: ControlRequest) -> tuple[int, Any]:
    """What is counted since the start; a reset takes nothing back."""
    return 200, Document(CONTENT_TYPE, "".join(f"{line}\n" for line in _lines(context)).encode())


def _lines(context: ControlContext) -> Iterator[str]:
    mock = context.mock
    about = {
        "version": version("ifind-mock"),
        "state": kind_of_store(context.settings.state) or "",
        "edition": str(mock.profile.choices["edition"]),
    }
    yield from _metric("info", "gauge", "What runs here.")
    yield _sample("info", about, 1)
    yield from _metric("uptime_seconds", "gauge", "Real time since the start.")
    yield _sample("uptime_seconds", {}, mock.uptime() / SECOND)
    yield from _metric("clock_seconds", "gauge", "Time of the server's clock, in seconds since 1970.")
    yield _sample("clock_seconds", {}, mock.now() / SECOND)
    yield from _metric("faults", "gauge", "Armed faults that may still strike.")
    yield _sample("faults", {}, mock.store.faults.live)
    yield from _metric("calls_total", "counter", "Calls of the API, by method, outcome and HTTP status.")
    for (method, outcome, status), number in sorted(mock.store.calls().items()):
        yield _sample("calls_total", {"method": method, "outcome": outcome, "status": str(status)}, number)


def _metric(name: str, kind: str, text: str) -> tuple[str, str]:
    return f"# HELP ifind_mock_{name} {text}", f"# TYPE ifind_mock_{name} {kind}"


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"ifind_mock_{name}{f'{{{written}}}' if written else ''} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


ROUTES = (Route("GET", "/metrics", read, "Metrics, for Prometheus.", {200: (CONTENT_TYPE,)}, reads_calls=True),)
