"""Files that are there, whole, once a call returns: synced themselves, and their folder's entry too (fsync(2))."""

import contextlib
import os
from pathlib import Path

from storage.errors import WriterUnavailable


def write_new(path: Path, data: bytes, mode: int) -> None:
    """Make `path` with exactly `data`, durable on return.

    FileExistsError if it is there already, which is never touched; WriterUnavailable for all else (disk full,
    read-only, no such folder): then nothing is left behind.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    except FileExistsError:
        raise
    except OSError as error:
        raise WriterUnavailable(f"{path}: cannot make it: {error.strerror}") from error
    try:
        _fill(descriptor, data)
        sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise WriterUnavailable(f"{path}: cannot write it: {error.strerror}") from error
        raise


def write_whole(path: Path, data: bytes, mode: int) -> None:
    """Make or replace `path`: whoever looks, also after a kill or a power cut, finds the old content or the new.

    WriterUnavailable: the old one stands.
    """
    unfinished = path.with_name(f"{path.name}.partial")
    try:
        unfinished.unlink(missing_ok=True)
        write_new(unfinished, data, mode)
        unfinished.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise WriterUnavailable(f"{path}: cannot write it: {error.strerror}") from error


def _fill(descriptor: int, data: bytes) -> None:
    """Write all, sync, close: the descriptor is gone whatever happens."""
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
