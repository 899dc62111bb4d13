"""Fixtures that the tests of several files share."""

from store_up import file_store, path, store
from wire_up import serve, up

__all__ = ["file_store", "path", "serve", "store", "up"]
