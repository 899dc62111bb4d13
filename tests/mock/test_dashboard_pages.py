"""The pages of the dashboard as a server sends them: who gets them, with which headers, in which language."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Sequence
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

from mockserver.api import hints, mock, operations
from mockserver.settings.files import clauses
from mockserver.stores.journal import OUTCOMES
from mockserver.web.dashboard import pages
from mockserver.web.dashboard.pages import PAGES, POLICY
from mockserver.web.dashboard.sessions import LASTS, MOST, Sessions
from mockserver.web.dashboard.translations import HELP, LANGUAGES, REASON, all_texts
from mockserver.web.door import FROM_DASHBOARD, MOST_COOKIES, Door, session_cookie
from support.asking import HOST, Ask, Got
from support.in_process import Api

FOLDER = Path(pages.__file__).parent
OWN = {"Origin": f"http://{HOST}", "Sec_Fetch_Site": "same-origin"}
HEADER = {FROM_DASHBOARD: "1"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
TOKEN = "s3cret"
PATHS = [page.path for page in PAGES if page.in_menu]


@pytest.fixture(params=PATHS, ids=[page.name for page in PAGES if page.in_menu])
def path(request: pytest.FixtureRequest) -> str:
    return f"/_mock/{request.param}"


def test_each_page_is_sent_with_a_policy_that_lets_nothing_foreign_run(asks: Callable[..., Ask], path: str) -> None:
    got = asks()(path)
    headers = {name.lower(): value for name, value in got.headers.items()}

    assert (got.status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert headers["content-security-policy"] == POLICY
    assert POLICY == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"  # with no-referrer, a form would come from the origin `null`
    assert headers["cache-control"] == "no-store"
    assert "set-cookie" not in headers


def test_each_page_loads_files_of_the_mocks_own_and_they_are_there(asks: Callable[..., Ask], path: str) -> None:
    ask = asks()
    page = ask(path).body
    loaded = [(path, one) for one in re.findall(r'(?:src|href)="([^"#?]*\.\w+)"', page)]
    seen: set[str] = set()
    while loaded:
        origin, name = loaded.pop()
        file = str(Path(origin if origin.endswith("/") else Path(origin).parent) / name)
        file = str(Path("/", *Path(file).parts[1:]).resolve())
        if file in seen:
            continue
        seen.add(file)
        got = ask(file)
        assert got.status == 200, file
        if file.endswith(".js"):
            assert got.headers["Content-Type"] == "text/javascript; charset=utf-8"
            loaded += [(file, one) for one in re.findall(r'from "(\./[^"]+)"', got.body)]

    assert {Path(file).suffix for file in seen} == {".css", ".js", ".svg"}
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", page)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", page)


def test_without_a_slash_at_the_end_the_dashboard_is_found_too(asks: Callable[..., Ask]) -> None:
    got = asks()("/_mock")

    assert (got.status, got.headers["Location"]) == (303, "_mock/")


@pytest.mark.parametrize(
    "path",
    [
        "dashboard/none",
        "dashboard/static/none.js",
        "dashboard/static/../pages.py",
        "dashboard",
        "dashboard/tasks/",
        "dashboard/tasks/x",
    ],
)
def test_what_is_no_page_is_answered_by_the_control_api(asks: Callable[..., Ask], path: str) -> None:
    got = asks()(f"/_mock/{path}", **BROWSER)

    assert (got.status, got.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("http_method", ["POST", "PUT", "DELETE"])
def test_a_page_is_only_read(asks: Callable[..., Ask], http_method: str) -> None:
    assert asks()("/_mock/", http_method).status == 404


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "en"), ("ru", "ru"), ("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("de, en;q=0.5, ru;q=0.7", "ru"), ("fr", "en")],
)
def test_the_language_is_that_of_the_browser(asks: Callable[..., Ask], accepted: str, language: str) -> None:
    got = asks()("/_mock/", Accept_Language=accepted)

    assert f'<html lang="{language}"' in got.body
    assert got.headers["Content-Language"] == language


def test_a_chosen_language_and_theme_go_before_it(asks: Callable[..., Ask]) -> None:
    ask = asks()

    assert '<html lang="ru"' in ask("/_mock/?lang=ru", Accept_Language="en").body
    assert '<html lang="ru"' in ask("/_mock/", Cookie="ifind-mock-language=ru", Accept_Language="en").body
    assert 'data-theme="dark"' in ask("/_mock/", Cookie="ifind-mock-theme=dark").body
    for wrong in ("de", "<b>", ""):
        got = ask(f"/_mock/?lang={wrong}", Cookie=f"ifind-mock-language={wrong}; ifind-mock-theme={wrong}")
        assert '<html lang="en" data-theme="auto"' in got.body


# Texts


def test_no_text_lacks_a_language_or_a_value() -> None:
    for key, text in all_texts().items():
        assert text.keys() == LANGUAGES.keys(), key
        assert all(text.values()), key
        assert len({frozenset(re.findall(r"\{\w*\}", one)) for one in text.values()}) == 1, key


def test_each_outcome_of_a_call_has_its_word() -> None:
    kinds = {*OUTCOMES, *clauses()["error.codes"].default}

    assert {key.removeprefix("outcome.") for key in all_texts() if key.startswith("outcome.")} == kinds


def test_each_text_that_is_named_is_there_and_each_that_is_there_is_named() -> None:
    tables = {key.partition(".")[0] for key in all_texts()}
    files = [*(FOLDER / "templates").iterdir(), *(FOLDER / "static").glob("*.js")]
    source = "\n".join(file.read_text("utf-8") for file in files)
    named = {key for key in re.findall(r"""["']([a-z_]+\.[a-z_]+)["']""", source) if key.partition(".")[0] in tables}
    named |= {f"{page.name}.title" for page in PAGES}

    assert named - all_texts().keys() == set()
    # Of a key that is put together, its table or its last part stands in the source.
    together = {*re.findall(r"`([a-z_]+)\.\$", source), *re.findall(r'"([a-z_]+)\." ~', source)}
    ends = {*re.findall(r'~ "\.([a-z_]+)"', source), *re.findall(r"`[a-z_]+\.\$\{\w+\}_([a-z]+)`", source)}
    unnamed = {key for key in all_texts().keys() - named if not key.startswith((HELP, REASON))}
    assert {
        key for key in unnamed if key.partition(".")[0] not in together and key.rpartition(".")[2] not in ends
    } == set()


def english(text: ast.expr) -> str | None:
    """A text as its reason is known by, with {} for each value; None where it is put together."""
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        return text.value
    if isinstance(text, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in text.values)
    return None


def test_what_the_mock_says_of_an_answer_has_a_text_in_each_language() -> None:
    said = set()
    for module in (hints, mock, operations):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
            is_reason = isinstance(node, ast.keyword) and node.arg == "reason"
            if (is_reason or (module is hints and isinstance(node, ast.Yield))) and node.value is not None:
                said.add(english(node.value))
    known = [
        re.escape(key.removeprefix(REASON)).replace(r"\{\}", ".+") for key in all_texts() if key.startswith(REASON)
    ]

    assert len(said) > 20
    assert {one for one in said if one and not any(re.fullmatch(pattern, one) for pattern in known)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_field_of_a_form_says_in_each_language_what_it_is_for(asks: Callable[..., Ask], language: str) -> None:
    for path in PATHS:
        page = asks()(f"/_mock/{path}?lang={language}").body
        hints = re.findall(r'<span class="hint"[^>]*>([^<]*)', page)
        assert len(hints) == page.count('class="field"')
        assert all(hint.strip() for hint in hints)
        assert language != "ru" or all(re.search("[а-я]", hint) for hint in hints)


# Who may see them


def set_cookie(got: Got) -> str:
    """The cookie that a browser would send from now on."""
    ((name, morsel),) = SimpleCookie(got.headers["Set-Cookie"]).items()
    return f"{name}={morsel.value}"


def sign_in(ask: Ask, token: str = TOKEN, **headers: str) -> Got:
    return ask("/_mock/sign-in", "POST", urlencode({"token": token}).encode(), **{**OWN, **FORM, **headers})


@pytest.fixture
def closed(asks: Callable[..., Ask]) -> Ask:
    return asks(admin_token=TOKEN)


def test_a_browser_is_asked_for_the_token_and_a_program_for_its_header(closed: Ask, path: str) -> None:
    page, program = closed(path, **BROWSER), closed(path)

    assert (page.status, program.status) == (401, 401)
    assert 'name="token"' in page.body
    assert "bearer" in page.headers["WWW-Authenticate"].lower()
    assert json.loads(program.body)["problems"][0]["where"] == "Authorization"


def test_a_session_is_a_cookie_that_no_script_reads_and_that_holds_no_token(closed: Ask) -> None:
    got = sign_in(closed)
    cookie = got.headers["Set-Cookie"]

    assert (got.status, got.headers["Location"], got.body) == (303, "./", "")
    assert re.fullmatch(
        r"ifind-mock-session-8080=[\w-]{43}; Max-Age=43200; HttpOnly; SameSite=Strict",
        re.sub(" Expires=[^;]*;", "", cookie),
    )
    assert TOKEN not in cookie
    assert closed("/_mock/", Cookie=set_cookie(got)).status == 200
    assert closed("/_mock/clock", Cookie=set_cookie(got), **HEADER).status == 200
    assert set_cookie(got) != set_cookie(sign_in(closed))


@pytest.mark.parametrize("token", ["", "guessed", "S3CRET", "s3cret ", "\udcff", "s3cret\0"])
def test_another_token_opens_nothing(closed: Ask, token: str) -> None:
    got = sign_in(closed, token.encode("utf-8", "surrogateescape").decode("latin-1"), **BROWSER)

    assert got.status == 401
    assert 'role="alert"' in got.body
    assert "Set-Cookie" not in got.headers
    assert "guessed" not in got.body


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "http://evil.example", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "http://localhost:3000", "Sec_Fetch_Site": "same-site"},
        {"Origin": "null", "Sec_Fetch_Site": "same-origin"},
        {"Origin": f"http://{HOST}", "Sec_Fetch_Site": "same-site"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/json"},
    ],
)
def test_the_form_of_another_page_signs_nobody_in_or_out(closed: Ask, foreign: dict[str, str]) -> None:
    cookie = set_cookie(sign_in(closed))
    got = sign_in(closed, **foreign)
    closed("/_mock/sign-out", "POST", b"", Cookie=cookie, **{**OWN, **FORM, **foreign})

    assert got.status in (401, 403)
    assert "Set-Cookie" not in got.headers
    assert closed("/_mock/clock", Cookie=cookie, **HEADER).status == 200


