from __future__ import annotations

import time

from mockserver.api.gateway import Gateway
from mockserver.api.mock import Mock
from mockserver.settings.files import words
from mockserver.settings.table import Settings
from mockserver.stores import open_store


def open_gateway(settings: Settings) -> Gateway:
    """The API as the settings want it, on its store and on real time.

    Raises StoreError where the store can't be opened. Real time is the wall clock's at the start, counted on by the
    monotonic clock: a step of the wall clock must not make a ready task unready.
    """
    started = time.time_ns() - time.monotonic_ns()
    mock = Mock(
        open_store(settings.state),
        settings.profile,
        settings.simulation,
        words(),
        lambda: (started + time.monotonic_ns()) // 1000,
    )
    return Gateway(mock, plain=settings.plain)
