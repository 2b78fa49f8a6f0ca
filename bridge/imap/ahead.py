"""Reading ahead: the next batches are read while the last one is being sent.

Contract. `ahead(read, batches)` yields each batch with what `read` made of it, in order; up to `AHEAD` batches behind
it are being read meanwhile. Close it (`contextlib.aclosing`) when it may be left early: what is still being read is
then given up. A batch that stands alone costs no task.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from itertools import islice
from typing import Any, TypeVar

B = TypeVar("B")
T = TypeVar("T")

AHEAD = 2
"""One being found in the database, one being opened."""


async def ahead(
    read: Callable[[B], Coroutine[Any, Any, T]], batches: Sequence[B]
) -> AsyncGenerator[tuple[B, T], None]:
    behind = islice(batches, 1, None)
    reading: deque[asyncio.Task[T]] = deque()
    try:
        for batch in batches:
            current = reading.popleft() if reading else read(batch)
            reading.extend(asyncio.create_task(read(each)) for each in islice(behind, AHEAD - len(reading)))
            yield batch, await current
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
