"""Who is signed in as an account at this moment, by mail programs and by the control API; and the end of it (S25)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlmodel import Session

from bridge.api import live_sessions, masking, pages, portraits
from bridge.api.access import Access, gate
from bridge.api.live_sessions import CONTROL, MAIL, Door, Live, Wanted
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action, View
from bridge.api.problems import not_found
from bridge.api.routes.devices import hidden_devices
from bridge.api.schemas.devices import LiveSessionOut, SessionOut, SessionsOut
from bridge.connections import Connection
from storage.access import devices, sessions
from storage.access.sessions import ApiSession
from storage.errors import NotFound
from storage.oversight import audit
from storage.people import particulars

router = APIRouter(prefix="/v1", tags=["sessions"])
Listing = Annotated[Access, Depends(gate(Action.SESSION_LIST))]


@router.get("/sessions")
async def everywhere(
    access: Listing,
    door: Door | None = None,
    text: Annotated[
        str | None, Query(max_length=320, description="In the address or name; the whole address, for helpers.")
    ] = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[LiveSessionOut]:
    """Of all accounts in reach, newest first. Those who are shown can see that they were looked at."""
    key = pages.decode(after, [int, str, int])
    position = None if key is None else (int(key[0]), str(key[1]), int(key[2]))
    found = await access.control.store.read(
        live_sessions.page,
        access,
        access.control.connections.all(),
        Wanted(door, text and text.strip()),
        position,
        limit + 1,
    )
    shown = found[:limit]
    await portraits.note_looks(access, sorted({each.holder.id for each in shown}), "sessions")
    items = [_of_many(each, access) for each in shown]
    return Page(items=items, next=pages.encode(shown[-1].position) if len(found) > limit else None)


@router.get("/accounts/{account}/sessions")
async def listing(access: Listing) -> SessionsOut:
    """Of mail programs by the device they signed in with; of the control API by the program that signed in."""
    account, store = access.target, access.control.store
    await portraits.note_look(access, account, "sessions")
    view, hidden = access.view(account.id, account.domain_id), await hidden_devices(access)
    noted = (await store.read(particulars.of_account, account.id)).client_noted
    labels = {device.id: device.label for device in await store.read(devices.listing, account.id)}
    mail = [each for each in access.control.connections.of_account(account.id) if each.device_id not in hidden]
    control = await store.read(sessions.listing, account.id)
    return SessionsOut(
        account=masking.reference(view, account, store.server_keys),
        sessions=[
            *(_of_mail(each, labels if view is View.FULL else {}, view, noted) for each in mail),
            *(_of_control(each, access, view) for each in control if sessions.is_alive(each, access.control.now())),
        ],
    )


@router.delete("/accounts/{account}/sessions/{session}")
async def end(session: str, access: Annotated[Access, Depends(gate(Action.SESSION_END))]) -> SessionsOut:
    """End one within a second. A mail program may come again: to keep it out, revoke its device."""
    kind, _, number = session.partition("-")
    if kind not in (MAIL, CONTROL) or not (number.isascii() and number.isdigit() and len(number) < 19):
        raise not_found()
    if kind == CONTROL:
        await _end_control(access, int(number))
    else:
        await _end_mail(access, int(number))
    return await listing(access)


async def _end_control(access: Access, number: int) -> None:
    try:
        await access.control.store.write(
            sessions.end, number, access.target.id, access.control.now(), actor=access.actor
        )
    except NotFound:
        raise not_found() from None


async def _end_mail(access: Access, number: int) -> None:
    control, hidden = access.control, await hidden_devices(access)
    found = [each for each in control.connections.of_account(access.target.id) if each.number == number]
    if not found or found[0].device_id in hidden:
        raise not_found()
    await control.store.write(_note_end, access, found[0])
    control.connections.end(access.target.id, number)


def _note_end(session: Session, access: Access, connection: Connection) -> None:
    subject = f"account:{access.target.id}"
    detail = {"connection": connection.number, "device": connection.device_id}
    audit.append(session, "session.ended", access.actor, subject, detail, access.control.now())


def _of_many(live: Live, access: Access) -> LiveSessionOut:
    holder, view = live.holder, live.view
    if isinstance(live.session, Connection):
        labels = {live.session.device_id: live.device.label} if live.device and view is View.FULL else {}
        shown = _of_mail(live.session, labels, view, holder.client_noted)
    else:
        shown = _of_control(live.session, access, view)
    return LiveSessionOut(
        **shown.model_dump(),
        account=holder.public_id,
        email=masking.address(view, holder.email),
        name=masking.name(view, holder.name),
    )


def _of_mail(each: Connection, labels: dict[int, str], view: View, client_noted: bool) -> SessionOut:
    full = view is View.FULL
    return SessionOut(
        id=f"{MAIL}-{each.number}",
        kind="mail",
        door=each.door,
        device=each.device_id,
        label=labels.get(each.device_id),
        since=each.since,
        used_at=None,
        network=each.network if full else None,
        tls_version=each.tls.version if each.tls else None,
        tls_cipher=each.tls.cipher if each.tls else None,
        client=each.client if full and client_noted else None,
        current=False,
    )


def _of_control(each: ApiSession, access: Access, view: View) -> SessionOut:
    asking = access.principal.session
    return SessionOut(
        id=f"{CONTROL}-{each.id}",
        kind="control",
        door=CONTROL,
        device=None,
        label=None,
        since=each.started_at,
        used_at=each.used_at,
        network=None,
        tls_version=None,
        tls_cipher=None,
        client=each.client if view is View.FULL else None,
        current=asking is not None and asking.id == each.id,
    )
