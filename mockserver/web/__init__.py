"""The Flask app: the API and the control API, whole, under any WSGI server; and the control API without Flask."""

from typing import Any

__all__ = ["create_app"]  # for `flask --app mockserver.web run`


def __getattr__(name: str) -> Any:
    """The app's factory, loaded on its first use: the control API needs no Flask."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mockserver.web.app import create_app

    return create_app
