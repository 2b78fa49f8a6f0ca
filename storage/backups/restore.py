"""A bridge from its backup, on a new machine: the recovery kit opens the master key, and that the rest.

Contract. Nothing is used before the manifest's signature and the hash of every file held. The folder becomes a data
folder at the very end, when postex.db gets its name; until then a mark says that a restore was begun there, and what
a kill leaves is cleared by the next attempt. A refusal leaves the folder as empty as it was.

What a restore changes: mailboxes jump ahead in UIDs and mod-sequences (see `repair`), sessions of the control API
and one-time codes that waited are dropped, given roles wait for their review, as some may have been taken away since,
and accounts whose shred secret is gone from the keyring, which is as new as the backup or newer, were erased
meanwhile: their rows go. What waited in the outbox may have been carried out after the backup, so that it becomes
uncertain: only a person knows.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from storage import migrations
from storage.access import enrolment
from storage.backups import backup, destinations, manifests, verification
from storage.backups.manifests import Manifest, Mark
from storage.database import BODIES_NAME, DATABASE_NAME, KEYRING_NAME
from storage.deliveries import batches, jobs, ladder_runs
from storage.engine import changes, connections, repair, statements
from storage.engine.bodies import FileBodies
from storage.engine.connections import Database
from storage.engine.durable import sync_folder, write_new
from storage.engine.lock import NAME as LOCK
from storage.engine.lock import DataFolderLock
from storage.erasures import account_removal, erasure
from storage.errors import BackupReason, BackupRefused, Invalid, Tampered
from storage.keys.master import MasterKey, ServerKeys
from storage.keys.recovery import RecoveryKit, open_master
from storage.keys.slots import SlotKind
from storage.oversight import audit, audit_heads
from storage.oversight.audit_heads import SignedHead, Standing
from storage.people import grants
from storage.records import AccountState, Origin
from storage.shredding import ShredSecrets

MARK = "restore.partial"
_UNFINISHED = f"{DATABASE_NAME}.partial"
_OWN = ("bodies", "recovery", "tls", "master.key", backup.SETTINGS, KEYRING_NAME, MARK)
RESTORED = "restored"
"""Problem of a job that waited in the backup."""
_TRANSIENT = (SlotKind.SESSION, *enrolment.KINDS)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was made, and what to know of it."""

    manifest: Manifest
    erased: tuple[str, ...]
    """Public ids: in the backup, but without a shred secret; their rows are gone."""
    unknown: tuple[str, ...]
    """Public ids: with a shred secret, but made after the backup."""
    uncertain: int
    """Jobs of the outbox that may have been carried out after the backup."""
    roles: int
    """Given roles that wait for a review now."""
    head: Standing | None
    """What the restored log says to the head that was given."""


Place = Callable[[Path, MasterKey], None]
"""Puts the master key and a certificate where the settings in the folder say."""
Watch = Callable[[int, int], None]
"""(body files copied, of how many)"""


def restore(
    source: Path,
    keyring_source: Path,
    data: Path,
    kit: RecoveryKit,
    place: Place,
    now: int,
    head: SignedHead | None = None,
) -> Restored:
    """Make `data` a bridge's folder from a backup (or the newest of a destination) and a keyring backup.

    BackupRefused, with nothing left in the folder; DataFolderLocked.
    """
    folder = backup.newest(source)
    master = opened_master(folder, kit)
    return rebuild(folder, keyring_source, data, master.derive(), lambda: place(data, master), now, head=head)


def rebuild(
    folder: Path,
    keyring_source: Path,
    data: Path,
    keys: ServerKeys,
    place: Callable[[], None],
    now: int,
    *,
    head: SignedHead | None = None,
    watch: Watch = lambda done, total: None,
) -> Restored:
    """The same with keys that are known already. `watch` is told of each body file, and may raise."""
    keyring_folder = backup.newest(keyring_source)
    manifest = manifests.read(folder, keys)
    keyring = manifests.read_keyring(keyring_folder, keys)
    if keyring.made_at < manifest.made_at:
        raise BackupRefused(BackupReason.OLDER_KEYRING, str(keyring_folder))
    with destinations.explained(data), _folder(data):
        _take(folder / backup.SEALED_MASTER, data / backup.RECOVERY / backup.SEALED_MASTER, manifest)
        if backup.SETTINGS in manifest.files:
            _take(folder / backup.SETTINGS, data / backup.SETTINGS, manifest)
        _take(folder / backup.DATABASE, data / _UNFINISHED, manifest)
        _take_file(keyring_folder / backup.KEYRING, data / KEYRING_NAME, keyring.files.get(backup.KEYRING))
        bodies = _take_bodies(folder, data, manifest, watch)
        settled = _settled(data, keys, bodies, manifest, head, now)
        place()
        _finish(data)
    return settled


