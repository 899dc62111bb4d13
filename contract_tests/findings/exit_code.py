from __future__ import annotations

USAGE, UNREACHABLE, BUDGET, BROKEN = 2, 3, 4, 1
