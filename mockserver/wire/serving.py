"""A server on a loop of its own: in the foreground until a signal, or in a thread."""

from __future__ import annotations

import asyncio
import errno
import signal
import ssl
import sys
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from mockserver.api.gateway import Gateway
from mockserver.api.http import callable_host, url_of
from mockserver.assembly import open_gateway
from mockserver.settings.table import Settings
from mockserver.standard_error import write_line
from mockserver.stores.memory import MemoryStore
from mockserver.stores.state_run import WHOLE, Run
from mockserver.wire.fast_answers import FastAnswers, MemoryAnswers
from mockserver.wire.guards import LoopGuard, StateGuard, ThreadGuard
from mockserver.wire.listening import Listener
from mockserver.wire.server import Server

if TYPE_CHECKING:
    from mockserver.stores.sqlite import SqliteStore
    from mockserver.wire.certificates import Certificates

SWITCH = 0.0005
"""Seconds for which a thread of the control API may keep the loop waiting, after each of its calls to the system."""
LoopFactory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]
_LOOK_AGAIN = 0.2  # seconds


def mock_server(
    gateway: Gateway,
    settings: Settings,
    access_log: Callable[[str], None] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Server:
    """The wire server of a mock: the gateway answers the API, the Flask app around it all of `/_mock/`. tls is what
    `made_for` gives for the settings.
    """

    def app(guard: StateGuard) -> Any:
        from mockserver.web.app import make_app  # Flask is loaded when /_mock/ is first asked for

        return make_app(gateway, guard, settings, server.end_waiting, guard.soon)

    def routes() -> Collection[str]:
        from mockserver.web.control import control_paths

        return control_paths()

    store = gateway.mock.store
    fast = None if gateway.hook is not None else fast_answers_of(gateway)
    server = Server(
        gateway.turn,
        app,
        limits=settings.limits,
        access_log=access_log,
        routes=routes,
        tls=tls,
        make_guard=ThreadGuard if store.is_shared else LoopGuard,
        fast=fast,
        watch=gateway.mock.watch if store.is_shared else None,
    )
    gateway.mock.end_waiting = server.end_waiting
    return server


def fast_answers_of(gateway: Gateway) -> FastAnswers | None:
    """The fast answers that the store of a mock allows; the gateway is given the plans that go with them."""
    store = gateway.mock.store
    if isinstance(store, MemoryStore):
        return MemoryAnswers(gateway, store)
    if not store.is_read_beside:
        return None
    from mockserver.wire.file_answers import FileAnswers, FileCreates  # loaded where it is used

    gateway.plan = FileCreates(gateway, cast("SqliteStore", store)).plan
    return FileAnswers(gateway, cast("SqliteStore", store))


@contextmanager
def opened(
    settings: Settings,
    access_log: Callable[[str], None] | None = None,
    tls: ssl.SSLContext | None = None,
    run: Run = WHOLE,
) -> Iterator[tuple[Gateway, Server]]:
    """A mock of the settings and its server, which is to be run in the context; at its end, the store is closed. Raises
    what `open_gateway` raises.
    """
    gateway = open_gateway(settings, run=run)
    server = mock_server(gateway, settings, access_log, tls)
    try:
        yield gateway, server
    finally:
        server.release(gateway.mock.store.close)


@contextmanager
def made_for(settings: Settings) -> Iterator[Certificates | None]:
    """The certificates that the settings ask for, while the context lasts; None where they ask for none."""
    if not settings.tls:
        yield None
        return
    from mockserver.wire.certificates import certificates

    with certificates((callable_host(settings.host), *settings.tls_names), settings.tls_ca) as made:
        yield made


def fastest_loop() -> asyncio.AbstractEventLoop:
    """A new uvloop where that can be imported, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.SelectorEventLoop()  # on Windows, the usual one could not say that a connection may be accepted
    return uvloop.new_event_loop()


def ending_signals() -> list[int]:
    """The signals that end a server: also that of a terminal that has gone, unless it is ignored, as by `nohup`."""
    named = [getattr(signal, name, None) for name in ("SIGTERM", "SIGINT", "SIGHUP")]
    hangs_up = named[2] is not None and signal.getsignal(named[2]) is not signal.SIG_IGN
    return [number for number in (named if hangs_up else named[:2]) if number is not None]


def run_until_signal(
    server: Server,
    host: str,
    port: int,
    on_ready: Callable[[str, int], None],
    is_over: Callable[[], bool] | None = None,
) -> None:
    """Serves until one of `ending_signals`, on the main thread; on_ready gets the bound address once it accepts
    connections. is_over is asked a few times a second, and ends it, too. Raises WireError for an address that can't be
    bound.
    """
    ended = asyncio.Event()
    sys.setswitchinterval(SWITCH)

    def look(loop: asyncio.AbstractEventLoop, over: Callable[[], bool]) -> None:
        if over():
            ended.set()
        else:
            loop.call_later(_LOOK_AGAIN, look, loop, over)

    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=fastest_loop) as runner:
        # Event loops on Windows have no such handlers: there Ctrl-C comes as KeyboardInterrupt.
        with suppress(NotImplementedError):
            for number in ending_signals():
                runner.get_loop().add_signal_handler(number, ended.set)
        if is_over is not None:
            look(runner.get_loop(), is_over)
        runner.run(serve_until(server, server.start(host, port), on_ready, ended))


@contextmanager
def run_in_thread(
    server: Server,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    listeners: Sequence[Listener] | None = None,
    loop_factory: LoopFactory = fastest_loop,
) -> Iterator[tuple[str, int]]:
    """Serves in a thread while the context lasts; gives the bound address. listeners are sockets that listen already,
    in place of those of the host and the port. Raises WireError where the address can't be bound.
    """
    ready: Future[tuple[str, int]] = Future()
    ended = asyncio.Event()

    def work() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                starts = server.start(host, port, listeners)
                runner.run(serve_until(server, starts, lambda *bound: ready.set_result(bound), ended))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    loop = loop_factory()
    thread = threading.Thread(target=work, name="ifind-mock-wire", daemon=True)
    thread.start()
    try:
        yield ready.result()
    finally:
        with suppress(RuntimeError):  # the loop has ended already: it could not start
            loop.call_soon_threadsafe(ended.set)
        thread.join()


@contextmanager
def serve_mock(gateway: Gateway, settings: Settings) -> Iterator[str]:
    """Serves a mock on a free port, in a thread, while the context lasts; gives its URL: `http://127.0.0.1:49152`."""
    with run_in_thread(mock_server(gateway, settings)) as bound:
        yield url_of(*bound)


async def serve_until(
    server: Server,
    starts: Coroutine[Any, Any, tuple[str, int]],
    on_ready: Callable[[str, int], None],
    ended: asyncio.Event,
) -> None:
    """Starts the server by `starts`, gives on_ready the bound address, and stops the server once it is ended."""
    asyncio.get_running_loop().set_exception_handler(_report)
    bound = await starts
    try:
        on_ready(*bound)
        await ended.wait()
    finally:
        await server.stop()


def _report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One line for what the loop could not handle, such as too many open files, without a traceback."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno == errno.ENOTCONN:
        return  # asyncio ends its side of a connection that the client has just reset
    kind = f" ({type(error).__name__})" if error else ""
    write_line(f"{context['message']}{kind}")
