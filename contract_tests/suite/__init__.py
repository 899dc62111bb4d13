"""The suite: one file a subject, each test with its clauses."""
