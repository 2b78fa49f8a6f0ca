"""Returned mail, as an admin records it: one transaction for the delivery, the address and who is told."""

from sqlmodel import Session

from bridge import notices
from bridge.channels import handoff, notice
from storage.deliveries import returned_paper
from storage.deliveries.deliveries import Delivery
from storage.deliveries.returned_paper import Cause
from storage.deliveries.terms import Channel
from storage.people import accounts


def record(session: Session, delivery: Delivery, cause: Cause, now: int, actor: str) -> bool:
    """Whether the address is not used any more until it is confirmed or changed. NotFound, Conflict."""
    doubted = returned_paper.record(session, delivery, cause, now, actor=actor)
    problem = f"returned-{cause}"
    handoff.failed(session, now, delivery_id=delivery.id, channel=Channel.PAPER, problem=problem, tells_reader=False)
    told = notices.PaperReturned(delivery.document_public_id, cause, now, doubted)
    notice.tell(session, accounts.by_id(session, delivery.account_id), told, now)
    return doubted
