"""A sender's own view: what became of its documents, and who its recipients are (S59, D9).

Contract. What is told of a delivery follows from what its recipient chose and from what channels did; whether it was
opened is read only where the delivery was decided with receipts, and told only while that consent holds. For all
others neither the rows read nor the work done depend on it. Recipients are named as the sender named them.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from sqlmodel import Session

from storage.choices import consents
from storage.choices.consents import Purpose
from storage.deliveries.terms import DECISIONS_KEPT, Channel, DeliveryState, DocumentType
from storage.engine import statements
from storage.engine.statements import Value

# ruff: noqa: S608 - every part of these statements stands in this file

SEEN = (
    "CASE WHEN delivery.state = 'held' THEN 'held' WHEN delivery.channel = 'refuse' THEN 'refused'"
    " WHEN delivery.channel = 'mailbox' OR delivery.state = 'failed' THEN 'delivered'"
    " WHEN delivery.state = 'handed-off' THEN 'handed-off' ELSE 'accepted' END"
)
"""SQL for a `Seen`: what its own channel came to, whatever its ladder or its reader does (D9)."""
_SENT = (
    "SELECT delivery.id, public_id, document_public_id, delivery.account_id, dsn, decided_at, document_type,"
    f" {SEEN}, delivery.ended_at, receipts, CASE WHEN receipts THEN delivery.opened_at END, batch.name, wants_mdn"
    " FROM delivery LEFT JOIN batch ON batch.id = batch_id"
    " WHERE correspondent_id = ? AND (decided_at, delivery.id) < (?, ?) AND decided_at > ?"
)
_ORDER = " ORDER BY decided_at DESC, delivery.id DESC LIMIT ?"
_TO = "lower(dsn ->> 'to')"
"""The recipient, as the sender named it."""
_OWN = " FROM delivery WHERE correspondent_id = ? AND state NOT IN ('held', 'refused')"
_RECIPIENTS = f"SELECT account_id, max(id){_OWN} AND account_id > ? GROUP BY account_id ORDER BY account_id LIMIT ?"

NEWEST = (2**63 - 1, 2**63 - 1)


class Seen(StrEnum):
    """The state of a delivery as everybody but its reader may see it: its sender, admins, helpers."""

    HELD = "held"
    """In a batch that is not committed."""
    ACCEPTED = "accepted"
    """In the recipient's mailbox, and meant for a third party that does not have it."""
    HANDED_OFF = "handed-off"
    DELIVERED = "delivered"
    """In the recipient's mailbox alone: so it was chosen, or the way elsewhere failed."""
    REFUSED = "refused"


def seen(channel: Channel, state: DeliveryState) -> Seen:
    """As `SEEN` has it."""
    if state is DeliveryState.HELD:
        return Seen.HELD
    if channel is Channel.REFUSE:
        return Seen.REFUSED
    if channel is Channel.MAILBOX or state is DeliveryState.FAILED:
        return Seen.DELIVERED
    return Seen.HANDED_OFF if state is DeliveryState.HANDED_OFF else Seen.ACCEPTED


@dataclass(frozen=True, slots=True)
class Sent:
    id: int
    public_id: str
    document_public_id: str
    account_id: int
    dsn: str | None = field(repr=False)
    """What the sender wished, with the address as it gave it."""
    handed_in_at: int
    document_type: DocumentType
    state: Seen
    state_at: int
    opened_at: int | None
    """With the recipient's consent alone."""
    batch: str | None
    wants_mdn: bool
    """Whether a read receipt was asked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of one's documents; None leaves it open."""

    state: Seen | None = None
    recipient: str | None = field(default=None, repr=False)
    """Part of the address as the sender named it."""
    batch: str | None = None


def listing(
    session: Session,
    correspondent_id: int,
    below: tuple[int, int],
    limit: int,
    now: int,
    wanted: Wanted | None = None,
) -> list[Sent]:
    """Newest first, below (when, number), of the last `DECISIONS_KEPT` seconds."""
    sql, values = _SENT, list[Value]((correspondent_id, *below, now - DECISIONS_KEPT))
    wanted = wanted or Wanted()
    low = None if wanted.recipient is None else wanted.recipient.lower()
    asked = ((f"{SEEN} = ?", wanted.state), (f"instr({_TO}, ?) > 0", low), ("batch.name = ?", wanted.batch))
    for condition, value in asked:
        if value is not None:
            sql, values = f"{sql} AND {condition}", [*values, value]
    found = statements.rows(session, f"{sql}{_ORDER}", (*values, limit))
    return [_sent(session, correspondent_id, row, now) for row in found]


def recipients(session: Session, correspondent_id: int, after: int, limit: int) -> list[tuple[int, str | None]]:
    """(account, JSON of the sender's wish at the last delivery) of those it ever delivered to, by account."""
    found = statements.rows(session, _RECIPIENTS, (correspondent_id, after, limit))
    wishes: dict[int, str | None] = {}
    for marks, part in statements.chunks([delivery_id for _, delivery_id in found]):
        sql = f"SELECT account_id, dsn FROM delivery WHERE id IN ({marks})"
        wishes |= dict(statements.rows(session, sql, part))
    return [(account_id, wishes[account_id]) for account_id, _ in found]


def are_recipients(session: Session, correspondent_id: int) -> frozenset[int]:
    """Accounts that it ever delivered to: of nobody else may it know the channel (S59)."""
    found = statements.rows(session, f"SELECT DISTINCT account_id{_OWN}", (correspondent_id,))
    return frozenset(account_id for (account_id,) in found)


def _sent(session: Session, correspondent_id: int, row: statements.Row, now: int) -> Sent:
    number, public_id, document, account_id, dsn, at, kind, state, ended_at, receipts, opened_at, batch, wants_mdn = (
        row
    )
    shown = Seen(state)
    agreed = bool(receipts) and consents.effective(
        session, account_id, Purpose.RECEIPTS, correspondent_id, now, str(kind)
    )
    return Sent(
        number,
        public_id,
        document,
        account_id,
        dsn,
        at,
        DocumentType(kind),
        shown,
        ended_at if shown is Seen.HANDED_OFF and ended_at is not None else at,
        opened_at if agreed else None,
        batch,
        bool(wants_mdn),
    )
