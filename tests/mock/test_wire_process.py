"""The wire server as a process: its log, its start and its stop."""

from __future__ import annotations

import errno
import http.client
import ipaddress
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from mockserver.api.http import url_of
from mockserver.wire.failures import WireError
from mockserver.wire.listening import sockets
from mockserver.wire.server import Server
from mockserver.wire.serving import ending_signals, fastest_loop, run_in_thread
from support.raw_client import Client, connected
from support.wire_server import Echo, Pages, Serve, Up, get, on_loop, refused, wait_for

# The log.


def test_the_access_log_names_all_but_the_query_and_what_no_route_has(serve: Serve) -> None:
    with serve() as up:
        up.ask("/api/create?token=secret&size=5&reason=no+such+task")
        up.ask("/api/info/login=a&token=secret/more?size=5")
        up.ask("/api/cr%0Aeate?token=secret&size=5")
        up.ask("/_mock/?token=secret", http_method="HEAD")
        refused(up, b"secret\r\n\r\n")

    parts = [line.split() for line in up.log]
    assert [one[:5] for one in parts] == [
        ["127.0.0.1", "GET", "/api/create", "200", "5"],
        ["127.0.0.1", "GET", "/api/info/…", "200", "5"],
        ["127.0.0.1", "GET", "/api/…", "200", "5"],
        ["127.0.0.1", "HEAD", "/_mock/", "200", "0"],
        ["127.0.0.1", "-", "-", "400", parts[4][4]],
    ]
    assert parts[0][6:] == ["no", "such", "task"]
    assert [len(one) for one in parts[1:]] == [6] * 4
    assert all(0 <= float(one[5].removesuffix("ms")) < 5000 for one in parts)


def test_nothing_is_logged_unless_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    with run_in_thread(Server(Echo().turn, Pages().factory)) as address:
        assert ask_url(url_of(*address)).status == 200

    assert capfd.readouterr() == ("", "")


def ask_url(url: str) -> http.client.HTTPResponse:
    with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)) as connection:
        connection.request("GET", "/api/create")
        return connection.getresponse()


# Start and stop.


def test_a_port_in_use_is_a_clear_error(up: Up) -> None:
    with (
        pytest.raises(WireError, match=rf"127\.0\.0\.1 port {up.address[1]}: the port is in use"),
        run_in_thread(Server(Echo().turn, Pages().factory), port=up.address[1]),
    ):
        pass


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("no-such-host.invalid", 0, "the host is unknown"),
        ("", 0, "the host is unknown"),
        ("a..b", 0, "the host is unknown"),
        ("192.0.2.1", 0, "no such address"),
        ("fe80::1", 0, "a link-local one needs its interface"),
        ("fe80::1%none", 0, "the host is unknown"),
        ("127.0.0.1", 65536, "ports are 1 to 65535"),
        ("127.0.0.1", -1, "ports are 1 to 65535"),
    ],
)
def test_an_address_that_cannot_be_bound_is_a_clear_error(host: str, port: int, message: str) -> None:
    with pytest.raises(WireError, match=message), run_in_thread(Server(Echo().turn, Pages().factory), host, port):
        pass


def test_a_name_is_listened_to_on_each_of_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = ["127.0.0.1", "127.0.0.2"]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, 0)) for host in hosts]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with run_in_thread(Server(Echo().turn, Pages().factory), "both.invalid") as (_, port):
        monkeypatch.undo()
        for host in hosts:
            with connected((host, port)) as client:
                assert client.ask().status == 200


def test_a_machine_without_ipv6_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_ipv6(family: int, *rest: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return made(family, *rest)

    made = socket.socket
    monkeypatch.setattr("mockserver.wire.listening.socket.socket", no_ipv6)
    with pytest.raises(WireError, match="can't listen on ::1 port 0: this machine has no addresses of this kind"):
        sockets("::1", 0)
    pairs = ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"))
    found = [(family, socket.SOCK_STREAM, 0, "", (host, 0)) for family, host in pairs]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    opened = sockets("localhost", 0)
    for one in opened:
        one.close()

    assert [one.family for one in opened] == [socket.AF_INET]


def link_local() -> list[str]:
    """The addresses of this machine that need their interface, with it."""
    if not Path("/proc/net/if_inet6").exists():
        return []
    lines = [line.split() for line in Path("/proc/net/if_inet6").read_text(encoding="ascii").splitlines()]
    return [f"{ipaddress.IPv6Address(int(line[0], 16))}%{line[5]}" for line in lines if line[3] == "20"]


def test_a_link_local_address_is_named_with_its_interface() -> None:
    for host in [*link_local(), "::1"]:  # a machine may have none
        with run_in_thread(Server(Echo().turn, Pages().factory), host) as address, connected(address) as client:
            assert address[0] == host
            assert client.ask().status == 200


@pytest.mark.parametrize("order", [1, -1])
def test_an_address_of_a_name_that_is_switched_off_is_left_out(monkeypatch: pytest.MonkeyPatch, order: int) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, 0)) for host in ("127.0.0.1", "192.0.2.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found[::order])
    with run_in_thread(Server(Echo().turn, Pages().factory), "both.invalid") as address:
        monkeypatch.undo()
        assert address[0] == "127.0.0.1"
        with connected(address) as client:
            assert client.ask().status == 200


def test_a_name_is_refused_where_the_port_of_one_of_its_addresses_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.2", 0)) as other:
        port = other.getsockname()[1]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, port)) for host in ("127.0.0.1", "127.0.0.2")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        with (
            pytest.raises(WireError, match="the port is in use"),
            run_in_thread(Server(Echo().turn, Pages().factory), "b.invalid", port),
        ):
            pass


