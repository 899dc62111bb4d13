"""The formats of answers: a file for each, and its row in `writers`."""
