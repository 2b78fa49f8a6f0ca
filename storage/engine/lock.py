"""One process per data folder: an advisory lock (`flock`) on DATA/lock, held for as long as the folder is open.

The kernel drops it when the process ends, however it ends, so a killed daemon leaves nothing to clean up.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from storage.errors import DataFolderLocked

NAME = "lock"


class DataFolderLock:
    """Held from construction until `release`. Raises `DataFolderLocked` at once if another holder is there."""

    def __init__(self, data: Path) -> None:
        self._descriptor = os.open(data / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise DataFolderLocked(str(data)) from None

    def release(self) -> None:
        """Let the folder go; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
