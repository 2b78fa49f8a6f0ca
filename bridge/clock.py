"""Time as the bridge sees it: passed in everywhere, so that no test waits for the wall clock."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since the epoch, UTC."""

system: Clock = time.time
