"""The wire server reads and answers the same wherever the stream is cut."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockserver.api.http import Request
from mockserver.settings.limits import Limits
from mockserver.wire.failures import Rejected
from mockserver.wire.request_reader import Reader
from support.raw_client import Got
from support.wire_server import CHUNKED, Up, get

# Any split of the stream.

STREAM = [
    get("/one?a=%20b#c"),
    b"POST /two HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello",
    b"\r\nHEAD /three HTTP/1.1\r\nHost: t\r\nX: " + b"y" * 50 + b"\r\nX:  z \r\n\r\n",
    CHUNKED + b"\r\n3;x=y\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: t\r\n\r\n",
    get("/four", "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 4") + b"GET ",
    get("/five", "Connection: keep-alive", version="1.0"),
    get("http://other/six?x", "Expect: 100-continue"),
    get("/seven", "Connection: close"),
]


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    at = [0, *sorted(place % len(data) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(at) if a < b]


places = st.lists(st.integers(min_value=0, max_value=10_000), max_size=40)
orders = st.lists(st.sampled_from(STREAM[:-1]), max_size=6)


@settings(deadline=None)
@given(order=orders, places=places)
@example(order=STREAM[:-1], places=range(10_000))
def test_requests_read_the_same_wherever_the_stream_is_cut(order: list[bytes], places: Iterable[int]) -> None:
    def read(pieces: Iterable[bytes]) -> list[tuple[Request, bool, bool]]:
        taken: list[tuple[Request, bool, bool]] = []
        reader = Reader(Limits(), "", lambda *one: taken.append(one))
        assert [reader.feed(piece) for piece in pieces if not reader.finished].count(None) > 0
        return taken

    whole = b"".join([*order, STREAM[-1]])
    expected = [one for request in [*order, STREAM[-1]] for one in read([request])]

    assert read(cut(whole, places)) == expected
    assert len(expected) == len(order) + 1


@settings(deadline=None, max_examples=30)
@given(order=orders, places=places)
def test_answers_are_the_same_wherever_the_stream_is_cut(up: Up, order: list[bytes], places: list[int]) -> None:
    requests = [*order, STREAM[-1]]

    def answers(pieces: Iterable[bytes]) -> list[Got]:
        with up.connect() as client:
            for piece in pieces:
                client.send(piece)
            return [client.answer(head=b"HEAD" in request) for request in requests]

    def undated(got: Got) -> tuple[int, bytes, int]:
        return got.status, got.body, len(got.headers)

    whole = b"".join(requests)
    assert [*map(undated, answers(cut(whole, places)))] == [*map(undated, answers([whole]))]


@settings(deadline=None, max_examples=200)
@given(pieces=st.lists(st.binary(max_size=200), max_size=5))
def test_any_bytes_are_read_or_rejected(pieces: list[bytes]) -> None:
    reader = Reader(Limits(), "", lambda *_: None)
    results = [reader.feed(piece) for piece in pieces]

    assert all(one is None or (isinstance(one, Rejected) and 400 <= one.status <= 505) for one in results)
