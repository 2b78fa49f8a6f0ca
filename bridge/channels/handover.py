"""What a carrier is about to hand over, and whether it may (S38, S39, S68).

Contract. Before a carrier gives anything to anybody it awaits `Gate.check(handover)` with every field that the
payload holds; what it does not declare it does not give. `HandoverRefused` says why not:

    outside-europe       content would leave Europe: the settings or the register say so
    no-contract          a processor that the settings name is not in the register, or is there as another kind
    field-not-allowed    its contract does not allow one of the fields

    gate = Gate(store, residency.europe(settings))
    try:
        await gate.check(Handover(Destination(ProcessorKind.RELAY, relay.country, relay.name), frozenset({Field.…})))
    except HandoverRefused as refused:
        return refused.outcome(partial(handoff.failed, delivery_id=…, channel=…, problem=refused.problem))

A destination without a name is nobody's processor: a printer of one's own, or the account that a recipient has
elsewhere and chose. The countries bind it all the same, and it gets no more than its kind can need.
"""

from dataclasses import dataclass

from bridge.channels.outbox import Failed, Later, Outcome, Settle
from storage.database import Store
from storage.deliveries import processors
from storage.deliveries.processors import CONTENT, LARGEST, Field, ProcessorKind
from storage.errors import NotFound

OUTSIDE_EUROPE = "outside-europe"
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

    def outcome(self, settle: Settle) -> Outcome:
        """A register can be put right, and the job goes on by itself; a country cannot: this road is closed."""
        return Failed(self.problem, settle) if self.problem == OUTSIDE_EUROPE else Later(self.problem)


class Gate:
    """Stands before every carrier."""

    def __init__(self, store: Store, europe: frozenset[str]) -> None:
        self._store = store
        self._europe = europe

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
