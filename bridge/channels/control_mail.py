"""Mail to a control address: a command of who is signed in, answered in the mailbox (D2, S43; RFC 3834).

Contract. `letter_of` reads a message, pure; `obey` carries it out inside a write. What is automatic or comes from a
list changes nothing and gets no answer. About which sender: the tag of the address, else the document that is
answered (In-Reply-To, References); what is quoted or attached names nobody. What is not understood changes nothing,
and the answer says how to say it.
"""

import re
from dataclasses import dataclass

from sqlmodel import Session

from bridge.channels import choosing, moves
from bridge.channels.choosing import Desk, NotEnrolled
from bridge.mail import headers
from bridge.mail.facts import is_automatic
from bridge.mail.new_text import new_text
from bridge.routing import control_addresses, wishes
from bridge.routing.control_addresses import Tag
from bridge.routing.wishes import Act, Wish
from storage.choices import correspondents
from storage.deliveries.terms import Channel, Road

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,996}>")
_MOST_IDS = 20
_HEADER_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Letter:
    """What of a message matters."""

    wish: Wish | None
    road: Road
    answered: tuple[str, ...]
    """Message-IDs with brackets, the one answered first."""
    automatic: bool


def letter_of(message: bytes) -> Letter:
    """A message as received, in CRLF form. An unsubscription may say its word in the subject alone (RFC 2369): a text
    beside it says nothing of the kind, neither for nor against.
    """
    header = message[: message.find(_HEADER_END, 0, headers.MAX_HEADER) + 2]
    text = new_text(message)
    wish = None if text is None else wishes.read(text)
    by_subject = wishes.read(headers.decoded_words(headers.value(header, "Subject") or ""))
    is_unsubscription = wishes.is_silent(text or "") and by_subject == Wish(Act.CHOOSE, Channel.REFUSE)
    answered = _MESSAGE_ID.findall(headers.value(header, "In-Reply-To") or "")
    thread = _MESSAGE_ID.findall(headers.value(header, "References") or "")
    return Letter(
        wish=by_subject if is_unsubscription or (wish is None and not text) else wish,
        road=Road.UNSUBSCRIBE if is_unsubscription else Road.REPLY,
        answered=tuple(dict.fromkeys([*answered, *reversed(thread)]))[:_MOST_IDS],
        automatic=is_automatic(header),
    )


def obey(session: Session, desk: Desk, local_part: str, letter: Letter, now: int) -> None:
    """Do what the letter wishes, and answer; nothing at all if it is automatic."""
    if letter.automatic:
        return
    tag = control_addresses.read(desk.key, desk.account.id, local_part)
    sender = _sender(session, desk, tag, local_part, letter)
    try:
        _carry_out(session, desk, tag, sender, letter, now)
    except NotEnrolled:
        choosing.refuse(session, desk, "enrol", now, sender)


def _carry_out(session: Session, desk: Desk, tag: Tag, sender: int | None, letter: Letter, now: int) -> None:
    if letter.wish is None:
        choosing.refuse(session, desk, "words", now, sender)
    elif letter.wish.act is Act.UNDO:
        choosing.undo(session, desk, tag.batch, now)
    elif sender is None:
        choosing.refuse(session, desk, "sender", now)
    elif letter.wish.channel is None:
        choosing.show(session, desk, sender, now)
    else:
        choosing.choose(session, desk, [sender], letter.wish.channel, letter.road, now)


def _sender(session: Session, desk: Desk, tag: Tag, local_part: str, letter: Letter) -> int | None:
    """Whose documents the letter is about; an altered tag is about nobody."""
    if tag.sender is not None:
        known = correspondents.of_reader(session, desk.account.id)
        return next((each.id for each in known if control_addresses.of_whom(desk.key, each.key) == tag.sender), None)
    if "+" in local_part and tag.batch is None:
        return None
    return moves.by_message_id(session, desk, letter.answered)
