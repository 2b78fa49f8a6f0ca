"""Folders that backups go to: one per kind and bridge, used by one run at a time, cleared of what a kill left.

DESTINATION/postex-backups.json     which bridge's, and which kind: nothing is ever deleted where it is missing
DESTINATION/20261122T030000Z-1a2b3c4d/…     one backup each; without a manifest it is not one
DESTINATION/bodies/ab/abcdef…       data only: bodies, shared by all backups
"""

import errno
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from storage.backups import manifests
from storage.engine import connections
from storage.engine.durable import sync_folder, write_whole
from storage.errors import BackupReason, BackupRefused, Tampered, WriterUnavailable
from storage.keys import signing
from storage.keys.master import ServerKeys
from storage.randomness import Rng

MARKER = "postex-backups.json"
BODIES = "bodies"
_LOCK = "lock"
_OWN = frozenset({_LOCK, f"{MARKER}.partial", "lost+found"})
_ID = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{8}")
_STAMP = "%Y%m%dT%H%M%SZ"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SMALLEST_ROOM = 65_536
_FULL = 13
_IO = 10


class Kind(StrEnum):
    """What a destination holds."""

    DATA = "data"
    KEYRING = "keyring"


def new_id(now: int, rng: Rng = os.urandom) -> str:
    """Sorts by time."""
    return f"{datetime.fromtimestamp(now, UTC).strftime(_STAMP)}-{rng(4).hex()}"


def made_at(folder: Path) -> int:
    """When the backup in `folder` was begun, by its name; ValueError if that is none of a backup."""
    found = _ID.fullmatch(folder.name)
    if found is None:
        raise ValueError("not the name of a backup")
    return int(datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC).timestamp())


def folders(destination: Path) -> list[Path]:
    """All backups there, whole or not, oldest first. OSError."""
    return sorted(
        path for path in destination.iterdir() if _is_named(path) and path.is_dir() and not path.is_symlink()
    )


def _is_named(path: Path) -> bool:
    try:
        made_at(path)
    except ValueError:
        return False
    return True


def whole(destination: Path) -> list[Path]:
    """Complete backups, oldest first. OSError."""
    return [folder for folder in folders(destination) if manifests.is_whole(folder)]


def refuse_nested(*paths: Path) -> None:
    """BackupRefused INSIDE if one of them lies in another, or is it."""
    resolved = [path.resolve() for path in paths]
    for at, path in enumerate(resolved):
        for other in resolved[at + 1 :]:
            if path.is_relative_to(other) or other.is_relative_to(path):
                raise BackupRefused(BackupReason.INSIDE, f"{path}, {other}")


def refuse_links(bodies: Path) -> None:
    """What lies behind one is not in this destination, and may be the bridge's own: nothing is written or deleted."""
    for path in (bodies, *(bodies.iterdir() if bodies.is_dir() else ())):
        if path.is_symlink():
            raise BackupRefused(BackupReason.NOT_A_FOLDER, str(path))


def body_files(destination: Path) -> list[Path]:
    """All that are there, whether a backup names them or not. BackupRefused for a link."""
    refuse_links(destination / BODIES)
    return list((destination / BODIES).glob("*/*"))


@contextmanager
def opened(destination: Path, kind: Kind, keys: ServerKeys) -> Iterator[None]:
    """Hold the destination for one run, made if it is missing, cleared of incomplete backups.

    BackupRefused NOT_A_FOLDER, FOREIGN, RUNNING, FULL, UNWRITABLE; the latter two also for OSError inside.
    """
    with explained(destination):
        _make(destination, kind, keys)
        descriptor = os.open(destination / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _hold(descriptor, destination)
            for folder in folders(destination):
                if not manifests.is_whole(folder):
                    shutil.rmtree(folder)
            yield
        finally:
            os.close(descriptor)


@contextmanager
def explained(destination: Path) -> Iterator[None]:
    """Say of a disk that will not take it whether it is full."""
    try:
        yield
    except OSError as error:
        full = error.errno in _NO_ROOM
        raise BackupRefused(BackupReason.FULL if full else BackupReason.UNWRITABLE, str(destination)) from error
    except (WriterUnavailable, connections.DriverError) as error:
        if isinstance(connections.meaning(error), Tampered) and isinstance(error, connections.DriverError):
            raise Tampered("database page") from error
        reason = BackupReason.FULL if _no_room(destination, error) else BackupReason.UNWRITABLE
        raise BackupRefused(reason, str(destination)) from error


def expire(destination: Path, oldest: int) -> int:
    """Delete backups from before `oldest`; how many. The newest whole one stays, whatever its age."""
    spared = whole(destination)[-1:]
    expired = [folder for folder in folders(destination) if made_at(folder) < oldest and folder not in spared]
    for folder in expired:
        (folder / manifests.NAME).unlink(missing_ok=True)  # first: what is left of it is no backup
        sync_folder(folder)
        shutil.rmtree(folder)
    if expired:
        sync_folder(destination)
    return len(expired)


def _make(destination: Path, kind: Kind, keys: ServerKeys) -> None:
    if not destination.is_absolute() or (destination.exists() and not destination.is_dir()):
        raise BackupRefused(BackupReason.NOT_A_FOLDER, str(destination))
    destination.mkdir(mode=0o700, exist_ok=True)
    wanted = {"format": manifests.FORMAT, "kind": kind.value, "bridge": signing.public_key(keys).hex()}
    marker = destination / MARKER
    if marker.exists():
        if _content(marker) != wanted:
            raise BackupRefused(BackupReason.FOREIGN, str(destination))
    elif any(path.name not in _OWN for path in destination.iterdir()):
        raise BackupRefused(BackupReason.FOREIGN, str(destination))
    else:
        write_whole(marker, signing.canonical(wanted) + b"\n", 0o600)


def _content(marker: Path) -> object:
    try:
        return json.loads(marker.read_bytes())
    except ValueError:
        return None


def _hold(descriptor: int, destination: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BackupRefused(BackupReason.RUNNING, str(destination)) from None


def _no_room(destination: Path, error: Exception) -> bool:
    """SQLite says FULL, or just I/O error; the disk itself says how it is."""
    cause = error.__cause__ or error
    if isinstance(cause, OSError):
        return cause.errno in _NO_ROOM
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    return code == _FULL or (code == _IO and shutil.disk_usage(destination).free < _SMALLEST_ROOM)
