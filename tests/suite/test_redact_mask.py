"""Masking: no credential is told, in whatever spelling it comes."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.api import calls
from contract_tests.api.calls import GET, MULTIPART, POST, Account, Way
from contract_tests.api.curl import curl
from contract_tests.redact.mask import Mask, find, shape_of

TOKEN = 'a/b+c&d"e=f я7'
ME = Account("анна+1@example.com", TOKEN)
MASK = Mask({ME.login: "$IFIND_LOGIN", ME.token: "$IFIND_TOKEN", "70005550123": "$IFIND_PHONE"})


@pytest.mark.parametrize(
    "spelled",
    [
        TOKEN,
        quote(TOKEN, safe=""),
        quote_plus(TOKEN),
        quote(TOKEN, safe="").lower(),
        quote(quote(TOKEN, safe=""), safe=""),
        json.dumps(TOKEN),
        json.dumps(TOKEN).replace("/", "\\/"),
        TOKEN.replace("&", "&amp;"),
        TOKEN.replace("&", "&amp;").replace('"', "&quot;"),
    ],
    ids=range(9),
)
def test_a_secret_is_found_and_masked_in_every_spelling(spelled: str) -> None:
    told = f"<<{spelled}>>"

    assert find(TOKEN, told.encode())
    assert not find(TOKEN, MASK.text(told).encode())


@given(before=st.binary(max_size=9), after=st.binary(max_size=9), url=st.booleans())
def test_a_secret_is_found_in_base64_wherever_it_stands(before: bytes, after: bytes, url: bool) -> None:
    encode = base64.urlsafe_b64encode if url else base64.b64encode

    assert find("7f3a9c5be1d2408e", encode(before + b"7f3a9c5be1d2408e" + after))


def test_a_short_text_is_not_looked_for() -> None:
    assert not find("abc", b"abcabc")


@pytest.mark.parametrize("way", [GET, POST, MULTIPART, Way("PUT", "query")], ids=str)
def test_a_curl_line_holds_no_credential(way: Way) -> None:
    line = curl(calls.create(ME, "70005550123", 2, fmt="xml", way=way), "http://host/api", MASK)

    assert line.startswith("curl -sS")
    assert all(secret not in line for secret in (ME.login, TOKEN, "70005550123", quote(TOKEN, safe="")))
    assert "$IFIND_LOGIN" in line
    assert "$IFIND_TOKEN" in line
    assert "$IFIND_PHONE" in line
    assert "source=2" in line


def test_a_value_is_told_by_its_shape_unless_it_is_made_up() -> None:
    shows = Mask(shows=True)

    assert MASK.value("Вася") == "a text of 4 characters"
    assert MASK.value([1, 2]) == "a list of 2"
    assert MASK.value(True) == "true or false"
    assert MASK.value(None) == "null"
    assert shows.value("Вася") == "'Вася'"
    assert len(shows.value("x" * 10_000)) < 300


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_a_shape_never_holds_the_value(value: object) -> None:
    assert shape_of(value) in {shape_of(value), ""}
    assert not isinstance(value, str) or len(value) < 5 or value not in shape_of(value)


def test_a_short_secret_does_not_garble_the_words_around_it() -> None:
    mask = Mask({"u": "$IFIND_LOGIN"})

    assert mask.text("status of u, without u") == "status of $IFIND_LOGIN, without $IFIND_LOGIN"
