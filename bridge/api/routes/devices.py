"""Device passwords of an account: listed, made, changed, revoked (S25, S28, D5).

Only who holds the account's key can make a device that reads: its owner's session, or on the machine itself a secret
that opens the account. Devices of a break-glass access belong to that: they end with it, not here, and stay hidden
from those who may not learn of it yet.
"""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session

from bridge import notices
from bridge.api import masking, portraits
from bridge.api.access import Access, gate
from bridge.api.policy import Action, View
from bridge.api.problems import Problem, not_found
from bridge.api.schemas.devices import DeviceChangeIn, DeviceIn, DeviceOut, DevicesOut, NewDeviceOut
from bridge.channels import notice
from bridge.i18n import N_
from bridge.newcomers import SCOPES
from bridge.ways import Way
from storage.access import break_glass, devices, enrolment
from storage.errors import SignInRefused
from storage.keys.keyring import AccountKeys
from storage.records import Account, Device, DeviceCredentials, Origin, Scope

router = APIRouter(prefix="/v1", tags=["devices"])

READING = frozenset({Scope.IMAP, Scope.IMAP_READ})
"""Scopes that need the account's key."""


@router.get("/accounts/{account}/devices")
async def listing(access: Annotated[Access, Depends(gate(Action.DEVICE_LIST))]) -> DevicesOut:
    """All of them, revoked ones too, oldest first."""
    account, store = access.target, access.control.store
    await portraits.note_look(access, account, "devices")
    hidden = await hidden_devices(access)
    found = [device for device in await store.read(devices.listing, account.id) if device.id not in hidden]
    view = access.view(account.id, account.domain_id)
    return DevicesOut(
        account=masking.reference(view, account, store.server_keys),
        email=masking.address(view, account.email),
        devices=[_out(access, device) for device in found],
    )


@router.post("/accounts/{account}/devices", status_code=201)
async def add(body: DeviceIn, access: Annotated[Access, Depends(gate(Action.DEVICE_ADD))]) -> NewDeviceOut:
    """A new device; a notice in the mailbox tells of it."""
    store, account, now = access.control.store, access.target, access.control.now()
    scopes = body.scopes or SCOPES[account.role]
    made = notices.DeviceAdded(body.label, scopes, now)
    drafts = [await notice.draft(store, account, made, now)]
    try:
        credentials = await store.write(notice.together, drafts, now, _add, access, body, scopes, now)
    except SignInRefused:
        message = N_(
            "The secret does not open this account. Give a device password of scope imap or an enrolment code."
        )
        raise Problem("sign-in-refused", 403, message) from None
    return NewDeviceOut(
        device=_out(access, credentials.device), username=credentials.username, password=credentials.password
    )


@router.patch("/accounts/{account}/devices/{device}")
async def change(
    device: int, body: DeviceChangeIn, access: Annotated[Access, Depends(gate(Action.DEVICE_CHANGE))]
) -> DeviceOut:
    """Another label, other networks or another end. Where that narrows, its live sessions end."""
    await _own(access, device)
    changed = await access.control.store.write(_change, access, device, body, access.control.now())
    return _out(access, changed)


@router.delete("/accounts/{account}/devices/{device}")
async def revoke(device: int, access: Annotated[Access, Depends(gate(Action.DEVICE_REVOKE))]) -> DeviceOut:
    """It cannot sign in any more; its live sessions end within a second. Its owner is told, if another did it."""
    store, account, now = access.control.store, access.target, access.control.now()
    found = await _own(access, device)
    drafts = []
    if not access.is_self:
        drafts.append(await notice.draft(store, account, notices.DeviceRevoked(found.label, now), now))
    await store.write(notice.together, drafts, now, devices.revoke, account.id, device, now, access.actor)
    return _out(access, replace(found, revoked_at=now))


async def hidden_devices(access: Access) -> frozenset[int]:
    """Those of break-glass accesses that the asker may not learn of: the owner while a bar holds, helpers never."""
    account, store = access.target, access.control.store
    if access.view(account.id, account.domain_id) is not View.FULL:
        found = await store.read(devices.listing, account.id)
        return frozenset(device.id for device in found if device.origin is Origin.BREAK_GLASS)
    if access.is_self:
        return await store.read(break_glass.hidden_devices, account.id, access.control.now())
    return frozenset()


async def _own(access: Access, device_id: int) -> Device:
    """A device that is in use; Problem if there is none, or it is a break-glass access's."""
    if not 0 < device_id < 2**63 or device_id in await hidden_devices(access):
        raise not_found()
    found = await access.control.store.read(devices.get, access.target.id, device_id)
    if found.origin is Origin.BREAK_GLASS:
        message = N_("This device belongs to a break-glass access. It ends with that: {way}")
        way = Way("break-glass list", (N_("Requests"),), "2")
        raise Problem("break-glass-device", 409, message, way=way)
    return found


def _add(session: Session, access: Access, body: DeviceIn, scopes: frozenset[Scope], now: int) -> DeviceCredentials:
    store, account = access.control.store, access.target
    keys = _keys(session, access, body.secret, now) if scopes & READING else None
    lock = (session, store.server_keys, store.shred, account, keys)
    return devices.add(*lock, body.label, scopes, now, body.expires_at, networks=body.networks, actor=access.actor)


def _keys(session: Session, access: Access, secret: str | None, now: int) -> AccountKeys:
    """Of the session that asks; for the operator, what `secret` opens: a code is used up if the write succeeds."""
    if access.principal.keys is not None and access.is_self:
        return access.principal.keys
    if not secret:
        message = N_(
            "A device that reads needs a secret that opens the account: a device password or enrolment code."
        )
        raise Problem("secret-needed", 422, message)
    return _opened(session, access, access.target, secret.strip(), now)


def _opened(session: Session, access: Access, account: Account, secret: str, now: int) -> AccountKeys:
    store = access.control.store
    opener = (session, store.server_keys, store.shred, account.email, secret)
    if not secret.lower().startswith(f"{devices.PREFIX}-"):
        return enrolment.enrol(*opener, now)[1]
    found = devices.sign_in(*opener, Scope.IMAP, now)
    if found.keys is None or found.account.id != account.id:
        raise SignInRefused
    return found.keys


def _change(session: Session, access: Access, device_id: int, body: DeviceChangeIn, now: int) -> Device:
    before, given = devices.get(session, access.target.id, device_id), body.model_fields_set
    return devices.change(
        session,
        access.target.id,
        device_id,
        now,
        label=body.label or before.label,
        networks=before.networks if body.networks is None else body.networks,
        expires_at=body.expires_at if "expires_at" in given else before.expires_at,
        actor=access.actor,
    )


def _out(access: Access, device: Device) -> DeviceOut:
    account = access.target
    full = access.view(account.id, account.domain_id) is View.FULL
    live = access.control.connections.of_account(account.id)
    return DeviceOut(
        id=device.id,
        label=device.label if full else None,
        scopes=sorted(device.scopes),
        origin=device.origin,
        created_at=device.created_at,
        expires_at=device.expires_at,
        revoked_at=device.revoked_at,
        last_used_at=device.last_used_at,
        networks=list(device.networks) if full else None,
        last_network=device.last_network if full else None,
        last_client=device.last_client if full else None,
        sessions=sum(each.device_id == device.id for each in live),
    )