def test_a_reset_answers_with_503_what_waits_and_closes_its_connection(serve: Serve) -> None:
    with serve() as up, up.connect() as waiting, up.connect() as pipelined, up.connect() as other:
        waiting.send(get("/?latency=60000"))
        pipelined.send(get("/?latency=60000") + get("/two") + get("/?latency=60000"))
        wait_for(lambda: len(up.server.outbox) == 3)

        assert on_loop(up, lambda: up.server.outbox.end(None)) == 3
        got = waiting.answer()
        assert (got.status, got.headers["connection"]) == (503, "close")
        assert waiting.closed()
        assert [pipelined.answer().status for _ in range(2)] == [503, 200]
        got = pipelined.answer()
        assert (got.status, got.headers["connection"]) == (503, "close")
        assert pipelined.closed()
        assert other.ask().status == 200


def test_a_stop_lets_answers_in_flight_finish_and_refuses_new_connections(serve: Serve) -> None:
    with ExitStack() as clients:
        with serve() as up:
            waiting, idle, half = (clients.enter_context(up.connect()) for _ in range(3))
            idle.ask()
            half.send(b"GET / HT")
            waiting.send(get("/?latency=200") + get("/two"))
            wait_for(lambda: bool(up.server.outbox))
            late = threading.Timer(0.1, waiting.send, [get("/late")])
            late.start()
            began = time.monotonic()
        took = time.monotonic() - began

        assert took < 4
        assert idle.closed()
        assert half.closed()
        assert waiting.answer().json["path"] == "/"
        assert waiting.answer().headers["connection"] == "close"
        late.join()
        assert waiting.closed()
        with pytest.raises(ConnectionRefusedError):
            Client(up.address)


def test_a_request_that_has_reached_a_stopping_server_is_answered(serve: Serve) -> None:
    for _ in range(5):
        with ExitStack() as clients:
            with serve() as up:
                used, fresh = (clients.enter_context(up.connect()) for _ in range(2))
                used.ask()
                used.send(get())
                fresh.send(get())

            assert (used.answer().status, fresh.answer().status) == (200, 200)


@pytest.mark.parametrize("path", ["/?latency=60000", "/_mock/slow", "/?size=15000000"])
def test_a_stop_waits_no_longer_than_its_limit_whatever_is_in_flight(serve: Serve, path: str) -> None:
    with ExitStack() as clients:
        with serve(stop_time=0.2) as up:
            client = clients.enter_context(up.connect()).send(get(path))
            time.sleep(0.05)
            began = time.monotonic()
        took = time.monotonic() - began
        if "size" not in path:
            got = client.answer()
            assert (got.status, got.headers["connection"]) == (503, "close")
        assert not up.server.outbox
        up.pages.release.set()

    assert 0.2 <= took < 4


PROGRAM = """
    import sys
    sys.path.insert(0, {tests!r})
    from support.wire_server import Echo, Pages
    from mockserver.wire.serving import run_until_signal
    from mockserver.wire.server import Server

    run_until_signal(Server(Echo().turn, Pages().factory), "127.0.0.1", 0, lambda host, port: print(port, flush=True))
    print("bye")
"""


@contextmanager
def started() -> Iterator[tuple[subprocess.Popen[str], tuple[str, int]]]:
    """A server in a process of its own."""
    program = textwrap.dedent(PROGRAM).format(tests=str(Path(__file__).parents[1]))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, ("127.0.0.1", int(process.stdout.readline()))
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_process_within_a_second_with_answers_finished(number: signal.Signals) -> None:
    # One of eight: a machine that runs other tests may hold up the process itself.
    assert any(_seconds_to_end(number) < 1 for _ in range(8))


def _seconds_to_end(number: signal.Signals) -> float:
    with started() as (process, address):
        with connected(address) as client:
            client.ask()
            client.send(get("/?latency=300"))
            time.sleep(0.05)
            began = time.monotonic()
            process.send_signal(number)
            assert client.answer().status == 200
            assert process.wait(5) == 0
        took = time.monotonic() - began
        assert process.communicate() == ("bye\n", None)
        return took


def test_a_terminal_that_goes_ends_no_process_that_is_to_outlive_it() -> None:
    before = signal.getsignal(signal.SIGHUP)
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup has it
        assert ending_signals() == [signal.SIGTERM, signal.SIGINT]
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_page_that_hangs_does_not_keep_the_process_from_ending() -> None:
    with started() as (process, address), connected(address) as client:
        client.send(get("/_mock/slow"))
        time.sleep(0.1)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 0
        assert time.monotonic() - began < 4.5  # the page takes 5 seconds


def test_plain_asyncio_serves_where_uvloop_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with closing(fastest_loop()) as loop:
        assert type(loop).__module__.startswith("asyncio.")
