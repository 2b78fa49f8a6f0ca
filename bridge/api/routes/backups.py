"""Backups: made while the bridge goes on, and listed (S54).

Contract. The request lasts as long as the backup, which goes on if who asked goes away. The end of the bridge stops
it: what was copied stays, and the next run goes on from there.
"""

import asyncio
from dataclasses import asdict
from functools import partial
from pathlib import Path
from threading import Event
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from bridge.api.access import Access, gate, open_to_all
from bridge.api.control import Control
from bridge.api.policy import Action
from bridge.api.problems import Problem, locale_of
from bridge.api.schemas.backups import (
    BackupIn,
    BackupOrderIn,
    BackupOut,
    BackupsOut,
    DrillIn,
    DrillOut,
    DrillsOut,
    KeptOut,
    RunningDrillOut,
)
from bridge.backup_words import WORDS
from bridge.i18n import N_, text
from bridge.routing import residency
from storage.backups import backup, drills, kept, orders
from storage.backups.backup import Made
from storage.backups.drills import Drill
from storage.backups.kept import Kept
from storage.backups.manifests import Manifest
from storage.erasures.receipts import KEYRING_DAYS
from storage.errors import BackupReason, Invalid, SignInRefused
from storage.keys.recovery import RecoveryKit

router = APIRouter(prefix="/v1", tags=["backups"])


@router.post("/backups", status_code=201)
async def make(access: Annotated[Access, Depends(gate(Action.BACKUP_MAKE))], wanted: BackupIn) -> BackupOut:
    """Back up now; answers when it is whole."""
    return await _made(access.control, wanted, access.actor)


@router.post("/backups/by-key", status_code=201)
async def make_by_key(control: Annotated[Control, Depends(open_to_all)], order: BackupOrderIn) -> BackupOut:
    """The same for a timer on the machine: who signs with the master key can read all files anyway."""
    try:
        orders.check(
            control.store.server_keys,
            order.destination,
            order.keyring_destination,
            order.at,
            order.signature,
            control.now(),
        )
    except SignInRefused:
        raise Problem("sign-in-refused", 401, N_("That does not open the account. Check what you typed.")) from None
    return await _made(control, order, "operator")


@router.get("/backups")
async def listing(access: Annotated[Access, Depends(gate(Action.BACKUP_LIST))], request: Request) -> BackupsOut:
    """What lies in the destinations of earlier runs, oldest first, as far as they can be reached."""
    store, locale = access.control.store, locale_of(request)
    found = await asyncio.to_thread(kept.listing, store)
    latest = {each.backup: each for each in reversed(await store.read(drills.latest))}
    return BackupsOut(
        items=[_kept(each, latest.get(each.folder.name), locale) for each in found],
        keep_days=access.control.settings.backup.keep_days,
        keyring_keep_days=KEYRING_DAYS,
        now=access.control.now(),
    )


@router.get("/backups/drill")
async def drilled(access: Annotated[Access, Depends(gate(Action.BACKUP_LIST))], request: Request) -> DrillsOut:
    """The drill under way and how far it is; the latest ones."""
    running = access.control.drills.running
    found = await access.control.store.read(drills.latest)
    return DrillsOut(
        running=None
        if running is None
        else RunningDrillOut(
            backup=running.backup, started_at=running.started_at, done=running.done, total=running.total
        ),
        drills=[_drill(each, locale_of(request)) for each in found],
    )


@router.post("/backups/drill", status_code=201)
async def drill(
    access: Annotated[Access, Depends(gate(Action.BACKUP_DRILL))], wanted: DrillIn, request: Request
) -> DrillOut:
    """Restore a backup beside the bridge, see whether all of it holds, and remove it again; answers at the end."""
    control, kit = access.control, None if wanted.kit is None else _kit(wanted.kit)
    with control.drills.begun(wanted.backup, control.now()) as running:
        run = partial(drills.run, control.store, wanted.backup, kit, access.actor, control.clock, watch=running.watch)
        return _drill(await asyncio.to_thread(run), locale_of(request))


def _kit(text: str) -> RecoveryKit:
    try:
        return RecoveryKit.parse(text)
    except Invalid:
        message = N_("That is no recovery kit. Type it as it is printed, fourteen groups of four.")
        raise Problem("invalid-kit", 422, message) from None


async def _made(control: Control, wanted: BackupIn, actor: str) -> BackupOut:
    if not residency.may_back_up(control.settings):
        message = N_("Backups hold documents too, and {country} (backup.country) is outside Europe.")
        raise Problem("outside-europe", 422, message, country=control.settings.backup.country)
    stop = Event()
    run = partial(
        backup.make,
        control.store,
        Path(wanted.destination),
        Path(wanted.keyring_destination) if wanted.keyring_destination else None,
        control.settings.backup.keep_days,
        actor,
        control.now(),
        stopped=stop.is_set,
    )
    try:
        return _out(await asyncio.to_thread(run))
    finally:
        stop.set()  # when the bridge ends, its thread must not go on for hours


def _out(made: Made) -> BackupOut:
    manifest = made.manifest
    return BackupOut(
        id=manifest.id,
        made_at=manifest.made_at,
        folder=str(made.folder),
        accounts=manifest.accounts,
        documents=manifest.documents,
        copies=manifest.copies,
        bodies=manifest.bodies,
        copied_bodies=made.copied_bodies,
        body_bytes=manifest.body_bytes,
        unreadable_bodies=len(manifest.missing_bodies),
        audit_position=manifest.audit_head["position"],
        keyring_folder=str(made.keyring_folder) if made.keyring_folder else None,
        expired=made.expired,
    )


def _kept(one: Kept, latest: Drill | None, locale: str) -> KeptOut:
    manifest = one.manifest
    return KeptOut(
        id=one.folder.name,
        kind=one.kind.value,
        folder=str(one.folder),
        made_at=one.made_at,
        whole=one.whole,
        altered=one.whole and manifest is None,
        bytes=one.size,
        accounts=None if manifest is None else manifest.accounts,
        documents=manifest.documents if isinstance(manifest, Manifest) else None,
        by=one.by,
        drill=None if latest is None else _drill(latest, locale),
    )


def _drill(found: Drill, locale: str) -> DrillOut:
    words = None
    if found.problem is not None:
        words = text(locale, WORDS[BackupReason(found.problem)], what=found.what)
    members = asdict(found)
    del members["what"]
    return DrillOut(**members, words=words)
