"""The reason of an error says what may be wrong with the request, and repeats nothing that was sent."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.api import gateway
from mockserver.api.gateway import LONGEST_REASON
from mockserver.api.hints import MOST
from mockserver.api.http import Request
from mockserver.api.params import sent_names
from support.in_process import LOGIN, PHONE, TOKEN, Api, reason
from support.slips import FORM, places

GOOD = f"login={LOGIN}&token={TOKEN}&"
JSON = {"content-type": "application/json; charset=utf-8"}


def told(
    path: str = "/api/create",
    query: str = "",
    body: str = "",
    *,
    headers: dict[str, str] | None = None,
    profile: dict[str, Any] | None = None,
) -> str:
    """The reason of the answer; a body is posted."""
    request = Request("POST" if body else "GET", path.encode(), query.encode(), headers or {}, body.encode(), "")
    return reason(Api(profile).gateway.answer(request))


@pytest.mark.parametrize(
    ("body", "headers", "hint"),
    [
        ('{"login": "a"}', JSON, "the body is application/json, which is not read: send a form"),
        ("<a/>", {"content-type": "Text/XML"}, "the body is text/xml, which is not read: send a form"),
        ("login=a", {}, "the body has no Content-Type, and is not read: send a form"),
        ("login=a", {"content-type": "tok3n/tok3n"}, "the body has a type that is not read: send a form"),
        ('{"login": "a"}', FORM, "the body looks like JSON, and is read as a form"),
        ("--x", {"content-type": "multipart/form-data; boundary=y"}, "the body's parts can't be read"),
    ],
)
def test_a_body_that_is_not_read_is_told(body: str, headers: dict[str, str], hint: str) -> None:
    assert told(body=body, headers=headers).startswith(f"missing: login, token, phone, source; {hint}")


def test_a_form_that_a_clause_ignores_and_the_body_of_a_get_are_told() -> None:
    multipart = {"content-type": "multipart/form-data; boundary=y"}
    of_get = reason(Api().gateway.answer(Request("GET", b"/api/info", b"", FORM, b"login=a&token=b", "")))

    assert "clause param.multipart = ignored" in told(
        body="--y", headers=multipart, profile={"param.multipart": "ignored"}
    )
    assert of_get.endswith("the body of a GET is not read: send a POST, or put the parameters into the query")


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        (f"Phone={PHONE}", "Phone= is not read: did you mean phone?"),
        (f"PHONE={PHONE}", "PHONE= is not read: did you mean phone?"),
        (f"%20phone%20={PHONE}", "phone= is not read: did you mean phone?"),
        (f"phnoe={PHONE}", "a parameter's name is not read: did you mean phone?"),
        (f"phone[]={PHONE}", "a parameter's name is not read: did you mean phone?"),
        (f"tel={PHONE}", "tel= is not read: did you mean phone?"),
        (f"amp;phone={PHONE}", "the query has &amp; where it should have &"),
        ("phone=", "phone is there, and empty"),
        ("colour=blue", None),
    ],
)
@pytest.mark.parametrize("in_body", [False, True])
def test_a_parameter_that_is_misspelt_or_empty_is_told(field: str, hint: str | None, in_body: bool) -> None:
    sent = f"{GOOD}source=1&{field}"
    answered = told(body=sent, headers=FORM) if in_body else told(query=sent)

    assert answered == f"missing: phone{'; ' + hint if hint else ''}"


def test_a_misspelt_name_in_a_multipart_form_is_told() -> None:
    parts = "".join(
        f'--y\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {"login": LOGIN, "token": TOKEN, "Phone": PHONE, "source": "1"}.items()
    )
    headers = {"content-type": "multipart/form-data; boundary=y"}

    assert "Phone= is not read: did you mean phone?" in told(body=f"{parts}--y--\r\n", headers=headers)


def test_a_token_in_a_header_is_told() -> None:
    answered = told("/api/info", f"login={LOGIN}", headers={"authorization": f"Bearer {TOKEN}"})

    assert answered == "missing: token; the token is a parameter, no header"


@pytest.mark.parametrize(
    ("field", "hints"),
    [
        (
            "phone=+79001234567",
            ["phone has an unescaped +, which is read as a blank: leave it out", "phone is 7 to 15 digits"],
        ),
        ("phone=%2B79001234567", ["phone begins with the country code, without a +", "phone is 7 to 15 digits"]),
        ("phone=%252B7", ["phone is escaped twice", "phone is 7 to 15 digits"]),
        ("source=11", ["source 11 is of edition C, and this is edition B", "sources are 1, 2, 3, 4"]),
        ("source=whatsapp", ["sources are 1, 2, 3, 4"]),
        ("format=JSON", ["did you mean json?"]),
        ("format=yaml", ["formats are json, xml, csv"]),
    ],
)
def test_a_value_that_is_not_right_is_told(field: str, hints: list[str]) -> None:
    name = field.partition("=")[0]
    answered = told(query=f"{GOOD}phone={PHONE}&source=1&{field}")

    assert answered == "; ".join([f"invalid: {name}", *hints])


def test_a_source_of_the_other_editions_is_told() -> None:
    assert "source 4 is of edition B, and this is edition C" in told(
        query=f"{GOOD}phone={PHONE}&source=4", profile={"edition": "C"}
    )


@pytest.mark.parametrize(
    ("login", "token", "hint"),
    [
        ("test-x@example.com", "other", "an account of this login is made by the token test-token"),
        ("test-known@example.com", "other", "the account was made by the token test-token"),
        (LOGIN, "test-token", "the account was not made by the token test-token"),
        (LOGIN, "other", None),
        (TOKEN, LOGIN, "login and token are exchanged"),
        ("Demo@Example.COM", TOKEN, "an account has this login in lower case"),
        ("nobody@example.com", TOKEN, "POST /_mock/accounts makes an account"),
        (LOGIN, f"{TOKEN}%0A", "token has white space at an end"),
        ("a+b@example.com", TOKEN, "login has an unescaped +, which is read as a blank: write %2B"),
        ("demo%2540example.com", TOKEN, "login is escaped twice"),
    ],
)
def test_credentials_that_are_not_right_are_told(login: str, token: str, hint: str | None) -> None:
    api = Api()
    api.send("info", login="test-known@example.com", token="test-token")
    query = f"login={login}&token={token}".encode()
    answered = reason(api.gateway.answer(Request("GET", b"/api/info", query, {}, b"", "")))

    assert answered.split("; ")[1:2] == ([hint] if hint else [])


@pytest.mark.parametrize(
    "path", ["/api/Create", "/api/create/", "/create", "/api/v1/create", "//api/create.php", "/api/crate"]
)
@pytest.mark.parametrize("profile", [{}, {"not-found": "html-404"}], ids=["error", "html"])
def test_a_path_that_is_nearly_one_is_told(path: str, profile: dict[str, Any]) -> None:
    assert told(path, profile=profile).endswith("; did you mean /api/create?")


@given(
    place=st.sampled_from([name for name, _ in places("")]),
    secret=st.from_regex("[a-z0-9+%&=/ ]{8,20}", fullmatch=True),
)
def test_no_reason_repeats_what_may_be_a_token(place: str, secret: str) -> None:
    response = Api().gateway.answer(dict(places(secret))[place])

    assert secret.strip() not in response.reason.casefold()
    assert response.reason.isascii()
    assert response.reason.isprintable()


def test_a_reason_is_short_and_soon_found_however_much_is_wrong() -> None:
    names = "&".join(f"phon{letter}{n}=+" for n in range(3000) for letter in "ae")
    started = perf_counter()
    answered = told(body=f"{names}&Phone=&Source=&tokn=&lgin=", headers=FORM)
    of_values = told(query=f"{GOOD}phone=+{'7' * 4000}&source=%2B&format=+&Phone={'a' * 4000}")

    assert perf_counter() - started < 2
    request = Request("POST", b"", names.encode(), FORM, names.encode(), "")
    assert len(sent_names(request, Api().mock.profile.parsing)) <= 200
    assert all(len(one) <= LONGEST_REASON and one.count("; ") <= MOST for one in (answered, of_values))


def test_an_answer_that_is_no_error_costs_no_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api()
    monkeypatch.setattr(gateway, "hints", lambda *_: pytest.fail("a hint was asked for"))
    task = api.create(Phone="x")
    api.call("result", id=task)
    api.call("info")
