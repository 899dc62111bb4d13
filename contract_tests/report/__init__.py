"""Reports of a run: one file for each format."""
