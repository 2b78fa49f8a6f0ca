"""Resets: a one-time code for somebody who lost every way in, made by an admin who learns nothing by it (S64).

Where the domain holds the account in escrow (mode managed), the code opens the account's own key: nothing is lost.
Where it does not (mode private), the code holds a new account key. Making it changes nothing: password and recovery
codes go on working, and a code that was not wanted runs out. Using it makes the new key the account's and closes the
documents under the old one (`renewal`): the admin must have said that this may be.

A code of escrow is for the password alone: to use it takes a code of the second factor in use, which the admin does
not have. Where the second factor is lost too, whoever holds the code could open the mailbox; so that takes what
opening a mailbox takes: an access that a second person approved (`break_glass`), which it uses up.

Who resets is an admin of the domain; whether this admin may, and has shown it, is for the gate to say.
"""

import os
from dataclasses import dataclass

from sqlmodel import Session

from storage.access import break_glass, enrolment, escrow, renewal, second_factor
from storage.errors import Conflict
from storage.keys.context import KEY_SIZE
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SlotKind
from storage.oversight import audit
from storage.randomness import Rng
from storage.records import Account, EnrolmentCode
from storage.shredding import ShredSecrets


@dataclass(frozen=True, slots=True)
class Reset:
    """What an admin gets, and what using the code will mean."""

    code: EnrolmentCode
    closes: int | None
    """Documents that using the code closes; None: none, as escrow opened the account."""


def closes(session: Session, account: Account) -> int | None:
    """How many documents a reset would close now; None if none, as the account is in escrow."""
    return None if escrow.has_slot(session, account.id) else renewal.open_documents(session, account.id)


def reset_by_admin(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    admin: Account,
    admin_keys: AccountKeys,
    account: Account,
    now: int,
    *,
    may_close: bool = False,
    with_second_factor: bool = False,
    rng: Rng = os.urandom,
) -> Reset:
    """A code for 72 hours, in the place of one before.

    NotFound if the account is in escrow and `admin` does not hold the key; Conflict if it is not in escrow and
    `may_close` does not say that its documents may be closed; ApprovalNeeded if the second factor is to be replaced
    too, and no second person has agreed.
    """
    actor = f"account:{admin.id}"
    closing = closes(session, account)
    if closing is None:
        keys, kind = escrow.open_account(session, shred, admin, admin_keys, account), SlotKind.RESET
        if with_second_factor and second_factor.has(session, account.id):
            break_glass.use_for_reset(session, account, admin, now)
            kind = SlotKind.FULL_RESET
    elif may_close:
        keys, kind = AccountKeys(account.public_id, rng(KEY_SIZE)), SlotKind.RENEWAL
    else:
        raise Conflict("documents would be closed")
    code = enrolment.add_enrolment(session, server_keys, shred, account, keys, now, actor=actor, kind=kind)
    detail = {
        "escrow": closing is None,
        "closes": closing or 0,
        "second_factor": kind is not SlotKind.RESET,
        "expires_at": code.expires_at,
    }
    audit.append(session, "account.reset", actor, f"account:{account.id}", detail, now)
    return Reset(code, closing)
