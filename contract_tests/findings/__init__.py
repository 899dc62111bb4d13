"""What a run found out: findings, checks, exit codes."""
