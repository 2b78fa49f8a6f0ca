"""Documents on their way out of a post office: choices, hand-ins, an outbox with a clock. For carriers' tests."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from bridge.channels import mailbox, sealing
from bridge.channels.handover import Gate
from bridge.channels.marks import Marks
from bridge.channels.outbox import Carrier, Outbox
from bridge.mail.facts import facts_of
from bridge.mail.resending import header_block
from bridge.routing import planning
from bridge.routing.decision import Places
from bridge.routing.residency import EUROPE
from storage.choices import preferences
from storage.deliveries import arrivals, deliveries, external_mailboxes, jobs, transcript
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.deliveries import Delivery
from storage.deliveries.external_mailboxes import Place
from storage.deliveries.jobs import Job
from storage.deliveries.terms import Channel, Choice, Preference
from storage.engine import statements
from storage.keys.outbox import OutboxKey
from storage.people import accounts
from storage.records import Role
from tests.smtp_office import NOW, Office, Person

HOSTNAME = "mail.example.test"
CONTACT = "anna@elsewhere.test"
DOCUMENT = (
    b"Received: from erp by mail.example.test; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    b"From: erp@example.test\r\nTo: anna@example.test\r\nSubject: Your invoice\r\nMessage-ID: <1@erp.test>\r\n"
    b"\r\n.leading dot\r\nBody\r\n"
)


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Way:
    """An office whose reader Anna chose a channel that leaves it."""

    office: Office
    clock: Clock = field(default_factory=Clock)
    countries: dict[Channel, str] = field(default_factory=lambda: {Channel.EMAIL: "NL"})

    def __post_init__(self) -> None:
        store = self.office.store
        self.outbox_public = OutboxKey.of(store.server_keys.outbox).public_key
        self.marks = Marks(store.server_keys.message_tag, HOSTNAME)
        self.gate = Gate(store, EUROPE)

    def renewed(self) -> "Way":
        """Another Anna, and nothing in the outbox: for tests that share an office."""
        store = self.office.store
        (number,) = store.look_up(statements.row, "SELECT count(*) FROM account") or (0,)
        self.office.anna = self.office.person(f"anna{number}@example.test", Role.RECIPIENT)
        store.write_now(statements.run, "DELETE FROM job", ())
        return self

    def choose(self, person: Person, channel: Channel) -> None:
        wanted = Preference(Choice(channel=channel), account_id=person.account.id)
        self.office.store.write_now(preferences.put, wanted, NOW)

    def verify_contact(self, person: Person, address: str = CONTACT) -> None:
        self.office.store.write_now(_verify, person.account.id, address)

    def set_external(self, person: Person, place: Place, password: str) -> None:
        store, account = self.office.store, person.account.id
        store.write_now(external_mailboxes.put, self.outbox_public, account, place, password, NOW, "test")

    def hand_in(self, message: bytes = DOCUMENT, *readers: Person) -> Delivery:
        """From the ERP; the delivery of the first reader."""
        store, people = self.office.store, readers or (self.office.anna,)
        found = tuple(store.look_up(accounts.recipient, person.account.email) for person in people)
        recipients = tuple(each for each in found if each is not None)
        gathered = store.look_up(
            planning.gather, [each.account_id for each in recipients], self.office.erp.account.id, True
        )
        now = int(self.clock())
        placed = sealing.seal_and_place(store.bodies, message, recipients, self.outbox_public)
        places = Places(countries=self.countries, europe=EUROPE)
        facts = facts_of(header_block(message))
        decided = planning.plan(gathered, facts, places, store.server_keys.message_tag, now, {})
        draft = mailbox.inbox_draft(placed, recipients, self.office.erp.account.id, None, now)
        accepted = store.write_now(arrivals.accept, Acceptance(draft, decided, gathered.key, self.outbox_public), now)
        return store.look_up(deliveries.of_document, people[0].account.id, accepted.document_public_id)

    def outbox(self, *carriers: Carrier) -> Outbox:
        return Outbox(self.office.store, self.clock, carriers, lambda: 1.0)

    def delivery(self, delivery: Delivery) -> Delivery:
        """As it is now."""
        return self.office.store.look_up(deliveries.get, delivery.id)

    def jobs(self) -> Sequence[Job]:
        return self.office.store.look_up(_jobs)

    def kinds(self, delivery: Delivery) -> list[str]:
        """The transcript."""
        return [event.kind for event in self.office.store.look_up(transcript.of_delivery, delivery.id)]


def _verify(session: Session, account_id: int, address: str) -> None:
    sql = "UPDATE account SET contact_email = ?, contact_email_verified_at = ? WHERE id = ?"
    statements.run(session, sql, (address, NOW, account_id))


def _jobs(session: Session) -> list[Job]:
    return [jobs.get(session, row[0]) for row in statements.rows(session, "SELECT id FROM job ORDER BY id", ())]
