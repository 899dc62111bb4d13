"""`ifind-mock sample`: an answer, to the byte as the server would send it, without a server."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import click

from mockserver.api.gateway import Gateway
from mockserver.api.http import Request
from mockserver.api.mock import Mock
from mockserver.cli.options import load_settings, with_settings
from mockserver.core.clock import parse_iso
from mockserver.core.delays import parse_delay
from mockserver.core.messages import METHODS
from mockserver.profile.profile import resolve
from mockserver.settings.files import clauses, words
from mockserver.settings.table import DEFAULT_ACCOUNT, Settings
from mockserver.stores import open_store

MOMENT = "2030-01-01T00:00:00+03:00"
"""When samples are made: one moment, so that the same command prints the same bytes."""


@with_settings(("edition", "profile", "clauses", "seed"))
@click.command("sample")
@click.argument("phone")
@click.option("--source", default="2", show_default=True, help="Where the phone is searched.")
@click.option("--format", "format_", default="json", show_default=True, help="json, xml or csv.")
@click.option("--method", type=click.Choice(METHODS), default="result", show_default=True, help="Whose answer.")
@click.option("--processing", is_flag=True, help="The answer of result while the task is not done.")
def command(phone: str, source: str, format_: str, method: str, *, processing: bool, **options: Any) -> None:
    """Prints the answer for PHONE, as the mock would send it: what is wrong with the call is an answer too."""
    if processing and method != "result":
        raise click.UsageError(f"--processing: {method} has no such answer; use it with --method result")
    wanted = {"phone": phone, "source": source, "format": format_}
    body = sample(load_settings(options), method, wanted, processing=processing)
    sys.stdout.buffer.write(body)


def sample(settings: Settings, method: str, params: dict[str, str], *, processing: bool = False) -> bytes:
    """The body of the method's answer, to a task made at MOMENT; processing: before it is done."""
    at = parse_iso(MOMENT, "")
    # What a settings file says of the mock's behaviour in time is not asked here: one call, and its answer.
    profile = resolve(clauses(), {**settings.profile.choices, "task.lifetime": "kept", "rate.limit": "off"})
    simulation = replace(
        settings.simulation, delay=parse_delay("2s", ""), accounts=(), by_source={}, by_phone={}, faults=()
    )
    mock = Mock(open_store("memory"), profile, simulation, words(), lambda: at)
    mock.put_account(DEFAULT_ACCOUNT["login"], {"token": DEFAULT_ACCOUNT["token"], "daily_limit": 1})
    gateway = Gateway(mock)

    def call(name: str, **more: str) -> bytes:
        query = urlencode({**DEFAULT_ACCOUNT, **params, **more}, errors="replace").encode()
        return gateway.answer(Request("GET", f"/api/{name}".encode(), query, {}, b"", "127.0.0.1")).body

    if method != "result":
        return call(method)
    created = call("create")
    if mock.store.read_task(1) is None:
        return created
    if not processing and (ready := mock.store.next_ready(at, [DEFAULT_ACCOUNT["login"]])) is not None:
        mock.advance(None, ready - at)
    return call("result", id="1")