def test_a_session_lets_no_foreign_page_act(asks: Callable[..., Ask]) -> None:
    """What a browser sends for a page elsewhere: it adds the cookie for one of another port, which is the same site."""
    elsewhere = "http://localhost:3000"
    for options in ({}, {"control_origin": [elsewhere]}):
        ask = asks(admin_token=TOKEN, **options)
        cookie = set_cookie(sign_in(ask))
        foreign = {"Cookie": cookie, "Origin": elsewhere, "Sec_Fetch_Site": "same-site"}
        preflight = ask(
            "/_mock/reset",
            "OPTIONS",
            Origin=elsewhere,
            Access_Control_Request_Method="POST",
            Access_Control_Request_Headers=FROM_DASHBOARD.lower(),
        )

        assert FROM_DASHBOARD.lower() not in preflight.headers.get("Access-Control-Allow-Headers", "").lower()
        for headers in (
            foreign,
            {**foreign, **HEADER},
            {"Cookie": cookie},
            {"Cookie": cookie, "Sec_Fetch_Site": "same-site"},
        ):
            got = ask("/_mock/reset", "POST", b"{}", Content_Type="application/json", **headers)
            assert got.status in (401, 403)
            assert "Access-Control-Allow-Credentials" not in got.headers
        assert ask("/_mock/clock", Cookie=cookie, Sec_Fetch_Site="same-site", **HEADER).status == 401


