"""Taking an account over: a one-time code, then a password, a second factor, recovery codes, and the domain's mode.

A code is 128 random bits in base32, written in groups of four. It opens the account for 72 hours and is gone once
used; a new one replaces those before it. Of kind ENROLMENT it is for an account that nobody has taken over yet; of
kind RESET an admin gave it out for one whose owner lost the password: a code of the second factor in use goes with
it, so that it is worth nothing to the admin. Of kind FULL_RESET two people gave it out for one who lost both. Of kind
RENEWAL nobody could open the account: it holds a new key, and what lies under the old one is closed with its use
(`renewal`). All end in the same way (`finish`), in one transaction: until then nothing is used up, and whoever
stopped half-way begins again with the same code.
"""

import os
from dataclasses import dataclass, field

from sqlmodel import Session

from storage.access import escrow, passwords, recovery_codes, renewal, second_factor
from storage.access.key_slots import insert
from storage.access.passwords import Stretched
from storage.access.recovery_codes import read, written
from storage.deliveries import ladder_runs
from storage.engine import statements
from storage.errors import Invalid, NotFound, SignInRefused
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SealedSlot, SlotKind, open_slot
from storage.oversight import audit
from storage.people import accounts, domains
from storage.randomness import Rng
from storage.records import Account, AccountState, DomainMode, EnrolmentCode
from storage.shredding import ShredSecrets

