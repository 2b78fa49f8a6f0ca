"""Backups of a bridge that goes on working: the database in one moment, the bodies it names, what restoring needs.

    DESTINATION/<id>/database.db    under the database key      postex.toml      master.sealed (opened by the kit)
                     bodies.list    what bodies belong to it    manifest.json    last, signed
    DESTINATION/bodies/ab/abcdef…   shared: a body that is there is not copied again
    KEYRING_DESTINATION/<id>/keyring.db, manifest.json

The master key and the TLS key never go along. keyring.db goes apart, for `KEYRING_DAYS`: without it no account of a
backup opens, and that is how an erasure reaches the backups. It is copied after the database, so that it holds the
shred secrets of all accounts in there.

Every run deletes what is older than its time, in the destinations of earlier runs too; never the newest whole one.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session

from storage import migrations
from storage.backups import canary, destinations, kept, manifests, snapshots
from storage.backups.destinations import Kind
from storage.backups.manifests import KeyringManifest, Manifest, Mark
from storage.database import DATABASE_NAME, Store
from storage.engine import server_facts, statements
from storage.engine.connections import Database
from storage.engine.durable import sync_folder, write_new
from storage.engine.server_facts import Fact
from storage.erasures.receipts import DAY, KEYRING_DAYS
from storage.errors import BackupReason, BackupRefused, NotFound, Tampered
from storage.keys import signing
from storage.keys.master import ServerKeys
from storage.oversight import audit, audit_heads
from storage.randomness import Rng
from storage.records import Role

DATABASE = "database.db"
KEYRING = "keyring.db"
BODY_LIST = "bodies.list"
SETTINGS = "postex.toml"
SEALED_MASTER = "master.sealed"
RECOVERY = "recovery"

_COUNTS = (
    "SELECT (SELECT count(*) FROM account WHERE role <> ?),"
    " (SELECT count(*) FROM document WHERE id NOT IN"
    " (SELECT document_id FROM wrap JOIN account ON account.id = account_id WHERE role = ?)),"
    " (SELECT count(*) FROM copy WHERE account_id NOT IN (SELECT id FROM account WHERE role = ?))"
)

Stopped = Callable[[], bool]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """What a run did."""

    manifest: Manifest
    folder: Path
    copied_bodies: int
    """The others were there already."""
    keyring: KeyringManifest | None
    keyring_folder: Path | None
    expired: int
    """Older backups, of either kind, that were deleted."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the copied database holds, in the transaction that copied it."""

    body_names: list[str]
    counts: tuple[int, int, int]
    audit_head: Mapping[str, Any]
    canary: str | None
    kit_key: str | None


def make(
    store: Store,
    destination: Path,
    keyring_destination: Path | None,
    keep_days: int,
    actor: str,
    now: int,
    *,
    stopped: Stopped = lambda: False,
    rng: Rng = os.urandom,
) -> Made:
    """Back up to `destination`, and keyring.db to its own. For a thread of its own: it takes as long as it takes,
    and asks `stopped` often whether to give up.

    BackupRefused; Tampered if the database cannot be read. Then no new backup is there, and older ones stay.
    """
    given = {Kind.DATA: [destination], Kind.KEYRING: [keyring_destination] if keyring_destination else []}
    destinations.refuse_nested(store.data, *given[Kind.DATA], *given[Kind.KEYRING])
    known = store.read_now(kept.destinations_known)
    _refuse_mixed(given, known)
    with suppress(NotFound):  # no domain yet, so nobody who could miss anything
        store.write_now(canary.ensure, store.server_keys, store.shred, store.bodies, now)
    manifest, folder, copied = _back_up_data(store, destination, now, stopped, rng)
    keyring, keyring_folder = None, None
    if keyring_destination is not None:
        keyring, keyring_folder = _back_up_keyring(store, keyring_destination, now, rng)
    _tell_of_lost_secrets(store)
    expired = _expire(store, {kind: {*known[kind], *given[kind]} for kind in Kind}, keep_days, now)
    made = [each.name for each in (folder, keyring_folder) if each is not None]
    store.write_now(_record, manifest, given, made, actor, now)
    return Made(manifest, folder, copied, keyring, keyring_folder, expired)


def newest(path: Path) -> Path:
    """`path` itself if it is a backup; of a destination its newest whole one. BackupRefused NO_BACKUP."""
    if not (path / destinations.MARKER).is_file():
        return path
    found = destinations.whole(path)
    if not found:
        raise BackupRefused(BackupReason.NO_BACKUP, str(path))
    return found[-1]


