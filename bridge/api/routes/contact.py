"""The contact address proved by a code, so that it can be a channel (S11, S48)."""

import os
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session

from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.schemas.outside import ConfirmedOut, ContactCodeIn, VerificationOut
from bridge.channels import notice
from bridge.channels.outside import telling
from bridge.i18n import N_
from bridge.notices.contact import ContactProved
from bridge.routing import orders
from bridge.ways import Way
from storage.errors import Conflict, NotFound
from storage.people import accounts, contact_proofs
from storage.people.contact_proofs import TooSoon

router = APIRouter(prefix="/v1/me/contact/verification", tags=["notices"])
Mine = Annotated[Access, Depends(gate(Action.SELF_IDENTITY))]


@router.post("", status_code=202)
async def begin(access: Mine) -> VerificationOut:
    """Send a code to the contact address. The one before ends."""
    control = access.control
    if not telling.has_mail(control.settings):
        raise Problem("no-relay", 409, N_("This bridge sends no e-mail yet. Ask its owner to set a relay."))
    try:
        until = await control.store.write(_begin, access.signed_in.id, _keys(access), control.now())
    except TooSoon as early:
        wait = early.at - control.now()
        message = N_("A code was sent a moment ago. Ask for another in {seconds} seconds.")
        raise Problem("try-later", 429, message, extra={"retry_after": wait}, seconds=wait) from None
    except Conflict:
        raise Problem("contact-proved", 409, N_("This contact address is confirmed already.")) from None
    except NotFound:
        message = N_("There is no contact address to confirm. Set one first: {way}")
        way = Way("me set --contact-email", (N_("About me"), N_("E-mail address elsewhere")))
        raise Problem("no-contact-address", 409, message, way=way) from None
    return VerificationOut(until=until)


@router.post("/confirm")
async def confirm(access: Mine, body: ContactCodeIn) -> ConfirmedOut:
    """With the code that came to the address. It is told there and in the mailbox."""
    control, now = access.control, access.control.now()
    code = contact_proofs.clean(body.code)
    try:
        is_right = await control.store.write(_confirm, access.signed_in.id, _keys(access), code, now, access.actor)
    except NotFound:
        message = N_("No code counts for this address: it is too old, or was tried too often. Have a new one sent.")
        raise Problem("contact-code-over", 409, message) from None
    if not is_right:
        raise Problem("contact-code-wrong", 422, N_("That is not the code that was sent last. Check it."))
    return ConfirmedOut(verified_at=now)


def _keys(access: Access) -> telling.Keys:
    return telling.Keys.of(access.control.store)


def _begin(session: Session, account_id: int, keys: telling.Keys, now: int) -> int:
    proof = contact_proofs.begin(session, account_id, keys.proofs, now, os.urandom)
    telling.queue(session, keys, account_id, orders.code(proof.address, proof.code, proof.until), now)
    return proof.until


def _confirm(session: Session, account_id: int, keys: telling.Keys, code: str, now: int, actor: str) -> bool:
    address = contact_proofs.confirm(session, account_id, keys.proofs, code, now, actor=actor)
    if address is None:
        return False
    telling.queue(session, keys, account_id, orders.proven(address), now)
    notice.tell(session, accounts.by_id(session, account_id), ContactProved(now), now)
    return True
