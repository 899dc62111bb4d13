"""This machine's clocks. A test may hold those of its own process (freezegun and its like), and a mock there would wait
for ever, or lose decades. Such libraries put others in the place of the functions of `time` wherever a module has one;
they do not find these.
"""

from __future__ import annotations

import time
from functools import partial

monotonic = partial(time.monotonic)
monotonic_ns = partial(time.monotonic_ns)
wall = partial(time.time)
wall_ns = partial(time.time_ns)
