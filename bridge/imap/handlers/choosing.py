"""COPY, MOVE and APPEND into a delivery folder (D2): see `bridge.channels.moves`."""

from functools import partial

from bridge.channels import choosing, moves
from bridge.channels.choosing import Desk, NotEnrolled
from bridge.channels.mailbox import commit, placed_beside
from bridge.channels.moves import NobodyToChooseFor
from bridge.channels.sealing import Placed
from bridge.imap.answers import Refused
from bridge.imap.appending import Appended
from bridge.imap.session import Session
from bridge.imap.view import View
from bridge.mail import headers
from bridge.mail.facts import facts_of
from storage.errors import NotFound
from storage.mail.chosen import Meant
from storage.mail.copies import Ranges
from storage.mail.documents import DeliveryDraft
from storage.people import addresses
from storage.records import Flag, Mailbox

NOBODY = "From nobody for whom you can choose how it reaches you; nothing was changed"
NOT_ENROLLED = "Choosing waits until you have enrolled: ask your admin for the code; nothing was changed"
_HEADER_END = b"\r\n\r\n"


def desk_of(session: Session) -> Desk:
    services = session.services
    return Desk(session.signed_in().account, services.store.server_keys.message_tag, services.places)


async def carry(
    session: Session, view: View, ranges: Ranges, target: Mailbox, move: bool
) -> tuple[int, list[tuple[int, int]]]:
    """As `moves.carry`; refused where nothing was sent by anybody."""
    services = session.services
    now = int(services.clock())
    try:
        return await services.store.write(moves.carry, desk_of(session), view.mailbox.id, ranges, target, move, now)
    except NobodyToChooseFor:
        raise Refused(NOBODY, "CANNOT") from None
    except NotEnrolled:
        raise Refused(NOT_ENROLLED, "CANNOT") from None


async def append(session: Session, appended: Appended, target: Mailbox) -> int:
    """The UID that was used up. A message of which nobody knows the sender is refused, and its writer told how."""
    services, desk = session.services, desk_of(session)
    now = int(services.clock())
    facts = facts_of(_header(appended.message))
    who = await services.store.read(moves.meant, desk, facts)
    if who is None:
        await services.store.write(choosing.refuse, desk, "move", now)
        raise Refused(NOBODY, "CANNOT")
    assert target.chooses is not None, "a delivery folder"
    draft = None if who.document_id is not None else await _draft(session, appended, who)
    take_in = partial(moves.take_in, desk=desk, who=who, target_id=target.id, channel=target.chooses)
    try:
        return await commit(services.store, take_in, draft, None if draft is None else draft.body_name, now)
    except NotEnrolled:
        raise Refused(NOT_ENROLLED, "CANNOT") from None


async def _draft(session: Session, appended: Appended, who: Meant) -> DeliveryDraft:
    """For the inbox, sealed as everything is."""
    store = session.services.store
    reader = await store.read(addresses.recipient, session.signed_in().account.email)
    if reader is None:
        raise NotFound("recipient")
    placed: Placed = await placed_beside(store, appended.message, (reader,))
    return DeliveryDraft(
        sealed=placed.sealed,
        recipients=(reader,),
        mailbox_ids=(reader.inbox_id,),
        internal_date=appended.internal_date,
        stored_size=placed.stored_size,
        body_name=placed.body_name,
        flags=appended.flags & ~Flag.DELETED,
        keywords=appended.keywords,
    )


def _header(message: bytes) -> bytes:
    end = message.find(_HEADER_END, 0, headers.MAX_HEADER)
    return message[: headers.MAX_HEADER if end < 0 else end + 2]
