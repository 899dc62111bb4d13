"""`ifind-mock validate` on recordings of any kind: damaged ones, and what only seems to be one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.recorded import (
    API,
    CREATED,
    TOKEN,
    dumped,
    entry,
    har,
    report,
    url,
    validate,
)

DAMAGED = {
    "cut": har(entry(url("create"), CREATED))[:-30],
    "no UTF-8": har().replace(b'"1.2"', b'"\xff"'),
    "no list": b'{"log":{"entries":{}}}',
    "no entries": b'{"log":{}}',
    "nested": b'{"log":{"a":' + b"[" * 100_000,
    "cut YAML": b'interactions:\n- request: {"uri": "x',
    "no list in YAML": b"interactions:\n  a: b\n",
    "several documents": b"interactions: []\n---\na: b\n",
    "nested YAML": b"interactions: " + b"[" * 5000,
    "an alias to nothing": b"interactions: *a\n",
    "Base64 that is none": b"interactions:\n- !!binary a\n",
    "cut JSON": b'{"http_interactions": [{',
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_recording_is_an_error_that_says_where(name: str) -> None:
    result = report(DAMAGED[name])

    (only,) = result["files"]
    assert only["trouble"].startswith(("a HAR file ", "a cassette "))
    assert only["trouble"].endswith(("export it again", "record it again"))
    assert result["exit_code"] == 2


@pytest.mark.parametrize("name", ["a.har", "a.yaml", "a.YML"])
@pytest.mark.parametrize("content", [b"", b"status: ok\n", CREATED.encode()])
def test_a_file_that_is_no_recording_in_spite_of_its_name_is_an_error(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)

    done = validate(tmp_path)

    assert done.exit_code == 2
    assert "no HAR file in spite of its name" in done.stdout or "YAML that is not a cassette" in done.stdout


def values() -> st.SearchStrategy[Any]:
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(-9, 999), st.just(TOKEN), st.sampled_from([CREATED, API, "GET"])
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    )


KEYS = (
    "request",
    "response",
    "url",
    "uri",
    "method",
    "headers",
    "content",
    "text",
    "encoding",
    "body",
    "string",
    "status",
    "code",
    "postData",
    "params",
    "name",
    "value",
    "mimeType",
    "size",
    "base64_string",
    "redirectURL",
)


@settings(max_examples=150, deadline=None)
@given(entries=st.lists(values(), max_size=3), kind=st.sampled_from(["har", "json", "yaml"]))
def test_any_recording_gets_a_report_without_a_secret(entries: list[Any], kind: str) -> None:
    whole = [
        *entries,
        {"request": {"url": url("create"), "method": "GET"}, "response": {"status": 200, "body": CREATED}},
    ]
    if kind == "har":
        content = har(*whole)
    else:
        document = {"interactions": whole}
        content = json.dumps(document).encode() if kind == "json" else dumped(document)

    assert report(content)["files"]
