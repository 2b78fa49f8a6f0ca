"""New keys for one's own account, and documents that a reset closed brought back."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session

from bridge import notices
from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.proofs import chosen
from bridge.api.schemas.keys import ReopeningIn, ReopeningOut, RotationIn, RotationOut
from bridge.channels import notice
from bridge.i18n import N_
from bridge.ways import SIGN_IN
from storage.access import renewal, rotation
from storage.access.passwords import Stretched
from storage.access.rotation import Prepared, Rotated
from storage.errors import SignInRefused
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.records import Account
from storage.shredding import ShredSecrets

router = APIRouter(prefix="/v1/me", tags=["keys"])
Mine = Annotated[Access, Depends(gate(Action.SELF_ROTATE))]


@router.post("/rotation")
async def rotate(body: RotationIn, access: Mine) -> RotationOut:
    """When somebody else may have the account's key: a new one for everything. All devices and sessions end."""
    control, account, keys = access.control, access.signed_in, _keys(access)
    stretched = await chosen(control, body.password, account)
    store = control.store
    prepared = await store.read(rotation.prepare, account, keys)
    lock = (store.server_keys, store.shred, account, keys, prepared, stretched)
    try:
        done = await store.write(_rotate, *lock, control.now(), access.actor)
    except SignInRefused:
        raise replaced_meanwhile() from None
    return RotationOut(recovery_codes=list(done.recovery_codes), documents=done.documents, refused=done.refused)


@router.post("/documents/reopening")
async def reopen(body: ReopeningIn, access: Mine) -> ReopeningOut:
    """Bring documents that a reset closed back into the archive, with a recovery code from before it."""
    account, store = access.signed_in, access.control.store
    lock = (store.server_keys, store.shred, account, _keys(access))
    try:
        count = await store.write(renewal.reopen, *lock, body.recovery_code, access.control.now())
    except SignInRefused:
        message = N_("That recovery code opens no closed documents. It must be one from before the reset.")
        raise Problem("code-refused", 422, message) from None
    return ReopeningOut(documents=count, closed=await store.read(renewal.closed_documents, account.id))


def replaced_meanwhile() -> Problem:
    message = N_("The keys of the account were replaced a moment ago. Sign in again: {way}")
    return Problem("session-ended", 401, message, way=SIGN_IN)


def _rotate(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys,
    prepared: Prepared,
    stretched: Stretched,
    now: int,
    actor: str,
) -> Rotated:
    done = rotation.rotate(session, server_keys, shred, account, keys, prepared, stretched, now, actor)
    notice.tell(session, done.account, notices.KeysReplaced(now, done.documents), now)
    return done


def _keys(access: Access) -> AccountKeys:
    assert access.principal.keys is not None, "a session opens keys"
    return access.principal.keys
