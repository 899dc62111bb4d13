"""Readers of what people write: values and accounts, each refused with its place and a remedy."""
