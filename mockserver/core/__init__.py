"""The nouns: messages, errors, clock, delays, quota, tasks, chance. Standard library only; no I/O."""
