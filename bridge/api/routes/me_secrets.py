"""One's own password, second factor and recovery codes. All need a step-up; the mailbox is told."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends

from bridge import notices
from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.proofs import chosen, code_refused
from bridge.api.routes.sign_in import ISSUER
from bridge.api.schemas.secrets import CodeIn, PasswordIn, RecoveryCodesOut, SeedOut
from bridge.channels import notice
from storage.access import passwords, recovery_codes, second_factor
from storage.errors import SignInRefused
from storage.keys.keyring import AccountKeys

router = APIRouter(prefix="/v1/me", tags=["secrets"])
Mine = Annotated[Access, Depends(gate(Action.SELF_SECRETS))]


@router.post("/password", status_code=204)
async def change_password(access: Mine, body: PasswordIn) -> None:
    """A new password. This session goes on, all others end."""
    control, account = access.control, access.signed_in
    stretched = await chosen(control, body.password, account)
    store, now = control.store, control.now()
    told = [await notice.draft(store, account, notices.PasswordChanged(now), now)]
    change = partial(
        passwords.set_password,
        server_keys=store.server_keys,
        shred=store.shred,
        account=account,
        keys=_keys(access),
        stretched=stretched,
        now=now,
        actor=access.actor,
        keep_session=None if access.principal.session is None else access.principal.session.id,
    )
    await store.write(notice.together, told, now, change)


@router.post("/totp/begin")
async def begin_second_factor(access: Mine) -> SeedOut:
    """A new second factor to scan; the one in use stays until a code of the new one was seen."""
    account = access.signed_in
    seed = await access.control.store.write(second_factor.begin, account.id, access.control.now())
    uri = second_factor.provisioning_uri(seed, account.email, ISSUER)
    return SeedOut(otpauth_uri=uri, secret=second_factor.secret_text(seed))


@router.post("/totp/finish", status_code=204)
async def finish_second_factor(access: Mine, body: CodeIn) -> None:
    """The first code of the new second factor: from now on it counts, and the one before does not."""
    control, account = access.control, access.signed_in
    store, now = control.store, control.now()
    told = [await notice.draft(store, account, notices.SecondFactorChanged(now), now)]
    try:
        await store.write(notice.together, told, now, second_factor.confirm, account.id, body.code, now)
    except SignInRefused:
        raise code_refused(control) from None


@router.post("/recovery-codes")
async def new_recovery_codes(access: Mine) -> RecoveryCodesOut:
    """Ten new recovery codes; those before open nothing any more."""
    control, account = access.control, access.signed_in
    store, now = control.store, control.now()
    told = [await notice.draft(store, account, notices.RecoveryCodesMade(now), now)]
    change = partial(
        recovery_codes.replace,
        server_keys=store.server_keys,
        shred=store.shred,
        account=account,
        keys=_keys(access),
        now=now,
        actor=access.actor,
    )
    made = await store.write(notice.together, told, now, change)
    return RecoveryCodesOut(recovery_codes=list(made))


def _keys(access: Access) -> AccountKeys:
    assert access.principal.keys is not None, "a session opens keys"
    return access.principal.keys
