"""The suite as pytest runs it: options, fixtures, outcomes, exit code."""
