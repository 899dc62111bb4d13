"""The pages at `/_mock/docs/`: Swagger UI, whose files come from a package, on the description of this mock."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import flask_swagger_ui

from mockserver.api.http import Request, Response
from mockserver.web.control import ROOT
from mockserver.web.door import Door

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the pages may load and run: files of the mock alone."""
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_OURS = files("mockserver.web") / "docs_page"
_THEIRS = files(flask_swagger_ui) / "dist"
_PAGE = _OURS / "index.html"
_FILES: Mapping[str, Any] = {
    "docs.css": _OURS / "docs.css",
    "docs.js": _OURS / "docs.js",
    "swagger-ui.css": _THEIRS / "swagger-ui.css",
    "swagger-ui-bundle.js": _THEIRS / "swagger-ui-bundle.js",
}
_KINDS: Mapping[str, str] = {"css": "text/css", "html": "text/html", "js": "text/javascript"}


class Docs:
    """The pages of one mock, behind its door."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def answer(self, environ: Mapping[str, Any], request: Request) -> Response | None:
        """The response to a request for the page or one of its files; None for any other, and for who may not come in:
        then the control API answers. environ is the same request's WSGI environment.
        """
        start, mark, name = request.path.decode("utf-8", "replace").partition(f"{ROOT}/docs")
        if start or not mark or request.http_method not in ("GET", "HEAD"):
            return None
        if self._door.refused(environ, is_open=bool(name.removeprefix("/"))) is not None:
            return None
        if not name:
            return Response(308, (("Location", "docs/"),), b"")
        file = _PAGE if name == "/" else _FILES.get(name.removeprefix("/"))
        if file is None:
            return None
        content_type = f"{_KINDS[file.name.rpartition('.')[2]]}; charset=utf-8"
        return Response(200, (("Content-Type", content_type), *HEADERS.items()), file.read_bytes())
