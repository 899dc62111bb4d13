"""What the API promises: clauses, editions, schemas, and checks of values."""
