"""Learning: reads a target's choices from a few calls and writes them as a profile."""
