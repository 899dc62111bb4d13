"""A mock in this process: the wire server in a thread, and the control API by calls, without a web framework."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mockserver.api.http import url_of
from mockserver.assembly import open_gateway
from mockserver.settings.table import Settings
from mockserver.web.control import Control
from mockserver.wire.serving import mock_server, run_in_thread


@contextmanager
def serve_locally(
    settings: Settings, listeners: Sequence[socket.socket] | None = None
) -> Iterator[tuple[str, Control]]:
    """Serves a mock while the context lasts; gives the URL of its API, and its control. listeners are sockets that
    listen already, in place of those of the settings' host and port.
    """
    gateway = open_gateway(settings)
    try:
        server = mock_server(gateway, settings)
        with run_in_thread(server, settings.host, settings.port, listeners=listeners) as bound:
            yield f"{url_of(*bound)}/api", Control(gateway.mock, settings, server.guard, server.outbox.end)
    finally:
        gateway.mock.store.close()
