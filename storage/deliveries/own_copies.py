"""What a recipient sees of their own documents (S14, S57): when each was fetched and read first, what happens to it
next by itself, and whether the server can still open it. Metadata alone.
"""

from dataclasses import dataclass

from sqlmodel import Session

from storage.deliveries.terms import Channel, DeliveryState, DocumentType, Ladder, Rung
from storage.engine import statements

_COLUMNS = (
    "SELECT delivery.id, document_public_id, coalesce(account.name, correspondent.address, ''), document_type,"
    " decided_at, channel, delivery.state, downloaded_at, opened_at, ladder, ladder_step, ladder_due_at, reply_by,"
    " expires_at, erase_at, needs_key, outbox_key.document_id IS NOT NULL,"
    " EXISTS (SELECT 1 FROM wrap WHERE wrap.document_id = delivery.document_id AND wrap.account_id ="
    " delivery.account_id)"
    " FROM delivery LEFT JOIN correspondent ON correspondent.id = delivery.correspondent_id"
    " LEFT JOIN account ON account.id = correspondent.account_id"
    " LEFT JOIN outbox_key ON outbox_key.document_id = delivery.document_id"
    " WHERE delivery.account_id = ? AND delivery.state NOT IN ('refused', 'held') AND delivery.id < ?"
)
_OPEN = " AND outbox_key.document_id IS NOT NULL"
_ORDER = " ORDER BY delivery.id DESC LIMIT ?"
NEWEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class OwnCopy:
    id: int
    document: str
    """Public id."""
    sender: str
    document_type: DocumentType
    decided_at: int
    channel: Channel
    state: DeliveryState
    downloaded_at: int | None
    opened_at: int | None
    next_rung: Rung | None
    """Of the ladder, if it stays unread."""
    next_at: int | None
    reply_by: int | None
    expires_at: int | None
    """What the sender says; nothing is erased because of it."""
    erase_at: int | None
    """When it goes by the choice of the reader or the domain."""
    server_can_open: bool
    for_others: bool
    """The server can open it because of another reader of the same document alone."""
    is_here: bool
    """False once it was erased or removed: what is left is that it came."""


def listing(
    session: Session, account_id: int, *, open_to_server: bool = False, before: int = NEWEST, limit: int = 50
) -> list[OwnCopy]:
    """Newest first, numbers below `before`."""
    sql = _COLUMNS + (_OPEN if open_to_server else "") + _ORDER
    return [_copy(row) for row in statements.rows(session, sql, (account_id, before, limit))]


def _copy(row: statements.Row) -> OwnCopy:
    number, document, sender, kind, decided_at, channel, state, downloaded_at, opened_at = row[:9]
    ladder, behind, due_at, reply_by, expires_at, erase_at, needs_key, can_open, is_here = row[9:]
    rungs = Ladder.parse(ladder or "").rungs[behind:] if due_at is not None else ()
    return OwnCopy(
        number,
        document,
        sender,
        DocumentType(kind),
        decided_at,
        Channel(channel),
        DeliveryState(state),
        downloaded_at,
        opened_at,
        rungs[0][1] if rungs else None,
        due_at,
        reply_by,
        expires_at,
        erase_at,
        bool(can_open),
        bool(can_open and not needs_key),
        bool(is_here),
    )
