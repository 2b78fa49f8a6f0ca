"""A later document that takes the place of an earlier one (Supersedes, RFC 4021 section 2.1.46).

The earlier one stays, with the keyword `$Superseded` on its copies and a line in its transcript: a sender takes
nothing out of a mailbox. Only documents of the same sender can be superseded.
"""

from collections.abc import Sequence
from contextlib import suppress

from sqlmodel import Session

from storage.deliveries import transcript
from storage.engine import statements
from storage.errors import Invalid
from storage.mail.flags import FlagMode, store_flags
from storage.records import Flag

KEYWORD = "$Superseded"
EVENT = "document.superseded"


def mark(
    session: Session, account_id: int, correspondent_id: int, tags: Sequence[bytes], by_document_id: int, now: int
) -> None:
    """Mark what of this reader has one of the message tags."""
    for tag in tags:
        earlier = statements.rows(
            session,
            "SELECT id, document_id FROM delivery WHERE account_id = ? AND message_tag = ? AND +correspondent_id = ?"
            " AND document_id <> ? AND state <> 'held'",
            (account_id, tag, correspondent_id, by_document_id),
        )
        for delivery_id, document_id in earlier:
            _mark_copies(session, account_id, document_id)
            transcript.note(session, account_id, delivery_id, EVENT, now)


def _mark_copies(session: Session, account_id: int, document_id: int) -> None:
    found = statements.rows(
        session,
        "SELECT mailbox_id, uid FROM copy WHERE document_id = ? AND account_id = ?",
        (document_id, account_id),
    )
    for mailbox_id, uid in found:
        with suppress(Invalid):  # it has as many keywords as a message may have: the transcript tells
            store_flags(session, mailbox_id, ((uid, uid),), FlagMode.ADD, Flag.NONE, (KEYWORD,))
