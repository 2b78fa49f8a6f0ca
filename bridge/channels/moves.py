"""Messages put into a delivery folder: the choice is made, the message is where it was, nothing lies in the folder.

    MOVE      gives the originals new UIDs where they lie: who saw them go sees them come back
    COPY      leaves the originals; should they be expunged within the hour, they come back (`storage.mail.chosen`)
    APPEND    names a document by its Message-ID, or else a sender by From. Its bytes are kept, in the inbox, where
              the account has no such document: the original may have been expunged before, or come from elsewhere

UIDs of the folder are used up (COPYUID and APPENDUID name them), and vanish in the same moment.
"""

from collections.abc import Sequence

from sqlmodel import Session

from bridge.channels import choosing
from bridge.channels.choosing import Desk
from bridge.mail.facts import HeaderFacts
from bridge.routing.planning import message_tag
from storage.deliveries.terms import Channel, Road
from storage.errors import Busy, StorageError
from storage.mail import chosen, copies, documents
from storage.mail.chosen import Meant
from storage.mail.copies import Ranges
from storage.mail.documents import DeliveryDraft
from storage.records import Mailbox


class NobodyToChooseFor(StorageError):
    """None of the messages came from somebody whose documents the reader gets."""


def carry(
    session: Session, desk: Desk, source_id: int, ranges: Ranges, target: Mailbox, move: bool, now: int
) -> tuple[int, list[tuple[int, int]]]:
    """As `copies.copy` and `copies.move`. NobodyToChooseFor, NotEnrolled: nothing was done."""
    channel = target.chooses
    assert channel is not None, "a delivery folder"
    originals = copies.copies_of(session, source_id, ranges)
    held = list({each.document_id: None for each in originals})
    if not originals:
        return target.uid_validity, []
    senders = chosen.senders(session, desk.account.id, held)
    if not senders:
        raise NobodyToChooseFor
    validity, first = copies.pass_by(session, target.id, len(originals))
    if move:
        copies.renew(session, source_id, ranges)
    else:
        chosen.note(session, desk.account.id, held, now)
    who, left_out = sorted(set(senders.values())), len(held) - len(senders)
    choosing.choose(session, desk, who, channel, Road.MOVE, now, left_out)
    return validity, [(each.uid, first + place) for place, each in enumerate(originals)]


def meant(session: Session, desk: Desk, facts: HeaderFacts) -> Meant | None:
    """By the Message-ID of a document that was delivered to the account, else by an author it has documents from."""
    tag = message_tag(desk.key, desk.account.id, facts.message_id)
    found = None if tag is None else chosen.delivered(session, desk.account.id, tag)
    if found is not None:
        return found
    author = None if facts.author is None else chosen.sender_named(session, desk.account.id, facts.author)
    return None if author is None else Meant(author, None, None)


def take_in(
    session: Session,
    draft: DeliveryDraft | None,
    now: int,
    *,
    desk: Desk,
    who: Meant,
    target_id: int,
    channel: Channel,
) -> int:
    """The choice; the UID that was used up. `draft`: the message for the inbox, None if the document is there.

    Busy if it has gone meanwhile; OverQuota, NotEnrolled.
    """
    if draft is not None:
        _keep(session, draft, who, now)
    elif who.document_id is None or not chosen.has(session, desk.account.id, who.document_id):
        raise Busy("document")
    else:
        chosen.note(session, desk.account.id, [who.document_id], now)
    _, uid = copies.pass_by(session, target_id, 1)
    choosing.choose(session, desk, [who.correspondent_id], channel, Road.MOVE, now)
    return uid


def by_message_id(session: Session, desk: Desk, message_ids: Sequence[str]) -> int | None:
    """The sender of the first of these documents that was delivered to the account."""
    for message_id in message_ids:
        tag = message_tag(desk.key, desk.account.id, message_id)
        found = None if tag is None else chosen.delivered(session, desk.account.id, tag)
        if found is not None:
            return found.correspondent_id
    return None


def _keep(session: Session, draft: DeliveryDraft, who: Meant, now: int) -> None:
    """In the inbox, as what came from its sender; the delivery knows it again."""
    delivered = documents.append(session, draft, now, who.correspondent_id)
    if who.delivery_id is not None:
        chosen.found_again(session, who.delivery_id, delivered.document_public_id)
