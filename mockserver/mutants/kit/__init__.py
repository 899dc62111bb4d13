"""The kit for breaking a server of the API on purpose. It knows no server: the standard library is all it imports."""
