"""Whether a backup is what its manifest says, and opens: signature, hashes, counts, the audit log, the canary.

Contract. Nothing is written, neither beside the backup nor in the data folder; a backup on a medium that cannot be
written is as good as another. BackupRefused names the first file that is not as it was.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from storage.backups import backup, canary, destinations, manifests
from storage.backups.canary import Secrets
from storage.backups.manifests import Manifest, Mark
from storage.engine import connections, statements
from storage.engine.bodies import Bodies, FileBodies
from storage.engine.connections import Database
from storage.errors import BackupReason, BackupRefused, NotFound, StorageError, Tampered
from storage.keys.master import ServerKeys
from storage.oversight import audit
from storage.shredding import ShredSecrets


@dataclass(frozen=True, slots=True)
class Verified:
    """A backup that holds what it says."""

    folder: Path
    manifest: Manifest
    canary: bool
    """False if none was there when it was made."""


def verify(source: Path, keys: ServerKeys, keyring: Path) -> Verified:
    """Check a backup, or the newest of a destination, from end to end. `keyring`: a keyring backup, or the
    keyring.db of the bridge. BackupRefused.
    """
    folder = backup.newest(source)
    if not folder.is_dir():
        raise BackupRefused(BackupReason.NO_BACKUP, str(folder))
    manifest = manifests.read(folder, keys)
    for name, mark in manifest.files.items():
        _check(folder / name, mark)
    bodies = folder.parent / destinations.BODIES
    for name, mark in backup.body_marks(folder, manifest).items():
        _check(bodies / name[:2] / name, mark)
    secrets = _secrets(keyring, keys)
    session = Database(folder / backup.DATABASE, keys.database).at_rest()
    try:
        found = check_database(session, keys, secrets, FileBodies(bodies), manifest)
    finally:
        connections.close(session)
        secrets.close()
    return Verified(folder, manifest, found)


def check_database(session: Session, keys: ServerKeys, secrets: Secrets, bodies: Bodies, manifest: Manifest) -> bool:
    """Counts, audit log and canary agree with the manifest; whether there is a canary. BackupRefused."""
    if backup.counted(session) != (manifest.accounts, manifest.documents, manifest.copies):
        raise BackupRefused(BackupReason.ALTERED, "counts")
    if audit.verify(session, keys) is not None or not _ends_there(session, manifest):
        raise BackupRefused(BackupReason.ALTERED, "audit")
    try:
        return canary.check(session, keys, secrets, bodies) == manifest.canary
    except NotFound:
        return False
    except Tampered:
        raise BackupRefused(BackupReason.WRONG_KEYRING, "canary") from None


def _ends_there(session: Session, manifest: Manifest) -> bool:
    head = statements.row(session, "SELECT position, hash FROM audit_head WHERE id = 1")
    told = manifest.audit_head
    return head is not None and (head[0], head[1].hex()) == (told["position"], told["hash"])


def _check(path: Path, mark: Mark) -> None:
    try:
        if manifests.mark_of(path) == mark:
            return
    except OSError:
        pass
    raise BackupRefused(BackupReason.ALTERED, str(path))


def _secrets(keyring: Path, keys: ServerKeys) -> ShredSecrets:
    path = keyring
    if not keyring.is_file():
        folder = backup.newest(keyring)
        manifest = manifests.read_keyring(folder, keys)
        path = folder / backup.KEYRING
        _check(path, manifest.files.get(backup.KEYRING, Mark(0, "")))
    try:
        return ShredSecrets(path, keys.keyring_database, make=False)
    except StorageError:
        raise BackupRefused(BackupReason.WRONG_KEYRING, str(path)) from None
