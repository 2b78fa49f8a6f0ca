"""The end of a delivery by a channel, whatever carried it: one place that tells everyone whom it concerns.

For carriers, as the `settle` of their outcome: in the transaction that ends the job.

    Done(partial(handoff.done, delivery_id=…, channel=Channel.PAPER, detail="2 sheets"))

`carried_out` and `given_up` say the same of any job, for those who know only that: the outbox whose patience is over,
and a person who settles what is uncertain. A job without a delivery concerns nobody else.
"""

from sqlmodel import Session

from bridge.channels import status
from bridge.notices.reports import Event
from storage.deliveries import deliveries, disclosures
from storage.deliveries.terms import Channel

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


def failed(session: Session, now: int, *, delivery_id: int, channel: Channel, problem: str) -> None:
    """The channel gave up; the ladder goes on, or the document stays in the mailbox alone."""
    delivery = deliveries.get(session, delivery_id)
    deliveries.failed(session, delivery_id, channel, problem, now)
    if channel is delivery.channel:
        status.tell(session, delivery, Event.KEPT, now)
