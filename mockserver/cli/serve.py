"""`ifind-mock serve`: the mock on the wire server."""

from __future__ import annotations

import gc
import os
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import click

from mockserver.api.http import callable_host, url_of
from mockserver.api.mock import Mock
from mockserver.assembly import open_gateway
from mockserver.cli.options import load_settings, with_settings
from mockserver.cli.streams import output
from mockserver.core.clock import Clock, iso_of
from mockserver.core.errors import Refusal
from mockserver.settings.table import Settings
from mockserver.standard_error import STANDARD_ERROR, write_line
from mockserver.wire.parent import Parent
from mockserver.wire.serving import made_for, mock_server, run_until_signal
from mockserver.wire.settings_file import SettingsFile


@with_settings()
@click.command("serve")
@click.option("--with-parent", is_flag=True, help="End when the process ends that started this one.")
def command(*, with_parent: bool, **options: Any) -> None:
    """Runs the mock until SIGTERM or SIGINT.

    When the mock accepts connections, it writes one line to standard output: `ready` and the API's address. All other
    lines go to standard error; so does this one where standard output is closed or broken and the port is not 0.
    """
    parent = Parent() if with_parent else None
    settings = load_settings(options)
    if not settings.port:
        output()
    gateway = open_gateway(settings)
    log = STANDARD_ERROR.write if settings.access_log else None
    try:
        with _ends_in_order(), made_for(settings) as made:
            authority = made.authority if made else None
            server = mock_server(gateway, settings, log, made.context if made else None)

            def ready(host: str, port: int) -> None:
                api = url_of(callable_host(host), port, server.scheme) + "/api"
                for line in (*_hints(settings, api, authority), *_trust(authority), *_clock_notes(gateway.mock)):
                    STANDARD_ERROR.write(line)
                gc.freeze()
                _announce(f"ready {api}", is_known=settings.port != 0)

            file = SettingsFile(partial(load_settings, options), settings, gateway, write_line)

            def is_over() -> bool:
                file.look()
                return parent is not None and parent.has_ended()

            run_until_signal(server, settings.host, settings.port, ready, is_over)
    finally:
        gateway.mock.store.close()


def _announce(line: str, *, is_known: bool) -> None:
    """Writes the line to standard output. Where that is of no use, the mock goes on if its port is known without it.

    Raises Refusal, OSError.
    """
    try:
        # Not through the stream, which would keep what it could not write, and fail with it at the end.
        os.write(output().fileno(), f"{line}\n".encode())
    except (Refusal, OSError) as error:
        if not is_known:
            raise
        write_line(f"{line} (standard output: {error.strerror if isinstance(error, OSError) else 'is closed'})")


@contextmanager
def _ends_in_order() -> Iterator[None]:
    """Has SIGTERM end the process as Ctrl-C does, so that no key of a certificate that is being made stays in a file.
    The server has its own way, while it runs.
    """

    def end(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _clock_notes(mock: Mock) -> list[str]:
    """The state of a clock that a state file has kept."""
    clock = mock.clock()
    if clock == Clock():
        return []
    how = "stands still at" if clock.frozen else f"runs {clock.speed:g} times as fast as real time, from"
    return [f"clock: {how} {iso_of(mock.now())}, kept from before; POST /_mock/reset sets it back"]


def _trust(authority: Path | None) -> list[str]:
    """How clients are told to trust the CA of that certificate."""
    if authority is None:
        return []
    variables = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")
    file = shlex.quote(str(authority))
    return [
        f"CA: {authority}",
        f"trust it: export {' '.join(f'{name}={file}' for name in variables)}",
        f"PHP: php -d openssl.cafile={file} -d curl.cainfo={file}",
    ]


def _hints(settings: Settings, api: str, authority: Path | None) -> list[str]:
    accounts = settings.simulation.accounts
    lines = ["accounts: any test-…@example.com with the token test-token, made on first use"]
    if settings.origins["accounts"] == "default":
        login, token = accounts[0].login, accounts[0].token
        trusting = f"--cacert {shlex.quote(str(authority))} " if authority else ""
        lines.insert(0, f"account: login {login}, token {token}")
        source = "" if not settings.profile.rules.edition.required else "&source=2"
        query = f"login={quote(login, safe='@')}&token={quote(token)}&phone=70001234567{source}"
        lines.append(f"try: curl {trusting}'{api}/create?{query}'")
    lines.append(f"control: {api.removesuffix('/api')}/_mock/health")
    return lines
