"""Reading answers: bytes in JSON, XML and CSV into one model, strictly, with the choices that the writing shows."""

from contract_tests.reading.answers import read_answer
from contract_tests.reading.model import HIDDEN, Context, Reading, Unreadable

__all__ = ["HIDDEN", "Context", "Reading", "Unreadable", "read_answer"]
