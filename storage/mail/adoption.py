"""Documents' keys as a reader opens them, and the move from the form they arrived in to the reader's own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlmodel import Session

from storage.access import identity_keys
from storage.engine import statements
from storage.errors import Tampered
from storage.keys.envelope import join_card, open_card, unwrap
from storage.keys.keyring import AccountKeys
from storage.mail.documents import HPKE_FORM
from storage.records import Account

ACCOUNT_FORM = "account"


class Adopted(NamedTuple):
    """What takes the place of an HPKE wrap, and the card that goes with it."""

    document_id: int
    generation: int
    sealed_wrap: bytes
    sealed_card: bytes


@dataclass(frozen=True, slots=True)
class Fresh:
    """A document seen for the first time."""

    plain_card: bytes = field(repr=False)
    adopted: Adopted = field(repr=False)


def fresh_cards(
    session: Session, account: Account, keys: AccountKeys, document_ids: Sequence[int]
) -> Iterator[tuple[int, Fresh | Tampered]]:
    """Open documents that have no indexed card yet; those that the account does not hold are left out."""
    for marks, part in statements.chunks(document_ids):
        found = statements.rows(
            session,
            "SELECT document.id, public_id, form, generation, sealed_wrap, sealed_card"
            " FROM wrap JOIN document ON document.id = wrap.document_id"
            " LEFT JOIN card ON card.document_id = document.id"
            " WHERE account_id = ? AND wrap.document_id IN (?*)".replace("?*", marks),
            (account.id, *part),
        )
        for row in found:
            try:
                yield row[0], _opened(session, account, keys, row)
            except Tampered as refused:
                yield row[0], refused


def document_key(
    session: Session, account: Account, keys: AccountKeys, public_id: str, form: str, generation: int, wrap: bytes
) -> bytes:
    """The DEK from a wrap of either form. Tampered."""
    if form == ACCOUNT_FORM:
        return keys.open_rewrapped(wrap, document=public_id, generation=generation)
    if form != HPKE_FORM:
        raise Tampered("a wrap of an unknown form")
    private_key = identity_keys.private(session, account, keys, generation)
    return unwrap(wrap, private_key, account=account.public_id, document=public_id, generation=generation)


def adopt(session: Session, account: Account, adopted: Sequence[Adopted]) -> None:
    """Keep what a reader has sealed anew. What went meanwhile, or another session adopted, is passed over; so is all
    of it if the account has other keys since `account` was read.
    """
    current = statements.row(session, "SELECT generation FROM account WHERE id = ?", (account.id,))
    if current != (account.generation,):
        return
    account_id = account.id
    statements.run_many(
        session,
        "UPDATE wrap SET form = ?, sealed_wrap = ? WHERE document_id = ? AND account_id = ? AND form = ?",
        ((ACCOUNT_FORM, one.sealed_wrap, one.document_id, account_id, HPKE_FORM) for one in adopted),
    )
    statements.run_many(
        session,
        "INSERT INTO indexed_card (document_id, account_id, generation, sealed_card)"
        " SELECT document_id, account_id, ?, ? FROM wrap WHERE document_id = ? AND account_id = ?"
        " ON CONFLICT DO NOTHING",
        ((one.generation, one.sealed_card, one.document_id, account_id) for one in adopted),
    )


def _opened(session: Session, account: Account, keys: AccountKeys, row: statements.Row) -> Fresh:
    document_id, public_id, form, generation, wrap, sealed_card = row
    if sealed_card is None:
        raise Tampered("a document without a card")
    key = document_key(session, account, keys, public_id, form, generation, wrap)
    plain = join_card(*open_card(key, sealed_card, document=public_id))
    adopted = Adopted(
        document_id,
        generation,
        keys.rewrap(key, document=public_id, generation=generation),
        keys.seal_indexed_card(plain, document=public_id, generation=generation),
    )
    return Fresh(plain, adopted)
