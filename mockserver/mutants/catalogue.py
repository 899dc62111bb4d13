"""Every mutant by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mockserver.mutants.kit.mutant import Mutant, by_name
from mockserver.mutants.tables.create import CREATE_MUTANTS
from mockserver.mutants.tables.credentials import ACCOUNT_MUTANTS
from mockserver.mutants.tables.equivalents import EQUIVALENTS
from mockserver.mutants.tables.formats import FORMAT_MUTANTS
from mockserver.mutants.tables.ready import READY_MUTANTS
from mockserver.mutants.tables.refusals import ERROR_MUTANTS
from mockserver.mutants.tables.result import RESULT_MUTANTS

MUTANTS: Mapping[str, Mutant] = MappingProxyType(
    by_name(CREATE_MUTANTS, RESULT_MUTANTS, READY_MUTANTS, FORMAT_MUTANTS, ACCOUNT_MUTANTS, ERROR_MUTANTS, EQUIVALENTS)
)
