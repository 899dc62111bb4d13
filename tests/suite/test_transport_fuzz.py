"""The suite's transport: whatever comes is an answer or none, and tells nothing of the bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import KINDS, HttpResponse, Request, TransportError
from support.raw_server import CHUNKED, OK, talking

# Anything at all.


@pytest.fixture(scope="module")
def babbler() -> Iterator[tuple[str, list[bytes]]]:
    """A server whose every connection gets what stands in the list."""
    said = [b""]
    with talking(said) as url:
        yield f"{url}/info", said


PIECES = st.sampled_from(
    [
        *(
            b"HTTP/1.1 ",
            b"HTTP/1.0 ",
            b"HTTP/1.",
            b"200",
            b"100",
            b"204",
            b" OK",
            b"\r\n",
            b"\n",
            b"\r",
            b"\0",
            b" ",
            b"\t",
        ),
        *(
            b"Content-Length: ",
            b"Transfer-Encoding: ",
            b"chunked",
            b"0",
            b"2",
            b"-1",
            b"1e3",
            b"Connection: close",
            b";a=b",
        ),
        *(
            b"HTTP/1.1 200 OK\r\n",
            b"2\r\nhi\r\n",
            b"0\r\n\r\n",
            b"\r\n\r\n",
            b"hi",
            b"A: b\r\n",
            b":",
            b",",
            b"\xff\x80",
        ),
    ]
)
VALID = st.sampled_from([OK, CHUNKED + b"2\r\nhi\r\n0\r\n\r\n", b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nhi"])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A right answer with some bytes changed, left out or put in."""
    answer = bytearray(draw(VALID))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(answer)))
        answer[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=2) | PIECES)
    return bytes(answer)


@given(answer=st.binary(max_size=80) | st.lists(PIECES, max_size=25).map(b"".join) | mutated())
@settings(max_examples=400, deadline=None)
def test_whatever_comes_is_an_answer_or_none(babbler: tuple[str, list[bytes]], answer: bytes) -> None:
    url, said = babbler
    said[0] = answer
    with HttpClient(deadline=5) as client:
        try:
            outcome: HttpResponse | TransportError = client.send(Request("GET", url))
        except TransportError as failure:
            outcome = failure

    if isinstance(outcome, TransportError):
        assert outcome.kind in KINDS
        assert answer.startswith(outcome.received)
    else:
        assert answer.endswith(outcome.body) or outcome.body == b"hi" or b"chunked" in answer.lower()


@given(noise=st.text(st.sampled_from("abcXYZ"), min_size=8, max_size=12), where=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_a_failure_tells_nothing_of_what_came(babbler: tuple[str, list[bytes]], noise: str, where: int) -> None:
    url, said = babbler
    lines = ["HTTP/1.1 200 OK", "A: b", "Transfer-Encoding: chunked", "", "2", "hi"]
    lines[where] = f"{noise} {noise}\0"
    said[0] = "\r\n".join([*lines, "", ""]).encode()
    with HttpClient(deadline=5) as client, pytest.raises(TransportError) as caught:
        client.send(Request("GET", url))

    assert noise not in str(caught.value)
    assert noise.encode() in caught.value.received
