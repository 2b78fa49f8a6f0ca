"""Restore drills: a backup restored where nobody uses it, to see that it can be (S54, R15).

Contract. A drill does what `restore` does, in the folder `drill` of the data folder: every hash, the counts, the
audit log up to its head, the canary's document. Then the folder goes. It opens the backup by the recovery kit where
one is given, which shows that the kit on paper fits; else by the bridge's own keys. How the latest went is kept. The
copy lies under the same keys as the bridge itself, and is cleared at the next start if a kill has left it.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session

from storage.backups import kept, restore
from storage.backups.destinations import Kind
from storage.backups.kept import Kept
from storage.backups.manifests import Manifest
from storage.backups.restore import Restored, Watch
from storage.database import Store
from storage.engine import server_facts
from storage.engine.server_facts import Fact
from storage.errors import BackupReason, BackupRefused
from storage.keys import signing
from storage.keys.recovery import RecoveryKit
from storage.oversight import audit, audit_heads

FOLDER = "drill"
KEPT = 20
"""Drills that are remembered."""
_SPARE_BYTES = 256 * 1024 * 1024
"""Left free beside the copy: a drill must not be what stops arrivals."""
_NO_RESULT = frozenset({BackupReason.STOPPED, BackupReason.FULL})
"""Nothing was found out about the backup."""


@dataclass(frozen=True, slots=True)
class Drill:
    """How one went. Times in epoch seconds."""

    backup: str
    """Its id."""
    at: int
    seconds: int
    with_kit: bool
    problem: str | None
    """A `BackupReason`; None: all held."""
    what: str | None
    """The file or folder that the problem is about."""
    accounts: int | None = None
    documents: int | None = None
    copies: int | None = None
    bodies: int | None = None
    canary: bool | None = None
    """Whether there was one; it opened."""
    head: str | None = None
    """What the restored log says to the bridge's own head: `holds`, or `cut` as it goes on since."""


def run(
    store: Store, wanted: str | None, kit: RecoveryKit | None, actor: str, clock: Callable[[], float], watch: Watch
) -> Drill:
    """Drill the backup with this id, or the newest. For a thread of its own.

    BackupRefused, after the failure was noted; NO_BACKUP if there is none to drill, FULL if the disk has no room.
    """
    begun = int(clock())
    there = kept.listing(store)
    chosen, keyring = _chosen(store, there, wanted), _keyring(there)
    try:
        restored = _restored(store, chosen, keyring, kit, begun, watch)
    except BackupRefused as refused:
        if refused.reason not in _NO_RESULT:
            found = _drill(chosen, kit, begun, clock, problem=refused.reason.value, what=refused.what)
            store.write_now(_note, found, actor, begun)
        raise
    done = _drill(chosen, kit, begun, clock, **_counts(restored))
    store.write_now(_note, done, actor, begun)
    return done


def latest(session: Session) -> list[Drill]:
    """Newest first."""
    value = server_facts.get(session, Fact.RESTORE_DRILLS)
    return [Drill(**each) for each in json.loads(value)["drills"]] if value else []


def clear(data: Path) -> None:
    """What a drill that was killed has left."""
    shutil.rmtree(data / FOLDER, ignore_errors=True)


def _chosen(store: Store, there: list[Kept], wanted: str | None) -> Kept:
    found = [each for each in there if each.kind is Kind.DATA and each.whole and wanted in (None, each.folder.name)]
    if not found:
        raise BackupRefused(BackupReason.NO_BACKUP, wanted or str(store.data))
    return found[-1]


def _keyring(there: list[Kept]) -> Path:
    """The newest, as a person who restores would take."""
    found = [each for each in there if each.kind is Kind.KEYRING and each.whole]
    if not found:
        raise BackupRefused(BackupReason.NO_BACKUP, "keyring")
    return found[-1].folder


def _restored(store: Store, chosen: Kept, keyring: Path, kit: RecoveryKit | None, now: int, watch: Watch) -> Restored:
    data = store.data / FOLDER
    keys = store.server_keys if kit is None else restore.opened_master(chosen.folder, kit).derive()
    clear(store.data)
    if shutil.disk_usage(store.data).free < (chosen.size or 0) + _SPARE_BYTES:
        raise BackupRefused(BackupReason.FULL, str(data))
    head = store.read_now(audit_heads.signed_head, store.server_keys, now)
    try:
        return restore.rebuild(chosen.folder, keyring, data, keys, _no_place, now, head=head, watch=watch)
    finally:
        clear(store.data)


def _no_place() -> None:
    """Nobody serves it: it needs neither master key nor certificate."""


def _counts(restored: Restored) -> dict[str, Any]:
    manifest: Manifest = restored.manifest
    return {
        "accounts": manifest.accounts,
        "documents": manifest.documents,
        "copies": manifest.copies,
        "bodies": manifest.bodies,
        "canary": manifest.canary is not None,
        "head": None if restored.head is None else restored.head.value,
    }


def _drill(
    chosen: Kept,
    kit: RecoveryKit | None,
    begun: int,
    clock: Callable[[], float],
    *,
    problem: str | None = None,
    what: str | None = None,
    **counts: Any,
) -> Drill:
    return Drill(chosen.folder.name, begun, int(clock()) - begun, kit is not None, problem, what, **counts)


def _note(session: Session, drill: Drill, actor: str, now: int) -> None:
    known = [asdict(each) for each in (drill, *latest(session))]
    server_facts.put(session, Fact.RESTORE_DRILLS, signing.canonical({"drills": known[:KEPT]}))
    detail = {"holds": drill.problem is None, "problem": drill.problem, "kit": drill.with_kit}
    audit.append(session, "backup.drilled", actor, f"backup:{drill.backup}", detail, now)