LIFETIME = 72 * 3600
CODE_BYTES = 16
KINDS = (SlotKind.ENROLMENT, SlotKind.RESET, SlotKind.FULL_RESET, SlotKind.RENEWAL)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An account that its owner has taken over. The recovery codes are shown once."""

    account: Account
    recovery_codes: tuple[str, ...] = field(repr=False)
    closed: int = 0
    """Documents that the new key does not open."""


def add_enrolment(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys,
    now: int,
    rng: Rng = os.urandom,
    *,
    actor: str = "system",
    kind: SlotKind = SlotKind.ENROLMENT,
) -> EnrolmentCode:
    """A new code for the account, of one of `KINDS`."""
    assert kind in KINDS, kind
    _drop_codes(session, account.id)
    secret, expires_at = rng(CODE_BYTES), now + LIFETIME
    slot, future = f"{kind}-{rng(8).hex()}", kind is SlotKind.RENEWAL
    insert(session, server_keys, shred, account, slot, kind, secret, keys, now, expires_at, future=future)
    audit.append(session, f"{kind}.added", actor, f"account:{account.id}", {"expires_at": expires_at}, now)
    return EnrolmentCode(written(secret), expires_at)


def open_code(
    session: Session, server_keys: ServerKeys, shred: ShredSecrets, email: str, code: str, now: int
) -> tuple[Account, AccountKeys]:
    """The account with its keys; the code is not used up. Reads only.

    SignInRefused for whatever is wrong; Tampered if the code is right and the key does not open. The keys of a code
    of kind RENEWAL are those that the account will have.
    """
    account, keys, _ = _opened(session, server_keys, shred, email, code, now)
    return account, keys


def keeps_second_factor(session: Session, account: Account) -> bool:
    """Whether the code that the account has now asks for a code of the second factor in use."""
    found = statements.row(
        session, "SELECT 1 FROM key_slot WHERE account_id = ? AND kind = ?", (account.id, SlotKind.RESET)
    )
    return found is not None and second_factor.has(session, account.id)


def closes(session: Session, account: Account) -> int | None:
    """How many documents the code that the account has now would close; None if it closes none."""
    found = statements.row(
        session, "SELECT 1 FROM key_slot WHERE account_id = ? AND kind = ?", (account.id, SlotKind.RENEWAL)
    )
    return None if found is None else renewal.open_documents(session, account.id)


def _opened(
    session: Session, server_keys: ServerKeys, shred: ShredSecrets, email: str, code: str, now: int
) -> tuple[Account, AccountKeys, SlotKind]:
    secret = read(code, CODE_BYTES)
    try:
        account = accounts.by_sign_in_name(session, email)
        shred_secret = shred.get(account.public_id)
    except NotFound:
        raise SignInRefused from None
    found = statements.row(
        session,
        "SELECT salt, commitment, sealed_key, public_id, kind FROM key_slot"
        " WHERE account_id = ? AND kind IN (?, ?, ?, ?) AND expires_at > ?",
        (account.id, *KINDS, now),
    )
    if found is None or account.state not in (AccountState.INVITED, AccountState.REGISTERED):
        raise SignInRefused
    sealed, slot, kind = SealedSlot(*found[:3]), found[3], SlotKind(found[4])
    bound_to = {"account": account.public_id, "slot": slot, "kind": kind}
    account_key = open_slot(secret, server_keys.pepper, shred_secret, sealed, **bound_to)
    if account_key is None:
        raise SignInRefused
    return account, AccountKeys(account.public_id, account_key), kind


def enrol(
    session: Session, server_keys: ServerKeys, shred: ShredSecrets, username: str, code: str, now: int
) -> tuple[Account, AccountKeys]:
    """`open_code`, and the code is used up; the account's state stays what it is. For a code of kind ENROLMENT only:
    the others want a second factor too.
    """
    account, keys, kind = _opened(session, server_keys, shred, username, code, now)
    if kind is not SlotKind.ENROLMENT:
        raise SignInRefused
    _drop_codes(session, account.id)
    audit.append(session, "enrolment.used", f"account:{account.id}", f"account:{account.id}", {}, now)
    return account, keys


def mode_of(session: Session, account: Account) -> DomainMode:
    """Who can open the account besides its owner: what is shown to be accepted."""
    return domains.by_id(session, account.domain_id).mode


def finish(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    email: str,
    code: str,
    stretched: Stretched,
    totp_code: str,
    accepted_mode: DomainMode,
    now: int,
) -> Enrolled:
    """The whole of it: the code is used up, the password set, the second factor confirmed, the mode accepted.

    SignInRefused for a wrong code of either kind; Invalid if the domain's mode is not the one accepted. Nothing is
    changed then. `second_factor.begin` comes before, unless the account `keeps_second_factor`.
    """
    account, keys, kind = _opened(session, server_keys, shred, email, code, now)
    if mode_of(session, account) is not accepted_mode:
        raise Invalid("accepted_mode: the mode of the domain")
    if not keeps_second_factor(session, account):
        second_factor.confirm(session, account.id, totp_code, now)
    elif not second_factor.verify(session, account.id, totp_code, now):
        raise SignInRefused
    _drop_codes(session, account.id)
    if account.state is AccountState.INVITED:
        accounts.register(session, account.id, now)
        ladder_runs.release_held(session, account.id, now)
    actor = f"account:{account.id}"
    if kind is SlotKind.RENEWAL:
        account = renewal.renew(session, shred, account, keys, now, actor).account
    passwords.set_password(session, server_keys, shred, account, keys, stretched, now, actor)
    codes = recovery_codes.replace(session, server_keys, shred, account, keys, now, actor)
    _accept(session, account, accepted_mode, now)
    if not escrow.has_slot(session, account.id):
        escrow.seal(session, shred, account, keys, now)
    audit.append(session, "enrolment.finished", actor, actor, {"mode": accepted_mode}, now)
    closed = renewal.closed_documents(session, account.id) if kind is SlotKind.RENEWAL else 0
    return Enrolled(accounts.by_id(session, account.id), codes, closed)


def _accept(session: Session, account: Account, mode: DomainMode, now: int) -> None:
    statements.run(
        session, "UPDATE account SET accepted_mode = ?, accepted_at = ? WHERE id = ?", (mode, now, account.id)
    )


def _drop_codes(session: Session, account_id: int) -> None:
    statements.run(
        session, "DELETE FROM key_slot WHERE account_id = ? AND kind IN (?, ?, ?, ?)", (account_id, *KINDS)
    )
