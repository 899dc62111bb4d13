"""Answers that were kept: `validate` and `assert_conforms`."""
