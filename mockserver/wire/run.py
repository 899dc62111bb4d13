"""A server on a loop of its own: in the foreground till a signal, or in a thread."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

from mockserver.wire.failures import tell
from mockserver.wire.limits import Limits
from mockserver.wire.server import Answering, Server, WsgiFactory, url_of

LoopFactory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]


def fastest_loop() -> asyncio.AbstractEventLoop:
    """A new uvloop where that can be imported, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def run(
    server: Server,
    host: str,
    port: int,
    on_ready: Callable[[str, int], None],
    *,
    loop_factory: LoopFactory = fastest_loop,
) -> None:
    """Serve till SIGTERM or SIGINT; on_ready is told the bound address once connections are accepted.

    Called on the main thread. Raises WireError where the address can't be had.
    """

    async def main() -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        # Event loops on Windows have no such handlers: there Ctrl-C comes as KeyboardInterrupt, which is caught below.
        with suppress(NotImplementedError):
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, ended.set)
        await _serve(server, host, port, on_ready, ended)

    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main())


@contextmanager
def running(
    server: Server,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    loop_factory: LoopFactory = fastest_loop,
) -> Iterator[tuple[str, int]]:
    """Serve in a thread while the context lasts; gives the bound address.

    Raises WireError where the address can't be had.
    """
    ready: Future[tuple[str, int]] = Future()
    stop: list[Callable[[], Any]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        await _serve(server, host, port, lambda *bound: ready.set_result(bound), ended)

    def work() -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                runner.run(main())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=work, name="ifind-mock-wire", daemon=True)
    thread.start()
    try:
        yield ready.result()
    finally:
        with suppress(RuntimeError):  # the loop has ended already: it could not start
            stop[0]()
        thread.join()


@contextmanager
def serving(
    answering: Answering,
    wsgi_factory: WsgiFactory,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    limits: Limits | None = None,
) -> Iterator[str]:
    """Serve in a thread while the context lasts; gives the URL, such as `http://127.0.0.1:49152`.

    Raises WireError where the address can't be had.
    """
    with running(Server(answering, wsgi_factory, limits=limits), host, port) as bound:
        yield url_of(*bound)


async def _serve(
    server: Server, host: str, port: int, on_ready: Callable[[str, int], None], ended: asyncio.Event
) -> None:
    asyncio.get_running_loop().set_exception_handler(_tell)
    bound = await server.start(host, port)
    try:
        on_ready(*bound)
        await ended.wait()
    finally:
        await server.stop()


def _tell(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One line for what the loop could not handle, such as too many open files, without a traceback."""
    error = context.get("exception")
    kind = f" ({type(error).__name__})" if error else ""
    tell(f"{context['message']}{kind}")
