"""Masking: no credential is shown, in whatever spelling it comes."""

from __future__ import annotations

import base64
import html
import json
import unicodedata
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contract_tests.api import calls
from contract_tests.api.calls import GET, MULTIPART, POST, Account, Call, Way
from contract_tests.api.curl import curl
from contract_tests.api.reply import Reply
from contract_tests.contract.clauses import UsageError
from contract_tests.contract.outcome import Outcome
from contract_tests.engine.every_answer import check_tokens
from contract_tests.engine.options import SECRET_VARIABLES
from contract_tests.engine.provision import check_secrets
from contract_tests.findings.checks import Checks
from contract_tests.findings.findings import Findings
from contract_tests.redact.mask import Mask, SecretMatcher, repeated
from contract_tests.redact.spellings import markdown
from contract_tests.redact.unsafe import json_safe
from contract_tests.report.visible import line, visible
from support.spelled import SPELLED

TOKEN = 'a/b+c&d"e=f я7'
ME = Account("анна+1@example.com", TOKEN)
MASK = Mask({ME.login: "$IFIND_LOGIN", ME.token: "$IFIND_TOKEN", "70005550123": "$IFIND_PHONE"})
SECRET = st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=40)
AROUND = st.text(st.sampled_from("aZ0я \n\"'\\/%&#;+=-_:,.<>{}xu25"), max_size=12)


@pytest.mark.parametrize("spelled", SPELLED)
@given(secret=SECRET | st.sampled_from([TOKEN, ME.login, "7f3a9c5be1d2408e"]), before=AROUND, after=AROUND)
@settings(max_examples=40, deadline=None)
def test_a_secret_is_found_and_masked_in_every_spelling(spelled: str, secret: str, before: str, after: str) -> None:
    written = SPELLED[spelled](secret)
    text = f"{before}{written}{after}"

    assert SecretMatcher({secret: "$IFIND_TOKEN"}).found_in(text.encode()) == "$IFIND_TOKEN"
    masked = Mask({secret: "$IFIND_TOKEN"}).text(text)
    assert "$IFIND_TOKEN" in masked
    assert written not in masked


@given(secret=st.text("abc12Я", min_size=6, max_size=9), other=st.text("abc12Я", max_size=300))
def test_what_is_not_there_is_not_found(secret: str, other: str) -> None:
    assume(secret not in other)

    assert SecretMatcher({secret: "$IFIND_TOKEN"}).found_in(other.encode()) is None
    assert Mask({secret: "$IFIND_TOKEN"}).text(other) == other


def test_only_the_secret_is_cut_out_of_a_text() -> None:
    login, token = "anna+1@example.com", "7f3a9c5be1d2408e"
    mask = Mask({login: "$IFIND_LOGIN", token: "$IFIND_TOKEN"})
    encoded = base64.b64encode(token.encode()).decode()
    shown_line = f'curl "http://h/api?login={quote(login)}&token={token}&id=5" -H "Auth: {encoded.rstrip("=")}" {login}'
    shown = 'curl "http://h/api?login=$IFIND_LOGIN&token=$IFIND_TOKEN&id=5" -H "Auth: $IFIND_TOKEN" $IFIND_LOGIN'

    assert mask.text(shown_line) == shown


def test_secrets_that_overlap_are_masked_whole() -> None:
    text, places = SecretMatcher({"abcdefgh": "$A", "efghijkl": "$B", "ijklmnop": "$C"}).mask("-abcdefghijklmnop-")

    assert (text, places) == ("-$A-", 1)


MARKED = (
    "7f3a##vso[task]9c",
    "#[7f3a9c5be1",
    "##teamcity[x]",
    "7f3a::error ::x",
    ":error 7f3a9c",
    "7f3a\u202e9c5b",
    "7f\x1b[31m9c5b",
    "section_start:7f3a",
    'a##["é]::b c\\',
)


@pytest.mark.parametrize("secret", MARKED)
@pytest.mark.parametrize("written", [str, html.escape, markdown, lambda text: json.dumps(text)[1:-1], quote])
@pytest.mark.parametrize("around", ["{}", "#{}", ":{}", "{}[x]", "in `{}` of"])
def test_a_secret_is_found_where_what_a_ci_system_reads_is_spelled_out(
    secret: str, written: Callable[[str], str], around: str
) -> None:
    matcher = SecretMatcher({secret: "label"})
    made = around.format(written(secret))
    shown = [visible(made), line(made), json_safe(made), around.format(written(visible(secret)))]

    assert [text for text in shown if matcher.found_in(text.encode()) is None] == []


def test_a_short_text_is_not_searched_for() -> None:
    assert SecretMatcher({"abcde": "$A"}).found_in(b"abcdeabcde") is None


