"""Mocks that each break one promise: the proof that the suite sees."""

from mockserver.mutants.broken import Mutant, MutantGateway
from mockserver.mutants.table import MUTANTS

__all__ = ["MUTANTS", "Mutant", "MutantGateway"]
