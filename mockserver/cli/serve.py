"""`ifind-mock serve`: the mock on the wire server."""

from __future__ import annotations

import gc
import os
import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

import click

from mockserver.api.http import callable_host, url_of
from mockserver.api.mock import Mock
from mockserver.cli.options import load_settings, with_settings
from mockserver.cli.streams import output
from mockserver.core.clock import Clock, iso_of
from mockserver.core.errors import Refusal
from mockserver.settings.table import Settings
from mockserver.standard_error import STANDARD_ERROR, write_line
from mockserver.wire.parent import Parent
from mockserver.wire.serving import made_for, opened, run_until_signal
from mockserver.wire.settings_file import SettingsFile

if TYPE_CHECKING:
    from mockserver.wire.certificates import Certificates


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
    with _ends_in_order(), made_for(settings) as made:
        serve = _by_workers if settings.workers > 1 else _alone
        serve(settings, partial(load_settings, options), made, parent.has_ended if parent else lambda: False)


def _alone(
    settings: Settings, load: Callable[[], Settings], made: Certificates | None, is_over: Callable[[], bool]
) -> None:
    """Serves in this process."""
    log = STANDARD_ERROR.write if settings.access_log else None
    with opened(settings, log, made.context if made else None) as (gateway, server):
        notes = _clock_notes(gateway.mock)

        def ready(host: str, port: int) -> None:
            for line in (*_hints(settings, host, port, made), *notes):
                STANDARD_ERROR.write(line)
            gc.freeze()
            _announce(settings, host, port, write_line)

        def within(operation: Callable[[], None]) -> None:
            server.guard(operation)  # which a server has once it has started

        file = SettingsFile(load, settings, gateway, within, write_line)

        def look() -> bool:
            file.look()
            return is_over()

        run_until_signal(server, settings.host, settings.port, ready, look)


def _by_workers(
    settings: Settings, load: Callable[[], Settings], made: Certificates | None, is_over: Callable[[], bool]
) -> None:
    """Serves in processes of its own."""
    from mockserver.wire.processes import ManyProcesses, say  # loaded where they are used
    from mockserver.wire.workers import say_at_once

    def begin(mock: Mock) -> None:
        for line in _clock_notes(mock):
            STANDARD_ERROR.write(line)

    def ready(host: str, port: int) -> None:
        for line in _hints(settings, host, port, made):
            say_at_once(line)
        _announce(settings, host, port, say)

    ManyProcesses(settings, load, made.context if made else None, begin).run(ready, is_over)


def _api(settings: Settings, host: str, port: int) -> str:
    """The URL of the API."""
    return url_of(callable_host(host), port, "https" if settings.tls else "http") + "/api"


def _announce(settings: Settings, host: str, port: int, say: Callable[[str], object]) -> None:
    """Writes the line `ready` to standard output. Where that is of no use, the mock goes on if its port is known.

    Raises Refusal, OSError.
    """
    line = f"ready {_api(settings, host, port)}"
    try:
        # Not through the stream, which would keep what it could not write, and fail with it at the end.
        os.write(output().fileno(), f"{line}\n".encode())
    except (Refusal, OSError) as error:
        if not settings.port:
            raise
        say(f"{line} (standard output: {error.strerror if isinstance(error, OSError) else 'is closed'})")


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


def _hints(settings: Settings, host: str, port: int, made: Certificates | None) -> list[str]:
    """What to try."""
    api, authority = _api(settings, host, port), made.authority if made else None
    accounts = settings.simulation.accounts
    lines = ["accounts: any test-…@example.com with the token test-token, made on first use"]
    if settings.origins["accounts"] == "default":
        login, token = accounts[0].login, accounts[0].token
        trusting = f"--cacert {shlex.quote(str(authority))} " if authority else ""
        lines.insert(0, f"account: login {login}, token {token}")
        source = "" if not settings.profile.rules.edition.required else "&source=2"
        query = f"login={quote(login, safe='@')}&token={quote(token)}&phone=70001234567{source}"
        lines.append(f"try: curl {trusting}'{api}/create?{query}'")
    lines.append(f"dashboard: {api.removesuffix('/api')}/_mock/")
    return [*lines, *_trust(authority)]
