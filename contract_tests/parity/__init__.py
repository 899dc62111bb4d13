"""Parity: the same calls to two servers, and where their answers differ, clause by clause."""
