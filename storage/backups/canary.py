"""The canary: an account of nobody's, with one known document, by which a backup shows that it can be read.

Its key slot opens by a secret from the master key, its shred secret lies in keyring.db, its document came in like
any other: master key, keyring, database and body file must all be there and fit together before `check` succeeds.
It has no password, no device and no address, and is left out wherever people are listed (`Role.SYSTEM`).
"""

import os
from base64 import urlsafe_b64encode
from typing import Protocol

from sqlmodel import Session

from storage.access import key_slots
from storage.engine import server_facts, statements
from storage.engine.bodies import Bodies, new_name
from storage.engine.server_facts import Fact
from storage.errors import NotFound, SignInRefused, Tampered
from storage.keys.envelope import open_body, open_card, seal_document
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SealedSlot, SlotKind, open_slot
from storage.mail import documents, mailboxes
from storage.mail.adoption import document_key
from storage.mail.documents import DeliveryDraft
from storage.oversight import audit
from storage.people import accounts
from storage.randomness import Rng
from storage.records import Account, AccountState, Recipient, Role, SpecialUse
from storage.shredding import ShredSecrets

NAME = "canary"
"""In the place of an e-mail address: without an @ nothing can be sent to it."""
DOCUMENT = b"Subject: Canary\r\n\r\nWho reads this has the keys, the database and the bodies of this bridge.\r\n"
_ENOUGH = 1_048_576


class Secrets(Protocol):
    """Shred secrets, of the bridge or of a backup."""

    def get(self, account: str) -> bytes:
        """NotFound, Tampered, WriterUnavailable."""


def ensure(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    bodies: Bodies,
    now: int,
    rng: Rng = os.urandom,
) -> str:
    """Make the canary, unless it is there; its public id. NotFound as long as there is no domain.

    If the commit fails, a body and a shred secret stay behind that belong to nobody.
    """
    known = server_facts.get(session, Fact.CANARY)
    if known is not None:
        return known.decode()
    account = _insert(session, urlsafe_b64encode(rng(12)).decode(), now)
    keys = AccountKeys(account.public_id, rng(32))
    public_key, sealed_private = keys.new_identity(account.generation)
    statements.run(
        session,
        "INSERT INTO identity_key (account_id, generation, public_key, sealed_private, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (account.id, account.generation, public_key, sealed_private, now),
    )
    mailboxes.create_special(session, account.id, keys, now)
    shred.create(account.public_id)
    slot = f"{NAME}-{rng(8).hex()}"
    key_slots.insert(session, server_keys, shred, account, slot, SlotKind.CANARY, server_keys.canary, keys, now, None)
    _deliver(session, bodies, account, public_key, now, rng)
    server_facts.put(session, Fact.CANARY, account.public_id.encode())
    audit.append(session, "canary.created", "system", f"account:{account.id}", {}, now)
    return account.public_id


def check(session: Session, server_keys: ServerKeys, secrets: Secrets, bodies: Bodies) -> str:
    """Open the canary's document from end to end; its public id.

    NotFound if no canary was ever made; Tampered if it does not open or does not say what it should; Busy.
    """
    known = server_facts.get(session, Fact.CANARY)
    if known is None:
        raise NotFound("canary")
    try:
        account = _account(session, known.decode())
        keys = _opened(session, server_keys, secrets, account)
        if _read(session, account, keys, bodies) != DOCUMENT:
            raise Tampered("the canary does not say what it should")
    except (NotFound, SignInRefused):
        raise Tampered("the canary does not open") from None
    return account.public_id


def _insert(session: Session, public_id: str, now: int) -> Account:
    made = statements.row(
        session,
        "INSERT INTO account (public_id, domain_id, role, state, email, name, locale, generation, quota_bytes,"
        " used_bytes, last_uid_validity, created_at)"
        " SELECT ?, id, ?, ?, ?, ?, 'en', ?, ?, 0, 0, ? FROM domain ORDER BY id LIMIT 1 RETURNING id",
        (public_id, Role.SYSTEM, AccountState.REGISTERED, NAME, NAME, accounts.FIRST_GENERATION, _ENOUGH, now),
    )
    if made is None:
        raise NotFound("domain")
    return accounts.by_id(session, made[0])


def _deliver(session: Session, bodies: Bodies, account: Account, public_key: bytes, now: int, rng: Rng) -> None:
    """As a file, so that opening it says something of the bodies too."""
    inbox = statements.row(
        session, "SELECT id FROM mailbox WHERE account_id = ? AND special = ?", (account.id, SpecialUse.INBOX)
    )
    assert inbox is not None, "every account has an inbox"
    reader = Recipient(account.id, account.public_id, inbox[0], account.generation, public_key)
    sealed, name = seal_document(DOCUMENT, b"", (reader,), rng), new_name(rng)
    bodies.write(name, sealed.sealed_body)
    size = len(sealed.sealed_body) + len(sealed.sealed_card)
    documents.deliver(session, DeliveryDraft(sealed, (reader,), (inbox[0],), now, size, name), now)


def _account(session: Session, public_id: str) -> Account:
    found = statements.row(session, "SELECT id FROM account WHERE public_id = ?", (public_id,))
    if found is None:
        raise NotFound("account")
    return accounts.by_id(session, found[0])


def _opened(session: Session, server_keys: ServerKeys, secrets: Secrets, account: Account) -> AccountKeys:
    found = statements.row(
        session,
        "SELECT salt, commitment, sealed_key, public_id FROM key_slot WHERE account_id = ? AND kind = ?",
        (account.id, SlotKind.CANARY),
    )
    if found is None:
        raise NotFound("slot")
    account_key = open_slot(
        server_keys.canary,
        server_keys.pepper,
        secrets.get(account.public_id),
        SealedSlot(*found[:3]),
        account=account.public_id,
        slot=found[3],
        kind=SlotKind.CANARY,
    )
    if account_key is None:
        raise NotFound("account key")
    return AccountKeys(account.public_id, account_key)


def _read(session: Session, account: Account, keys: AccountKeys, bodies: Bodies) -> bytes:
    found = statements.row(
        session,
        "SELECT document.public_id, form, generation, sealed_wrap, sealed_card, body_name FROM wrap"
        " JOIN document ON document.id = wrap.document_id JOIN card ON card.document_id = document.id"
        " WHERE account_id = ?",
        (account.id,),
    )
    if found is None:
        raise NotFound("document")
    public_id, form, generation, wrap, sealed_card, body_name = found
    key = document_key(session, account, keys, public_id, form, generation, wrap)
    shape, _ = open_card(key, sealed_card, document=public_id)

    def read(offset: int, length: int) -> bytes:
        return bodies.read(body_name, offset, length)

    return open_body(key, shape, 0, shape.length, read, document=public_id)
