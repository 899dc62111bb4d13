"""Ways to break each documented promise and each law, in a stand-in of one's choice."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mockserver.mutants.kit.mutant import by_name
from support.standins.breaking import Breakage
from support.standins.broken_answers import BROKEN_ANSWERS
from support.standins.broken_calls import BROKEN_CALLS
from support.standins.broken_tasks import BROKEN_TASKS

BREAKAGES: Mapping[str, Breakage] = MappingProxyType(by_name(BROKEN_CALLS, BROKEN_TASKS, BROKEN_ANSWERS))
