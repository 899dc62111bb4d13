"""The exit codes of the commands that judge a target or captured answers; docs/command-line.md lists them."""

from __future__ import annotations

HOLDS, BROKEN, USAGE, UNREACHABLE, BUDGET = range(5)
"""All that was tried holds; a promise is broken; wrong usage or settings; no way to the target; too small a budget."""
