"""Documents that stay unread: people with an address and a contact, hand-ins decided as SMTP decides them, carriers
that say what the test says, and a clock that the test turns.
"""

from dataclasses import dataclass, field
from pathlib import Path

from bridge.channels import climbing, handoff
from bridge.channels.mailbox import inbox_draft
from bridge.channels.outbox import Done, Failed, Later, Limits, Outbox, Outcome, Task
from bridge.channels.sealing import seal_and_place
from bridge.mail.facts import facts_of
from bridge.routing import planning
from bridge.routing.decision import Places
from bridge.smtp.handin import header_block
from storage.access import devices
from storage.choices import preferences
from storage.database import Store
from storage.deliveries import arrivals, deliveries, transcript
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import Channel, Choice, JobKind, Ladder, Preference
from storage.engine import statements
from storage.keys.keyring import AccountKeys
from storage.keys.outbox import OutboxKey
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Account, AccountState, DeviceCredentials, Domain, DomainMode, Role, Scope
from tests import stores
from tests.control import Clock
from tests.reading import NOW, plain_message

PLACES = Places({Channel.EMAIL: "NL", Channel.PAPER: "NL"}, frozenset({"NL"}), notices_by_email=True, hold_days=14)
QUICK = Limits(attempt_seconds=20, drain_seconds=1, again_seconds=0.0)
_CHANNELS = {JobKind.EMAIL: Channel.EMAIL, JobKind.PAPER: Channel.PAPER}


@dataclass
class Scripted:
    """A carrier; `fails` while it is set, `is_down` as a relay is that answers to nobody.

    `carried`: key and time of what left, with the whole message.
    """

    kind: JobKind
    clock: Clock
    fails: bool = False
    is_down: bool = False
    carried: list[tuple[str, int]] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)

    async def carry(self, task: Task) -> Outcome:
        job = task.job
        assert job.delivery_id is not None
        if self.kind is JobKind.NOTICE:
            self.carried.append((job.key, int(self.clock())))
            return Done()
        channel = _CHANNELS[self.kind]
        if self.fails:
            settle = _settling(handoff.failed, delivery_id=job.delivery_id, channel=channel, problem="refused")
            return Failed("refused", settle)
        message = await task.message()
        await task.note("sending")
        if self.is_down:
            return Later("4.4.1")
        self.messages.append(message)
        self.carried.append((job.key, int(self.clock())))
        return Done(_settling(handoff.done, delivery_id=job.delivery_id, channel=channel))


def _settling(function, **given):  # type: ignore[no-untyped-def]
    return lambda session, now: function(session, now, **given)


