"""How an answer travels: from a fault's effect to the socket, which is the only place that acts on it."""

from __future__ import annotations

import socket
import struct
from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.api.http import Response
from mockserver.core.messages import Delivery
from mockserver.faults.actions import Action
from mockserver.faults.faults import Fault
from mockserver.faults.kinds import Effect
from mockserver.faults.matching import Match
from mockserver.wire.delivery import TRANSPORTS, PendingRequest, _stamp
from support.in_process import LOGIN, Api
from support.wire_server import Up, get

CUT = Effect(delivery=Delivery(transport="cut", settings={"size": 7}))


def test_the_delivery_of_a_fault_reaches_the_response_untouched() -> None:
    api = Api()
    plain = api.send("info")
    api.mock.store.faults.arm(Fault(Match({}), Action("error", {}, CUT)))
    struck = api.send("info")

    assert struck.body == plain.body
    assert struck.delivery == Delivery(transport="cut", login=LOGIN, settings={"size": 7})
    assert plain.delivery == Delivery()


def test_the_delivery_of_a_fault_carries_the_latency_of_the_mock() -> None:
    api = Api(latency="3s")
    api.mock.store.faults.arm(Fault(Match({}), Action("error", {}, CUT)))

    assert api.send("info").delivery == Delivery(3_000_000, LOGIN, "cut", {"size": 7})


def test_a_transport_decides_which_bytes_leave_and_whether_the_connection_closes(
    up: Up, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRANSPORTS, "cut", lambda _pending, _response, _last: (b"HTTP/1.1 2", True))
    with up.connect() as client:
        client.send(get("/one") + get("/two?transport=cut") + get("/three"))
        assert client.answer().json["path"] == "/one"
        client.socket.settimeout(2)

        assert client.file.read() == b"HTTP/1.1 2"


def test_a_transport_can_send_an_answer_in_pieces_over_time(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"o", b"k"]

    def dribble(pending: PendingRequest, response: Response, last: bool) -> tuple[bytes, bool]:
        piece = pieces.pop(0)
        if pieces:
            assert pending.outbox is not None
            pending.outbox.postpone(pending, response, 0.02)
        return piece, last and not pieces

    monkeypatch.setitem(TRANSPORTS, "dribble", dribble)
    with up.connect() as client:
        client.send(get("/one") + get("/two?transport=dribble") + get("/three"))

        assert client.answer().json["path"] == "/one"
        assert client.answer().body == b"ok"
        assert client.answer().json["path"] == "/three"


def test_a_transport_can_reset_the_connection(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    def reset(pending: PendingRequest, _response: Response, _last: bool) -> tuple[bytes, bool]:
        opened = pending.connection.transport.get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        pending.connection.transport.abort()
        return b"", True

    monkeypatch.setitem(TRANSPORTS, "reset", reset)
    with up.connect() as client:
        client.send(get("/one?transport=reset"))
        client.socket.settimeout(2)

        with pytest.raises(ConnectionResetError):
            client.socket.recv(1)
    assert up.ask("/two").status == 200


@given(st.integers(0, 2**33))
@example(1_582_934_399)  # the last second of 28 February of a leap year
def test_the_date_of_an_answer_is_written_as_http_has_it(second: int) -> None:
    assert f"\r\nDate: {formatdate(second, usegmt=True)}\r\n" in _stamp(second)
