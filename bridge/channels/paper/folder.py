"""The hot folder: a print system takes PDFs out of it. Exactly once, through any crash.

    write .NAME.part, fsync it and the folder → note `ready` → rename to NAME.pdf → fsync the folder → done

The rename releases the sheets. After a crash the hidden name tells: it is gone, so they were released; it is there,
so they were not. Then nothing of what was made counts: whether they may be printed, and for which address, is asked
afresh, and they are made afresh or removed. Only when the machine itself went down in between does the name tell
nothing, as the rename may have been lost with what the print system had taken: then a person decides. A folder that
is not the one that was written to, such as the empty place of a share that is not mounted or another one in the
settings, is waited for, at last for a person.
"""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bridge.channels.outbox import Later, Outcome, Task, Uncertain
from bridge.channels.paper.letter import Composed
from bridge.channels.paper.roads import LONGEST_WAIT, Prepare, printed
from storage.errors import NotFound

READY, UNREADY = "ready", "unready"
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
    place: str
    """Which folder it was."""
    boot: str

    def __str__(self) -> str:
        return f"{self.pages}:{self.place}:{self.boot}"

    @classmethod
    def parse(cls, text: str) -> Self:
        pages, place, start = (*text.split(":"), "", "", "")[:3]
        return cls(int(pages or 0), place, start)


class HotFolder:
    """A road, see `Road`."""

    def __init__(self, folder: Path, carrier: str | None) -> None:
        self._folder = folder
        self._carrier = carrier

    async def carry(self, task: Task, prepare: Prepare) -> Outcome:
        hidden, open_ = self._names(task.job.key)
        try:
            found = await self._found(task, hidden) if task.job.step == READY else None
            return found or await self._made(task, prepare, hidden, open_)
        except OSError:
            return Later("folder-unwritable", counts=task.job.step != READY)

    async def _found(self, task: Task, hidden: Path) -> Outcome | None:
        """What became of an earlier attempt; None: nothing of it was released."""
        assert task.job.delivery_id is not None
        handle = _Handle.parse(task.job.handle or "")
        if not handle.pages or handle.place != await asyncio.to_thread(_place, self._folder):
            waited = task.now - task.job.created_at
            return Later("folder-missing", counts=False) if waited < LONGEST_WAIT else Uncertain("folder-missing")
        if not await asyncio.to_thread(hidden.exists):
            return printed(task.job.delivery_id, handle.pages, self._carrier)
        return None if handle.boot == boot() else Uncertain("folder-after-power-loss")

    async def _made(self, task: Task, prepare: Prepare, hidden: Path, open_: Path) -> Outcome:
        assert task.job.delivery_id is not None
        try:
            composed = await prepare()
        except NotFound:
            await asyncio.to_thread(hidden.unlink, missing_ok=True)
            raise
        if not isinstance(composed, Composed):
            await self._taken_back(task, hidden)
            return composed
        place = await asyncio.to_thread(_write, hidden, composed.pdf)
        await task.note(READY, str(_Handle(composed.pages, place, boot())))
        if not await asyncio.to_thread(_release, hidden, open_):
            return Uncertain("folder-lost-it")
        return printed(task.job.delivery_id, composed.pages, self._carrier)

    async def _taken_back(self, task: Task, hidden: Path) -> None:
        """Nothing stays in the folder, and the next attempt does not take that for a release."""
        if task.job.step == READY:
            await task.note(UNREADY)
        await asyncio.to_thread(hidden.unlink, missing_ok=True)

    def _names(self, key: str) -> tuple[Path, Path]:
        """Of the key, which may hold any characters."""
        name = "postex-" + hashlib.sha256(key.encode()).hexdigest()[:32]
        return self._folder / f".{name}.part", self._folder / f"{name}.pdf"


def _place(folder: Path) -> str:
    """The folder itself and its file system: roots of two of them may have one number."""
    return f"{folder.stat().st_ino}.{os.statvfs(folder).f_fsid}"


def _write(hidden: Path, pdf: bytes) -> str:
    """Durable on return; which folder it lies in."""
    descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pdf)
        file.flush()
        os.fsync(descriptor)
    _fsync(hidden.parent)
    return _place(hidden.parent)


def _release(hidden: Path, open_: Path) -> bool:
    """False: the sheets were not there. Somebody took them, or a file server says so of a rename that it had done.

    OSError, also if the folder itself is not there.
    """
    descriptor = os.open(hidden.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.rename(hidden.name, open_.name, src_dir_fd=descriptor, dst_dir_fd=descriptor)
        os.fsync(descriptor)
    except FileNotFoundError:
        return False
    finally:
        os.close(descriptor)
    return True


def _fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
