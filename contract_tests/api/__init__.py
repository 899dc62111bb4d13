"""The API's calls and replies as data."""
