"""Makes a mock of settings: its store, its clock, and the gateway in front of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mockserver.api.gateway import Gateway, Hook
from mockserver.api.mock import Mock
from mockserver.core.clock import RealTime
from mockserver.core.errors import Problem, Refusal, StoreError
from mockserver.core.messages import Micros
from mockserver.machine_time import monotonic_ns, wall_ns
from mockserver.settings.files import words
from mockserver.settings.table import Settings
from mockserver.stores.opening import open_store
from mockserver.stores.retention import Retention
from mockserver.stores.state_run import WHOLE, Run


def open_gateway(
    settings: Settings,
    wall: Callable[[], Micros] | None = None,
    hook: Callable[[Mock], Hook] | None = None,
    *,
    monotonic: Callable[[], Micros] | None = None,
    owns_sockets: bool = True,
    run: Run = WHOLE,
) -> Gateway:
    """The API of the settings, on its store. wall and monotonic are the clocks of real time (see RealTime) in place of
    this machine's; wall alone is both. hook makes the gateway's hook from its mock; owns_sockets says whether the
    server of the mock can break a connection; run is what this process may do for that of the state. Raises StoreError
    where the store can't be opened, Refusal for a fault of the settings that the server can't carry out.
    """
    real = RealTime(wall or _wall, monotonic or wall or _monotonic)
    try:
        mock = _mock(settings, real, run, owns_sockets=owns_sockets)
    except Refusal as refusal:
        raise Refusal(*(_placed(problem, settings) for problem in refusal.problems)) from None
    except StoreError as error:
        raise StoreError(f"{settings.places['state']}: {error}") from error
    return Gateway(mock, plain=settings.plain, hook=None if hook is None else hook(mock))


def _wall() -> Micros:
    return wall_ns() // 1000


def _monotonic() -> Micros:
    return monotonic_ns() // 1000


def _placed(problem: Problem, settings: Settings) -> Problem:
    """The problem of a setting, at the place that the setting came from."""
    name, bracket, rest = problem.where.partition("[")
    return replace(problem, where=f"{settings.places[name]}{bracket}{rest}")


def _mock(settings: Settings, real: RealTime, run: Run, *, owns_sockets: bool) -> Mock:
    store = open_store(settings.state, run)
    if settings.keep_tasks or settings.keep_for:
        store.retention = Retention(settings.keep_tasks, settings.keep_for, real.now)
    try:
        return Mock(store, settings.profile, settings.simulation, words(), real, owns_sockets=owns_sockets)
    except BaseException:
        store.close()
        raise
