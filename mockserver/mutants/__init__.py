"""Mocks that each break one promise: the proof that the suite sees."""
