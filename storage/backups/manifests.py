"""What a backup says of itself: the last file written into it, and signed. A folder without one is no backup.

    {"content": {…}, "signature": "hex"}        the signature is over the canonical JSON of `content`

Sizes and SHA-256 of all files stand in it, those of the bodies in a list of their own (`bodies.list`: a line
`sha256 size name` for each, by name), whose hash stands in the manifest.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from storage.engine.bodies import is_name
from storage.engine.durable import write_whole
from storage.errors import BackupReason, BackupRefused, Tampered
from storage.keys import signing
from storage.keys.master import ServerKeys
from storage.keys.signing import Purpose

NAME = "manifest.json"
FORMAT = 1
_MOST = 16 * 1024 * 1024
PIECE = 1_048_576


class Mark(NamedTuple):
    """By which a file is known again."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Of a backup of the database and the bodies. `files` without the bodies; keys and hashes in hex."""

    id: str
    made_at: int
    schema: str
    files: Mapping[str, Mark]
    bodies: int
    body_bytes: int
    missing_bodies: tuple[str, ...]
    """Named by the database, but not to be read when the backup was made."""
    accounts: int
    documents: int
    copies: int
    audit_head: Mapping[str, Any]
    """As `audit_heads` writes it."""
    canary: str | None
    signing_key: str
    kit_key: str | None
    """Public half of the recovery kit that opens its master key."""


@dataclass(frozen=True, slots=True)
class KeyringManifest:
    """Of a backup of keyring.db."""

    id: str
    made_at: int
    files: Mapping[str, Mark]
    accounts: int
    signing_key: str


def write(folder: Path, keys: ServerKeys, manifest: Manifest | KeyringManifest) -> None:
    """Complete the backup in `folder`: whatever happens, the manifest is there whole or not at all."""
    content = {"format": FORMAT, **asdict(manifest), "files": {n: list(m) for n, m in manifest.files.items()}}
    signature = signing.sign(keys, _purpose(type(manifest)), signing.canonical(content))
    text = signing.canonical({"content": content, "signature": signature.hex()})
    write_whole(folder / NAME, text + b"\n", 0o600)


def read(folder: Path, keys: ServerKeys) -> Manifest:
    """The manifest, with this bridge's signature on it. BackupRefused: INCOMPLETE, NEWER, ALTERED."""
    content = _verified(folder, keys, Purpose.BACKUP)
    with _altered(folder):
        content["missing_bodies"] = tuple(content["missing_bodies"])
        return Manifest(**content)


def read_keyring(folder: Path, keys: ServerKeys) -> KeyringManifest:
    """As `read`; a signature of another bridge is WRONG_KEYRING."""
    try:
        content = _verified(folder, keys, Purpose.KEYRING_BACKUP)
    except BackupRefused as refused:
        if refused.reason is BackupReason.ALTERED:
            raise BackupRefused(BackupReason.WRONG_KEYRING, str(folder)) from None
        raise
    with _altered(folder):
        return KeyringManifest(**content)


def is_whole(folder: Path) -> bool:
    """Whether its making came to the end."""
    return (folder / NAME).is_file()


def _purpose(kind: type) -> Purpose:
    return Purpose.BACKUP if kind is Manifest else Purpose.KEYRING_BACKUP


def _verified(folder: Path, keys: ServerKeys, purpose: Purpose) -> dict[str, Any]:
    if not is_whole(folder):
        raise BackupRefused(BackupReason.INCOMPLETE, str(folder))
    with _altered(folder):
        outer = json.loads((folder / NAME).read_bytes()[:_MOST])
        content: dict[str, Any] = outer["content"]
        signature = bytes.fromhex(outer["signature"])
        signing.verify(signing.public_key(keys), purpose, signing.canonical(content), signature)
    if content.pop("format") != FORMAT:
        raise BackupRefused(BackupReason.NEWER, str(folder))
    with _altered(folder):
        content["files"] = {name: Mark(*mark) for name, mark in content["files"].items()}
    return content


_UNREADABLE = (Tampered, ValueError, TypeError, KeyError, AttributeError, OSError, RecursionError)


class _altered:  # noqa: N801 - read as a clause: with _altered(folder)
    """Whatever does not read as a manifest was altered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(
            error, Tampered | ValueError | TypeError | KeyError | AttributeError | OSError | RecursionError
        ):
            raise BackupRefused(BackupReason.ALTERED, str(self._folder / NAME)) from None


def mark_of(path: Path) -> Mark:
    """Size and hash of a file; OSError."""
    found, size = sha256(), 0
    with path.open("rb", buffering=0) as file:
        while piece := file.read(PIECE):
            found.update(piece)
            size += len(piece)
    return Mark(size, found.hexdigest())


def mark_of_bytes(content: bytes) -> Mark:
    """As of a file with this content."""
    return Mark(len(content), sha256(content).hexdigest())


def sync(path: Path) -> None:
    """Make the content of a file durable; OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy(source: Path, target: Path) -> Mark:
    """Copy into a new file (0600), durable but for its name in the folder; what was copied.

    Tampered if the source cannot be read, OSError if the target cannot be written: then nothing is left of it.
    """
    found, size = sha256(), 0
    pieces = _pieces(source)
    first = next(pieces)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        for piece in chain((first,), pieces):
            found.update(piece)
            size += len(piece)
            _write(descriptor, piece)
        os.fsync(descriptor)
    except BaseException:
        target.unlink()
        raise
    finally:
        os.close(descriptor)
    return Mark(size, found.hexdigest())


def _pieces(source: Path) -> Iterator[bytes]:
    """At least one, which may be empty."""
    try:
        with source.open("rb", buffering=0) as read:
            yield read.read(PIECE)
            while piece := read.read(PIECE):
                yield piece
    except OSError as error:
        raise Tampered(f"{source} cannot be read: {error.strerror}") from error


def _write(descriptor: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def list_bodies(marks: Mapping[str, Mark]) -> bytes:
    """The text of `bodies.list`."""
    return "".join(f"{mark.sha256} {mark.size} {name}\n" for name, mark in sorted(marks.items())).encode()


def listed_bodies(text: bytes) -> dict[str, Mark]:
    """Back from the text; ValueError."""
    return dict(_lines(text.decode("ascii").splitlines()))


def _lines(lines: Iterable[str]) -> Iterable[tuple[str, Mark]]:
    for line in lines:
        digest, size, name = line.split(" ")
        if not is_name(name):  # it becomes a path
            raise ValueError("not the name of a body")
        yield name, Mark(int(size), digest)
