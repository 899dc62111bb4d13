"""Reports: one run seen by clause, on a terminal and in files."""
