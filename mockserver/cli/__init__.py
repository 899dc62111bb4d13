"""The command `ifind-mock`."""

from mockserver.cli.main import main

__all__ = ["main"]
