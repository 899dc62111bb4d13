"""What a run found out: outcomes, findings, checks, exit codes."""
