"""Credentials and personal values: masked in what is shown, and searched for in what is written."""
