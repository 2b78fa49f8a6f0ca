"""The same document handed in again: whoever has it does not get it twice, also if the envelope is another one.

The same is: from the same sender, with the same Message-ID and the same body, within seven days. Five hundred
recipients sent again with three new ones among them: the three get it. Who refused it, or lost it with a batch that
was cancelled, has not had it.
"""

from collections.abc import Mapping

from sqlmodel import Session

from storage.engine import statements
from storage.mail.documents import DEDUPE_SECONDS

_KNOWN = (
    "SELECT document_public_id FROM delivery WHERE account_id = ? AND message_tag = ? AND content_tag = ?"
    " AND +correspondent_id = ? AND +decided_at > ? AND state <> 'refused' ORDER BY id LIMIT 1"
)
"""By the index of message tags: each + keeps it from reading all that the reader got, or got from that sender."""


def known(
    session: Session, correspondent_id: int, message_tags: Mapping[int, bytes], content_tag: bytes, now: int
) -> dict[int, str]:
    """Of the accounts of `message_tags` those that had it, with the public id under which it first came."""
    found = {}
    for account_id, tag in message_tags.items():
        row = statements.row(session, _KNOWN, (account_id, tag, content_tag, correspondent_id, now - DEDUPE_SECONDS))
        if row is not None:
            found[account_id] = str(row[0])
    return found
