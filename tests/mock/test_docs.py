"""The pages of the description: files of this mock alone, without inline scripts, for who may use the control API."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, TestResponse

from mockserver.core.errors import StoreError
from mockserver.settings.loading import load
from mockserver.web.app import create_app
from mockserver.web.door import Door


def client(**options: Any) -> Client:
    return create_app(load(options)).test_client()


class Page(HTMLParser):
    """What a page loads, and the scripts and styles that stand in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        own = dict(attributes)
        source = own.get("src") if tag == "script" else own.get("href") if tag == "link" else None
        if source is not None:
            self.loads.append(source)
        elif tag in ("script", "style"):
            self.inline.append(tag)
        self.inline += [name for name in own if name == "style" or name.startswith("on")]


def test_the_page_loads_files_of_this_mock_alone() -> None:
    mock = client()
    page = Page(mock.get("/_mock/docs/").text)

    assert page.inline == []
    for source in page.loads:
        answer = mock.get(f"/_mock/docs/{source}") if not source.startswith("data:") else None
        assert answer is None or (answer.status_code, len(answer.data) > 0) == (200, True), source
    assert {source.rpartition(".")[2] for source in page.loads} == {"css", "js", "data:,"}


FILES = ("", "docs.css", "docs.js", "swagger-ui.css", "swagger-ui-bundle.js")


@pytest.mark.parametrize("name", FILES)
def test_a_file_may_load_and_run_nothing_from_elsewhere(name: str) -> None:
    answer = client().get(f"/_mock/docs/{name}")
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))

    assert answer.status_code == 200
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_our_own_files_name_no_other_host() -> None:
    mock = client()

    for name in ("", "docs.css", "docs.js"):
        assert not re.search("//[a-z0-9]", mock.get(f"/_mock/docs/{name}").text.replace("// ", ""))


def moved(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.headers["Location"]


def test_below_another_path_the_page_finds_its_files_and_the_mock() -> None:
    app = create_app(load({}))
    below = Client(DispatcherMiddleware(NotFound(), {"/below": app.wsgi_app}))
    page = Page(below.get("/below/_mock/docs/").text)
    files = [source for source in page.loads if ":" not in source]
    told = below.get("/below/_mock/openapi.json").get_json()

    assert {below.get(f"/below/_mock/docs/{source}").status_code for source in files} == {200}
    assert told["servers"] == [{"url": "http://localhost:80/below"}]


def test_without_its_slash_the_page_is_elsewhere() -> None:
    assert moved(client().get("/_mock/docs")) == (303, "docs/")


@pytest.mark.parametrize(
    "path", ["docs/x", "docs/index.html", "docs/../openapi.json/", "docs//", "docsx", "docs/docs.js/"]
)
def test_there_is_no_other_file(path: str) -> None:
    assert client().get(f"/_mock/{path}").status_code == 404


@pytest.mark.parametrize("http_method", ["POST", "PUT", "DELETE"])
def test_the_page_is_only_read(http_method: str) -> None:
    assert client().open("/_mock/docs/", method=http_method).status_code == 404


def test_the_page_is_for_who_has_the_admin_token() -> None:
    mock = client(admin_token="s3cret")

    assert mock.get("/_mock/docs/").status_code == 401
    assert mock.get("/_mock/docs/", headers={"Authorization": "Bearer s3cret"}).status_code == 200
    assert mock.get("/_mock/docs/docs.js").status_code == 200
    assert moved(mock.get("/_mock/docs/", headers={"Accept": "text/html"})) == (303, "../sign-in")


def test_where_the_store_fails_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> bool:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Door, "has_session", fails)
    answer = client(admin_token="s3cret").get("/_mock/docs/")

    assert (answer.status_code, "the disk is full" in answer.text) == (503, True)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_the_page_is_closed_to_other_pages(headers: dict[str, str]) -> None:
    for name in FILES:
        assert client().get(f"/_mock/docs/{name}", headers=headers).status_code == 403
