"""`ifind-mock serve`: the mock on the wire server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import click

from mockserver.cli.options import load_settings, with_settings
from mockserver.core.errors import Problem, Refusal
from mockserver.gateway import open_gateway
from mockserver.settings import Settings
from mockserver.wire import LoopGuard, Server, run


@with_settings()
@click.command("serve")
def command(**options: Any) -> None:
    """Runs the mock until SIGTERM or SIGINT.

    Standard output gets one line when it accepts connections: ready, and the API's address.
    """
    settings = load_settings(options)
    if sys.stdout is None:
        raise Refusal(Problem("standard output", "is closed", "leave it open: the address is told there"))
    gateway = open_gateway(settings)

    def app(guard: LoopGuard) -> Any:
        from mockserver.web import make_app  # noqa: PLC0415 - Flask is loaded when /_mock/ is first asked for

        return make_app(gateway, guard, settings, server.cancel_waiting)

    log: Callable[[str], None] | None = partial(click.echo, err=True) if settings.access_log else None
    server = Server(gateway, app, access_log=log)
    try:
        run(server, settings.host, settings.port, partial(_ready, settings))
    finally:
        gateway.mock.store.close()


def _ready(settings: Settings, host: str, port: int) -> None:
    told_host = f"[{host}]" if ":" in host else host
    api = f"http://{told_host}:{port}/api"
    for line in _hints(settings, api):
        click.echo(line, err=True)
    sys.stdout.write(f"ready {api}\n")
    sys.stdout.flush()


def _hints(settings: Settings, api: str) -> list[str]:
    accounts = settings.simulation.accounts
    lines = ["accounts: any test-…@example.com with the token test-token, made on first use"]
    if settings.origins["accounts"] == "default":
        login, token = accounts[0].login, accounts[0].token
        lines.insert(0, f"account: login {login}, token {token}")
        source = "" if not settings.profile.deciding.edition.required else "&source=2"
        query = f"login={quote(login, safe='@')}&token={quote(token)}&phone=70001234567{source}"
        lines.append(f"try: curl '{api}/create?{query}'")
    lines.append(f"control: {api.removesuffix('/api')}/_mock/health")
    return lines
