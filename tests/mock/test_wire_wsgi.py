"""The wire server in front of the WSGI application, and the guard that runs operations on the loop."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.validate import validator

import pytest

from mockserver.api.gateway import MAX_BODY
from mockserver.wire.failures import WireError
from mockserver.wire.guards import LoopGuard
from support.wire_server import CHUNKED, Serve, Up, get, lines

# The WSGI application.


def test_the_mocks_own_routes_go_to_the_application_and_all_else_to_the_gateway(up: Up) -> None:
    theirs = ["/_mock", "/_mock/", "/_mock/health?a=b", "/%5Fmock/health", "/_mock?x", "//_mock/"]
    ours = ["/", "/_mocks", "/_mock-x", "/./_mock/", "/api/_mock/", "/_MOCK/"]

    assert ["PATH_INFO" in up.ask(path).json for path in theirs + ours] == [True] * 6 + [False] * 6


def test_the_application_is_made_when_it_is_first_needed_and_once(serve: Serve) -> None:
    with serve() as up, ExitStack() as stack:
        up.ask()
        assert up.pages.made == 0

        clients = [stack.enter_context(up.connect()) for _ in range(8)]
        for client in clients:
            client.send(get("/_mock/"))
        assert [client.answer().status for client in clients] == [200] * 8
        assert up.pages.made == 1


def test_where_no_thread_can_be_started_that_is_answered_and_tried_again(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with serve() as up:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", fails)
            answers = [up.ask("/_mock/") for _ in range(6)]
        assert {answer.status for answer in answers} == {503}
        assert "no thread" in answers[0].json["message"]
        assert up.ask("/_mock/").status == 200
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", fails)
            assert up.ask("/_mock/").status == 200


def test_the_application_sees_the_request_as_wsgi_says(up: Up) -> None:
    got = up.ask(
        "/_mock/%D0%B0?b=%20",
        http_method="POST",
        headers="X-One: 1\r\nX_One: 2\r\nContent-Type: text/plain\r\n",
        body=b"\xff\0",
    ).json

    assert got["PATH_INFO"] == "/_mock/\xd0\xb0"
    assert got["QUERY_STRING"] == "b=%20"
    assert (got["REQUEST_METHOD"], got["SCRIPT_NAME"], got["SERVER_PROTOCOL"]) == ("POST", "", "HTTP/1.1")
    assert (got["CONTENT_TYPE"], got["CONTENT_LENGTH"], got["body"]) == ("text/plain", "2", "\xff\0")
    assert (got["HTTP_X_ONE"], got["HTTP_HOST"]) == ("1", "t")
    assert (got["SERVER_NAME"], got["SERVER_PORT"]) == ("127.0.0.1", str(up.address[1]))
    assert got["REMOTE_ADDR"] == "127.0.0.1"


def test_a_chunked_body_has_a_length_for_the_application(up: Up) -> None:
    with up.connect() as client:
        client.send(CHUNKED.replace(b" / ", b" /_mock/ ") + b"\r\n3\r\nabc\r\n0\r\n\r\n")
        got = client.answer().json

    assert (got["body"], got["CONTENT_LENGTH"], "HTTP_TRANSFER_ENCODING" in got) == ("abc", "3", False)


def test_the_applications_head_keeps_its_length(up: Up) -> None:
    with up.connect() as client:
        length = client.ask("/_mock/guard").headers["content-length"]

        assert client.ask("/_mock/guard", http_method="HEAD").headers["content-length"] == length
        assert client.ask("/_mock/").status == 200


def test_a_body_too_large_reaches_the_application_as_its_length_alone(serve: Serve) -> None:
    """So the application's door comes before the refusal of its body."""
    with serve(body=10) as up:
        got = up.ask("/_mock/", http_method="POST", body=b"x" * 11).json

    assert (int(got["CONTENT_LENGTH"]) > MAX_BODY, got["body"]) == (True, "")


def test_a_slow_page_does_not_hold_the_api(up: Up) -> None:
    with up.connect() as slow:
        slow.send(get("/_mock/slow"))
        assert up.ask().status == 200
        up.pages.release.set()
        assert slow.answer().status == 200


def test_the_bridge_keeps_pep_3333(serve: Serve) -> None:
    def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("201 Whatever", [("Content-Type", "text/plain")])
        write(b"one ")
        return iter([b"", b"two ", b"three"])

    with serve() as up:
        up.pages.application = validator(application)  # type: ignore[method-assign]
        got = up.ask("/_mock/")

    assert (got.status, got.reason, got.body) == (201, "Created", b"one two three")


def test_an_application_may_replace_an_answer_that_has_not_begun(serve: Serve) -> None:
    def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        try:
            raise ValueError
        except ValueError:
            start_response("503 Down", [("X-Down", "1")], sys.exc_info())
        return [b"down"]

    with serve() as up:
        up.pages.application = application  # type: ignore[method-assign]
        got = up.ask("/_mock/")

    assert (got.status, got.headers["x-down"], got.body) == (503, "1", b"down")


def no_start(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    return [b"body"]


def silent(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    return []


def twice(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


def late(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])(b"begun")
    try:
        raise KeyError
    except KeyError:
        start_response("500 Oh", [], sys.exc_info())
    return []


@pytest.mark.parametrize("application", [no_start, silent, twice, late])
def test_an_application_that_breaks_pep_3333_is_a_500(
    serve: Serve, application: WSGIApplication, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve() as up:
        up.pages.application = application  # type: ignore[method-assign]

        assert up.ask("/_mock/").status == 500
    assert "the WSGI application failed" in lines(capfd)


def test_the_applications_answer_is_closed_even_where_it_fails(serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    closed: list[bool] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            raise ValueError

        def close(self) -> None:
            closed.append(True)

    def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Body()

    with serve() as up:
        up.pages.application = application  # type: ignore[method-assign]

        assert (up.ask("/_mock/").status, closed) == (500, [True])
    assert lines(capfd)


# The guard.


def test_the_guard_runs_an_operation_where_turns_run(up: Up) -> None:
    up.ask()

    assert int(up.ask("/_mock/guard").body) in up.echo.threads


def test_the_guard_raises_what_the_operation_raises(up: Up) -> None:
    assert up.ask("/_mock/guard-raises").body == b"ValueError"


def test_the_guard_runs_an_operation_within_another_at_once(up: Up) -> None:
    assert up.server.guard(lambda: up.server.guard(lambda: 7)) == 7


def test_the_guard_of_a_stopped_server_raises(serve: Serve) -> None:
    with serve() as up:
        up.ask("/_mock/")
    with pytest.raises(WireError, match="the server has stopped"):
        up.pages.guard(lambda: None)


def test_an_operation_that_waits_when_the_loop_ends_raises() -> None:
    results: list[str] = []
    asking = threading.Event()

    def ask() -> None:
        asking.set()
        try:
            guard(lambda: results.append("it ran"))
        except WireError as error:
            results.append(str(error))

    def end() -> None:
        thread.start()
        asking.wait()
        time.sleep(0.02)
        loop.stop()

    thread = threading.Thread(target=ask)
    with closing(asyncio.new_event_loop()) as loop:
        guard = LoopGuard(loop)
        loop.call_soon(end)
        loop.run_forever()
        thread.join(2)

    assert results == ["the server has stopped; nothing can be read or changed in it any more"]
