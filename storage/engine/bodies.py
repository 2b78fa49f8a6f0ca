"""Sealed bodies of documents: immutable files with random names, durable before a database row names them.

    DATA/bodies/ab/abcdef…      0600, in folders by the first two characters, 0700

What a crash leaves without a row is an orphan, found with `names()` and swept at start. Deleting is not synced: a
file that comes back after a power cut is an orphan again, and without its document's key it says nothing.
"""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from storage.engine.durable import sync_folder, write_new
from storage.errors import Busy, Conflict, Invalid, Tampered, WriterUnavailable
from storage.randomness import Rng

_NAME = re.compile(r"[0-9a-f]{32}")
_DAMAGE = frozenset({errno.ENOENT, errno.EIO, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.EUCLEAN, errno.EBADMSG})
"""Errors of one file that trying again does not mend; others (descriptors, memory) are the process's own trouble."""


def new_name(rng: Rng = os.urandom) -> str:
    """A name that tells nothing: 128 random bits in hex."""
    return rng(16).hex()


def is_name(name: str) -> bool:
    """Whether `new_name` gives such names: no other ever becomes a path."""
    return _NAME.fullmatch(name) is not None


class Bodies(Protocol):
    """Where sealed bodies lie. An object store can take the place of the files."""

    def write(self, name: str, data: bytes) -> None:
        """Keep `data` under a new name; durable and whole on return. WriterUnavailable: nothing was kept."""

    def read(self, name: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`, fewer only at the end. Tampered if there is no such body; Busy."""

    def size(self, name: str) -> int:
        """Bytes; Tampered if there is no such body; Busy."""

    def delete(self, name: str) -> None:
        """Remove it; nothing happens if it is gone already. WriterUnavailable."""

    def names(self) -> Iterator[str]:
        """All there are, in no order. Busy."""


class FileBodies:
    """Bodies as files. Safe to call from several threads at once."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made if it is missing; its parent must be there. WriterUnavailable."""
        self.folder = folder
        self._prefix = f"{folder}/"
        self._durable_shards: set[str] = set()
        _make_folder(folder)

    def write(self, name: str, data: bytes) -> None:
        if not _NAME.fullmatch(name):
            raise Invalid("name of a body: 32 hexadecimal digits")
        path = Path(self._path(name))
        self._ensure_shard(path.parent)
        try:
            write_new(path, data, 0o600)
        except FileExistsError:
            raise Conflict("a body of this name is there") from None

    def read(self, name: str, offset: int, length: int) -> bytes:
        try:
            descriptor = os.open(self._known_path(name), os.O_RDONLY | os.O_NOFOLLOW)
            try:
                return _read_fully(descriptor, offset, length)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _unreadable(error) from error

    def size(self, name: str) -> int:
        try:
            return os.stat(self._known_path(name), follow_symlinks=False).st_size
        except OSError as error:
            raise _unreadable(error) from error

    def delete(self, name: str) -> None:
        try:
            os.unlink(self._known_path(name))
        except FileNotFoundError:
            return
        except OSError as error:
            raise WriterUnavailable(f"cannot delete a body: {error.strerror}") from error

    def names(self) -> Iterator[str]:
        try:
            for shard in self.folder.iterdir():
                if shard.is_dir():
                    yield from (file.name for file in shard.iterdir() if _NAME.fullmatch(file.name))
        except OSError as error:
            raise Busy(f"the bodies cannot be listed now: {error.strerror}") from error

    def _path(self, name: str) -> str:
        return f"{self._prefix}{name[:2]}/{name}"

    def _known_path(self, name: str) -> str:
        """The path of a name that a row holds; one that `write` never takes was altered there."""
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise Tampered("not the name of a body")
        return self._path(name)

    def _ensure_shard(self, shard: Path) -> None:
        """Each thread that has not seen the folder synced does so itself: being there does not mean being durable."""
        if shard.name in self._durable_shards:
            return
        _make_folder(shard)
        self._durable_shards.add(shard.name)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)
    except OSError as error:
        raise WriterUnavailable(f"cannot make a folder for bodies: {error.strerror}") from error


def _read_fully(descriptor: int, offset: int, length: int) -> bytes:
    """pread(2) gives up to 2 GiB at once, and less if a signal comes: the rest is asked for again."""
    data = os.pread(descriptor, length, offset)
    parts, got = [data], len(data)
    while data and got < length:
        data = os.pread(descriptor, length - got, offset + got)
        parts.append(data)
        got += len(data)
    return b"".join(parts)


def _unreadable(error: OSError) -> Tampered | Busy:
    if error.errno in _DAMAGE:
        return Tampered(f"a body cannot be read: {error.strerror}")
    return Busy(f"a body cannot be read now: {error.strerror}")