# --- the database and the bodies ---


def _back_up_data(
    store: Store, destination: Path, now: int, stopped: Stopped, rng: Rng
) -> tuple[Manifest, Path, int]:
    with store.pin_bodies(), destinations.opened(destination, Kind.DATA, store.server_keys):
        folder = destination / destinations.new_id(now, rng)
        with _new_folder(folder):
            go_on = partial(_go_on, stopped, destination)
            describe = partial(_describe, keys=store.server_keys, now=now)
            live = Database(store.data / DATABASE_NAME, store.server_keys.database)
            seen = snapshots.copy(live, Database(folder / DATABASE, live.key), describe, go_on)
            bodies, copied = _copy_bodies(store, destination, seen.body_names, go_on)
            write_new(folder / BODY_LIST, manifests.list_bodies(bodies), 0o600)
            files = _copy_files(store.data, folder)
            manifest = _manifest(store, folder.name, now, seen, bodies, files)
            manifests.write(folder, store.server_keys, manifest)
    return manifest, folder, copied


def _go_on(stopped: Stopped, destination: Path) -> None:
    if stopped():
        raise BackupRefused(BackupReason.STOPPED, str(destination))


@contextmanager
def _new_folder(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700)
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    sync_folder(folder.parent)


def _describe(session: Session, keys: ServerKeys, now: int) -> _Seen:
    known = server_facts.get(session, Fact.CANARY)
    kit_key = server_facts.get(session, Fact.KIT_PUBLIC_KEY)
    names = statements.rows(session, "SELECT body_name FROM document WHERE body_name IS NOT NULL ORDER BY body_name")
    return _Seen(
        [name for (name,) in names],
        counted(session),
        json.loads(audit_heads.signed_head(session, keys, now).to_json()),
        known.decode() if known else None,
        kit_key.hex() if kit_key else None,
    )


def counted(session: Session) -> tuple[int, int, int]:
    """Accounts, documents, copies; without the canary's."""
    found = statements.row(session, _COUNTS, (Role.SYSTEM, Role.SYSTEM, Role.SYSTEM))
    assert found is not None
    return found[0], found[1], found[2]


