"""Mail to the post office itself: commands to the control address, questions to its desks (D2, S5).

    delivery@, delivery+tag@           commands of who is signed in; from nobody else (550), so nobody can be spammed
    batch@                             the manifest of a batch, from its sender
    support@, privacy@, postmaster@    a question, from anyone: a ticket and a document for those who answer

Contract. Such mail comes alone in its transaction. An address that an account has of its own is that account's,
unless it is an owner's. An answer goes into the writer's mailbox here, never to the outside: there is no backscatter,
and an automatic message is never answered (RFC 3834).
"""

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog
from sqlmodel import Session

from bridge.channels import batches, control_mail, mailbox, manifests, notice
from bridge.channels.choosing import Desk
from bridge.channels.sealing import LOOP_BYTES
from bridge.mail import manifest
from bridge.mail.facts import is_automatic
from bridge.notices.desks import QuestionReceived
from bridge.routing import control_addresses
from bridge.routing.planning import message_tag
from bridge.smtp import replies
from bridge.smtp.authorship import header_refusal
from bridge.smtp.data import DataRefused
from bridge.smtp.handin import Arrival, Prepared, header_block
from bridge.smtp.sending import SignedIn
from storage.access.networks import prefix
from storage.deliveries import arrivals
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.terms import Channel, Decided, DeliveryState, DocumentType
from storage.errors import NotFound, StorageError
from storage.people import accounts, addresses, domains, tickets
from storage.records import Account, Delivered, Domain, Role

if TYPE_CHECKING:
    from bridge.smtp.office import Office

log = structlog.get_logger(__name__)

HOUR = 3600
MOST_AN_HOUR = 20
"""Questions of one account, or one network."""
MOST_OF_STRANGERS = 100
"""Questions of all who are not signed in, in an hour."""
_LOCAL_PARTS = frozenset({control_addresses.LOCAL_PART, control_addresses.BATCH, *control_addresses.DESKS})


@dataclass(frozen=True, slots=True)
class Errand:
    """What a message to one of these addresses is about."""

    domain: Domain
    local_part: str
    desk: str | None
    """None: a command."""


def may_be(address: str) -> bool:
    """Whether `of` has to look."""
    local = address.rpartition("@")[0] or address
    return local.lower().partition("+")[0] in _LOCAL_PARTS


def of(office: "Office", address: str, signed_in: SignedIn | None) -> "Errand | str | None":
    """None: an ordinary address; a text: the refusal."""
    found = office.store.look_up(_errand, address) if may_be(address) else None
    if found is not None and found.desk is None and signed_in is None:
        return replies.CONTROL_NEEDS_AUTH
    return found


def _errand(session: Session, address: str) -> Errand | None:
    local, _, name = address.rpartition("@")
    if not local:  # <postmaster> alone: that of the first domain
        listed = domains.listing(session)
        return Errand(listed[0], address, address) if listed else None
    try:
        domain = domains.by_name(session, name)
    except NotFound:
        return None
    base = local.lower().partition("+")[0]
    if _is_own(session, address):
        return None
    return Errand(domain, local.lower(), base if base in control_addresses.DESKS else None)


def _is_own(session: Session, address: str) -> bool:
    """Whether an account has the address for itself; an owner who is called postmaster has it for everybody."""
    reader = addresses.recipient(session, address)
    return reader is not None and accounts.by_id(session, reader.account_id).role is not Role.OWNER


async def taken(office: "Office", errand: Errand, arrival: Arrival, signed_in: SignedIn | None, ip: str) -> str:
    """The answer to the whole transaction; like every 250, after the commit."""
    try:
        if errand.desk is not None:
            return await _asked(office, errand, errand.desk, arrival, signed_in, ip)
        assert signed_in is not None, "refused at RCPT"
        if errand.local_part.partition("+")[0] == control_addresses.BATCH:
            return await _counted(office, arrival, signed_in)
        return await _commanded(office, errand, arrival, signed_in)
    except DataRefused as refused:
        return refused.reply
    except StorageError as error:
        return replies.of_storage(error)


