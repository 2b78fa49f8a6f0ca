"""The same document handed in again: whoever has it does not get it twice, also if the envelope is another one.

The same is: from the same sender, with the same Message-ID and the same body, within seven days. Five hundred
recipients sent again with three new ones among them: the three get it. Who refused it, or lost it with a batch that
was cancelled, has not had it. What a batch holds may still be lost with it: it counts for hand-ins of the same batch
alone, and for all once the batch is being released. Whoever got it by another hand-in till then does not get it from
the batch.
"""

from collections.abc import Mapping

from sqlmodel import Session

from storage.engine import statements
from storage.mail.documents import DEDUPE_SECONDS

_KNOWN = (
    "SELECT document_public_id FROM delivery WHERE account_id = ? AND message_tag = ? AND content_tag = ?"
    " AND +correspondent_id = ? AND +decided_at > ? AND state <> 'refused' AND (state <> 'held' OR EXISTS"
    " (SELECT 1 FROM batch WHERE batch.id = batch_id AND (batch.state = 'committing'"
    " OR batch.state = 'open' AND batch.name = ?))) ORDER BY id LIMIT 1"
)
_CAME = (
    "SELECT 1 FROM delivery AS held JOIN delivery ON delivery.account_id = held.account_id"
    " AND delivery.message_tag = held.message_tag AND delivery.content_tag = held.content_tag"
    " AND +delivery.correspondent_id = held.correspondent_id AND +delivery.decided_at > ?"
    " AND delivery.state NOT IN ('held', 'refused') WHERE held.id = ? LIMIT 1"
)
"""By the index of message tags: each + keeps it from reading all that the reader got, or got from that sender."""


def known(
    session: Session,
    correspondent_id: int,
    message_tags: Mapping[int, bytes],
    content_tag: bytes,
    batch: str | None,
    now: int,
) -> dict[int, str]:
    """Of the accounts of `message_tags` those that had it, with the public id under which it first came. `batch`:
    the name of the one that it is handed in for.
    """
    found = {}
    for account_id, tag in message_tags.items():
        values = (account_id, tag, content_tag, correspondent_id, now - DEDUPE_SECONDS, batch)
        row = statements.row(session, _KNOWN, values)
        if row is not None:
            found[account_id] = str(row[0])
    return found


def came_meanwhile(session: Session, delivery_id: int, now: int) -> bool:
    """Whether the reader of a held delivery got the same by another hand-in."""
    return statements.row(session, _CAME, (now - DEDUPE_SECONDS, delivery_id)) is not None
