"""A bare WSGI view, for granian: takes the query apart and answers a fixed body."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

BODY = b'{"status":"ready","data":[' + b'"' + b"x" * 1372 + b'"]}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]


def view(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answers any request."""
    dict(parse_qsl(environ["QUERY_STRING"]))
    start_response("200 OK", HEADERS)
    return (BODY,)
