"""The command `check`: plan, prompts, run, report, history."""
