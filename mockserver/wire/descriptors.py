"""The files that this process may open, of which each connection takes one, and the limits that they allow."""

from __future__ import annotations

import os
from dataclasses import replace

from mockserver.settings.limits import Limits
from mockserver.wire.failures import WireError

_SPARE = 32
"""Kept for what is opened later: the store's files, modules that are loaded late, connections that are turned away."""
_USUAL = 32  # open files, where they can't be counted


def fitted(limits: Limits) -> tuple[Limits, str | None]:
    """The limits with no more connections than this process may open files for, and a sentence where these are fewer.

    Raises WireError where they do not suffice for one.
    """
    try:
        import resource  # Windows has none, and no such limit
    except ImportError:
        return limits, None
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = limits.connections + limits.control_connections + _SPARE + _open()
    if allowed == resource.RLIM_INFINITY or allowed >= needed:
        return limits, None
    room = allowed - _SPARE - _open()
    control = min(limits.control_connections, max(room // 8, 1))
    what = f"this process may open {allowed} files at a time (ulimit -n)"
    if room <= control:
        raise WireError(f"{what}, which is too few for a server; raise it, with ulimit -n {needed}")
    kept = replace(limits, connections=min(limits.connections, room - control), control_connections=control)
    return kept, (
        f"{what}: the limit of connections is {kept.connections} instead of {limits.connections}, and"
        f" {control} instead of {limits.control_connections} for the control API; raise it, with"
        f" ulimit -n {needed}"
    )


def _open() -> int:
    """How many files this process has open now."""
    try:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208 - names alone, and of a directory that is no usual one
    except OSError:
        return _USUAL
