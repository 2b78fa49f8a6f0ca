"""How documents of known senders come to a recipient now: the decision itself, asked in advance (S29, S42)."""

from collections.abc import Sequence

from sqlmodel import Session

from bridge.routing import decision as decisions
from bridge.routing.decision import Decision, Document, Places, Sender
from storage.choices import correspondents, preferences
from storage.deliveries.terms import Channel, DocumentType
from storage.people import senders


def effects(
    session: Session, account_id: int, correspondent_ids: Sequence[int], places: Places
) -> dict[int, Channel]:
    """By correspondent: the channel of a document that names no type."""
    return {number: decision_for(session, account_id, number, places).channel for number in correspondent_ids}


def decision_for(session: Session, account_id: int, correspondent_id: int, places: Places) -> Decision:
    """Of a document that names no type, handed in by the sender itself. NotFound."""
    applying = preferences.applying(session, [account_id], correspondent_id)[account_id]
    sender = correspondents.get(session, correspondent_id)
    default = None if sender.account_id is None else senders.default_type(session, sender.account_id)
    kind = DocumentType.LETTER if default is None else DocumentType(default)
    known = Sender(correspondent_id, verified=sender.account_id is not None)
    return decisions.decide(applying.reader, applying.preferences, known, Document(kind), places)
