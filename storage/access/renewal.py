"""A new account key for somebody whose old one nobody can open: documents under the old key are closed, not lost.

    closed documents     stay as they are, in a mailbox that no client is shown
    recovery codes       of before stay as ways to these documents alone; the old password and devices are gone
    `reopen`             with such a recovery code brings the documents back, into the archive
    folders              begin anew: their names lay under the old key

So nothing is destroyed, and nothing is shown that cannot be opened. See docs/decisions/0009.
"""

import os
from dataclasses import dataclass, replace

from sqlmodel import Session

from storage.access import escrow, identity_keys, recovery_codes, resealing
from storage.access.access_ends import CLOSED_PREFIX, end_all_ways
from storage.engine import statements
from storage.errors import SignInRefused
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SealedSlot, SlotKind, open_slot
from storage.mail import copies, delivery_folders, mailboxes
from storage.mail.mailbox_names import CLOSED, FIXED
from storage.oversight import audit
from storage.people import accounts
from storage.records import Account, SpecialUse
from storage.shredding import ShredSecrets


@dataclass(frozen=True, slots=True)
class Renewed:
    """What became of an account whose owner came back with a new key."""

    account: Account
    closed: int
    """Documents that only the old key opens."""
    escrow_lost: tuple[int, ...]
    """Domains whose escrow key it held, and does not any more."""


def renew(
    session: Session, shred: ShredSecrets, account: Account, keys: AccountKeys, now: int, actor: str
) -> Renewed:
    """Make `keys` the account's. Every way in ends; the caller makes new ones."""
    current = accounts.by_id(session, account.id)
    renewed = replace(current, generation=current.generation + 1)
    _close_documents(session, account.id)
    identity_keys.insert(session, account.id, renewed.generation, keys, now)
    statements.run(
        session,
        "UPDATE account SET generation = ?, closed_below = ? WHERE id = ?",
        (renewed.generation, renewed.generation, account.id),
    )
    end_all_ways(session, account.id, now, keep_past=SlotKind.RECOVERY)
    _new_folders(session, account.id, keys)
    escrow.seal(session, shred, renewed, keys, now)
    lost = tuple(escrow.held_domains(session, account.id))
    for domain_id in lost:
        escrow.withdraw(session, domain_id, account.id, now, actor)
    closed = closed_documents(session, account.id)
    detail = {"generation": renewed.generation, "closed": closed}
    audit.append(session, "account.key-renewed", actor, f"account:{account.id}", detail, now)
    return Renewed(renewed, closed, lost)


def closed_documents(session: Session, account_id: int) -> int:
    """How many documents of the account its key does not open."""
    return len(_documents(session, account_id, closed=True))


def open_documents(session: Session, account_id: int) -> int:
    """How many it opens: what a new key would close."""
    return len(_documents(session, account_id, closed=False))


def reopen(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys,
    code: str,
    now: int,
) -> int:
    """Bring closed documents back with a recovery code of before; how many. SignInRefused if it is none of those.

    The code stays: after two resets, one code opens but a part of what is closed.
    """
    identity_keys.require_current(session, keys)
    current = accounts.by_id(session, account.id)
    past = _past_keys(session, server_keys, shred, account, code)
    closed = _documents(session, account.id, closed=True)
    moved = list(resealing.reseal(session, current, past, keys, closed, current.generation))
    resealing.put(session, account.id, moved, current.generation)
    resealing.drop_stale_cards(session, account.id, closed, current.generation)
    _bring_back(session, account.id, {each.document_id for each in moved})
    actor = f"account:{account.id}"
    audit.append(session, "account.documents-reopened", actor, actor, {"documents": len(moved)}, now)
    return len(moved)


def _documents(session: Session, account_id: int, *, closed: bool) -> list[int]:
    found = statements.rows(
        session,
        "SELECT DISTINCT document_id FROM copy WHERE mailbox_id IN (SELECT id FROM mailbox WHERE account_id = ?"
        " AND CASE WHEN special = ? THEN 1 ELSE 0 END = ?)",
        (account_id, CLOSED, int(closed)),
    )
    return sorted(document_id for (document_id,) in found)


def _close_documents(session: Session, account_id: int) -> None:
    """All copies into the closed mailbox; folders that have no special use go, with their names."""
    closed = _closed_mailbox(session, account_id)
    found = statements.rows(
        session, "SELECT id, special FROM mailbox WHERE account_id = ? AND id <> ?", (account_id, closed)
    )
    for mailbox_id, special in found:
        copies.move(session, mailbox_id, copies.EVERYTHING, closed)
        if special is None:
            statements.run(session, "DELETE FROM mailbox WHERE id = ?", (mailbox_id,))


def _closed_mailbox(session: Session, account_id: int) -> int:
    """The one that is there, or a new one. Its tag is that of no name."""
    made = statements.row(
        session,
        "INSERT INTO mailbox (public_id, account_id, special, name_tag, uid_validity, uid_next, highest_modseq,"
        " first_recent_uid) VALUES (?, ?, ?, ?, 1, 1, 1, 1)"
        " ON CONFLICT (account_id, special) DO UPDATE SET special = excluded.special RETURNING id",
        (os.urandom(12).hex(), account_id, CLOSED, os.urandom(16)),
    )
    assert made is not None
    mailbox_id: int = made[0]
    return mailbox_id


def _new_folders(session: Session, account_id: int, keys: AccountKeys) -> None:
    """Those with a special use under their fixed names, subscribed."""
    statements.run(session, "DELETE FROM subscription WHERE account_id = ?", (account_id,))
    for special, name in FIXED.items():
        statements.run(
            session,
            "UPDATE mailbox SET name_tag = ?, sealed_name = NULL WHERE account_id = ? AND special = ?",
            (keys.name_tag(name), account_id, special),
        )
        mailboxes.subscribe(session, account_id, keys, name)
    delivery_folders.subscribe_all(session, account_id)


def _bring_back(session: Session, account_id: int, documents: set[int]) -> None:
    """From the closed mailbox into the archive."""
    archive = statements.row(
        session, "SELECT id FROM mailbox WHERE account_id = ? AND special = ?", (account_id, SpecialUse.ARCHIVE)
    )
    assert archive is not None, "every account has an archive"
    closed = _closed_mailbox(session, account_id)
    held = copies.copies_of(session, closed)
    ranges = [(each.uid, each.uid) for each in held if each.document_id in documents]
    copies.move(session, closed, copies.EVERYTHING if len(ranges) == len(held) else ranges, archive[0])


def _past_keys(
    session: Session, server_keys: ServerKeys, shred: ShredSecrets, account: Account, code: str
) -> AccountKeys:
    secret = recovery_codes.read(code, recovery_codes.CODE_BYTES)
    slots = statements.rows(
        session,
        "SELECT public_id, salt, commitment, sealed_key FROM key_slot WHERE account_id = ? AND kind = ?",
        (account.id, CLOSED_PREFIX + SlotKind.RECOVERY),
    )
    shred_secret = shred.get(account.public_id)
    for name, *sealed in slots:
        bound_to = {"account": account.public_id, "slot": name, "kind": SlotKind.RECOVERY}
        try:
            account_key = open_slot(secret, server_keys.pepper, shred_secret, SealedSlot(*sealed), **bound_to)
        except SignInRefused:
            continue
        if account_key is not None:
            return AccountKeys(account.public_id, account_key)
    raise SignInRefused
