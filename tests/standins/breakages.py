"""Ways to break each documented promise and each law, in a stand-in of one's choice."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from standins.breaking import Breakage
from standins.broken_answers import BROKEN_ANSWERS
from standins.broken_calls import BROKEN_CALLS
from standins.broken_tasks import BROKEN_TASKS

BREAKAGES: Mapping[str, Breakage] = MappingProxyType({**BROKEN_CALLS, **BROKEN_TASKS, **BROKEN_ANSWERS})
