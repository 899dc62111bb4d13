"""Fixtures that the tests of several files share."""

from wire_up import serve, up

__all__ = ["serve", "up"]
