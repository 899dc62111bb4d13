"""The mock that all tests of a pytest run share, also where pytest-xdist spreads them over several processes."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.api.http import url_of
from mockserver.core.errors import IfindMockError
from mockserver.wire.listening import bound_address, sockets

if TYPE_CHECKING:
    from mockserver.settings.table import Settings

_HOST = "127.0.0.1"


def run_settings(root: Path) -> Settings:
    """The settings of the variables IFIND_MOCK_* and of ifind-mock.toml in the root directory of the tests, but with
    state in memory, on a free port of this machine; a task is ready at once unless they say otherwise. Raises Refusal.
    """
    from mockserver.settings.loading import load

    settings = load(environ=os.environ, directory=root)
    if settings.origins["delay"] == "default":
        settings = load(environ=os.environ, directory=root, arguments={"delay": "0s"})
    return replace(settings, host=_HOST, port=0, state="memory", admin_token=None, access_log=False, tls=False)


class MockInWaiting:
    """A mock that starts when it is first called: where no test uses it, it costs a socket and a thread that sleeps.

    Where its settings are wrong, it ends its connections without an answer.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listeners = sockets(_HOST, 0)
        self.url = f"{url_of(*bound_address(self._listeners[0]))}/api"
        self._end, self._ended = socket.socketpair()
        self._thread = threading.Thread(target=self._work, name="ifind-mock-waiting", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it, whether it has started or not."""
        self._end.close()
        self._thread.join()

    def _work(self) -> None:
        waiting = [*self._listeners, self._ended]
        with selectors.DefaultSelector() as selector:  # select alone knows no descriptor above 1,023
            for one in waiting:
                selector.register(one, selectors.EVENT_READ)
            called = [key.fileobj for key, _ in selector.select()]
        if self._ended not in called:
            with suppress(IfindMockError):  # the caller reads the settings, too, and says what is wrong with them
                self._serve()
        for one in waiting:
            one.close()

    def _serve(self) -> None:
        from mockserver.testing.local import serve_locally

        with serve_locally(run_settings(self._root), self._listeners):
            self._ended.recv(1)
