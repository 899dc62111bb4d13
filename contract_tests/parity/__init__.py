"""Two servers held to each other: the same calls to both, and where their answers differ, clause by clause."""
