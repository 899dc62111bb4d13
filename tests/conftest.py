"""Fixtures that the tests of several files share."""

from support.stores import file_store, path, store
from support.wire_server import serve, up

__all__ = ["file_store", "path", "serve", "store", "up"]
