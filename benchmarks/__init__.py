"""The mock beside other mock servers, and below what this machine can do: `python -m benchmarks`."""
