"""A mock of the phone-lookup API of i-find.pro, for a program's own tests: `create_app(delay="0s")` is a Flask app."""

from importlib import import_module
from typing import Any

__all__ = ["create_app", "load"]

_HOMES = {"create_app": "mockserver.web.app", "load": "mockserver.settings.loading"}


def __getattr__(name: str) -> Any:
    """A public name, loaded on its first use: an import of the package alone loads neither Flask nor the settings."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