async def _commanded(office: "Office", errand: Errand, arrival: Arrival, signed_in: SignedIn) -> str:
    message = arrival.data.received()
    refusal = None if arrival.rights is None else header_refusal(header_block(message), arrival.rights)
    if refusal is not None:
        return refusal
    letter = await asyncio.to_thread(control_mail.letter_of, message[:LOOP_BYTES])
    if not arrival.envelope_from:  # reports and receipts carry the null sender (RFC 3834 section 2)
        letter = replace(letter, automatic=True)
    desk = Desk(signed_in.account, office.tag_key, office.places)
    await office.store.write(control_mail.obey, desk, errand.local_part, letter, int(office.clock()))
    log.info("smtp.command", understood=letter.wish is not None, automatic=letter.automatic)
    return replies.CONTROL_DONE


async def _counted(office: "Office", arrival: Arrival, signed_in: SignedIn) -> str:
    """The batch is released before the answer; what a crash leaves of it, the chore `batches` does."""
    message, store, now = arrival.data.received(), office.store, int(office.clock())
    refusal = None if arrival.rights is None else header_refusal(header_block(message), arrival.rights)
    if refusal is not None:
        return refusal
    read = await asyncio.to_thread(manifest.read, message)
    lines = await store.read(manifests.named, read, office.tag_key)
    try:
        begun = await store.write(manifests.take, signed_in.account, read, lines, now)
    except NotFound:
        return replies.NO_BATCH
    if begun is None:
        return replies.MANIFEST_DISAGREES
    await batches.settle(store, office.places, begun, now)
    return replies.BATCH_COMMITTED


async def _asked(
    office: "Office", errand: Errand, desk: str, arrival: Arrival, signed_in: SignedIn | None, ip: str
) -> str:
    now = int(office.clock())
    if not _in_time(office, signed_in, ip, now):
        return replies.TOO_MANY_QUESTIONS
    readers = tuple(office.store.look_up(tickets.answerers, errand.domain.id, now))
    if not readers:
        return replies.NO_DESK
    number, automatic = tickets.new_number(now), not arrival.envelope_from or is_automatic(arrival.data.head())
    line = f"Comments: ticket {number}, {desk}\r\n".encode()
    arrival = replace(
        arrival, readers=readers, recipients=(f"{desk}@{errand.domain.name}",), trace=line + arrival.trace
    )
    prepared = await office.preparer.prepare(arrival)
    writer = None if signed_in is None or automatic else signed_in.account
    question = _Question(_acceptance(office, arrival, prepared, now), errand.domain.id, desk, number, writer)
    stored = await mailbox.commit(office.store, _open, question, prepared.placed.body_name, now)
    log.info("smtp.question", desk=desk, signed_in=signed_in is not None)
    return replies.stored(stored.document_public_id)


def _in_time(office: "Office", signed_in: SignedIn | None, ip: str, now: int) -> bool:
    if signed_in is not None:
        return not office.questions.wait(signed_in.account.id, now)
    return not (office.questions.wait(prefix(ip) or ip, now) or office.strangers.wait(None, now))


@dataclass(frozen=True, slots=True)
class _Question:
    acceptance: Acceptance
    domain_id: int
    desk: str
    number: str
    writer: Account | None
    """Who is told its number."""


def _open(session: Session, question: _Question, now: int) -> Delivered:
    """The document, the ticket, and the answer to a writer who is signed in."""
    delivered = arrivals.accept(session, question.acceptance, now)
    if delivered.duplicate:
        return delivered
    sender = question.acceptance.draft.sender_account_id
    tickets.open_one(session, question.number, sender, question.domain_id, question.desk, now)
    if question.writer is not None:
        account = accounts.by_id(session, question.writer.id)
        notice.tell(session, account, QuestionReceived(question.number, question.desk, now), now)
    return delivered


def _acceptance(office: "Office", arrival: Arrival, prepared: Prepared, now: int) -> Acceptance:
    """Into the mailbox of each reader, whatever they chose: a question has to be read."""
    draft = mailbox.inbox_draft(prepared.placed, arrival.readers, arrival.sender_account_id, prepared.dedupe_tag, now)
    decided = {
        reader.account_id: Decided(
            account_id=reader.account_id,
            document_type=DocumentType.OTHER,
            channel=Channel.MAILBOX,
            state=DeliveryState.DELIVERED,
            language="en",
            reasons="[]",
            message_tag=message_tag(office.tag_key, reader.account_id, prepared.facts.message_id),
        )
        for reader in arrival.readers
    }
    key = arrival.sender_account_id or arrival.envelope_from or None
    return Acceptance(draft, decided, key, office.outbox_public)
