"""The pages of the dashboard: which there are, who may see them, and how they are sent.

A page is an empty form of what it shows: its script fills it by the control API. So a page holds no state of the mock,
and nothing of it has to be escaped but by the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.datastructures import LanguageAccept, MIMEAccept
from werkzeug.http import dump_cookie, parse_accept_header, parse_cookie

from mockserver.api.http import Request, Response
from mockserver.api.stub_documents import STUB_FIELDS, STUB_MATCH
from mockserver.core.errors import Problem, StoreError
from mockserver.core.messages import METHODS, SECOND
from mockserver.faults.faults import OFTEN
from mockserver.faults.kinds import KINDS
from mockserver.faults.matching import MATCH_FIELDS
from mockserver.faults.scenarios import LAST, PASS, REPEAT
from mockserver.formats.writers import FORMATS
from mockserver.inputs.accounts import KEYS
from mockserver.people.magic import MAGIC
from mockserver.profile.editions import ALL_SOURCES
from mockserver.settings.files import ready_scenarios
from mockserver.stores.journal import OUTCOMES
from mockserver.web.control import ROOT, below_root, control_failure
from mockserver.web.dashboard import forms
from mockserver.web.dashboard.sessions import LASTS, Sessions
from mockserver.web.dashboard.translations import HELP, LANGUAGES, texts_in
from mockserver.web.door import Door, session_cookie

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Of every page and file: no script, style or request but the mock's own, and no frame around it."""
THEMES = ("auto", "light", "dark")
_THEME, _LANGUAGE = "ifind-mock-theme", "ifind-mock-language"
"""The cookies of what was chosen; the pages' script writes them."""
SIGN_IN, SIGN_OUT = "sign-in", "sign-out"
_STATIC = "dashboard/static/"
_FOLDER = Path(__file__).parent
_KINDS: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FORM = "application/x-www-form-urlencoded"
_LONGEST_FORM = 16_384
"""Bytes of a form that are read: anybody may send one."""
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class DashboardPage:
    """A page. Its template is NAME.html.jinja, its script NAME.js, its title the text `NAME.title`."""

    name: str
    path: str  # below `/_mock/`; where it ends with a slash, a number follows
    values: Mapping[str, Any] = field(default_factory=dict)  # for its template
    in_menu: bool = True

    def has(self, path: str) -> bool:
        """Whether it stands at the path."""
        number = path.removeprefix(self.path)
        return path == self.path if not self.path.endswith("/") else path != number and number.isdecimal()


_STEPS = """[
  {"match": {"method": "result"}, "times": 2},
  {"match": {"method": "result"}, "action": {"kind": "http", "status": 502, "body": "<h1>Bad gateway</h1>"}}
]"""
_FOUND = {key: row for key, row in STUB_FIELDS.items() if key != "match"}
PAGES = (
    DashboardPage("live", "", {"methods": METHODS, "outcomes": [*OUTCOMES]}),
    DashboardPage("tasks", "dashboard/tasks"),
    DashboardPage("faults", "dashboard/faults", {"kinds": KINDS, "match": MATCH_FIELDS, "often": OFTEN}),
    DashboardPage(
        "scenarios",
        "dashboard/scenarios",
        {"ready": ready_scenarios(), "ends": (PASS, REPEAT, LAST), "example": _STEPS},
    ),
    DashboardPage("stubs", "dashboard/stubs", {"match": STUB_MATCH, "found": _FOUND}),
    DashboardPage("accounts", "dashboard/accounts", {"keys": KEYS}),
    DashboardPage("try", "dashboard/try", {"magic": MAGIC, "sources": ALL_SOURCES, "formats": FORMATS}),
    DashboardPage("task", "dashboard/tasks/", {"formats": FORMATS}, in_menu=False),
)
"""The pages, in the order of the menu."""


