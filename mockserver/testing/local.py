"""A mock in this process: the wire server in a thread, and the control API by calls, without a web framework."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mockserver.api.http import callable_host, url_of
from mockserver.assembly import open_gateway
from mockserver.settings.table import Settings
from mockserver.testing.channel import LocalChannel
from mockserver.web.control import Control
from mockserver.wire.serving import made_for, mock_server, run_in_thread


@contextmanager
def serve_locally(settings: Settings, listeners: Sequence[socket.socket] | None = None) -> Iterator[LocalChannel]:
    """Serves a mock while the context lasts; gives the way to its control. listeners are sockets that listen already,
    in place of those of the settings' host and port.
    """
    gateway = open_gateway(settings)
    try:
        with made_for(settings) as made:
            server = mock_server(gateway, settings, tls=None if made is None else made.context)
            with run_in_thread(server, settings.host, settings.port, listeners=listeners) as (host, port):
                api = f"{url_of(callable_host(host), port, server.scheme)}/api"
                control = Control(gateway.mock, settings, server.guard, server.outbox.end)
                yield LocalChannel(api, None if made is None else made.authority, control)
    finally:
        gateway.mock.store.close()
