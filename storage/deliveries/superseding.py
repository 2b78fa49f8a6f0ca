"""A later document that takes the place of an earlier one (Supersedes, RFC 4021 section 2.1.46).

The earlier one stays, with the keyword `$Superseded` on its copies and a line in its transcript: a sender takes
nothing out of a mailbox. Only documents of the same sender can be superseded.

What was still to happen to it ends, whether it was read or not: its ladder, and the server's own way to it.
Reminders, e-mails and letters of a ladder leave the outbox. What waits to leave by a channel of its own is due now:
its carrier finds no key, and ends it as any channel that gives up, which answers the sender. What a carrier has in
hand goes on, and is noted; where only the other side knows whether it has it, the key stays until that was asked.
"""

from collections.abc import Sequence
from contextlib import suppress

from sqlmodel import Session

from storage.deliveries import endings, transcript
from storage.deliveries.terms import DeliveryState
from storage.engine import statements
from storage.errors import Invalid
from storage.mail.flags import FlagMode, store_flags
from storage.records import Flag

KEYWORD = "$Superseded"
_EARLIER = (
    "SELECT id, document_id FROM delivery WHERE account_id = ? AND message_tag = ? AND +correspondent_id = ?"
    " AND document_id IS NOT ? AND state <> 'held'"
)
_DROP_RUNGS = (
    "DELETE FROM job WHERE delivery_id = ? AND state = 'waiting' AND kind IN ('notice', 'email')"
    " AND key LIKE '%:ladder:%'"
)
"""Also what was put off after an attempt; one under way is noted all the same if it has happened."""
_END = (
    "UPDATE delivery SET ladder_due_at = NULL, needs_key = needs_key AND EXISTS (SELECT 1 FROM job"
    " WHERE delivery_id = delivery.id AND kind = 'external' AND state = 'waiting' AND step IS NOT NULL),"
    " state = CASE WHEN state = 'waiting' THEN 'delivered' ELSE state END WHERE id = ?"
)
_NOW = "UPDATE job SET due_at = min(due_at, ?) WHERE delivery_id = ? AND state = 'waiting'"


def mark(
    session: Session, account_id: int, correspondent_id: int, tags: Sequence[bytes], by_document_id: int, now: int
) -> None:
    """Mark what of this reader has one of the message tags, and end what was still to happen to it."""
    for tag in tags:
        earlier = statements.rows(session, _EARLIER, (account_id, tag, correspondent_id, by_document_id))
        for delivery_id, document_id in earlier:
            transcript.note(session, account_id, delivery_id, transcript.SUPERSEDED, now)
            _end(session, account_id, delivery_id, document_id, now)
            if document_id is not None:
                _mark_copies(session, account_id, document_id)


def _end(session: Session, account_id: int, delivery_id: int, document_id: int | None, now: int) -> None:
    staked = endings.at_stake(session, account_id, [] if document_id is None else [document_id])
    statements.run(session, _DROP_RUNGS, (delivery_id,))
    statements.run(session, _END, (delivery_id,))
    own = [each for each in staked if each.id == delivery_id]
    endings.stop(session, account_id, own, now, "superseded", DeliveryState.DELIVERED)
    statements.run(session, _NOW, (now, delivery_id))


def _mark_copies(session: Session, account_id: int, document_id: int) -> None:
    found = statements.rows(
        session,
        "SELECT mailbox_id, uid FROM copy WHERE document_id = ? AND account_id = ?",
        (document_id, account_id),
    )
    for mailbox_id, uid in found:
        with suppress(Invalid):  # it has as many keywords as a message may have: the transcript tells
            store_flags(session, mailbox_id, ((uid, uid),), FlagMode.ADD, Flag.NONE, (KEYWORD,))