def opened_master(folder: Path, kit: RecoveryKit) -> MasterKey:
    """BackupRefused: NO_BACKUP, INCOMPLETE, WRONG_KIT."""
    if not folder.is_dir():
        raise BackupRefused(BackupReason.NO_BACKUP, str(folder))
    if not manifests.is_whole(folder):
        raise BackupRefused(BackupReason.INCOMPLETE, str(folder))
    try:
        return open_master(kit, (folder / backup.SEALED_MASTER).read_bytes())
    except (OSError, Tampered):
        raise BackupRefused(BackupReason.WRONG_KIT, str(folder)) from None


# --- the folder ---


@contextmanager
def _folder(data: Path) -> Iterator[None]:
    """Empty, marked and locked; empty again if it does not come to the end."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.chmod(0o700)
    _require_empty(data)
    with DataFolderLock(data):
        _clear(data)
        write_new(data / MARK, b"", 0o600)
        try:
            yield
        except BaseException:
            _clear(data)
            (data / LOCK).unlink(missing_ok=True)
            raise


def _require_empty(data: Path) -> None:
    """What a restore that was cut off has left does not count."""
    cut_off = (data / MARK).exists()
    ours = {LOCK, "lost+found", *(_OWN if cut_off else ())}
    if any(path.name not in ours and not (cut_off and path.name.startswith(_UNFINISHED)) for path in data.iterdir()):
        raise BackupRefused(BackupReason.NOT_EMPTY, str(data))


def _clear(data: Path) -> None:
    """The mark goes last."""
    for path in (*data.glob(f"{_UNFINISHED}*"), *(data / name for name in _OWN)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _finish(data: Path) -> None:
    for folder in (data / backup.RECOVERY, data):
        sync_folder(folder)
    (data / _UNFINISHED).rename(data / DATABASE_NAME)
    sync_folder(data)
    (data / MARK).unlink()
    sync_folder(data)


# --- files ---


def _take(source: Path, target: Path, manifest: Manifest) -> None:
    _take_file(source, target, manifest.files.get(source.name))


def _take_file(source: Path, target: Path, mark: Mark | None) -> None:
    """Copy; BackupRefused ALTERED if it is not what the manifest says."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        copied = manifests.copy(source, target)
    except Tampered:
        raise BackupRefused(BackupReason.ALTERED, str(source)) from None
    if copied != mark:
        raise BackupRefused(BackupReason.ALTERED, str(source))


def _take_bodies(folder: Path, data: Path, manifest: Manifest, watch: Watch) -> FileBodies:
    bodies = FileBodies(data / BODIES_NAME)
    shards = set()
    for done, (name, mark) in enumerate(backup.body_marks(folder, manifest).items()):
        watch(done, manifest.bodies)
        shard = data / BODIES_NAME / name[:2]
        _take_file(folder.parent / destinations.BODIES / name[:2] / name, shard / name, mark)
        shards.add(shard)
    for touched in (*sorted(shards), data / BODIES_NAME, data):
        sync_folder(touched)
    return bodies


# --- the database ---


