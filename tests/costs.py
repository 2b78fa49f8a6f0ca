"""Bounds on what hostile input costs.

Contract. `at_most(seconds)` holds for the processor time of the calling thread. The collection of other tests'
leavings meanwhile is not counted, nor a thread that another test started.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    gc.disable()
    began = time.thread_time()
    try:
        yield
        assert time.thread_time() - began < seconds
    finally:
        gc.enable()