@pytest.mark.parametrize("way", [GET, POST, MULTIPART, Way("PUT", "query")], ids=str)
def test_a_curl_line_holds_no_credential(way: Way) -> None:
    line = curl(calls.create(ME, "70005550123", 2, fmt="xml", way=way), "http://host/api", MASK)

    assert line.startswith("curl -sS")
    assert all(secret not in line for secret in (ME.login, TOKEN, "70005550123", quote(TOKEN, safe="")))
    assert "$IFIND_LOGIN" in line
    assert "$IFIND_TOKEN" in line
    assert "$IFIND_PHONE" in line
    assert "source=2" in line


def test_a_value_is_shown_as_its_shape_unless_it_is_made_up() -> None:
    shows = Mask(shows=True)

    assert MASK.value("Вася") == "a text of 4 characters"
    assert MASK.value([1, 2]) == "a list of 2 entries"
    assert MASK.value(True) == "true or false"
    assert MASK.value(None) == "null"
    assert shows.value("Вася") == "'Вася'"
    assert len(shows.value("x" * 10_000)) < 300


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_a_shape_never_holds_the_value(value: object) -> None:
    assert not isinstance(value, str) or len(value) < 5 or value not in Mask().value(value)


@pytest.mark.parametrize(
    "made",
    [
        lambda text: text.encode().decode("latin-1"),
        lambda text: text.encode().decode("cp1251"),
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text.replace("'", "\\'"),
        lambda text: html.escape(text.encode().decode("cp1252")),
    ],
    ids=["latin-1", "cp1251", "taken apart", "with backslashes", "cp1252 in HTML"],
)
def test_a_credential_that_a_server_has_misread_is_masked(made: Callable[[str], str]) -> None:
    findings, secret = Findings("http://127.0.0.1", Mask({})), "t\N{LATIN SMALL LETTER O WITH DIAERESIS}ken-'7c1f0e9a"
    findings.hide({secret: "$IFIND_TOKEN"})

    assert findings.mask.text(f"no {made(secret)} here") == "no $IFIND_TOKEN here"
    assert findings.secrets.mask(f"no {made(secret)} here") == "no $IFIND_TOKEN here"


@pytest.mark.parametrize("name", SECRET_VARIABLES)
@pytest.mark.parametrize("value", ["secret-7c1f\n", " secret-7c1f", "secret-7c1f\r\n", "\ufeffsecret-7c1f"])
def test_a_secret_with_white_space_around_it_is_refused_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"{name} (?:begins|ends) in white space") as refused:
        check_secrets({name: value})

    assert "7c1f" not in str(refused.value)


TOKEN_7 = "7f3a9c5be1d2"


@pytest.mark.parametrize(
    "content",
    [
        "".join(f"&#{ord(c)};" for c in TOKEN_7).encode(),
        "".join(f"&#x{ord(c):X};" for c in TOKEN_7).encode(),
        "".join(f"\\u{ord(c):04x}" for c in TOKEN_7).encode(),
        TOKEN_7.encode("utf-16"),
        TOKEN_7.encode("utf-16-be"),
    ],
    ids=["XML", "XML, hexadecimal", "JSON", "UTF-16", "UTF-16, the other way round"],
)
def test_a_token_that_a_reader_gets_is_repeated_whatever_its_bytes(content: bytes) -> None:
    assert repeated([TOKEN_7, "another-token"], b"message: " + content) == [TOKEN_7]


def test_a_short_secret_does_not_garble_the_words_around_it() -> None:
    mask = Mask({"u": "$IFIND_LOGIN"})

    assert mask.text("status of u, without u") == "status of $IFIND_LOGIN, without $IFIND_LOGIN"


@pytest.mark.parametrize(
    ("token", "answer", "is_repeated"),
    [
        ("179560", '{"create_time": 1795600123, "price": "1179560"}', False),
        ("179560", '{"message": "Wrong token 179560"}', True),
        ("179560", "token=179560&id=1", True),
        ("1" * 20, f"no{'1' * 20}2", True),
        ("a17956", "xa179567", True),
        ("a&b=c<", "a%26b%3Dc%3C", True),
    ],
)
def test_a_number_within_a_longer_one_repeats_no_token(token: str, answer: str, is_repeated: bool) -> None:
    assert bool(repeated([token], answer.encode())) is is_repeated


@pytest.mark.parametrize(
    ("token", "body", "outcome"),
    [
        ("179560", b'{"status":"ready","data":[{"price":"179560"}]}', Outcome.INCONCLUSIVE),
        ("179560", b'{"status":"ready","create_time":1795601234}', Outcome.HOLDS),
        ("179560", b'{"status":"error","message":"179560 is no token"}', Outcome.BROKEN),
        ("a17956", b'{"status":"ready","data":[{"url":"?token=a17956"}]}', Outcome.BROKEN),
    ],
)
def test_a_token_of_digits_in_what_was_found_may_stand_there_by_chance(
    token: str, body: bytes, outcome: Outcome
) -> None:
    findings = Findings("http://127.0.0.1", Mask({}))
    reply = Reply(Call("result", Account("anna@example.com", token).params), None, None)
    check_tokens(Checks(findings, ()), reply, {token}, {"the body": body})

    assert [row.outcome for row in findings.rows(["token.never-repeated"])] == [outcome]
