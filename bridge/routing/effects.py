"""How documents would come to a recipient now: the decision itself, asked in advance (S29, S42).

Contract. A `Level` of what can be asked is a sender (None: one for whom nothing is chosen in particular) and a type
(None: as the sender says; a letter). Nobody hands anything in: a sender of this post office counts as vouched for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bridge.routing import decision as decisions
from bridge.routing.decision import Decision, Document, Places, Sender
from storage.choices import correspondents, preferences
from storage.choices.correspondents import Key
from storage.deliveries.terms import Channel, DocumentType


@dataclass(frozen=True, slots=True)
class Asked:
    """One document that nobody sent."""

    sender: Sender
    type: DocumentType


ANYBODY = Sender(None, verified=True)
"""A sender of this post office for whom nobody has chosen anything."""


def effects(
    session: Session, account_id: int, correspondent_ids: Sequence[int], places: Places
) -> dict[int, Channel]:
    """By correspondent: the channel of a document that names no type."""
    return {
        number: decision_for(session, account_id, asked(session, number, None), places).channel
        for number in correspondent_ids
    }


def asked(session: Session, correspondent_id: int | None, kind: DocumentType | None) -> Asked:
    """Of a known sender. NotFound."""
    if correspondent_id is None:
        return Asked(ANYBODY, kind or DocumentType.LETTER)
    return asked_of(session, correspondents.get(session, correspondent_id).key, kind)


def asked_of(session: Session, key: Key, kind: DocumentType | None) -> Asked:
    """Of an account or an address outside, whether or not anything ever came from there."""
    if not isinstance(key, int):
        return Asked(Sender(correspondents.find(session, key), verified=False), kind or DocumentType.LETTER)
    number, default = correspondents.of_sender(session, key)
    return Asked(Sender(number, verified=True), kind or DocumentType(default or DocumentType.LETTER))


def decision_for(session: Session, account_id: int, document: Asked, places: Places) -> Decision:
    return decisions_for(session, [account_id], [document], places)[account_id][0]


def decisions_for(
    session: Session, account_ids: Collection[int], documents: Sequence[Asked], places: Places
) -> Mapping[int, list[Decision]]:
    """By account, in the order of `documents`. What a sender's documents have in common is read once."""
    numbers = list(account_ids)
    senders = {each.sender.correspondent_id for each in documents}
    applying = {sender: preferences.applying(session, numbers, sender) for sender in senders}
    made: dict[int, list[Decision]] = {number: [] for number in numbers}
    for document in documents:
        of_sender = applying[document.sender.correspondent_id]
        for number in numbers:
            reader = of_sender[number]
            made[number].append(
                decisions.decide(reader.reader, reader.preferences, document.sender, Document(document.type), places)
            )
    return made
