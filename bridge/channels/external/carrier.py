"""Documents into the IMAP account that their recipient has elsewhere, each exactly once.

    open the document → sign in → (after an earlier attempt: is it there?) → note `appending` → APPEND → done

The document goes under a block with our own Resent-Message-ID, made from the delivery: what an earlier attempt left
is found by it again, whatever Message-ID the sender chose. An earlier attempt whose end is not known is given
`SETTLING` seconds first, in which its server has stored the message or dropped it; then the folder is searched.
"""

from dataclasses import dataclass, field
from functools import partial

import structlog
from sqlmodel import Session

from bridge.channels import handoff, notice
from bridge.channels.external.session import APPEND_SECONDS, Blame, Doorway, Trouble, opened
from bridge.channels.handover import Destination, Gate, Handover, HandoverRefused
from bridge.channels.marks import Mark, Marks
from bridge.channels.outbox import Done, Failed, Later, Outcome, Settle, Task, Uncertain
from bridge.mail import headers
from bridge.mail.resending import header_block, resent
from bridge.notices.external import ExternalMailboxUnusable
from storage.deliveries import deliveries, external_mailboxes
from storage.deliveries.external_mailboxes import ExternalMailbox
from storage.deliveries.processors import Field, ProcessorKind
from storage.deliveries.terms import Channel, JobKind
from storage.errors import NotFound
from storage.people import accounts
from storage.records import Account

log = structlog.get_logger(__name__)

APPENDING = "appending"
SETTLING = int(APPEND_SECONDS) + 60
NO_MAILBOX = "no-external-mailbox"
TRUST = 3
"""Attempts for which a server may say no to the sign-in without saying why."""
GIVEN = frozenset({Field.ADDRESS, Field.SENDER, Field.REFERENCE, Field.TITLE, Field.DOCUMENT})


@dataclass(frozen=True, slots=True)
class Parcel:
    """One document and where it goes."""

    delivery_id: int
    account: Account = field(repr=False)
    mailbox: ExternalMailbox | None


class ExternalCarrier:
    """See the module."""

    kind = JobKind.EXTERNAL

    def __init__(self, doorway: Doorway, gate: Gate, marks: Marks) -> None:
        self._doorway = doorway
        self._gate = gate
        self._marks = marks

    async def carry(self, task: Task) -> Outcome:
        if task.job.delivery_id is None:
            raise NotFound("delivery")
        parcel = await task.store.read(_parcel, task.job.delivery_id)
        mailbox = parcel.mailbox
        if mailbox is None or mailbox.verified_at is None:
            return Failed(NO_MAILBOX, _settle_failed(parcel, NO_MAILBOX, tells_reader=mailbox is None))
        try:
            await self._gate.permit(Handover(Destination(ProcessorKind.MAILBOX, mailbox.place.country), GIVEN), task)
        except HandoverRefused as refused:
            return refused.outcome(_settle_failed(parcel, refused.problem), task)
        if _began(task) < mailbox.changed_at:
            return Uncertain("mailbox-changed")
        if (seconds := _unsettled(task)) > 0:
            return Later("settling", after=seconds, counts=False)
        return await self._put(task, parcel, mailbox)

    async def _put(self, task: Task, parcel: Parcel, mailbox: ExternalMailbox) -> Outcome:
        received = await task.message()
        try:
            await self._deliver(task, parcel, mailbox, received)
        except Trouble as trouble:
            log.info("external.trouble", delivery=parcel.delivery_id, problem=trouble.problem)
            return _outcome(task, parcel, trouble)
        log.info("external.put", delivery=parcel.delivery_id)
        return Done(partial(handoff.done, delivery_id=parcel.delivery_id, channel=Channel.EXTERNAL))

    async def _deliver(self, task: Task, parcel: Parcel, mailbox: ExternalMailbox, received: bytes) -> None:
        """On return it is there, once. Trouble."""
        place, our_id = mailbox.place, self._marks.message_id(Mark(JobKind.EXTERNAL, parcel.delivery_id))
        domain = parcel.account.email.rpartition("@")[2]
        message = resent(received, f"postmaster@{domain}", parcel.account.email, our_id, task.job.created_at)
        async with opened(self._doorway, place.host, place.port) as session:
            await session.sign_in(place.username, mailbox.password(task.outbox))
            if task.job.step == APPENDING:
                their_id = headers.value(header_block(received), "Message-ID")
                if await session.holds(place.folder, our_id, their_id):
                    return
            await task.note(APPENDING, str(task.now))
            await session.append(place.folder, message)


def _parcel(session: Session, delivery_id: int) -> Parcel:
    """NotFound."""
    account_id = deliveries.get(session, delivery_id).account_id
    account = accounts.by_id(session, account_id)
    try:
        return Parcel(delivery_id, account, external_mailboxes.get(session, account_id))
    except NotFound:
        return Parcel(delivery_id, account, None)


def _began(task: Task) -> float:
    """When an earlier attempt may have put it somewhere; never: after everything."""
    began = task.job.step == APPENDING and task.job.handle is not None
    return int(task.job.handle or 0) if began else float("inf")


def _unsettled(task: Task) -> int:
    """Seconds until what an earlier attempt began is sure to have ended, whatever the clock has done since."""
    began = _began(task)
    return 0 if began == float("inf") else min(int(began) + SETTLING - task.now, SETTLING)


def _outcome(task: Task, parcel: Parcel, trouble: Trouble) -> Outcome:
    patient = trouble.blame is Blame.PERHAPS_PASSWORD and task.job.attempts < TRUST
    if trouble.blame is Blame.TIME or patient:
        return Later(trouble.problem)
    if trouble.blame is Blame.MESSAGE:
        return Failed(trouble.problem, _settle_failed(parcel, trouble.problem))
    return Failed(trouble.problem, partial(_settle_unusable, parcel=parcel, problem=trouble.problem))


def _settle_failed(parcel: Parcel, problem: str, *, tells_reader: bool = True) -> Settle:
    return partial(
        handoff.failed,
        delivery_id=parcel.delivery_id,
        channel=Channel.EXTERNAL,
        problem=problem,
        tells_reader=tells_reader,
    )


def _settle_unusable(session: Session, now: int, *, parcel: Parcel, problem: str) -> None:
    """Its owner alone can help, and is told once."""
    _settle_failed(parcel, problem, tells_reader=False)(session, now)
    mailbox = parcel.mailbox
    if mailbox is not None and external_mailboxes.distrust(session, parcel.account.id, now):
        notice.tell(session, parcel.account, ExternalMailboxUnusable(mailbox.place.host, now), now)
