"""Documents to the verified contact address of their recipient, through the relay.

    open the document → resend it under our block → note `sending` → relay → done, later or failed

At least once: when the connection breaks behind the final dot, or the bridge dies before it has noted the relay's
250, the document goes again, with the same Message-ID and the same Resent-Message-ID. A mail system delivers a
duplicate rather than lose a message (RFC 5321 section 6.1), and so does this; what must be exactly once is not
e-mail. What the relay cannot deliver in the end comes back to the envelope sender: see `bounces`.
"""

from functools import partial

import structlog

from bridge.channels import handoff
from bridge.channels.email import parcels, relay
from bridge.channels.email.parcels import Parcel
from bridge.channels.email.relay import Fate, Relay, Sent
from bridge.channels.handover import Destination, Gate, Handover, HandoverRefused
from bridge.channels.marks import Mark, Marks
from bridge.channels.outbox import Done, Failed, Later, Outcome, Settle, Task
from bridge.mail.resending import in_our_name, is_spoilt_by_folding, resent
from storage.deliveries.processors import Field
from storage.deliveries.terms import Channel, JobKind
from storage.errors import NotFound

log = structlog.get_logger(__name__)

SENDING = "sending"
NO_ADDRESS = "address-not-verified"
BAD_ADDRESS = "5.1.3"
LONG_LINES = "signed-long-lines"
GIVEN = frozenset({Field.ADDRESS, Field.SENDER, Field.REFERENCE, Field.TITLE, Field.DOCUMENT})
"""All that a relay sees of a document."""


class EmailCarrier:
    """See the module."""

    kind = JobKind.EMAIL

    def __init__(self, relay: Relay, destination: Destination, gate: Gate, marks: Marks) -> None:
        self._relay = relay
        self._handover = Handover(destination, GIVEN)
        self._gate = gate
        self._marks = marks

    async def carry(self, task: Task) -> Outcome:
        if task.job.delivery_id is None:
            raise NotFound("delivery")
        parcel = await task.store.read(parcels.of_delivery, task.job.delivery_id)
        if parcel.address is None:
            return _failed(parcel, NO_ADDRESS)
        try:
            await self._gate.permit(self._handover, task)
        except HandoverRefused as refused:
            return refused.outcome(_settle_failed(parcel, refused.problem), task)
        return await self._sent(task, parcel, parcel.address)

    async def _sent(self, task: Task, parcel: Parcel, address: str) -> Outcome:
        mark = Mark(JobKind.EMAIL, parcel.delivery_id)
        message_id, received = self._marks.message_id(mark), await task.message()
        prepared = partial(_prepared, received, parcel, address, message_id, task.job.created_at)
        message = await task.store.in_body_pool(prepared)
        if isinstance(message, Failed):
            return message
        await task.note(SENDING, message_id)
        envelope_from = self._marks.bounce_address(mark, parcel.domain)
        return self._outcome(parcel, await relay.send(self._relay, envelope_from, address, message))

    def _outcome(self, parcel: Parcel, sent: Sent) -> Outcome:
        log.info("email.sent", delivery=parcel.delivery_id, fate=sent.fate, code=sent.code)
        if sent.fate is Fate.LATER:
            return Later(sent.code)
        if sent.fate is Fate.REFUSED:
            return _failed(parcel, sent.code)
        carrier = self._handover.to.processor or None
        return Done(partial(handoff.done, delivery_id=parcel.delivery_id, channel=Channel.EMAIL, carrier=carrier))


def _prepared(received: bytes, parcel: Parcel, address: str, message_id: str, at: int) -> bytes | Failed:
    """As it goes out, or why it does not. A tenth of a second for a large one."""
    if is_spoilt_by_folding(received):
        return _failed(parcel, LONG_LINES)
    us = f"postmaster@{parcel.domain}"
    try:
        return resent(in_our_name(received, us), us, address, message_id, at, identified=True)
    except ValueError:
        return _failed(parcel, BAD_ADDRESS)


def _failed(parcel: Parcel, problem: str) -> Failed:
    return Failed(problem, _settle_failed(parcel, problem))


def _settle_failed(parcel: Parcel, problem: str) -> Settle:
    return partial(handoff.failed, delivery_id=parcel.delivery_id, channel=Channel.EMAIL, problem=problem)
