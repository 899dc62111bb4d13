"""Requests that hold a token where it belongs, and where a slip of the program may put it."""

from __future__ import annotations

from urllib.parse import urlencode

from mockserver.api.http import Request
from support.in_process import LOGIN, PHONE

FORM = {"content-type": "application/x-www-form-urlencoded"}


def places(secret: str) -> list[tuple[str, Request]]:
    """Each with the name of its place."""
    good = {"login": LOGIN, "token": secret, "phone": PHONE, "source": "2"}

    def get(path: str = "/api/create", **params: str) -> Request:
        return Request("GET", path.encode(), urlencode({**good, **params}).encode(), {}, b"", "127.0.0.1")

    def post(body: bytes, **headers: str) -> Request:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Request("POST", b"/api/create", b"", {**FORM, **named}, body, "127.0.0.1")

    slips = {name: get(**{name: secret}) for name in ("login", "phone", "source", "format", "id")}
    return [
        ("its place", get()),
        ("form", post(urlencode(good).encode())),
        ("json", post(f'{{"token": "{secret}"}}'.encode(), content_type="application/json")),
        ("text", post(secret.encode(), content_type="text/plain")),
        ("header", post(b"", authorization=f"Bearer {secret}", x_token=secret)),
        ("misspelt", get(Token=secret, tokne=secret)),
        ("name", get(**{secret: "1"})),
        ("operation", get(f"/api/{secret}")),
        ("below a method", get(f"/api/create/{secret}")),
        ("outside", get(f"/{secret}")),
        ("HTTP method", Request(secret.upper(), b"/api/info", b"", {}, b"", secret)),
        *((name, one) for name, one in slips.items()),
    ]
