"""Every mutant by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mockserver.mutants.broken import Mutant
from mockserver.mutants.tables.accounts import ACCOUNTS
from mockserver.mutants.tables.create import CREATE
from mockserver.mutants.tables.equivalents import EQUIVALENTS
from mockserver.mutants.tables.errors import ERRORS
from mockserver.mutants.tables.formats import FORMATS
from mockserver.mutants.tables.ready import READY
from mockserver.mutants.tables.result import RESULT

MUTANTS: Mapping[str, Mutant] = MappingProxyType(
    {**CREATE, **RESULT, **READY, **FORMATS, **ACCOUNTS, **ERRORS, **EQUIVALENTS}
)
