"""Fixtures that the tests of several files share."""

from hypothesis import HealthCheck, settings

from support.stores import file_store, path, store
from support.wire_server import serve, up

__all__ = ["file_store", "path", "serve", "store", "up"]

# No test judges how long an example takes: on a busy machine any may take long.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
