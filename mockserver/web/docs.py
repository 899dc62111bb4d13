"""The page at `/_mock/docs/`: Swagger UI, whose files come from a package, on the description of this mock."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import flask_swagger_ui

from mockserver.api.http import Request, Response
from mockserver.core.errors import Problem, StoreError
from mockserver.web.control import below_root, control_failure
from mockserver.web.dashboard.pages import HEADERS
from mockserver.web.door import Door

_OURS = files("mockserver.web") / "docs_page"
_THEIRS = files(flask_swagger_ui) / "dist"
_FOLDER = "/docs/"
_FILES: Mapping[str, Traversable] = {
    "": _OURS / "index.html",
    "docs.css": _OURS / "docs.css",
    "docs.js": _OURS / "docs.js",
    "swagger-ui.css": _THEIRS / "swagger-ui.css",
    "swagger-ui-bundle.js": _THEIRS / "swagger-ui-bundle.js",
}
_KINDS: Mapping[str, str] = {"css": "text/css", "html": "text/html", "js": "text/javascript"}


class Docs:
    """The page and its files, behind a door."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def answer(self, environ: Mapping[str, Any], request: Request) -> Response | None:
        """The response to a request of a path below ROOT, None where that is none of these, or who asks may not come
        in: then the control API answers, in its own way. environ is the same request's WSGI environment.
        """
        start, mark, name = below_root(request).partition(_FOLDER)
        if request.http_method not in ("GET", "HEAD") or self._door.refused(environ, is_open=True) is not None:
            return None
        if f"{start}/" == _FOLDER:
            return _moved("docs/")
        if start or not mark or name not in _FILES:
            return None
        try:
            may_see = bool(name) or self._door.is_trusted(environ) or self._door.has_session(environ)
        except StoreError as error:
            return control_failure(503, Problem("", str(error)))
        if not may_see:
            return _moved("../sign-in") if "text/html" in environ.get("HTTP_ACCEPT", "") else None
        file = _FILES[name]
        content_type = f"{_KINDS[file.name.rpartition('.')[2]]}; charset=utf-8"
        return Response(200, (("Content-Type", content_type), *HEADERS.items()), file.read_bytes())


def _moved(where: str) -> Response:
    return Response(303, (("Location", where), *HEADERS.items()), b"")
