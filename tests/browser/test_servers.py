"""The dashboard on the other servers that carry the mock: a plain WSGI server, and asyncio's own loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect
from waitress.server import create_server

from browser.visiting import Visit
from mockserver.assembly import open_gateway
from mockserver.settings.loading import load
from mockserver.web.app import create_app
from mockserver.wire.serving import mock_server, run_in_thread


@contextmanager
def on_waitress() -> Iterator[int]:
    server = create_server(create_app(load({})), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server.effective_port
    server.close()


@contextmanager
def on_asyncio() -> Iterator[int]:
    settings = load({})
    with run_in_thread(mock_server(open_gateway(settings), settings), loop_factory=asyncio.new_event_loop) as bound:
        yield bound[1]


@pytest.mark.parametrize("server", [on_waitress, on_asyncio])
def test_it_shows_and_controls_the_mock_there(browser: Browser, server: type[Iterator[int]]) -> None:
    with server() as port:
        visit = Visit(browser, f"http://127.0.0.1:{port}/_mock/")
        page = visit.open("dashboard/try")
        page.get_by_role("button", name="Run").click()
        expect(page.locator("#steps")).to_contain_text("task created")
        page.get_by_role("link", name="Live").click()
        expect(page.locator("#requests")).to_contain_text("test-try@example.com")
        page.locator("#clock-panel summary").click()
        page.get_by_role("button", name="Freeze").click()
        expect(page.locator("#clock-mode")).to_have_text("frozen")
        page.context.close()
        assert visit.troubles == []
