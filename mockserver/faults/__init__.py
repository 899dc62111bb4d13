"""Faults: how a call is matched, the kinds of faults, and those that are armed."""
