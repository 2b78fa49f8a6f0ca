"""What a carrier is about to hand over, and whether it may (S38, S39, S68).

Contract. Before a carrier gives anything to anybody it awaits `Gate.permit`, for a document, or `Gate.check`, for a
notice, with every field that the payload holds; what it does not declare it does not give. That holds for each
attempt, also for one that goes on where another ended: settings, register and consents may have changed. What refuses
is `HandoverRefused`:

    outside-europe       content would leave Europe: the settings or the register say so. Where the document then lies
                         in the mailbox alone, and its reader was not told of it, a notice goes in its place (S39)
    carriers-declined    the recipient took back that third parties may carry documents by this channel (S35, S78)
    no-contract          a processor that the settings name is not in the register, or is there as another kind
    field-not-allowed    its contract does not allow one of the fields

    gate, to = Gate(store, residency.europe(settings)), Destination(ProcessorKind.RELAY, relay.country, relay.name)
    try:
        await gate.permit(Handover(to, frozenset({Field.…})), task)
    except HandoverRefused as refused:
        return refused.outcome(partial(handoff.failed, delivery_id=…, channel=…, problem=refused.problem), task)

A destination without a name is nobody's processor: a printer of one's own, or the account that a recipient has
elsewhere and chose. The countries bind it all the same, and it gets no more than its kind can need.
"""

from dataclasses import dataclass
from functools import partial

from sqlmodel import Session

from bridge.channels import reminding
from bridge.channels.outbox import Failed, Later, Outcome, Settle, Task
from bridge.routing.decision import Places
from storage.choices import consents
from storage.database import Store
from storage.deliveries import deliveries, jobs, processors
from storage.deliveries.processors import CONTENT, LARGEST, Field, ProcessorKind
from storage.deliveries.terms import Channel, DeliveryState, JobKind, NewJob, Notify
from storage.errors import NotFound

OUTSIDE_EUROPE = "outside-europe"
DECLINED = "carriers-declined"
NO_CONTRACT = "no-contract"
NOT_ALLOWED = "field-not-allowed"


@dataclass(frozen=True, slots=True)
class Destination:
    kind: ProcessorKind
    country: str
    """As declared; empty: unknown, which counts as outside Europe."""
    processor: str = ""
    """Its name in the settings and in the register; empty: the recipient's or our own."""


@dataclass(frozen=True, slots=True)
class Handover:
    to: Destination
    fields: frozenset[Field]


class HandoverRefused(Exception):
    """`problem` is the code for the job and its delivery."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def outcome(self, settle: Settle, task: Task) -> Outcome:
        """A register can be put right, and the job goes on by itself; else this road is closed."""
        if self.problem == OUTSIDE_EUROPE:
            return Failed(self.problem, partial(_told_outside, settle=settle, task=task))
        return Failed(self.problem, settle) if self.problem == DECLINED else Later(self.problem)


class Gate:
    """Stands before every carrier."""

    def __init__(self, store: Store, europe: frozenset[str]) -> None:
        self._store = store
        self._europe = europe

    async def permit(self, handover: Handover, task: Task) -> None:
        """Of a document, by the channel of the job. HandoverRefused, as `check`."""
        await self.check(handover)
        account_id = task.job.account_id
        if account_id is not None:
            declined = await self._store.read(consents.declined, [account_id])
            if Channel(task.job.kind) in declined.get(account_id, ()):
                raise HandoverRefused(DECLINED)

    async def check(self, handover: Handover) -> None:
        """HandoverRefused; then nothing of it may be given."""
        to = handover.to
        self._check_country(handover.fields, to.country)
        if not to.processor:
            if handover.fields - LARGEST[to.kind]:
                raise HandoverRefused(NOT_ALLOWED)
            return
        try:
            known = await self._store.read(processors.get, to.processor)
        except NotFound:
            raise HandoverRefused(NO_CONTRACT) from None
        if known.kind is not to.kind:
            raise HandoverRefused(NO_CONTRACT)
        self._check_country(handover.fields, known.country)
        if handover.fields - known.allowed:
            raise HandoverRefused(NOT_ALLOWED)

    def _check_country(self, fields: frozenset[Field], country: str) -> None:
        if fields & CONTENT and country not in self._europe:
            raise HandoverRefused(OUTSIDE_EUROPE)


def _told_outside(session: Session, now: int, *, settle: Settle, task: Task) -> None:
    settle(session, now)
    if task.job.delivery_id is None:
        return
    found = deliveries.get(session, task.job.delivery_id)
    if found.state is not DeliveryState.FAILED or found.document_id is None or found.notify is not Notify.NONE:
        return
    order = reminding.order(session, found, Places(notices_by_email=True))
    if order is not None:
        job, key = NewJob(JobKind.NOTICE, "instead", now, order), task.outbox.public_key
        owner = {"account_id": found.account_id, "delivery_id": found.id}
        jobs.queue(session, key, job, now, prefix=f"{found.public_id}:", **owner)
