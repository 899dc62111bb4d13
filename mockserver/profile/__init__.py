"""The profile: clauses, their choices, and the editions of the operator's page."""
