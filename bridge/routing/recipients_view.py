"""The channel in force of a sender's own recipients, by type of document (S59): what `decide` says now, for each."""

from dataclasses import dataclass

from sqlmodel import Session

from bridge.mail.status_wishes import Wish
from bridge.routing import decision, planning
from bridge.routing.decision import Document, Places
from storage.choices import correspondents
from storage.deliveries import sent
from storage.deliveries.terms import Channel, DocumentType


@dataclass(frozen=True, slots=True)
class OwnRecipient:
    account_id: int
    address: str | None
    """As the sender last named it."""
    channels: dict[DocumentType, Channel]


def of_sender(session: Session, sender_id: int, places: Places, after: int, limit: int) -> list[OwnRecipient]:
    """Those it ever delivered to, by account, after one."""
    correspondent_id = correspondents.find(session, sender_id)
    if correspondent_id is None:
        return []
    found = sent.recipients(session, correspondent_id, after, limit)
    gathered = planning.gather(session, [account_id for account_id, _ in found], sender_id, True)
    made = []
    for account_id, dsn in found:
        each = gathered.applying[account_id]
        channels = {
            kind: decision.decide(each.reader, each.preferences, gathered.sender, Document(kind), places).channel
            for kind in DocumentType
        }
        made.append(OwnRecipient(account_id, None if dsn is None else Wish.parse(dsn).to, channels))
    return made