class Dashboard:
    """The pages over one mock. door says who may see them; sessions are those of who has signed in."""

    def __init__(self, door: Door, sessions: Sessions) -> None:
        self._door = door
        self._sessions = sessions

    def answer(self, environ: Mapping[str, Any], request: Request) -> Response | None:
        """The response to a request of a path below ROOT, None where that is no page's, or who asks may not come in:
        then the control API answers, in its own way. environ is the same request's WSGI environment.
        """
        path = below_root(request)
        if self._door.refused(environ, is_open=True) is not None:
            return None
        try:
            return self._answered(environ, request, path)
        except StoreError as error:
            return control_failure(503, Problem("", str(error)))

    def _answered(self, environ: Mapping[str, Any], request: Request, path: str) -> Response | None:
        below = path.removeprefix("/")
        if request.http_method == "POST" and below in (SIGN_IN, SIGN_OUT):
            return self._signed(environ, request, below)
        if request.http_method not in ("GET", "HEAD"):
            return None
        if below.startswith(_STATIC):
            return _file(below.removeprefix(_STATIC))
        page = next((one for one in PAGES if one.has(below)), None)
        may_see = self._may_see(environ)
        asks_for_page = "text/html" in parse_accept_header(environ.get("HTTP_ACCEPT"), MIMEAccept).values()
        if (page is None and below != SIGN_IN) or not (may_see or asks_for_page):
            return None
        if path and not (may_see and below == SIGN_IN):
            return self._page(environ, request, page if may_see else None)
        # What a page loads is named from its folder.
        return _moved("./" if path else f"{ROOT.removeprefix('/')}/", b"" if path else request.query)

    def _may_see(self, environ: Mapping[str, Any]) -> bool:
        return self._door.is_trusted(environ) or self._door.has_session(environ)

    def _signed(self, environ: Mapping[str, Any], request: Request, what: str) -> Response | None:
        """The answer to a form that signs in or out. A form of another page is none of ours."""
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if self._door.token is None or kind != _FORM or not self._door.is_own_page(environ):
            return None
        if what == SIGN_OUT:
            self._sessions.end(_cookies(environ).get(session_cookie(environ), ""))
            return _moved("./", cookie=_cookie(environ, "", lasts=0))
        (token,) = parse_qs(request.body[:_LONGEST_FORM].decode("utf-8", "replace")).get("token", [""])[:1]
        if not self._door.opens(token):
            return self._page(environ, request, None, is_wrong=True)
        return _moved("./", cookie=_cookie(environ, self._sessions.begin(), lasts=LASTS // SECOND))

    def _page(
        self,
        environ: Mapping[str, Any],
        request: Request,
        page: DashboardPage | None,
        *,
        is_wrong: bool = False,
    ) -> Response:
        """The page; without one that which asks for the token."""
        cookies, asked = _cookies(environ), parse_qs(request.query.decode("latin-1"))
        language, theme = _language(environ, cookies, asked), cookies.get(_THEME)
        texts = texts_in(language)
        shown = _environment().get_template(f"{page.name if page else 'sign_in'}.html.jinja")
        content = shown.render(
            page=page.name if page else "sign_in",
            script_texts={key: text for key, text in texts.items() if not key.startswith(HELP)},
            t=lambda key, **values: texts[key].format(**values),
            help=lambda sentence: texts.get(f"{HELP}{sentence}", sentence),  # in English, where it has no other
            language=language,
            languages=LANGUAGES,
            theme=theme if theme in THEMES else THEMES[0],
            root="../" * (below_root(request).count("/") - 1) or "./",
            menu=[one for one in PAGES if one.in_menu] if page else [],
            signs_in=self._door.token is not None,
            is_wrong=is_wrong,
            **(page.values if page else {}),
        )
        headers = {"Content-Type": _HTML, **HEADERS, "Content-Language": language, "Vary": "Accept-Language, Cookie"}
        if page is None:
            headers["WWW-Authenticate"] = "Bearer"
        return Response(200 if page else 401, tuple(headers.items()), content.encode())


def _language(environ: Mapping[str, Any], cookies: Mapping[str, str], asked: Mapping[str, list[str]]) -> str:
    """The language that is asked for, was chosen before, or suits the browser."""
    for chosen in (*asked.get("lang", []), cookies.get(_LANGUAGE)):
        if chosen in LANGUAGES:
            return str(chosen)
    accepted = parse_accept_header(environ.get("HTTP_ACCEPT_LANGUAGE"), LanguageAccept)
    return accepted.best_match(LANGUAGES, default=next(iter(LANGUAGES)))


def _cookies(environ: Mapping[str, Any]) -> Mapping[str, str]:
    """The cookies of a request. Any program of the host may have set some, in bytes that are no UTF-8."""
    return parse_cookie(environ.get("HTTP_COOKIE", "").encode("ascii", "replace").decode())


def _cookie(environ: Mapping[str, Any], value: str, *, lasts: int) -> str:
    """The cookie of a session. It has no path: that is then the folder of the form's target, wherever a proxy has put
    it.
    """
    secure = environ.get("wsgi.url_scheme") == "https"
    name = session_cookie(environ)
    return dump_cookie(name, value, max_age=lasts, path=None, secure=secure, httponly=True, samesite="Strict")


def _moved(where: str, query: bytes = b"", cookie: str | None = None) -> Response:
    """Sends the browser on, by a GET."""
    target = f"{where}?{query.decode('latin-1')}" if query else where
    set_cookie = (("Set-Cookie", cookie),) if cookie else ()
    return Response(303, (("Location", target), *HEADERS.items(), *set_cookie), b"")


@cache
def _files() -> Mapping[str, tuple[str, bytes]]:
    """The files that pages load: their types and their contents, by name."""
    return {file.name: (_KINDS[file.suffix], file.read_bytes()) for file in (_FOLDER / "static").iterdir()}


def _file(name: str) -> Response | None:
    found = _files().get(name)
    return None if found is None else Response(200, (("Content-Type", found[0]), *HEADERS.items()), found[1])


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"forms": forms, "THEMES": THEMES}
    return made
