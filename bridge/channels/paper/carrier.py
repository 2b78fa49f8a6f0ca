"""Documents on paper: what the outbox calls.

    who and where → gate → sheets, by the press → road (printer or hot folder) → done, later, failed or uncertain

A letter that fails preflight is never printed in part: `preflight-…` says why, and the mailbox has the document.
"""

from functools import partial

import structlog

from bridge.channels.handover import Destination, Gate, Handover, HandoverRefused
from bridge.channels.outbox import Outcome, Task
from bridge.channels.paper import reference
from bridge.channels.paper.letter import Code, Composed, Letter, Sides
from bridge.channels.paper.press import Press
from bridge.channels.paper.roads import Road, failed
from storage.deliveries import addressees
from storage.deliveries.addressees import Addressee
from storage.deliveries.processors import Field
from storage.deliveries.terms import JobKind
from storage.errors import NotFound

log = structlog.get_logger(__name__)

GIVEN = frozenset(
    {Field.NAME, Field.POSTAL_ADDRESS, Field.SENDER, Field.TYPE, Field.REFERENCE, Field.TITLE, Field.DOCUMENT}
)
"""All that a printer sees."""


class PaperCarrier:
    """See the module. `timezone`: of the day on the cover page."""

    kind = JobKind.PAPER

    def __init__(
        self, road: Road, press: Press, destination: Destination, gate: Gate, *, sides: Sides, timezone: str
    ) -> None:
        self._road = road
        self._press = press
        self._handover = Handover(destination, GIVEN)
        self._gate = gate
        self._sides = sides
        self._timezone = timezone

    async def carry(self, task: Task) -> Outcome:
        if task.job.delivery_id is None:
            raise NotFound("delivery")
        return await self._road.carry(task, partial(self._prepared, task, task.job.delivery_id))

    async def _prepared(self, task: Task, delivery_id: int) -> Composed | Outcome:
        """The sheets; asked for only where the printer is about to get them."""
        addressee = await task.store.read(addressees.of_delivery, delivery_id)
        problem = _address_problem(addressee)
        if problem is not None:
            return failed(delivery_id, f"preflight-{problem}")
        try:
            await self._gate.permit(self._handover, task)
        except HandoverRefused as refused:
            return refused.outcome(failed(delivery_id, refused.problem).settle, task)
        composed = await self._press.compose(await task.message(), self._letter(addressee))
        log.info("paper.composed", delivery=delivery_id, pages_count=composed.pages, problems=list(composed.problems))
        return failed(delivery_id, f"preflight-{composed.obstacle}") if composed.obstacle else composed

    def _letter(self, addressee: Addressee) -> Letter:
        assert addressee.address is not None
        return Letter(
            reference=reference.printed(addressee.public_id),
            name=addressee.name,
            lines=addressee.address.lines,
            country=addressee.address.country,
            home=self._handover.to.country,
            sender=addressee.sender,
            sent_at=addressee.decided_at,
            timezone=self._timezone,
            document_type=addressee.document_type,
            document=addressee.document,
            locale=addressee.locale,
            sides=self._sides,
        )


def _address_problem(addressee: Addressee) -> Code | None:
    if addressee.address is None:
        return Code.ADDRESS_MISSING
    return Code.ADDRESS_RETURNED if addressee.returned else None
