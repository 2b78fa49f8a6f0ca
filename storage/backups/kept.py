"""Backups that were made: where they lie, what they say of themselves, who had them made."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from storage.backups import destinations, manifests
from storage.backups.destinations import Kind
from storage.backups.manifests import KeyringManifest, Manifest
from storage.database import Store
from storage.engine import server_facts
from storage.engine.server_facts import Fact
from storage.errors import BackupRefused
from storage.keys import signing

_MAKERS_KEPT = 500
"""Ids begin with their time: the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup that lies in a destination."""

    kind: Kind
    folder: Path
    made_at: int
    whole: bool
    manifest: Manifest | KeyringManifest | None
    """None if it is not whole, or its manifest is not what this bridge signed."""
    by: str | None
    """Who had it made: `operator` (the machine itself, such as a timer) or `account`; None: not known."""

    @property
    def size(self) -> int | None:
        """Bytes that restoring it takes."""
        if self.manifest is None:
            return None
        bodies = self.manifest.body_bytes if isinstance(self.manifest, Manifest) else 0
        return bodies + sum(mark.size for mark in self.manifest.files.values())


def listing(store: Store) -> list[Kept]:
    """What lies in the destinations of earlier runs, oldest first; a destination that is away shows nothing."""
    known, makers = store.read_now(destinations_known), store.read_now(_makers)
    kept = []
    for kind, paths in known.items():
        for path in paths:
            with suppress(OSError):
                kept += [_kept(store, kind, folder, makers) for folder in destinations.folders(path)]
    return sorted(kept, key=lambda one: (one.made_at, one.kind))


def _kept(store: Store, kind: Kind, folder: Path, makers: Mapping[str, str]) -> Kept:
    read = manifests.read if kind is Kind.DATA else manifests.read_keyring
    manifest = None
    with suppress(BackupRefused):
        manifest = read(folder, store.server_keys)
    whole = manifests.is_whole(folder)
    return Kept(kind, folder, destinations.made_at(folder), whole, manifest, makers.get(folder.name))


def destinations_known(session: Session) -> dict[Kind, list[Path]]:
    """Destinations of earlier runs."""
    value = server_facts.get(session, Fact.BACKUP_DESTINATIONS)
    found = json.loads(value) if value else {}
    return {kind: [Path(path) for path in found.get(kind, ())] for kind in Kind}


def _makers(session: Session) -> dict[str, str]:
    value = server_facts.get(session, Fact.BACKUP_MAKERS)
    return json.loads(value) if value else {}


def note(session: Session, given: Mapping[Kind, Iterable[Path]], made: Iterable[str], actor: str) -> None:
    """A run of `actor` went to these destinations and made backups of these ids."""
    known = destinations_known(session)
    paths = {kind.value: sorted({str(path) for path in (*known[kind], *given[kind])}) for kind in Kind}
    server_facts.put(session, Fact.BACKUP_DESTINATIONS, signing.canonical(paths))
    makers = _makers(session) | dict.fromkeys(made, actor.partition(":")[0])
    newest = dict(sorted(makers.items())[-_MAKERS_KEPT:])
    server_facts.put(session, Fact.BACKUP_MAKERS, signing.canonical(newest))
