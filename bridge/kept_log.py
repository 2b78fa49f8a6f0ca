"""The log of a bridge whose standard error is `bridge.log` in its data folder: so the app's first run starts it, and
nobody else keeps such a log short.

Contract. Grown beyond `MOST` bytes it goes on anew, and what it held stands in `bridge.log.1`, the one before that
goes: both together stay near twice `MOST`. Emptied in place, as workers have it open too (O_APPEND). A standard error
that is anything else is left alone.
"""

import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path

from bridge.process import LOG
from storage.database import Store

MOST = 20_000_000
STANDARD_ERROR = 2


def turn(data: Path, stream: int) -> bool:
    """Whether it was too long. OSError."""
    log, now = data / LOG, os.fstat(stream)
    if now.st_size <= MOST or not log.exists() or not os.path.samestat(log.stat(), now):
        return False
    before = data / f"{LOG}.1"
    before.unlink(missing_ok=True)
    with log.open("rb") as whole, open(os.open(before, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as kept:
        shutil.copyfileobj(whole, kept)
    os.ftruncate(stream, 0)
    return True


async def keep_short(store: Store, _: int) -> int:
    """A chore."""
    with suppress(OSError):  # a full disk, or no standard error at all
        return await asyncio.to_thread(turn, store.data, STANDARD_ERROR)
    return 0
