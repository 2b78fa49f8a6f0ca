"""The channel in force of a sender's own recipients, by type of document (S59): what `decide` says now, for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlmodel import Session

from bridge.mail.status_wishes import Wish
from bridge.routing import decision, planning
from bridge.routing.decision import Document, Places
from storage.choices import correspondents
from storage.deliveries import sent
from storage.deliveries.terms import Channel, DocumentType

PART = 500
"""Recipients read at once where one is looked for."""


@dataclass(frozen=True, slots=True)
class OwnRecipient:
    account_id: int
    address: str | None
    """As the sender last named it."""
    channels: dict[DocumentType, Channel]


def of_sender(
    session: Session, sender_id: int, places: Places, after: int, limit: int, text: str | None = None
) -> list[OwnRecipient]:
    """Those it ever delivered to, by account, after one; `text`: with that in the address alone."""
    correspondent_id = correspondents.find(session, sender_id)
    if correspondent_id is None:
        return []
    found = list(islice(_named(session, correspondent_id, after, limit, text), limit))
    gathered = planning.gather(session, [account_id for account_id, _ in found], sender_id, True)
    made = []
    for account_id, address in found:
        each = gathered.applying[account_id]
        channels = {
            kind: decision.decide(each.reader, each.preferences, gathered.sender, Document(kind), places).channel
            for kind in DocumentType
        }
        made.append(OwnRecipient(account_id, address, channels))
    return made


def _named(
    session: Session, correspondent_id: int, after: int, limit: int, text: str | None
) -> Iterator[tuple[int, str | None]]:
    """Accounts and addresses; those without the text are passed over, many at a time."""
    size = limit if text is None else max(limit, PART)
    while found := sent.recipients(session, correspondent_id, after, size):
        for account_id, dsn in found:
            address = None if dsn is None else Wish.parse(dsn).to
            if text is None or text.lower() in (address or "").lower():
                yield account_id, address
        after = found[-1][0]