def _settled(
    data: Path, keys: ServerKeys, bodies: FileBodies, manifest: Manifest, head: SignedHead | None, now: int
) -> Restored:
    """Bring schema and rows to what a restored bridge must have."""
    shred = ShredSecrets(data / KEYRING_NAME, keys.keyring_database, make=False)
    session = Database(data / _UNFINISHED, keys.database).writing()
    try:
        _upgrade(session, keys, manifest)
        verification.check_database(session, keys, shred, bodies, manifest)
        standing = None if head is None else audit_heads.check(session, keys, head)
        if standing in (Standing.FOREIGN, Standing.REWRITTEN):
            raise BackupRefused(BackupReason.WRONG_HEAD, str(data))
        erased, unknown = _compared(session, shred.names())
        dropped, uncertain, roles = _change(session, manifest, list(erased), now)
        statements.rows(session, "PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connections.close(session)
        shred.close()
    for name in dropped:
        bodies.delete(name)
    manifests.sync(data / _UNFINISHED)
    return Restored(manifest, tuple(erased.values()), unknown, uncertain, roles, standing)


def _upgrade(session: Session, keys: ServerKeys, manifest: Manifest) -> None:
    try:
        migrations.upgrade(session, lambda: audit.begin(session, keys))
    except Invalid:
        raise BackupRefused(BackupReason.NEWER, manifest.id) from None


def _compared(session: Session, secrets: frozenset[str]) -> tuple[dict[int, str], tuple[str, ...]]:
    """(accounts without a secret that are not erased yet, secrets without an account)."""
    rows = statements.rows(session, "SELECT id, public_id, state FROM account")
    erased = {
        account_id: public_id
        for account_id, public_id, state in rows
        if public_id not in secrets and state != AccountState.ERASED
    }
    return erased, tuple(sorted(secrets - {public_id for _, public_id, _ in rows}))


def _change(session: Session, manifest: Manifest, erased: list[int], now: int) -> tuple[list[str], int, int]:
    """In one transaction; names of the body files that no row names any more, how many jobs are uncertain, and how
    many roles wait for a review.
    """
    statements.run(session, "BEGIN IMMEDIATE")
    repair.jump(session)
    # Flags may be older than what clients have seen: every message counts as changed since.
    statements.run(
        session,
        "UPDATE copy SET modseq = (SELECT highest_modseq FROM mailbox WHERE mailbox.id = copy.mailbox_id)",
    )
    statements.run(session, "DELETE FROM api_session")
    for kind in _TRANSIENT:
        statements.run(session, "DELETE FROM key_slot WHERE kind = ?", (kind,))
    statements.run(session, "UPDATE second_factor SET pending_seed = NULL, pending_since = NULL")
    _end_break_glass(session, now)
    roles = grants.ask_review(session, now)
    for account_id in erased:
        _erase(session, account_id, now)
    ladder_runs.doubt(session, now)
    uncertain = jobs.make_uncertain(session, RESTORED, now)
    batches.reopen(session, now)
    detail = {"made_at": manifest.made_at, "erased": len(erased), "uncertain": uncertain}
    audit.append(session, "backup.restored", "operator", f"backup:{manifest.id}", detail, now)
    statements.run(session, "COMMIT")
    return changes.taken(session).dropped_bodies, uncertain, roles


def _end_break_glass(session: Session, now: int) -> None:
    """An access to a mailbox that was ended or used up after the backup would be open again."""
    statements.run(
        session,
        "UPDATE break_glass SET revoked_at = ? WHERE revoked_at IS NULL AND (ends_at IS NULL OR ends_at > ?)",
        (now, now),
    )
    slots = statements.rows(
        session, "SELECT slot_id FROM device WHERE origin = ? AND slot_id IS NOT NULL", (Origin.BREAK_GLASS,)
    )
    statements.run(
        session,
        "UPDATE device SET revoked_at = ?, slot_id = NULL WHERE origin = ? AND slot_id IS NOT NULL",
        (now, Origin.BREAK_GLASS),
    )
    statements.run_many(session, "DELETE FROM key_slot WHERE id = ?", slots)


def _erase(session: Session, account_id: int, now: int) -> None:
    statements.run(session, "UPDATE account SET state = ? WHERE id = ?", (AccountState.ERASED, account_id))
    while account_removal.remove_some(session, account_id):
        pass
    account_removal.release(session, account_id, account_removal.loose(session, account_id))
    account_removal.anonymise(session, account_id)
    erasure.begin_of_erased(session, account_id, now)
    audit.append(session, "account.erased", "system", f"account:{account_id}", {"by": "keyring"}, now)