def test_who_signs_out_is_asked_again(closed: Ask) -> None:
    cookie, other = set_cookie(sign_in(closed)), set_cookie(sign_in(closed))
    got = closed("/_mock/sign-out", "POST", b"", Cookie=cookie, **OWN, **FORM)

    assert (got.status, got.headers["Location"]) == (303, "./")
    assert "Max-Age=0" in got.headers["Set-Cookie"]
    assert closed("/_mock/clock", Cookie=cookie, **HEADER).status == 401
    assert closed("/_mock/clock", Cookie=other, **HEADER).status == 200


def test_a_wrong_bearer_beside_a_session_is_refused_and_a_right_one_needs_none(closed: Ask) -> None:
    cookie = set_cookie(sign_in(closed))

    assert closed("/_mock/clock", Authorization=f"Bearer {TOKEN}").status == 200
    assert closed("/_mock/", Authorization=f"Bearer {TOKEN}").status == 200
    assert closed("/_mock/health", Authorization="Bearer wrong", Cookie=cookie).status == 401


@pytest.mark.parametrize("path", ["", "sign-in"])
def test_cookies_of_other_programs_may_hold_any_bytes(asks: Callable[..., Ask], path: str) -> None:
    cookies = "name=caf\xe9; ifind-mock-theme=dark; \xff"

    assert 'data-theme="dark"' in asks()("/_mock/", Cookie=cookies).body
    assert 'data-theme="dark"' in asks(admin_token=TOKEN)(f"/_mock/{path}", Cookie=cookies, **BROWSER).body
    assert asks(admin_token=TOKEN)("/_mock/sign-out", "POST", b"", Cookie=cookies, **OWN, **FORM).status == 303


