"""A disk that loses what was not synced: the model behind the power-loss test.

Files are inodes reached by names. A write counts for sure only after its inode was synced, a name only after its
folder was; until then a power cut may keep it, drop it, or (a write) keep only some of its 512-byte sectors. Names
change in the order given, as journaling file systems keep it; data of one file may land in any order, which is
harsher than most disks are.
"""

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.crash.recording import Created, Event, MadeFolder, Renamed, Synced, Truncated, Unlinked, Written

SECTOR = 512
Change = Written | Truncated


@dataclass(slots=True)
class Inode:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.pending:
            apply(self.durable, change)
        self.pending.clear()

    def after_cut(self, rng: random.Random) -> bytes:
        """What may be left of the file: each unsynced change kept, dropped, or cut to some of its sectors."""
        content = bytearray(self.durable)
        for change in self.pending:
            match rng.randrange(3), change:
                case 0, _:
                    apply(content, change)
                case 1, Written(path, offset, data):
                    for start in range(0, len(data), SECTOR):
                        if rng.random() < 0.5:
                            apply(content, Written(path, offset + start, data[start : start + SECTOR]))
        return bytes(content)


def apply(content: bytearray, change: Change) -> None:
    match change:
        case Truncated(_, size):
            del content[size:]
            content.extend(bytes(size - len(content)))
        case Written(_, offset, data):
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data


@dataclass(frozen=True, slots=True)
class Naming:
    """A change of a folder: `path` now leads to `inode`, or to nothing."""

    path: str
    inode: Inode | None


class Disk:
    def __init__(self) -> None:
        self.names: dict[str, Inode] = {}
        self.durable_names: dict[str, Inode] = {}
        self.pending_names: list[Naming] = []

    @classmethod
    def with_files(cls, files: dict[str, bytes]) -> "Disk":
        """A disk that has held these files, by path, for long."""
        disk = cls()
        disk.names = {path: Inode(bytearray(content)) for path, content in files.items()}
        disk.durable_names = dict(disk.names)
        return disk

    def apply(self, event: Event) -> None:
        match event:
            case Created(path, truncated):
                if path not in self.names:
                    self.name(path, Inode())
                elif truncated:
                    self.names[path].pending.append(Truncated(path, 0))
            case Written(path) | Truncated(path):
                self.names[path].pending.append(event)
            case Renamed(source, target):
                inode = self.names[source]
                self.name(target, inode)
                self.name(source, None)
            case Unlinked(path):
                self.name(path, None)
            case Synced(path):
                self.sync(path)
            case MadeFolder():
                pass  # a name below it is what shows whether it is there

    def name(self, path: str, inode: Inode | None) -> None:
        if inode is None:
            self.names.pop(path, None)
        else:
            self.names[path] = inode
        self.pending_names.append(Naming(path, inode))

    def sync(self, path: str) -> None:
        if path in self.names:
            self.names[path].sync()
            return
        kept = []
        for naming in self.pending_names:
            if str(PurePosixPath(naming.path).parent) == path:
                settle(self.durable_names, naming)
            else:
                kept.append(naming)
        self.pending_names = kept

    def after_cut(self, rng: random.Random) -> dict[str, bytes]:
        """One state in which the disk may be found when the power is back."""
        names = dict(self.durable_names)
        for naming in self.pending_names[: rng.randint(0, len(self.pending_names))]:
            settle(names, naming)
        return {path: inode.after_cut(rng) for path, inode in names.items()}


def settle(names: dict[str, Inode], naming: Naming) -> None:
    if naming.inode is None:
        names.pop(naming.path, None)
    else:
        names[naming.path] = naming.inode


@dataclass(slots=True)
class Layout:
    """States of the folder `root`, one after the other, as files in the folder `target`."""

    root: Path
    target: Path
    _there: dict[str, bytes] = field(default_factory=dict)

    def put(self, state: dict[str, bytes]) -> None:
        """Write what is not there already."""
        for path in self._there.keys() - state.keys():
            self._place(path).unlink(missing_ok=True)
        for path, content in state.items():
            if self._there.get(path) != content:
                self._place(path).parent.mkdir(parents=True, exist_ok=True)
                self._place(path).write_bytes(content)
        self._there = state

    def forget(self, start: str) -> None:
        """Take away the files of the folder itself whose names begin like this: they were written to since."""
        for file in self.target.glob(f"{start}*"):
            file.unlink()
        kept = f"{self.root}/{start}"
        self._there = {path: content for path, content in self._there.items() if not path.startswith(kept)}

    def forget_all(self) -> None:
        shutil.rmtree(self.target)
        self.target.mkdir()
        self._there = {}

    def _place(self, path: str) -> Path:
        return self.target / PurePosixPath(path).relative_to(str(self.root))
