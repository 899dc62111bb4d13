"""Servers that do next to nothing: what they carry, no server of this kind can pass."""
