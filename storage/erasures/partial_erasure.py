"""Erasing one document of an account, or one field: at once, in one transaction (S46).

What they took out is gone for every reader of the database with this commit; `erasing.carry_out` sees to the body
file and the write-ahead log, and makes the receipt.
"""

from collections import defaultdict
from enum import StrEnum

from sqlmodel import Session

from storage.deliveries import outbox_keys
from storage.engine import statements
from storage.engine.changes import announce
from storage.erasures import erasure, holds
from storage.erasures.erasure import Erasure, Kind, State
from storage.errors import NotFound
from storage.mail import copies
from storage.records import MailboxChange


class Field(StrEnum):
    """What a person may have forgotten without leaving."""

    PHONE = "phone"
    CONTACT_EMAIL = "contact-email"
    LEGAL_NAME = "legal-name"
    POSTAL_ADDRESS = "postal-address"
    CLIENT_NOTES = "client-notes"
    """Which programs the devices use; they are not noted any more."""


_COLUMNS = {
    Field.PHONE: ("phone",),
    Field.CONTACT_EMAIL: ("contact_email", "contact_email_verified_at"),
    Field.LEGAL_NAME: ("legal_name",),
    Field.POSTAL_ADDRESS: ("postal_address", "postal_returned_at"),
    Field.CLIENT_NOTES: (),
}


def begin_document(session: Session, account_id: int, public_id: str, *, by: int | None, now: int) -> Erasure:
    """Take every copy of the document out of the account, and its key. NotFound if it has none; Held.

    Who else reads it keeps it; with the last reader go its card and its body.
    """
    found = statements.row(
        session,
        "SELECT id FROM document JOIN wrap ON wrap.document_id = document.id WHERE public_id = ? AND account_id = ?",
        (public_id, account_id),
    )
    if found is None:
        raise NotFound("document")
    holds.check(session, account_id, now, public_id)
    _remove_copies(session, account_id, found[0])
    _remove_delivery(session, account_id, found[0])
    copies.release(session, account_id, {found[0]})
    return _begun(session, account_id, Kind.DOCUMENT, public_id, by, now)


def begin_field(session: Session, account_id: int, field: Field, *, by: int | None, now: int) -> Erasure:
    """Forget a field, and what the log of changes has of it. NotFound account; Held if the account is."""
    holds.check_person(session, account_id, now)
    for column in _COLUMNS[field]:
        statements.run(session, "UPDATE account SET ?c = NULL WHERE id = ?".replace("?c", column), (account_id,))
    statements.run(
        session,
        "DELETE FROM identity_change WHERE account_id = ? AND field = ?",
        (account_id, field.replace("-", "_")),
    )
    if field is Field.CONTACT_EMAIL:
        # The row stays: it knows how many codes went, so that erasing is no way to send more of them.
        sql = "UPDATE contact_proof SET address = '', code_tag = X'' WHERE account_id = ?"
        statements.run(session, sql, (account_id,))
    if field is Field.CLIENT_NOTES:
        statements.run(session, "UPDATE account SET client_noted = 0 WHERE id = ?", (account_id,))
        statements.run(session, "UPDATE device SET last_client = NULL WHERE account_id = ?", (account_id,))
    return _begun(session, account_id, Kind.FIELD, field, by, now)


def document_at(session: Session, account_id: int, mailbox_id: int, uid: int) -> str:
    """The public id of the document that a mail client shows under this UID. NotFound."""
    found = statements.row(
        session,
        "SELECT public_id FROM copy JOIN document ON document.id = copy.document_id"
        " WHERE mailbox_id = ? AND uid = ? AND account_id = ?",
        (mailbox_id, uid, account_id),
    )
    if found is None:
        raise NotFound("document")
    public_id: str = found[0]
    return public_id


def field_left(session: Session, account_id: int, field: Field) -> dict[str, int]:
    """Live places of a field, counted."""
    wanted = [
        (f"account.{column}", "SELECT count(*) FROM account WHERE id = ? AND ?c IS NOT NULL".replace("?c", column))
        for column in _COLUMNS[field]
    ]
    if field is Field.CLIENT_NOTES:
        wanted.append(
            ("device.last_client", "SELECT count(*) FROM device WHERE account_id = ? AND last_client IS NOT NULL")
        )
    if field is Field.CONTACT_EMAIL:
        sql = "SELECT count(*) FROM contact_proof WHERE account_id = ? AND address <> ''"
        wanted.append(("contact_proof.address", sql))
    left = {place: statements.rows(session, sql, (account_id,))[0][0] for place, sql in wanted}
    changes = statements.rows(
        session,
        "SELECT count(*) FROM identity_change WHERE account_id = ? AND field = ?",
        (account_id, field.replace("-", "_")),
    )
    return left | {"identity_change.field": changes[0][0]}


def _remove_copies(session: Session, account_id: int, document_id: int) -> None:
    removed = statements.rows(
        session,
        "DELETE FROM copy WHERE document_id = ? AND account_id = ? RETURNING mailbox_id, uid",
        (document_id, account_id),
    )
    by_mailbox: defaultdict[int, list[int]] = defaultdict(list)
    for mailbox_id, uid in removed:
        by_mailbox[mailbox_id].append(uid)
    for table in ("chosen_document", "standing_message"):
        sql = f"DELETE FROM {table} WHERE document_id = ? AND account_id = ?"  # noqa: S608 - our own words
        statements.run(session, sql, (document_id, account_id))
    for mailbox_id, uids in by_mailbox.items():
        _, modseq = copies.next_modseq(session, mailbox_id)
        announce(session, MailboxChange(account_id, mailbox_id, modseq, expunged=tuple(sorted(uids))))


def _remove_delivery(session: Session, account_id: int, document_id: int) -> None:
    """With what was to happen to it, its transcript and, unless others need it, the outbox's way to the document."""
    statements.run(
        session, "DELETE FROM delivery WHERE document_id = ? AND account_id = ?", (document_id, account_id)
    )
    outbox_keys.destroy_needless(session, [document_id])


def _begun(session: Session, account_id: int, kind: Kind, target: str, by: int | None, now: int) -> Erasure:
    made = erasure.insert(session, account_id, kind, State.BEGUN, by=by, due_at=now, now=now, target=target)
    erasure.note_begun(session, made, by, now)
    return made
