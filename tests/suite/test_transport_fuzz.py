"""The suite's transport: any bytes are an answer or a failure, and a failure shows nothing of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests.transport.client import HttpClient
from contract_tests.transport.messages import KINDS, HttpResponse, Request, TransportError
from support.raw_server import CHUNKED, OK, talking


@pytest.fixture(scope="module")
def raw() -> Iterator[tuple[str, list[bytes]]]:
    """A server whose every connection gets the answer in the list."""
    answers = [b""]
    with talking(answers) as url:
        yield f"{url}/info", answers


PIECES = st.sampled_from(
    (
        b"HTTP/1.1 |HTTP/1.0 |HTTP/1.|100|204| OK|\r\n|\n|\r|\0| |\t|Content-Length: |Transfer-Encoding: |chunked"
        b"|200|0|2|-1|1e3|Connection: close|;a=b|HTTP/1.1 200 OK\r\n|2\r\nhi\r\n|0\r\n\r\n|\r\n\r\n"
        b"|hi|A: b\r\n|:|,|\xff\x80"
    ).split(b"|")
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
def test_any_bytes_are_an_answer_or_a_failure(raw: tuple[str, list[bytes]], answer: bytes) -> None:
    url, answers = raw
    answers[0] = answer
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
def test_a_failure_shows_nothing_of_what_came(raw: tuple[str, list[bytes]], noise: str, where: int) -> None:
    url, answers = raw
    lines = ["HTTP/1.1 200 OK", "A: b", "Transfer-Encoding: chunked", "", "2", "hi"]
    lines[where] = f"{noise} {noise}\0"
    answers[0] = "\r\n".join([*lines, "", ""]).encode()
    with HttpClient(deadline=5) as client, pytest.raises(TransportError) as caught:
        client.send(Request("GET", url))

    assert noise not in str(caught.value)
    assert noise.encode() in caught.value.received
