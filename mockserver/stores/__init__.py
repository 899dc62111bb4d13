"""The stores of a mock's state: what each must do, one in memory, one in an SQLite file."""
