"""`ifind-mock serve`: the mock on the wire server."""

from __future__ import annotations

import gc
import os
import select
import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
from mockserver.wire.serving import ending_signals, made_for, opened, run_until_signal
from mockserver.wire.settings_file import SettingsFile

if TYPE_CHECKING:
    from mockserver.wire.certificates import Certificates


@with_settings()
@click.command("serve")
@click.option("--with-parent", is_flag=True, help="End when the process ends that started this one.")
def command(*, with_parent: bool, **options: Any) -> None:
    """Runs the mock until SIGTERM, SIGINT or SIGHUP.

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
        announcement = _Announcement(settings, write_line)

        def ready(host: str, port: int) -> None:
            for line in (*_hints(settings, host, port, made), *notes):
                STANDARD_ERROR.write(line)
            gc.freeze()
            announcement.begin(host, port)

        def within(operation: Callable[[], None]) -> None:
            server.guard(operation)  # which a server has once it has started

        file = SettingsFile(load, settings, gateway, within, write_line)

        def look() -> bool:
            announcement.go_on()
            file.look()
            return is_over()

        run_until_signal(server, settings.host, settings.port, ready, look)


def _by_workers(
    settings: Settings, load: Callable[[], Settings], made: Certificates | None, is_over: Callable[[], bool]
) -> None:
    """Serves in processes of its own."""
    from mockserver.wire.processes import ManyProcesses, say  # loaded where they are used
    from mockserver.wire.workers import say_at_once

    announcement = _Announcement(settings, say)

    def begin(mock: Mock) -> None:
        for line in _clock_notes(mock):
            STANDARD_ERROR.write(line)

    def ready(host: str, port: int) -> None:
        for line in _hints(settings, host, port, made):
            say_at_once(line)
        announcement.begin(host, port)

    def look() -> bool:
        announcement.go_on()
        return is_over()

    ManyProcesses(settings, load, made.context if made else None, begin).run(ready, look)


def _api(settings: Settings, host: str, port: int) -> str:
    """The URL of the API."""
    return url_of(callable_host(host), port, "https" if settings.tls else "http") + "/api"


@dataclass(slots=True)
class _Announcement:
    """The line `ready` on standard output. Where that is full, the line waits, and no answer does."""

    settings: Settings
    say: Callable[[str], object]
    _line: str = ""  # while it is to be written

    def begin(self, host: str, port: int) -> None:
        """Writes the line. Where standard output is of no use, the mock goes on if its port is known. Raises Refusal,
        OSError.
        """
        self._line = f"ready {_api(self.settings, host, port)}"
        try:
            self._write()
        except (Refusal, OSError) as error:
            if not self.settings.port:
                raise
            self._fails(error)

    def go_on(self) -> None:
        """Writes the line, where it still waits. To be called again and again."""
        try:
            self._write()
        except (Refusal, OSError) as error:
            self._fails(error)

    def _write(self) -> None:
        # Not through the stream, which would keep what it could not write, and fail with it at the end.
        if self._line and _takes(number := output().fileno()):
            os.write(number, f"{self._line}\n".encode())
            self._line = ""

    def _fails(self, error: Exception) -> None:
        line, self._line = self._line, ""
        self.say(f"{line} (standard output: {error.strerror if isinstance(error, OSError) else 'is closed'})")


def _takes(number: int) -> bool:
    """Whether a descriptor takes a line now, or fails at once."""
    if not hasattr(select, "poll"):
        return True
    asked = select.poll()
    asked.register(number, select.POLLOUT)
    return bool(asked.poll(0))


@contextmanager
def _ends_in_order() -> Iterator[None]:
    """Has signals end the process as Ctrl-C does: no key of a certificate that is being made stays in a file. While it
    runs, the server has its own way.
    """

    def end(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in ending_signals() if number != signal.SIGINT}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
