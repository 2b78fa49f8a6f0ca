"""A way back for somebody who lost every way in: a one-time code, made by an admin who learns nothing by it (S64)."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session

from bridge import notices
from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.routes.accounts import wrong_state
from bridge.api.schemas.keys import ResetIn, ResetOut
from bridge.channels import notice
from bridge.i18n import N_
from bridge.ways import Way
from storage.access import resets
from storage.access.resets import Reset
from storage.errors import ApprovalNeeded, Conflict, NotFound
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.records import Account, AccountState
from storage.shredding import ShredSecrets

router = APIRouter(prefix="/v1", tags=["resets"])
IN_USE = (AccountState.INVITED, AccountState.REGISTERED)


@router.post("/accounts/{account}/reset", status_code=201)
async def reset(body: ResetIn, access: Annotated[Access, Depends(gate(Action.ACCOUNT_RESET))]) -> ResetOut:
    """A code for 72 hours. The mailbox is told; password, devices and recovery codes work on until it is used.

    In a domain of mode private the code brings a new key, and its use closes the documents of now: that must be said.
    """
    account, store, now = access.target, access.control.store, access.control.now()
    if access.is_self:
        message = N_("This is your own account: change its password yourself: {way}")
        raise Problem("own-account", 409, message, way=Way("me password", (N_("About me"), N_("Password"))))
    if account.state not in IN_USE:
        raise wrong_state(account)
    keys = access.principal.keys
    assert keys is not None, "a session opens keys"
    lock = (store.server_keys, store.shred, access.signed_in, keys, account, now)
    try:
        done = await store.write(_reset, *lock, body.closes_documents, body.second_factor)
    except NotFound:
        raise no_escrow_key() from None
    except ApprovalNeeded:
        raise _approval_needed() from None
    except Conflict:
        raise _would_close(await store.read(resets.closes, account)) from None
    return ResetOut(code=done.code.code, expires_at=done.code.expires_at, closes=done.closes)


def no_escrow_key() -> Problem:
    message = N_(
        "You do not hold the spare key of this domain. Ask an admin or owner who does to hand it on to you:"
        " {way}. If nobody has it any more, whoever runs the machine gets it back there, with the recovery kit and"
        " while the bridge is down: postex escrow recover"
    )
    return Problem("no-escrow-key", 409, message, way=Way("domain escrow hand-on", (N_("Domains"),), "⏎ n"))


def _approval_needed() -> Problem:
    message = N_(
        "Who holds a code that replaces the second factor can open the mailbox, so a second person must agree. Ask"
        " one: {way}. Once it is approved, try again."
    )
    return Problem("approval-needed", 409, message, way=Way("break-glass request", (N_("Requests"),), "2 n"))


def _would_close(count: int | None) -> Problem:
    message = N_(
        "Nobody keeps a spare key to this account. If a reset's code is used, its {count} documents of now are"
        " closed; only a recovery code from before opens them again. To go on, say that they may be closed."
    )
    return Problem("documents-would-close", 409, message, extra={"closes": count or 0}, count=count or 0)


def _reset(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    admin: Account,
    keys: AccountKeys,
    account: Account,
    now: int,
    may_close: bool,
    second_factor: bool,
) -> Reset:
    lock = (server_keys, shred, admin, keys, account, now)
    done = resets.reset_by_admin(session, *lock, may_close=may_close, with_second_factor=second_factor)
    until = done.code.expires_at
    if done.closes is None:
        notice.tell(session, account, notices.PasswordReset(now, until), now)
    else:
        notice.tell(session, account, notices.ResetClosesDocuments(now, until, done.closes), now)
    return done
