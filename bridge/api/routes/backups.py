"""Backups: made while the bridge goes on, and listed (S54).

Contract. The request lasts as long as the backup, which goes on if who asked goes away. The end of the bridge stops
it: what was copied stays, and the next run goes on from there.
"""

import asyncio
from functools import partial
from pathlib import Path
from threading import Event
from typing import Annotated

from fastapi import APIRouter, Depends

from bridge.api.access import Access, gate, open_to_all
from bridge.api.control import Control
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.schemas.backups import BackupIn, BackupOrderIn, BackupOut, BackupsOut, KeptOut
from bridge.i18n import N_
from bridge.routing import residency
from storage.backups import backup, orders
from storage.backups.backup import Made
from storage.erasures.receipts import KEYRING_DAYS
from storage.errors import SignInRefused

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
async def listing(access: Annotated[Access, Depends(gate(Action.BACKUP_LIST))]) -> BackupsOut:
    """What lies in the destinations of earlier runs, oldest first, as far as they can be reached."""
    found = await asyncio.to_thread(backup.listing, access.control.store)
    items = [
        KeptOut(kind=one.kind.value, folder=str(one.folder), made_at=one.made_at, whole=one.whole) for one in found
    ]
    return BackupsOut(items=items, keep_days=access.control.settings.backup.keep_days, keyring_keep_days=KEYRING_DAYS)


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
