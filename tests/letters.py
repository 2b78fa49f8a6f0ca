"""An office with one recipient who has a postal address, and an outbox that prints for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.channels.handover import Destination, Gate
from bridge.channels.outbox import Outbox
from bridge.channels.paper.carrier import PaperCarrier
from bridge.channels.paper.ipp.client import Printer, Times
from bridge.channels.paper.letter import Sides
from bridge.channels.paper.press import Press
from bridge.channels.paper.printers import ticket
from bridge.channels.paper.printing import IppRoad
from bridge.channels.paper.roads import Road
from bridge.setting_sections import Printer as Section
from storage.database import Store
from storage.deliveries import arrivals, deliveries, jobs, transcript
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.deliveries import Delivery
from storage.deliveries.processors import ProcessorKind
from storage.deliveries.terms import Channel, Decided, DeliveryState, DocumentType, JobKind, NewJob
from storage.engine import statements
from storage.keys.envelope import seal_document
from storage.keys.outbox import OutboxKey
from storage.mail.documents import DeliveryDraft
from storage.people import accounts, domains, identity_changes
from storage.people.accounts import AccountDraft
from storage.people.identity_changes import Field
from storage.records import Account, DomainMode, Role
from tests import stores
from tests.control import Clock

NOW = 1_760_000_000
ADDRESS = "Stadhouderskade 123\n1071 AA  Amsterdam\nNL"
TEXT = b"Subject: Rekening\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHierbij de rekening.\r\n"
QUICK = Times(connect=0.4, answer=0.8, document=0.8)


@dataclass
class PaperOffice:
    store: Store
    anna: Account
    clock: Clock

    @classmethod
    def found(cls, data: Path) -> "PaperOffice":
        """A new data folder with its master key in it."""
        store = stores.new(data)
        domain = store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
        draft = AccountDraft("anna@example.test", "Anna de Vries", Role.RECIPIENT)
        anna, _ = store.write_now(accounts.create, store.shred, draft, domain, NOW)
        made = cls(store, anna, Clock(NOW))
        made.moves(ADDRESS)
        return made

    @classmethod
    @contextmanager
    def again(cls, data: Path) -> Iterator["PaperOffice"]:
        """A data folder that was made before."""
        with stores.opened(data) as store:
            yield cls(store, store.read_now(accounts.by_email, "anna@example.test"), Clock(NOW))

    def moves(self, address: str | None) -> None:
        """To another address."""
        change = identity_changes.change
        number = self.anna.id
        self.store.write_now(
            change, number, Field.POSTAL_ADDRESS, address, int(self.clock()), actor="system", changed_by=number
        )

    def letter(self, message: bytes = TEXT) -> Delivery:
        """A document that was just accepted for paper."""
        public = OutboxKey.of(self.store.server_keys.outbox).public_key
        reader = self.store.read_now(accounts.recipient, self.anna.email)
        assert reader is not None
        now, anna = int(self.clock()), self.anna.id
        sealed = seal_document(message, b"card", (reader,), outbox_public=public)
        draft = DeliveryDraft(sealed, (reader,), (reader.inbox_id,), now, 99)
        decided = Decided(
            anna,
            DocumentType.INVOICE,
            Channel.PAPER,
            DeliveryState.LEAVING,
            "nl",
            "[]",
            needs_key=True,
            jobs=(NewJob(JobKind.PAPER, "paper", now),),
        )
        acceptance = Acceptance(draft, {anna: decided}, "energie@outside.test", public)
        accepted = self.store.write_now(arrivals.accept, acceptance, now)
        return self.store.read_now(deliveries.of_document, anna, accepted.document_public_id)

    def carrier(self, road: Road, press: Press | None = None, country: str = "NL", name: str = "") -> PaperCarrier:
        gate = Gate(self.store, frozenset({"NL", "DE"}))
        to = Destination(ProcessorKind.PRINTER, country, name)
        return PaperCarrier(road, press or Press(), to, gate, sides=Sides.ONE, timezone="Europe/Amsterdam")

    def worker(self, road: Road, press: Press | None = None) -> Outbox:
        return Outbox(self.store, self.clock, [self.carrier(road, press)], lambda: 1.0)

    def job(self, delivery: Delivery) -> jobs.Job | None:
        found = self.store.read_now(statements.rows, "SELECT id FROM job WHERE delivery_id = ?", (delivery.id,))
        return self.store.read_now(jobs.get, found[0][0]) if found else None

    def now(self, delivery: Delivery) -> Delivery:
        return self.store.read_now(deliveries.get, delivery.id)

    def events(self, delivery: Delivery) -> list[tuple[str, str | None]]:
        return [(each.kind, each.detail) for each in self.store.read_now(transcript.of_delivery, delivery.id)]

    def change(self, sql: str, *values: object) -> None:
        self.store.write_now(statements.run, sql, values)

    async def settle(self, road: Road, delivery: Delivery, press: Press | None = None, turns: int = 40) -> None:
        """Turn the clock and the outbox until the job is gone or parked."""
        for _ in range(turns):
            await self.worker(road, press).turn()
            job = self.job(delivery)
            if job is None or job.state != "waiting":
                return
            self.clock.turn(max(job.due_at - self.clock(), 1))
        raise AssertionError(f"still waiting: {job}")


def by_ipp(uri: str, times: Times = QUICK) -> IppRoad:
    return IppRoad(Printer(uri, False, times), ticket(Section()), None)
