"""What a run may take: units, calls, rate and time; and the one place where calls are sent."""
