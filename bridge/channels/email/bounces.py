"""What other mail systems send back to `bounce+<mark>@…` (RFC 3464, RFC 3834), and what follows from it.

Contract. `take` gets whole messages from anybody who has the address. A report of failure ends what was handed off:
the channel failed, and the ladder goes on or the document stays in the mailbox. Delays, automatic replies and
whatever else comes are a line of the transcript and no more; nothing of them is kept. No message makes another one,
so that nothing can go round (RFC 3834 section 2).

A report may be here before our own note that the thing has left: then `take` raises Conflict, and the other side
comes again. A failure counts for `BELIEVED` seconds after the hand-off, and once: what has failed is no more handed
off.
Kinds of things have handlers; who sends marked mail of another kind adds the one of that kind to `HANDLERS`.
"""

from collections.abc import Callable

import structlog
from sqlmodel import Session

from bridge.channels import handoff
from bridge.channels.marks import Mark
from bridge.channels.outside import outcomes
from bridge.mail import status_reports
from bridge.mail.status_reports import Outcome, StatusReport
from storage.database import Store
from storage.deliveries import deliveries, transcript
from storage.deliveries.terms import DAY, Channel, DeliveryState, JobKind
from storage.errors import Conflict, NotFound

log = structlog.get_logger(__name__)

BELIEVED = 30 * DAY
MAX_LINES = 20
"""Of the transcript, from outside, for one delivery."""
Handler = Callable[[Session, int, StatusReport | None, int], None]
"""`handler(session, number of the mark, report or None for an automatic reply, now)`.

NotFound: it is gone; Conflict: not yet.
"""


async def take(store: Store, mark: Mark, message: bytes, now: int) -> None:
    """Whatever it is, it is dealt with on return. Conflict: not yet; StorageError."""
    report = await store.in_body_pool(status_reports.read, message)
    handler = HANDLERS.get(mark.kind)
    log.info("email.returned", job_kind=mark.kind, outcome=None if report is None else report.outcome)
    if handler is not None:
        await store.write(_handled, handler, mark.number, report, now)


def _handled(session: Session, handler: Handler, number: int, report: StatusReport | None, now: int) -> None:
    try:
        handler(session, number, report, now)
    except NotFound:
        return  # erased meanwhile


def of_document(session: Session, number: int, report: StatusReport | None, now: int) -> None:
    """`number`: of the delivery."""
    delivery = deliveries.get(session, number)
    events = transcript.of_delivery(session, number)
    if report is not None and report.outcome is Outcome.FAILED:
        if delivery.state is DeliveryState.LEAVING:
            raise Conflict("delivery")
        recent = delivery.ended_at is not None and now - delivery.ended_at <= BELIEVED
        if delivery.state is DeliveryState.HANDED_OFF and recent and _by_email(events):
            handoff.failed(session, now, delivery_id=number, channel=Channel.EMAIL, problem=report.code)
            return
    if sum(event.kind.startswith("email.") for event in events) < MAX_LINES:
        kind = "email.answered" if report is None else f"email.{report.outcome}-reported"
        detail = None if report is None else report.code
        transcript.note(session, delivery.account_id, number, kind, now, Channel.EMAIL, detail)


def _by_email(events: list[transcript.DeliveryEvent]) -> bool:
    """Whether it was e-mail that it last left by, and not paper since."""
    left_by = [event.channel for event in events if event.kind.endswith(".handed-off")]
    return left_by[-1:] == [Channel.EMAIL]


HANDLERS: dict[JobKind, Handler] = {JobKind.EMAIL: of_document, JobKind.NOTICE: outcomes.returned}
