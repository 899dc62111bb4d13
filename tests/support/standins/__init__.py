"""Servers of the API that share no code with the mock or each other, and ways to break them."""