def _copy_bodies(
    store: Store, destination: Path, names: Iterable[str], go_on: Callable[[], None]
) -> tuple[dict[str, Mark], int]:
    """Those that are missing there; size and hash of all that could be read, and how many were copied."""
    known = _marks_of_newest(store, destination)
    folder = destination / destinations.BODIES
    destinations.refuse_links(folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    marks: dict[str, Mark] = {}
    touched: set[Path] = set()
    for name in names:
        go_on()
        source, target = store.bodies.folder / name[:2] / name, folder / name[:2] / name
        if name in known and _has_size(target, known[name].size):
            marks[name] = known[name]
            continue
        target.parent.mkdir(mode=0o700, exist_ok=True)
        touched.add(target.parent)
        try:
            marks[name] = _copied(source, target)
        except Tampered:
            _log.error("backup.body_unreadable")
    for shard in (*sorted(touched), folder):
        sync_folder(shard)
    return marks, sum(1 for name in marks if name not in known)


def _marks_of_newest(store: Store, destination: Path) -> dict[str, Mark]:
    for folder in reversed(destinations.whole(destination)):
        with suppress(BackupRefused):
            return body_marks(folder, manifests.read(folder, store.server_keys))
    return {}


def body_marks(folder: Path, manifest: Manifest) -> dict[str, Mark]:
    """The bodies of a backup. BackupRefused ALTERED."""
    path = folder / BODY_LIST
    try:
        text = path.read_bytes()
        if manifests.mark_of_bytes(text) == manifest.files[BODY_LIST]:
            return manifests.listed_bodies(text)
    except (OSError, ValueError, KeyError):
        pass
    raise BackupRefused(BackupReason.ALTERED, str(path))


def _copied(source: Path, target: Path) -> Mark:
    """A copy that an earlier run, killed, has left counts if it is the same, byte for byte."""
    if target.exists():
        mark = manifests.mark_of(target)
        with suppress(OSError):
            if mark == manifests.mark_of(source):
                manifests.sync(target)
                return mark
        target.unlink()
    return manifests.copy(source, target)


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _copy_files(data: Path, folder: Path) -> dict[str, Mark]:
    """All files of the backup but the bodies and the manifest, by name."""
    for source, name in ((data / SETTINGS, SETTINGS), (data / RECOVERY / SEALED_MASTER, SEALED_MASTER)):
        if source.exists():
            manifests.copy(source, folder / name)
    return {path.name: manifests.mark_of(path) for path in sorted(folder.iterdir())}


def _manifest(
    store: Store, backup_id: str, now: int, seen: _Seen, bodies: Mapping[str, Mark], files: Mapping[str, Mark]
) -> Manifest:
    accounts, documents, copies = seen.counts
    return Manifest(
        id=backup_id,
        made_at=now,
        schema=migrations.NEWEST,
        files=files,
        bodies=len(bodies),
        body_bytes=sum(mark.size for mark in bodies.values()),
        missing_bodies=tuple(name for name in seen.body_names if name not in bodies),
        accounts=accounts,
        documents=documents,
        copies=copies,
        audit_head=seen.audit_head,
        canary=seen.canary,
        signing_key=signing.public_key(store.server_keys).hex(),
        kit_key=seen.kit_key,
    )


# --- keyring.db ---


def _back_up_keyring(store: Store, destination: Path, now: int, rng: Rng) -> tuple[KeyringManifest, Path]:
    with destinations.opened(destination, Kind.KEYRING, store.server_keys):
        folder = destination / destinations.new_id(now, rng)
        with _new_folder(folder):
            accounts = store.shred.copy_to(folder / KEYRING)
            manifest = KeyringManifest(
                id=folder.name,
                made_at=now,
                files={KEYRING: manifests.mark_of(folder / KEYRING)},
                accounts=accounts,
                signing_key=signing.public_key(store.server_keys).hex(),
            )
            manifests.write(folder, store.server_keys, manifest)
    return manifest, folder


def _tell_of_lost_secrets(store: Store) -> None:
    """Accounts that no secret opens, as after an older keyring.db was put back: a restore would erase them."""
    accounts = store.read_now(statements.rows, "SELECT public_id FROM account WHERE state <> 'erased'")
    secrets = store.shred.names()  # after the accounts: each has its secret before it is there
    lost = sum(public_id not in secrets for (public_id,) in accounts)
    if lost:
        _log.error("backup.accounts_without_secret", accounts=lost)


# --- what is too old ---


def _expire(store: Store, known: Mapping[Kind, Iterable[Path]], keep_days: int, now: int) -> int:
    """In all destinations that can be reached; one that cannot be, or is in use, has its turn at the next run."""
    expired = 0
    for kind, days in ((Kind.DATA, keep_days), (Kind.KEYRING, KEYRING_DAYS)):
        for destination in known[kind]:
            if not (destination / destinations.MARKER).is_file():
                continue
            try:
                with destinations.opened(destination, kind, store.server_keys):
                    expired += destinations.expire(destination, now - days * DAY)
                    if kind is Kind.DATA:
                        _drop_unnamed_bodies(store, destination)
            except BackupRefused as refused:
                _log.warning("backup.not_expired", reason=refused.reason.value)
    return expired


def _drop_unnamed_bodies(store: Store, destination: Path) -> None:
    """Bodies that no backup has any more. A backup whose list cannot be read might have any: then none go."""
    unnamed = {path.name: path for path in destinations.body_files(destination)}
    for folder in reversed(destinations.whole(destination)):
        if not unnamed:
            return
        for name in body_marks(folder, manifests.read(folder, store.server_keys)):
            unnamed.pop(name, None)
    for path in unnamed.values():
        path.unlink()
    if unnamed:
        _log.info("backup.bodies_removed", bodies_count=len(unnamed))


# --- what the database knows of it ---


def _refuse_mixed(given: Mapping[Kind, list[Path]], known: Mapping[Kind, list[Path]]) -> None:
    """A keyring backup kept as long as the data would undo erasures, also where an earlier run put the other one."""
    for kind, other in ((Kind.DATA, Kind.KEYRING), (Kind.KEYRING, Kind.DATA)):
        for path in given[kind]:
            for earlier in known[other]:
                destinations.refuse_nested(path, earlier)


def _record(
    session: Session, manifest: Manifest, given: Mapping[Kind, list[Path]], made: list[str], actor: str, now: int
) -> None:
    kept.note(session, given, made, actor)
    detail = {"bodies": manifest.bodies, "documents": manifest.documents, "keyring": bool(given[Kind.KEYRING])}
    audit.append(session, "backup.made", actor, f"backup:{manifest.id}", detail, now)
