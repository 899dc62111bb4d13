"""The command `ifind-mock`."""