@dataclass
class House:
    store: Store
    clock: Clock
    domain: Domain
    erp: Account
    anna: Account
    keys: AccountKeys = field(repr=False)
    device: DeviceCredentials = field(repr=False)
    carriers: dict[JobKind, Scripted] = field(default_factory=dict)

    @classmethod
    def create(cls, folder: Path, state: AccountState = AccountState.REGISTERED) -> "House":
        return cls.opened(stores.new(folder), state)

    @classmethod
    def opened(cls, store: Store, state: AccountState = AccountState.REGISTERED) -> "House":
        """In an empty store."""
        domain = store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
        sender = AccountDraft("erp@example.test", "ERP", Role.SENDER)
        erp, _ = store.write_now(accounts.create, store.shred, sender, domain, NOW)
        draft = AccountDraft("anna@example.test", "Anna", Role.RECIPIENT, state=state)
        anna, keys = store.write_now(accounts.create, store.shred, draft, domain, NOW)
        scopes = frozenset({Scope.IMAP})
        device = store.write_now(devices.add, store.server_keys, store.shred, anna, keys, "phone", scopes, NOW)
        clock = Clock(NOW)
        carriers = {kind: Scripted(kind, clock) for kind in (JobKind.NOTICE, JobKind.EMAIL, JobKind.PAPER)}
        made = cls(store, clock, domain, erp, anna, keys, device, carriers)
        made.make_reachable()
        return made

    def make_reachable(self) -> None:
        """Anna has a verified contact address, and one for letters."""
        reach = (
            "UPDATE account SET contact_email = 'a@b.test', contact_email_verified_at = 1,"
            " postal_address = 'Dam 1\nAmsterdam\nNL' WHERE id = ?"
        )
        self.store.write_now(statements.run, reach, (self.anna.id,))

    def choose(self, *, of_domain: bool = False, **fields: object) -> None:
        """At the level of the recipient, or of the domain."""
        whose = {"domain_id": self.domain.id} if of_domain else {"account_id": self.anna.id}
        self.store.write_now(preferences.put, Preference(Choice(**fields), **whose), NOW)  # type: ignore[arg-type]

    def choose_ladder(self, text: str, *, of_domain: bool = False) -> None:
        self.choose(of_domain=of_domain, ladder=Ladder.parse(text))

    def hand_in(self, subject: str = "Factuur", places: Places = PLACES, header: str = "") -> Delivery:
        """A document of the ERP for Anna, as SMTP takes it in. `header`: lines of it, each with its CRLF."""
        store, now = self.store, int(self.clock())
        message = header.encode() + plain_message(subject)
        reader = store.read_now(accounts.recipient, self.anna.email)
        assert reader is not None
        gathered = store.read_now(planning.gather, [self.anna.id], self.erp.id, True)
        public = OutboxKey.of(store.server_keys.outbox).public_key
        placed = seal_and_place(store.bodies, message, (reader,), public if gathered.may_leave() else None)
        facts = facts_of(header_block(message, 0))
        decided = planning.plan(gathered, facts, places, store.server_keys.message_tag, now, {})
        draft = inbox_draft(placed, (reader,), self.erp.id, None, now)
        tags = [planning.message_tag(store.server_keys.message_tag, self.anna.id, each) for each in facts.supersedes]
        superseded = {self.anna.id: tuple(filter(None, tags))}
        accepted = Acceptance(draft, decided, gathered.key, public, superseded=superseded)
        delivered = store.write_now(arrivals.accept, accepted, now)
        return store.read_now(deliveries.of_document, self.anna.id, delivered.document_public_id)

    def again(self, delivery: Delivery) -> Delivery:
        """As it is now."""
        return self.store.read_now(deliveries.get, delivery.id)

    def open(self, delivery: Delivery) -> None:
        assert delivery.document_id is not None
        now = int(self.clock())
        self.store.write_now(deliveries.opened, self.anna.id, [delivery.document_id], now)

    async def live(self, seconds: int, step: int = 3600, places: Places = PLACES) -> None:
        """Let time pass, with the chores and the outbox at work every `step` seconds."""
        worker = Outbox(self.store, self.clock, tuple(self.carriers.values()), lambda: 1.0, QUICK)
        for _ in range(0, seconds, step):
            self.clock.turn(step)
            await self.turn(worker, places)

    async def turn(self, worker: Outbox | None = None, places: Places = PLACES) -> None:
        now = int(self.clock())
        await climbing.climb(places, self.store, now)
        worker = worker or Outbox(self.store, self.clock, tuple(self.carriers.values()), lambda: 1.0, QUICK)
        while await worker.turn():
            pass

    def carried(self) -> list[tuple[str, float]]:
        """(rung, day after NOW) of all that left, in order of time."""
        found = [(key, at) for carrier in self.carriers.values() for key, at in carrier.carried]
        return [(key.rpartition(":")[2], (at - NOW) / 86_400) for key, at in sorted(found, key=lambda each: each[1])]

    def rungs(self) -> list[str]:
        """What left, in the order of the ladder, whatever the clock said."""
        keys = sorted(key for carrier in self.carriers.values() for key, _ in carrier.carried)
        return [key.rpartition(":")[2] for key in keys]

    def events(self, delivery: Delivery) -> list[str]:
        return [event.kind for event in self.store.read_now(transcript.of_delivery, delivery.id)]

    def count(self, table: str) -> int:
        ((found,),) = self.store.read_now(statements.rows, f"SELECT count(*) FROM {table}")
        return int(found)