def test_a_strangers_form_is_read_only_so_far(closed: Ask) -> None:
    assert closed("/_mock/sign-in", "POST", f"a=1&token={TOKEN}".encode(), **OWN, **FORM).status == 303
    assert closed("/_mock/sign-in", "POST", b"a=1&" * 10_000 + f"token={TOKEN}".encode(), **OWN, **FORM).status == 401


def test_a_strangers_cookies_cost_one_read_of_the_store() -> None:
    reads: list[int] = []

    def knows_any(sent: Sequence[str]) -> bool:
        reads.append(len(sent))
        return False

    door = Door(TOKEN, HOST, knows_any=knows_any)
    name = session_cookie({"HTTP_HOST": HOST})
    many = "; ".join(f"{name}={'x' * 43}" for _ in range(2000))

    assert not door.has_session({"HTTP_HOST": HOST, "HTTP_COOKIE": many})
    assert not door.has_session({"HTTP_HOST": HOST, "HTTP_COOKIE": f"{name}; other={name}=x"})
    assert reads == [MOST_COOKIES]


def test_a_session_is_found_beside_one_of_another_folder(closed: Ask) -> None:
    cookie = set_cookie(sign_in(closed))
    name = cookie.partition("=")[0]

    assert closed("/_mock/clock", Cookie=f"{name}=ended; theme=dark;{cookie}", **HEADER).status == 200


def test_where_there_is_no_token_nobody_signs_in(asks: Callable[..., Ask]) -> None:
    ask = asks()

    assert sign_in(ask).status == 404
    assert ask("/_mock/sign-in").headers["Location"] == "./"
    assert "sign-out" not in ask("/_mock/").body


def test_sessions_are_few_and_end_by_themselves() -> None:
    api = Api()
    known = Sessions(api.mock, lambda do: do(), TOKEN)
    begun = [known.begin() for _ in range(MOST + 2)]

    assert [known.knows_any([one]) for one in begun] == [False, False, *[True] * MOST]
    assert known.knows_any([*begun[:3]])
    assert not known.knows_any([""])
    assert all(one not in (api.mock.store.values.get("dashboard-sessions") or "") for one in begun)
    api.time.passes(LASTS / 1_000_000)
    assert not known.knows_any(begun)
    known.end(begun[-1])
    assert api.mock.store.values.get("dashboard-sessions") is None


def test_a_session_ends_with_the_token_by_which_it_began() -> None:
    mock = Api().mock
    session = Sessions(mock, lambda do: do(), TOKEN).begin()

    assert not Sessions(mock, lambda do: do(), "another").knows_any([session])
    assert Sessions(mock, lambda do: do(), TOKEN).knows_any([session])


def test_another_process_of_the_mock_knows_them(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    first, second = (Sessions(Api(state=state).mock, lambda do: do(), TOKEN) for _ in range(2))
    session = first.begin()

    assert second.knows_any([session])
    second.end(session)
    assert not first.knows_any([session])
