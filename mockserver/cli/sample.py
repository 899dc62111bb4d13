"""`ifind-mock sample`: an answer without a server, in the bytes that the server would send."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import click

from mockserver.api.http import Request
from mockserver.assembly import open_gateway
from mockserver.cli.options import load_settings, with_settings
from mockserver.cli.streams import output
from mockserver.core.clock import parse_iso
from mockserver.core.delays import parse_delay
from mockserver.core.messages import METHODS
from mockserver.formats.writers import FORMATS
from mockserver.profile.profile import resolve
from mockserver.settings.files import clauses
from mockserver.settings.table import DEFAULT_ACCOUNT, Settings

_FORMATS = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}."
MOMENT = "2030-01-01T00:00:00+03:00"
"""When samples are made: one moment, so that the same command prints the same bytes."""


@with_settings(("edition", "profile", "clauses", "seed"))
@click.command("sample")
@click.argument("phone")
@click.option("--source", default="2", show_default=True, help="Where the phone is searched.")
@click.option("--format", "format_", default="json", show_default=True, help=_FORMATS)
@click.option(
    "--method", type=click.Choice(METHODS), default="result", show_default=True, help="Method whose answer is printed."
)
@click.option("--processing", is_flag=True, help="Print the answer of result while the task is not done.")
def command(phone: str, source: str, format_: str, method: str, *, processing: bool, **options: Any) -> None:
    """Prints the answer for PHONE as the mock would send it; for a wrong call, the error."""
    if processing and method != "result":
        raise click.UsageError(f"--processing does not fit --method {method}; use it with --method result")
    params = {"phone": phone, "source": source, "format": format_}
    output().buffer.write(sample(load_settings(options), method, params, processing=processing))


def sample(settings: Settings, method: str, params: dict[str, str], *, processing: bool = False) -> bytes:
    """The body of the method's answer, to a task made at MOMENT; processing: before it is done."""
    at = parse_iso(MOMENT, "")
    # One call and its answer: what the settings say of times, limits and faults does not matter.
    settings = replace(
        settings,
        state="memory",
        profile=resolve(clauses(), {**settings.profile.choices, "task.lifetime": "kept", "rate.limit": "off"}),
        accounts=[{**DEFAULT_ACCOUNT, "daily_limit": 1}],
        delay=parse_delay("2s", ""),
        delays={},
        faults=[],
        stubs=[replace(stub, ready=None) for stub in settings.stubs],
    )
    gateway = open_gateway(settings, lambda: at)
    mock = gateway.mock

    def call(name: str, **more: str) -> bytes:
        query = urlencode({**DEFAULT_ACCOUNT, **params, **more}, errors="replace").encode()
        return gateway.answer(Request("GET", f"/api/{name}".encode(), query, {}, b"", "127.0.0.1")).body

    if method != "result":
        return call(method)
    created = call("create")
    if mock.store.read_task(1) is None:
        return created
    if not processing and (ready := mock.store.next_ready(at, DEFAULT_ACCOUNT["login"])) is not None:
        mock.advance(None, ready - at)
    return call("result", id="1")
