"""stub"""

from __future__ import annotations


def portrait(*seed_parts: str | int) -> bytes:
    """Stub."""
    return repr(seed_parts).encode()
