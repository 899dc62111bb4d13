"""What every room shares: messages, errors, clock, delays, quota, tasks, chance, the simulation's settings, XML text.

Standard library only; no I/O.
"""
