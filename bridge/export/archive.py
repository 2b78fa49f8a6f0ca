"""A zip archive that is written from beginning to end and handed out in pieces while it grows.

Contract. `take` gives what was written since the last `take`; whoever takes often holds little, however large the
archive is: beside the piece at hand it keeps a line of the table of contents for each file. Compressing runs in a
thread. A file is written as `async with archive.file(...) as put: await put(piece)`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

Put = Callable[[bytes], Awaitable[None]]
FAST = 1
"""Of zlib: a little larger, three times as fast."""
FIRST_YEAR, LAST_YEAR = 1980, 2107
"""What a date in a zip archive can say."""


class Pieces:
    """A file that can only be written, and forgets what was taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def take(self) -> bytes:
        taken, self._parts, self.size = b"".join(self._parts), [], 0
        return taken


class Archive:
    """See the module's contract."""

    def __init__(self) -> None:
        self._pieces = Pieces()
        self._zip = ZipFile(cast(IO[bytes], self._pieces), "w", ZIP_DEFLATED, compresslevel=FAST)

    @property
    def waiting(self) -> int:
        """Bytes that can be taken."""
        return self._pieces.size

    def take(self) -> bytes:
        return self._pieces.take()

    @asynccontextmanager
    async def file(self, name: str, at: int) -> AsyncIterator[Put]:
        """One file, of any size, with its time (epoch seconds)."""
        entry = self._zip.open(_info(name, at), "w", force_zip64=True)

        async def put(piece: bytes) -> None:
            await asyncio.to_thread(entry.write, piece)

        try:
            yield put
        finally:
            await asyncio.to_thread(entry.close)

    def close(self) -> None:
        """With the table of contents."""
        self._zip.close()


def _info(name: str, at: int) -> ZipInfo:
    when = datetime.fromtimestamp(max(at, 0), UTC)
    year = min(max(when.year, FIRST_YEAR), LAST_YEAR)
    info = ZipInfo(name, (year, when.month, when.day, when.hour, when.minute, when.second))
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info
