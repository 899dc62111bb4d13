"""Learning: a target's choices, read off a few calls into a profile."""
