"""The rows of an erased account, taken out a slice at a time (see `erasure`).

Contract. `remove_some` works for about `SLICE_SECONDS` and returns whether there may be more; each call is a write of
its own, so that hand-ins come in between. What is done twice does no harm. Every statement leaves the rest as it was:
a document that others read stays theirs; with its last wrap it goes, and its body after it.
"""

import time
from collections.abc import Callable

from sqlmodel import Session

from storage.deliveries import batches, outbox_keys
from storage.engine import statements
from storage.erasures import live_places
from storage.mail import copies

SLICE_SECONDS = 0.004
_ROWS = 25
"""In one statement: a copy takes about 0.1 ms with its wrap, its card and its document."""

_KEYS = {
    "api_session": "id",
    "device": "id",
    "key_slot": "id",
    "escrow_slot": "account_id",
    "second_factor": "account_id",
    "identity_key": "account_id, generation",
    "escrow_holder": "domain_id, generation, account_id",
    "sender_identity": "account_id, address",
    "address": "address",
    "subscription": "account_id, name_tag",
    "role_grant": "id",
    "identity_change": "id",
    "break_glass": "id",
    "hold": "id",
    "preference": "id",
    "preference_change": "id",
    "consent": "id",
    "usage_switch": "account_id, category",
    "usage_count": "account_id, day, category",
    "job": "id",
    "delivery_event": "id",
    "delivery": "id",
    "external_mailbox": "account_id",
    "disclosure": "id",
    "batch": "id",
    "sender_network": "account_id, network",
    "sender_dkim": "account_id, domain",
    "contact_proof": "account_id",
    "notice_url": "account_id",
    "ticket": "id",
    "chosen_document": "account_id, document_id",
    "standing_message": "account_id, topic",
}
"""Primary keys of what goes before the copies, in an order that foreign keys allow."""
_DELETE = "DELETE FROM ?t WHERE (?k) IN (SELECT ?k FROM ?t WHERE account_id = ? LIMIT ?)"
_COPIES = (
    "DELETE FROM copy WHERE (mailbox_id, uid) IN (SELECT mailbox_id, uid FROM copy"
    " WHERE mailbox_id IN (SELECT id FROM mailbox WHERE account_id = ?) LIMIT ?) RETURNING document_id"
)
_EMPTY_MAILBOXES = (
    "DELETE FROM mailbox WHERE id IN (SELECT id FROM mailbox WHERE account_id = ?"
    " AND NOT EXISTS (SELECT 1 FROM copy WHERE copy.mailbox_id = mailbox.id) LIMIT ?)"
)
_SENT = (
    "UPDATE document SET sender_account_id = NULL"
    " WHERE id IN (SELECT id FROM document WHERE sender_account_id = ? LIMIT ?)"
)

Step = Callable[[Session, int], bool]
"""Takes some rows of an account out; whether there were any."""


def remove_some(session: Session, account_id: int) -> bool:
    """Whether there may be more; wraps without a copy are `loose`'s."""
    until = time.perf_counter() + SLICE_SECONDS
    for step in _STEPS:
        while step(session, account_id):
            if time.perf_counter() > until:
                return True
    return False


def anonymise(session: Session, account_id: int) -> None:
    """What identifies a person, in the account's own row."""
    statements.run(session, live_places.ANONYMISE, (account_id,))


def loose(session: Session, account_id: int) -> list[int]:
    """Documents of which the account has a wrap but no copy: none, unless something went wrong. Reads the table."""
    found = statements.rows(
        session,
        "SELECT document_id FROM wrap WHERE account_id = ? AND NOT EXISTS (SELECT 1 FROM copy"
        " WHERE copy.document_id = wrap.document_id AND copy.account_id = wrap.account_id)",
        (account_id,),
    )
    return [document_id for (document_id,) in found]


def release(session: Session, account_id: int, document_ids: list[int]) -> None:
    """Let go of `loose` documents."""
    copies.release(session, account_id, set(document_ids))


def _rows_of(table: str) -> Step:
    sql = _DELETE.replace("?t", table).replace("?k", _KEYS[table])
    return lambda session, account_id: statements.run(session, sql, (account_id, _ROWS)) > 0


def _deliveries(session: Session, account_id: int) -> bool:
    """Of what others read, the server's own way to the document goes too, unless they need it."""
    sql = _DELETE.replace("?t", "delivery").replace("?k", _KEYS["delivery"]) + " RETURNING document_id"
    removed = statements.rows(session, sql, (account_id, _ROWS))
    outbox_keys.destroy_needless(session, [document_id for (document_id,) in removed if document_id is not None])
    return bool(removed)


def _copies(session: Session, account_id: int) -> bool:
    removed = statements.rows(session, _COPIES, (account_id, _ROWS))
    copies.release(session, account_id, {document_id for (document_id,) in removed})
    return bool(removed)


def _empty_mailboxes(session: Session, account_id: int) -> bool:
    return statements.run(session, _EMPTY_MAILBOXES, (account_id, _ROWS)) > 0


def _sent(session: Session, account_id: int) -> bool:
    return statements.run(session, _SENT, (account_id, _ROWS)) > 0


def _held(session: Session, account_id: int) -> bool:
    """What a sender handed in and never committed: nobody has seen it, and nobody ever could."""
    return batches.drop_of_sender(session, account_id, _ROWS) > 0


_STEPS: tuple[Step, ...] = (
    _held,
    *(_deliveries if table == "delivery" else _rows_of(table) for table in _KEYS),
    _copies,
    _empty_mailboxes,
    _sent,
)
