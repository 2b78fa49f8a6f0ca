"""Everything that lies under an account's key, sealed again under a new one (see `rotation`).

    identity keys        the same keys, sealed anew: a document on its way is still sealed to an old one
    wraps                those adopted, and those still under HPKE, become wraps under the new key
    indexed cards        sealed anew
    folders              names sealed and tagged anew; subscriptions too

What does not open with the old keys was altered, or closed by a reset: it stays as it is, and stays refused. An
altered card of a sound wrap goes; the next reading makes it again from the document's own card.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Tampered
from storage.keys.keyring import AccountKeys
from storage.mail import delivery_folders
from storage.mail.adoption import ACCOUNT_FORM, document_key
from storage.mail.selection import opened
from storage.mail.subscriptions import bound_to
from storage.records import Account

_BATCH = 500
_DOCUMENTS = (
    "SELECT DISTINCT document_id FROM copy"
    " WHERE mailbox_id IN (SELECT id FROM mailbox WHERE account_id = ?) ORDER BY document_id"
)
_HELD = (
    "SELECT wrap.document_id, public_id, form, wrap.generation, sealed_wrap, indexed_card.generation,"
    " indexed_card.sealed_card FROM wrap JOIN document ON document.id = wrap.document_id"
    " LEFT JOIN indexed_card ON indexed_card.document_id = wrap.document_id"
    " AND indexed_card.account_id = wrap.account_id"
    " WHERE wrap.account_id = ? AND wrap.document_id IN (?*)"
)
_PUT_WRAP = (
    "UPDATE wrap SET form = ?, generation = ?, sealed_wrap = ? WHERE document_id = ? AND account_id = ?"
    " AND sealed_wrap = ?"
)
_STALE_CARDS = (
    "DELETE FROM indexed_card WHERE account_id = ? AND document_id IN (?*) AND generation <> ? AND EXISTS"
    " (SELECT 1 FROM wrap WHERE wrap.document_id = indexed_card.document_id"
    " AND wrap.account_id = indexed_card.account_id AND wrap.generation = ?)"
)
_LEFT = "SELECT document_id FROM wrap WHERE account_id = ? AND document_id IN (?*) AND generation <> ?"
_PUT_CARD = "UPDATE indexed_card SET generation = ?, sealed_card = ? WHERE document_id = ? AND account_id = ?"


class Resealed(NamedTuple):
    """A document under the new keys, and what it took the place of."""

    document_id: int
    before: bytes
    sealed_wrap: bytes
    sealed_card: bytes | None
    """None: it has no indexed card yet."""


def identities(session: Session, account: Account, old: AccountKeys, new: AccountKeys) -> None:
    """Each generation that `old` opens."""
    found = statements.rows(
        session,
        "SELECT generation, sealed_private, public_key FROM identity_key WHERE account_id = ?",
        (account.id,),
    )
    for generation, sealed, public_key in found:
        try:
            old.open_identity(generation, sealed, public_key or b"")
        except Tampered:
            continue
        statements.run(
            session,
            "UPDATE identity_key SET sealed_private = ? WHERE account_id = ? AND generation = ?",
            (new.take_identity(generation, old), account.id, generation),
        )


def document_ids(session: Session, account_id: int) -> list[int]:
    """All that the account has a copy of, closed ones too."""
    return [document_id for (document_id,) in statements.rows(session, _DOCUMENTS, (account_id,))]


def reseal(
    session: Session, account: Account, old: AccountKeys, new: AccountKeys, document_ids: list[int], generation: int
) -> Iterator[Resealed]:
    """Documents sealed again, bound to `generation`; changes nothing."""
    for start in range(0, len(document_ids), _BATCH):
        part = document_ids[start : start + _BATCH]
        held = statements.rows(session, _HELD.replace("?*", ",".join("?" * len(part))), (account.id, *part))
        for document_id, public_id, form, at, wrap, card_at, card in held:
            try:
                key = document_key(session, account, old, public_id, form, at, wrap)
                fresh = new.rewrap(key, document=public_id, generation=generation)
                yield Resealed(document_id, wrap, fresh, _card(old, new, public_id, card_at, card, generation))
            except Tampered:
                continue


def put(session: Session, account_id: int, documents: list[Resealed], generation: int) -> None:
    """Keep what `reseal` gave, where nothing else has taken the place of what it opened."""
    statements.run_many(
        session,
        _PUT_WRAP,
        (
            (ACCOUNT_FORM, generation, each.sealed_wrap, each.document_id, account_id, each.before)
            for each in documents
        ),
    )
    statements.run_many(
        session,
        _PUT_CARD,
        (
            (generation, each.sealed_card, each.document_id, account_id)
            for each in documents
            if each.sealed_card is not None
        ),
    )


def left(session: Session, account_id: int, document_ids: list[int], generation: int) -> list[int]:
    """Those of the documents that are not bound to `generation`."""
    found: list[int] = []
    for marks, part in statements.chunks(document_ids):
        rows = statements.rows(session, _LEFT.replace("?*", marks), (account_id, *part, generation))
        found += [document_id for (document_id,) in rows]
    return found


def drop_stale_cards(session: Session, account_id: int, document_ids: list[int], generation: int) -> None:
    """Cards under the old key beside a wrap under the new: altered, or adopted meanwhile. The next reading makes
    them again from the document's own card.
    """
    for marks, part in statements.chunks(document_ids):
        values = (account_id, *part, generation, generation)
        statements.run(session, _STALE_CARDS.replace("?*", marks), values)


def folders(session: Session, account_id: int, old: AccountKeys, new: AccountKeys) -> None:
    """Names of mailboxes and subscriptions, and the tags they are found by."""
    found = statements.rows(
        session,
        "SELECT id, account_id, public_id, sealed_name, name_tag, special, uid_validity, uid_next, highest_modseq"
        " FROM mailbox WHERE account_id = ?",
        (account_id,),
    )
    for row in found:
        if delivery_folders.is_folder(row[5]):
            continue
        try:
            name = opened(row, old).name
        except Tampered:
            continue
        sealed = None if row[3] is None else new.seal_name(name, mailbox=row[2])
        statements.run(
            session,
            "UPDATE mailbox SET name_tag = ?, sealed_name = ? WHERE id = ?",
            (new.name_tag(name), sealed, row[0]),
        )
    _subscriptions(session, account_id, old, new)


def _subscriptions(session: Session, account_id: int, old: AccountKeys, new: AccountKeys) -> None:
    found = statements.rows(
        session, "SELECT name_tag, sealed_name FROM subscription WHERE account_id = ?", (account_id,)
    )
    for tag, sealed in found:
        if sealed == b"":  # a delivery folder, whose name is everybody's
            continue
        try:
            name = old.open_name(sealed, mailbox=bound_to(tag))
        except Tampered:
            continue
        fresh = new.name_tag(name)
        statements.run(
            session,
            "UPDATE subscription SET name_tag = ?, sealed_name = ? WHERE account_id = ? AND name_tag = ?",
            (fresh, new.seal_name(name, mailbox=bound_to(fresh)), account_id, tag),
        )


def _card(
    old: AccountKeys, new: AccountKeys, document: str, at: int, card: bytes | None, generation: int
) -> bytes | None:
    """None also for a card that was altered."""
    if card is None:
        return None
    try:
        plain = old.open_indexed_card(card, document=document, generation=at)
    except Tampered:
        return None
    return new.seal_indexed_card(plain, document=document, generation=generation)
