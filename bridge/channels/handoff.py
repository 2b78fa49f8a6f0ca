"""The end of a delivery by a channel, whatever carried it: one place that tells everyone whom it concerns.

For carriers, as the `settle` of their outcome: in the transaction that ends the job.

    Done(partial(handoff.done, delivery_id=…, channel=Channel.PAPER, detail="2 sheets"))

`carried_out` and `given_up` say the same of any job, for those who know only that: the outbox whose patience is over,
and a person who settles what is uncertain. A job without a delivery concerns nobody else.
"""

from sqlmodel import Session

from bridge.channels import notice, reminding, status
from bridge.notices.handing_over import HandOverFailed
from bridge.notices.reports import Event
from storage.deliveries import deliveries, disclosures, transcript
from storage.deliveries.deliveries import Delivery
from storage.deliveries.jobs import Job
from storage.deliveries.terms import DAY, Channel, DeliveryState, JobKind
from storage.people import accounts

UNDER_WAY = frozenset({DeliveryState.LEAVING, DeliveryState.WAITING})

TOLD = "hand-over.told"
GONE, SUPERSEDED = "gone", "superseded"
_EVENTS = {Channel.EXTERNAL: Event.MOVED_ON, Channel.EMAIL: Event.EMAILED, Channel.PAPER: Event.PRINTED}
_CARRIERS = {Channel.EXTERNAL: "external mailbox", Channel.EMAIL: "relay", Channel.PAPER: "printer"}


def done(
    session: Session,
    now: int,
    *,
    delivery_id: int,
    channel: Channel,
    detail: str | None = None,
    carrier: str | None = None,
) -> None:
    """A third party has the document; `carrier`: its name in the register of processors, where it has one."""
    delivery = deliveries.get(session, delivery_id)
    deliveries.handed_off(session, delivery_id, channel, now, detail)
    told = carrier or _CARRIERS.get(channel, channel)
    readers, what = [delivery.account_id], disclosures.DOCUMENT
    disclosures.note(session, readers, what, now, basis="preference", road=channel, told=told)
    if channel is delivery.channel:  # a rung of the ladder would tell that the document lay unopened
        status.tell(session, delivery, _EVENTS[channel], now)


def failed(
    session: Session, now: int, *, delivery_id: int, channel: Channel, problem: str, tells_reader: bool = True
) -> None:
    """The channel gave up, or what it had carried came back; the ladder goes on, or the document stays in the mailbox
    alone and its reader is told. `tells_reader`: not where the caller does, in words of its own.
    """
    delivery = deliveries.get(session, delivery_id)
    deliveries.failed(session, delivery_id, channel, problem, now)
    came_back = delivery.state is DeliveryState.HANDED_OFF
    if channel is delivery.channel:
        status.tell(session, delivery, Event.RETURNED if came_back else Event.KEPT, now)
    after = deliveries.get(session, delivery_id).state
    lies_here = after is DeliveryState.FAILED or (came_back and after is DeliveryState.WAITING)
    if tells_reader and lies_here and delivery.document_id is not None:
        _tell_reader(session, delivery, channel, problem, now)


def _tell_reader(session: Session, delivery: Delivery, channel: Channel, problem: str, now: int) -> None:
    """In the mailbox, by one message a day: what else failed that day stands in the transcript."""
    account_id = delivery.account_id
    if transcript.was_noted(session, account_id, TOLD, now - DAY):
        return
    transcript.note(session, account_id, delivery.id, TOLD, now, channel)
    came_back = delivery.state is DeliveryState.HANDED_OFF
    told = HandOverFailed(delivery.document_public_id, channel, problem, now, came_back)
    notice.tell(session, accounts.by_id(session, account_id), told, now)


def carried_out(session: Session, now: int, *, job: Job) -> None:
    """NotFound if its delivery is gone."""
    if job.kind is JobKind.NOTICE:
        _note_notice(session, job, "notice.sent", now)
    elif job.delivery_id is not None:
        done(session, now, delivery_id=job.delivery_id, channel=Channel(job.kind))


def given_up(session: Session, now: int, *, job: Job, problem: str) -> None:
    """Nothing new where the delivery has come to its end by another way. NotFound if it is gone."""
    if job.kind is JobKind.NOTICE:
        _note_notice(session, job, "notice.failed", now, problem)
        number = reminding.rung_of(job.key)
        if number is not None and job.delivery_id is not None:
            reminding.unreached(session, job.delivery_id, number, now)
        return
    if job.delivery_id is None:
        return
    found = deliveries.get(session, job.delivery_id)
    if found.state in UNDER_WAY:
        failed(session, now, delivery_id=found.id, channel=Channel(job.kind), problem=problem)


def lost(session: Session, now: int, *, job: Job) -> None:
    """The server can open its document no more, as that is gone or superseded. NotFound."""
    superseded = job.delivery_id is not None and transcript.is_superseded(session, job.delivery_id)
    given_up(session, now, job=job, problem=SUPERSEDED if superseded else GONE)


def _note_notice(session: Session, job: Job, kind: str, now: int, problem: str | None = None) -> None:
    """Of one delivery, or of all that an account was to be told of together."""
    if job.account_id is not None:
        transcript.note(session, job.account_id, job.delivery_id, kind, now, detail=problem)
