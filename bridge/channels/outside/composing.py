"""What a notice says and to whom, as things are when it goes."""

from dataclasses import dataclass, field

from sqlmodel import Session

from bridge.channels.outside import words
from bridge.channels.reminding import rung_of
from bridge.routing.orders import About, Order
from storage.deliveries import notices
from storage.deliveries.jobs import Job
from storage.deliveries.notices import Reachable, Untold
from storage.errors import NotFound
from storage.people import particulars

NOTHING = Untold((), (), ())


@dataclass(frozen=True, slots=True)
class Message:
    """Ready to be put into words."""

    order: Order
    reader: Reachable = field(repr=False)
    untold: Untold
    delivery_id: int | None
    rung: int | None = None
    """Of a reminder: the step of the ladder, from 1."""

    @property
    def notice(self) -> words.Outside:
        return words.kind_of(self.order, self.reader.domain, self.untold, self.reader.names_senders)

    @property
    def subject_matter(self) -> str:
        """For the transcript: the mode of a notice of arrivals, or what else it is about."""
        return self.order.mode if self.order.about is About.ARRIVALS else self.order.about


def compose(session: Session, job: Job, order: Order, now: int) -> Message | None:
    """None: there is nothing to tell any more, or nobody."""
    if job.account_id is None:
        return None
    try:
        reader = notices.reachable(session, job.account_id, now)
    except NotFound:
        return None
    if order.about is About.CODE and particulars.of_account(session, job.account_id).contact_email != order.address:
        return None
    if order.about not in (About.ARRIVALS, About.REMINDER):
        return Message(order, reader, NOTHING, None)
    untold = _untold(session, job, order)
    return Message(order, reader, untold, job.delivery_id, rung_of(job.key)) if untold.delivery_ids else None


def _untold(session: Session, job: Job, order: Order) -> Untold:
    if order.about is About.REMINDER:
        return NOTHING if job.delivery_id is None else notices.one(session, job.delivery_id)
    return notices.untold(session, job.account_id or 0, order.mode)
