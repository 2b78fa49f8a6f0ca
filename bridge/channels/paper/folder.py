"""The hot folder: a print system takes PDFs out of it. Exactly once, through any crash.

    write .NAME.part, fsync it and the folder → note `ready` → rename to NAME.pdf → fsync the folder → done

The rename releases the sheets. After a crash the hidden name tells: it is there, so they were not released, and are
now; it is gone, so they were. Only when the machine itself went down in between does it tell nothing, as the rename
may have been lost with what the print system had taken: then a person decides. A folder that is not the one that was
written to, such as the empty place of a share that is not mounted, is waited for.
"""

import asyncio
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bridge.channels.outbox import Later, Outcome, Task, Uncertain
from bridge.channels.paper.letter import Composed
from bridge.channels.paper.roads import Prepare, printed

READY = "ready"
BOOT = Path("/proc/sys/kernel/random/boot_id")


def boot() -> str:
    """Which start of the machine this is; "" where it does not say."""
    try:
        return BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class _Handle:
    """What is kept with the step."""

    pages: int
    place: int
    """Inode of the folder."""
    boot: str

    def __str__(self) -> str:
        return f"{self.pages}:{self.place}:{self.boot}"

    @classmethod
    def parse(cls, text: str) -> Self:
        pages, place, start = (*text.split(":"), "", "", "")[:3]
        return cls(int(pages or 0), int(place or 0), start)


class HotFolder:
    """A road, see `Road`."""

    def __init__(self, folder: Path, carrier: str | None) -> None:
        self._folder = folder
        self._carrier = carrier

    async def carry(self, task: Task, prepare: Prepare) -> Outcome:
        assert task.job.delivery_id is not None
        hidden, open_ = self._names(task.job.key)
        try:
            if task.job.step == READY:
                handle = _Handle.parse(task.job.handle or "")
                if not handle.pages or handle.place != await asyncio.to_thread(_place, self._folder):
                    return Later("folder-missing", counts=False)
                if handle.boot != boot() and await asyncio.to_thread(hidden.exists):
                    return Uncertain("folder-after-power-loss")
            else:
                composed = await prepare()
                if not isinstance(composed, Composed):
                    return composed
                handle = _Handle(composed.pages, await asyncio.to_thread(_write, hidden, composed.pdf), boot())
                await task.note(READY, str(handle))
            await asyncio.to_thread(_release, hidden, open_)
        except OSError:
            return Later("folder-unwritable", counts=task.job.step != READY)
        return printed(task.job.delivery_id, handle.pages, self._carrier)

    def _names(self, key: str) -> tuple[Path, Path]:
        """Of the key, which may hold any characters."""
        name = "postex-" + hashlib.sha256(key.encode()).hexdigest()[:32]
        return self._folder / f".{name}.part", self._folder / f"{name}.pdf"


def _place(folder: Path) -> int:
    return folder.stat().st_ino


def _write(hidden: Path, pdf: bytes) -> int:
    """Durable on return; the folder's inode."""
    descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pdf)
        file.flush()
        os.fsync(descriptor)
    _fsync(hidden.parent)
    return _place(hidden.parent)


def _release(hidden: Path, open_: Path) -> None:
    """Nothing where it was done before. OSError, also if the folder itself is not there."""
    descriptor = os.open(hidden.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(FileNotFoundError):
            os.rename(hidden.name, open_.name, src_dir_fd=descriptor, dst_dir_fd=descriptor)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
