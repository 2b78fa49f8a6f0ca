"""One's own mailbox elsewhere, as a channel: tried by a real sign-in before use; its password never comes back."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends

from bridge import countries
from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import Problem, keep_pace
from bridge.api.schemas.external import ExternalMailboxIn, ExternalMailboxOut
from bridge.channels import notice
from bridge.channels.external import doorways
from bridge.i18n import N_
from bridge.notices.external import ExternalMailboxSet
from bridge.routing import residency
from storage.deliveries import external_mailboxes
from storage.deliveries.external_mailboxes import ExternalMailbox, Place
from storage.keys.outbox import OutboxKey

router = APIRouter(prefix="/v1/me/external-mailbox", tags=["channels"])
Reading = Annotated[Access, Depends(gate(Action.SELF_READ))]
Changing = Annotated[Access, Depends(gate(Action.SELF_SECRETS))]

_PROBLEMS = {
    "sign-in-refused": N_("The server refuses this user name and password. Many providers want an app password."),
    "no-sign-in": N_("The server offers no way to sign in with this user name and password."),
    "no-folder": N_("The server has no such folder, or does not let you see it."),
    "certificate": N_("The certificate of the server is not in order, or not for this name. Nothing was sent to it."),
    "no-such-host": N_("There is no such server, or it lies in a private network that your admin does not allow."),
}
_ELSE = N_("The server did not answer as a mail server over TLS does. Check its name and port, or try again later.")


@router.get("")
async def show(access: Reading) -> ExternalMailboxOut:
    """Without the password."""
    return _out(await access.control.store.read(external_mailboxes.get, access.signed_in.id))


@router.put("")
async def put(access: Changing, body: ExternalMailboxIn) -> ExternalMailboxOut:
    """In the place of the one before, once a sign-in with it has succeeded and its folder was found."""
    control, account = access.control, access.signed_in
    place = Place(body.host.lower(), body.port, body.username, body.folder, countries.code(body.country))
    _refuse_outside(place, residency.europe(control.settings))
    keep_pace(control.trials, account.id, control.now())
    problem = await doorways.check(doorways.of(control.data, control.settings), place, body.password)
    if problem is not None:
        raise Problem(f"external-{problem}", 422, _PROBLEMS.get(problem, _ELSE))
    store, now = control.store, control.now()
    told = [await notice.draft(store, account, ExternalMailboxSet(place.host, now), now)]
    change = partial(
        external_mailboxes.put,
        outbox_public=OutboxKey.of(store.server_keys.outbox).public_key,
        account_id=account.id,
        place=place,
        password=body.password,
        now=now,
        actor=access.actor,
    )
    await store.write(notice.together, told, now, change)
    return _out(await store.read(external_mailboxes.get, account.id))


@router.delete("", status_code=204)
async def remove(access: Changing) -> None:
    """Documents stay here from now on; the password is gone."""
    store, account, now = access.control.store, access.signed_in, access.control.now()
    await store.write(external_mailboxes.remove, account.id, now, access.actor)


def _refuse_outside(place: Place, europe: frozenset[str]) -> None:
    if place.country not in europe:
        message = N_("Documents may be kept in Europe only, and you say that this mailbox is not there.")
        raise Problem("external-country", 422, message)


def _out(found: ExternalMailbox) -> ExternalMailboxOut:
    place = found.place
    return ExternalMailboxOut(
        host=place.host,
        port=place.port,
        username=place.username,
        folder=place.folder,
        country=place.country,
        usable=found.verified_at is not None,
        verified_at=found.verified_at,
        changed_at=found.changed_at,
    )
