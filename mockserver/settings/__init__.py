"""Settings: from a file, the environment and options to what the mock is made of."""
