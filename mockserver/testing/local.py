"""A mock in this process: the wire server in a thread, and the control API by calls, without a web framework."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from mockserver.api.http import callable_host, url_of
from mockserver.settings.files import ready_scenarios
from mockserver.settings.table import Settings
from mockserver.testing.channel import LocalChannel
from mockserver.web.control import Control, route_table
from mockserver.wire.serving import made_for, opened, run_in_thread


@contextmanager
def serve_locally(settings: Settings, listeners: Sequence[socket.socket] | None = None) -> Iterator[LocalChannel]:
    """Serves a mock while the context lasts; gives the way to its control. listeners are sockets that listen already,
    in place of those of the settings' host and port.
    """
    with ExitStack() as stack:
        made = stack.enter_context(made_for(settings))
        gateway, server = stack.enter_context(opened(settings, tls=None if made is None else made.context))
        host, port = stack.enter_context(run_in_thread(server, settings.host, settings.port, listeners=listeners))
        api = f"{url_of(callable_host(host), port, server.scheme)}/api"
        guard = server.guard
        control = Control(gateway.mock, settings, guard, server.end_waiting, guard.soon)
        for read_late in (route_table, ready_scenarios, lambda: gateway.mock.words.lists):
            read_late()  # now: a test may hide all files later
        yield LocalChannel(api, None if made is None else made.authority, control)
