"""Documents by which their reader has just chosen, through a delivery folder, how their sender reaches them (D2).

Moving a message is one act to a person and, for many programs, two to us: a copy (or an APPEND) into the one folder,
then \\Deleted and EXPUNGE in the other. `note` remembers the first half for `SECONDS`; `coming_back` finds what the
second half is about to remove, and `copies.expunge` lets it come back instead, once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from storage.choices import correspondents
from storage.engine import statements
from storage.records import Flag

SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a message is from, and the document that it is; None: the account does not have it any more."""

    correspondent_id: int
    document_id: int | None
    delivery_id: int | None


def delivered(session: Session, account_id: int, message_tag: bytes) -> Meant | None:
    """By what marks its Message-ID; the last one, should there be several. What is held has not come yet."""
    found = statements.row(
        session,
        "SELECT correspondent_id, document_id, id FROM delivery WHERE account_id = ? AND message_tag = ?"
        " AND correspondent_id IS NOT NULL AND state <> 'held' ORDER BY id DESC LIMIT 1",
        (account_id, message_tag),
    )
    if found is None:
        return None
    correspondent_id, document_id, delivery_id = found
    held = document_id is not None and has(session, account_id, document_id)
    return Meant(correspondent_id, document_id if held else None, delivery_id)


def found_again(session: Session, delivery_id: int, public_id: str) -> None:
    """A document that its reader had let go of and brings back is that of its delivery."""
    statements.run(
        session,
        "UPDATE delivery SET document_id = (SELECT id FROM document WHERE public_id = ?) WHERE id = ?",
        (public_id, delivery_id),
    )


def has(session: Session, account_id: int, document_id: int) -> bool:
    """Whether the account has a copy of it."""
    sql = "SELECT 1 FROM copy WHERE document_id = ? AND account_id = ? LIMIT 1"
    return statements.row(session, sql, (document_id, account_id)) is not None


def sender_named(session: Session, account_id: int, address: str) -> int | None:
    """The correspondent who writes as `address` and has sent the account something."""
    accounts = statements.rows(
        session,
        "SELECT account_id FROM address WHERE address = ? UNION SELECT account_id FROM sender_identity"
        " WHERE address = ?",
        (address, address),
    )
    for key in (address, *(number for (number,) in accounts)):
        number = correspondents.find(session, key)
        if number is not None and correspondents.is_known(session, account_id, number):
            return number
    return None


def senders(session: Session, account_id: int, document_ids: Sequence[int]) -> dict[int, int]:
    """Document → correspondent, of those that somebody else sent."""
    found: dict[int, int] = {}
    for marks, part in statements.chunks(document_ids):
        rows = statements.rows(
            session,
            "SELECT document.id, coalesce(correspondent_id, 0), coalesce(sender_account_id, 0), account_id"  # noqa: S608
            " FROM document LEFT JOIN correspondent ON correspondent.id = correspondent_id"
            f" WHERE document.id IN ({marks})",
            part,
        )
        for document_id, correspondent_id, sender_id, own_id in rows:
            if account_id not in (own_id, sender_id) and (correspondent_id or sender_id):
                found[document_id] = correspondent_id or correspondents.note(session, sender_id)
    return found


def note(session: Session, account_id: int, document_ids: Iterable[int], now: int) -> None:
    """The original of a copy; old notes go."""
    statements.run(session, "DELETE FROM chosen_document WHERE account_id = ? AND until <= ?", (account_id, now))
    statements.run_many(
        session,
        "INSERT INTO chosen_document (account_id, document_id, until) VALUES (?, ?, ?)"
        " ON CONFLICT (account_id, document_id) DO UPDATE SET until = excluded.until",
        ((account_id, document_id, now + SECONDS) for document_id in document_ids),
    )


def coming_back(session: Session, mailbox_id: int, now: int) -> list[int]:
    """UIDs of what is \\Deleted in a mailbox and comes back; each document does so once."""
    found = statements.rows(
        session,
        "SELECT uid, chosen_document.document_id, chosen_document.account_id FROM chosen_document"
        " JOIN copy ON copy.document_id = chosen_document.document_id"
        " AND copy.account_id = chosen_document.account_id AND mailbox_id = ? AND flags & ? <> 0"
        " WHERE chosen_document.account_id = (SELECT account_id FROM mailbox WHERE id = ?) AND until > ?",
        (mailbox_id, int(Flag.DELETED), mailbox_id, now),
    )
    statements.run_many(
        session,
        "DELETE FROM chosen_document WHERE account_id = ? AND document_id = ?",
        {(account_id, document_id) for _, document_id, account_id in found},
    )
    return sorted(uid for uid, _, _ in found)
