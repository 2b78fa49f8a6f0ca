"""The end of a delivery by a channel, whatever carried it: one place that tells everyone whom it concerns.

For carriers, as the `settle` of their outcome: in the transaction that ends the job.

    Done(partial(handoff.done, delivery_id=…, channel=Channel.PAPER, detail="2 sheets"))
"""

from sqlmodel import Session

from storage.deliveries import deliveries
from storage.deliveries.terms import Channel


def done(session: Session, now: int, *, delivery_id: int, channel: Channel, detail: str | None = None) -> None:
    """A third party has the document."""
    deliveries.handed_off(session, delivery_id, channel, now, detail)


def failed(session: Session, now: int, *, delivery_id: int, channel: Channel, problem: str) -> None:
    """The channel gave up; the ladder goes on, or the document stays in the mailbox alone."""
    deliveries.failed(session, delivery_id, channel, problem, now)
