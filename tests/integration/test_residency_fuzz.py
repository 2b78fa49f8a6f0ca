"""Whatever people choose and admins set, nothing of a document reaches anybody outside Europe (S36–S39, D10).

Random preferences on every level, ladders, sensitivities and countries of relay, printer, notice relay, processors
and external mailbox, which may change between the decision and the hand-over. The real carriers, with the network
and the press cut off right behind their gate: what they would have given away is written down with the country it
goes to.
"""

import os
import random
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlmodel import Session

from bridge.channels import outbox
from bridge.channels.email import relay
from bridge.channels.email.carrier import EmailCarrier
from bridge.channels.email.relay import Fate, Relay, Sent
from bridge.channels.external import carrier as external
from bridge.channels.external.carrier import ExternalCarrier
from bridge.channels.external.session import Doorway
from bridge.channels.handover import Destination, Gate
from bridge.channels.mailbox import inbox_draft
from bridge.channels.marks import Marks
from bridge.channels.outbox import Carrier, Outbox, Outcome, Task
from bridge.channels.outside.carrier import NoticeCarrier, Post
from bridge.channels.outside.messenger import Verdict
from bridge.channels.outside.targets import Targets
from bridge.channels.paper.carrier import PaperCarrier
from bridge.channels.paper.letter import Composed, Letter, Sides
from bridge.channels.paper.press import Press
from bridge.channels.paper.roads import Prepare, printed
from bridge.channels.sealing import seal_and_place
from bridge.mail.facts import facts_of
from bridge.routing import planning
from bridge.routing.decision import Places
from bridge.routing.hours import Hours
from bridge.routing.residency import EUROPE
from bridge.smtp.handin import header_block
from storage.choices import correspondents, preferences
from storage.deliveries import arrivals, deliveries, external_mailboxes, processors
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.deliveries import Delivery
from storage.deliveries.external_mailboxes import Place
from storage.deliveries.processors import LARGEST, Processor, ProcessorKind
from storage.deliveries.terms import Channel, Choice, DocumentType, Ladder, Notify, Preference, Sensitivity
from storage.engine import statements
from storage.keys.outbox import OutboxKey
from storage.people import accounts, notice_urls
from tests.ladders import House
from tests.reading import NOW

CASES = int(os.environ.get("SOAK_RESIDENCY", "60"))
DAY = 86_400
COUNTRIES = ("NL", "DE", "CH", "GB", "US", "CN", "TR", "")
CANARIES = (b"CANARY-TITLE", b"CANARY-BODY", b"CANARY-FILE")
LADDERS = ("", "1:email", "1:remind 2:email 3:paper", "1:paper", "2:remind")
HOURS = Hours("Europe/Amsterdam", 17 * 60, 120)


@dataclass
class World:
    """What each third party was given. Countries are those where things really go."""

    given: list[tuple[str, bytes]] = field(default_factory=list)
    relay: str = ""
    notice_relay: str = ""
    printer: str = ""

    def leaked(self) -> list[tuple[str, bytes]]:
        """Content that went outside Europe."""
        return [(to, what) for to, what in self.given if to not in EUROPE and any(each in what for each in CANARIES)]


WORLD = World()


@pytest.fixture(autouse=True)
def cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network: relays and mailboxes elsewhere write down what they get."""
    WORLD.given.clear()

    async def send(to: Relay, envelope_from: str, recipient: str, message: bytes) -> Sent:
        WORLD.given.append((to.host, f"{envelope_from} {recipient}\n".encode() + message))
        return Sent(Fate.ACCEPTED, "2.0.0")

    @asynccontextmanager
    async def opened(doorway: Doorway, host: str, port: int) -> AsyncIterator[Elsewhere]:
        yield Elsewhere(host)

    monkeypatch.setattr(relay, "send", send)
    monkeypatch.setattr(external, "opened", opened)
    monkeypatch.setattr(outbox, "LEAST_ATTEMPTS", 1)


@dataclass
class Elsewhere:
    """A mailbox whose host name is its country."""

    country: str

    async def sign_in(self, username: str, password: str) -> None:
        WORLD.given.append((self.country, username.encode()))

    async def holds(self, folder: str, our_id: str, their_id: str | None) -> bool:
        return False

    async def append(self, folder: str, message: bytes) -> None:
        WORLD.given.append((self.country, message))


class Recording(Press):
    """The press belongs to the bridge; what it makes goes to the printer."""

    async def compose(self, message: bytes, letter: Letter) -> Composed:
        return Composed(message + repr(letter).encode(), 1)


class Sheets:
    async def carry(self, task: Task, prepare: Prepare) -> Outcome:
        made = await prepare()
        if not isinstance(made, Composed):
            return made
        WORLD.given.append((WORLD.printer, made.pdf))
        assert task.job.delivery_id is not None
        return printed(task.job.delivery_id, made.pages, None)


@dataclass(frozen=True, slots=True)
class Pushed(Targets):
    """A notice URL leads nobody knows where."""

    async def push(self, url: str, title: str, body: str) -> Verdict:
        WORLD.given.append(("", f"{title}\n{body}".encode()))
        return Verdict.FINE


def carriers(house: House, rng: random.Random) -> tuple[Carrier, ...]:
    """For the countries of the moment; some have a name, so that the register binds them too."""
    gate = Gate(house.store, EUROPE)
    marks = Marks(house.store.server_keys.message_tag, "mail.example.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def of(country: str) -> Relay:
        return Relay(country, 465, "implicit", context, "mail.example.test")

    def to(kind: ProcessorKind, country: str) -> Destination:
        return Destination(kind, country, rng.choice(("", kind)))

    return (
        NoticeCarrier(
            HOURS,
            gate,
            Pushed(),
            Post(of(WORLD.notice_relay), to(ProcessorKind.RELAY, WORLD.notice_relay), marks),
        ),
        EmailCarrier(of(WORLD.relay), to(ProcessorKind.RELAY, WORLD.relay), gate, marks),
        ExternalCarrier(Doorway(context, True), gate, marks),
        PaperCarrier(
            Sheets(), Recording(), to(ProcessorKind.PRINTER, WORLD.printer), gate, sides=Sides.ONE, timezone="UTC"
        ),
    )


def registered(house: House, rng: random.Random) -> None:
    """The register may agree with the settings, say another country, allow less, or know nothing."""
    house.store.write_now(statements.run, "DELETE FROM processor")
    for kind in (ProcessorKind.RELAY, ProcessorKind.PRINTER):
        if rng.random() < 0.8:
            allowed = LARGEST[kind] if rng.random() < 0.7 else frozenset(rng.sample(sorted(LARGEST[kind]), 3))
            country = rng.choice(COUNTRIES[:-1])
            house.store.write_now(processors.put, Processor(kind, kind, country, None, allowed, NOW))


def moved(rng: random.Random) -> None:
    """Everybody may be somewhere else now."""
    WORLD.relay, WORLD.notice_relay, WORLD.printer = (rng.choice(COUNTRIES) for _ in range(3))


def chosen(house: House, rng: random.Random) -> None:
    """Anything on any level; an external mailbox and a notice URL, or none."""
    store, account_id = house.store, house.anna.id
    public = OutboxKey.of(store.server_keys.outbox).public_key
    correspondent = store.write_now(correspondents.note, house.erp.id)
    for table in ("preference", "external_mailbox", "notice_url", "job", "delivery"):
        store.write_now(statements.run, f"DELETE FROM {table}")
    levels = [
        Preference(Choice(), account_id, None, correspondent, rng.choice(list(DocumentType))),
        Preference(Choice(), account_id, None, correspondent),
        Preference(Choice(), account_id),
        Preference(Choice(), None, house.domain.id),
    ]
    for level in levels:
        choice = Choice(
            channel=rng.choice((None, *Channel)),
            notify=rng.choice((None, *Notify)),
            ladder=rng.choice((None, *map(Ladder.parse, LADDERS))),
            receipts=rng.choice((None, True, False)),
        )
        store.write_now(preferences.put, replace(level, choice=choice), NOW)
    if rng.random() < 0.7:
        country = rng.choice(COUNTRIES)
        place = Place(country, 993, "anna", "INBOX", country)
        store.write_now(external_mailboxes.put, public, account_id, place, "secret", NOW, "system")
    if rng.random() < 0.5:
        store.write_now(notice_urls.put, account_id, public, "ntfys://n.test/t", "ntfys", NOW, actor="system")


def hand_in(house: House, rng: random.Random) -> Delivery | None:
    """A document with canaries, decided as SMTP does; None if it was refused."""
    store, now = house.store, int(house.clock())
    header = b"Sensitivity: %s\r\n" % rng.choice([*Sensitivity, "secret"]).encode() if rng.random() < 0.6 else b""
    header += b"Postex-Document: type=%s\r\n" % rng.choice([*DocumentType, "strange"]).encode()
    message = (
        b"From: Energie <erp@example.test>\r\nTo: anna@example.test\r\nSubject: CANARY-TITLE\r\n"
        b"Message-ID: <CANARY-TITLE.%d@example.test>\r\n%s"
        b'Content-Disposition: inline; filename="CANARY-FILE.txt"\r\n\r\nCANARY-BODY\r\n'
        % (rng.getrandbits(60), header)
    )
    places = Places(
        {Channel.EMAIL: WORLD.relay, Channel.PAPER: WORLD.printer}, EUROPE, notices_by_email=True, hours=HOURS
    )
    reader = store.read_now(accounts.recipient, house.anna.email)
    assert reader is not None
    gathered = store.read_now(planning.gather, [house.anna.id], house.erp.id, rng.random() < 0.9)
    public = OutboxKey.of(store.server_keys.outbox).public_key
    placed = seal_and_place(store.bodies, message, (reader,), public if gathered.may_leave() else None)
    facts = facts_of(header_block(message, 0))
    decided = planning.plan(gathered, facts, places, store.server_keys.message_tag, now, {})
    channel = decided[house.anna.id].channel
    if channel is Channel.REFUSE:
        return None
    draft = inbox_draft(placed, (reader,), house.erp.id, None, now)
    delivered = store.write_now(arrivals.accept, Acceptance(draft, decided, gathered.key, public), now)
    found = store.read_now(deliveries.of_document, house.anna.id, delivered.document_public_id)
    _check_reasons(found, store.read_now(_mailbox_country, house.anna.id))
    return found


def _mailbox_country(session: Session, account_id: int) -> str:
    found = statements.row(session, "SELECT country FROM external_mailbox WHERE account_id = ?", (account_id,))
    return "" if found is None else str(found[0])


def _check_reasons(delivery: Delivery, mailbox: str) -> None:
    """What leaves, leaves for Europe; what was kept back for that says so to its reader."""
    to = {Channel.EMAIL: WORLD.relay, Channel.PAPER: WORLD.printer, Channel.EXTERNAL: mailbox}
    if delivery.channel in to:
        assert to[delivery.channel] in EUROPE
    if '"outside-europe"' in (delivery.reasons or ""):
        assert set(to.values()) - EUROPE


@pytest.mark.parametrize("part", range(2))
async def test_no_byte_and_no_title_leaves_europe(tmp_path: Path, part: int) -> None:
    house = House.create(tmp_path / "data")
    kept = left = noticed = 0
    try:
        for case in range(part, CASES, 2):
            rng = random.Random(case)
            house.clock.at = NOW
            WORLD.given.clear()
            chosen(house, rng)
            registered(house, rng)
            moved(rng)
            delivery = hand_in(house, rng)
            if delivery is not None and rng.random() < 0.4:
                moved(rng)
            for _ in range(5):
                worker = Outbox(house.store, house.clock, carriers(house, rng), lambda: 1.0)
                await house.turn(worker, Places({Channel.EMAIL: WORLD.relay, Channel.PAPER: WORLD.printer}, EUROPE))
                house.clock.turn(DAY)
                if rng.random() < 0.2:
                    moved(rng)
            assert WORLD.leaked() == [], f"case {case}"
            with_content = [to for to, what in WORLD.given if any(each in what for each in CANARIES)]
            left += bool(with_content)
            noticed += any(to not in EUROPE for to, _ in WORLD.given)
            kept += delivery is not None and not with_content
    finally:
        await house.store.aclose()
    if part == 0:
        assert min(left, kept, noticed) > 0, "the cases must reach all ends"


def test_the_record_would_show_a_leak() -> None:
    """Without the gate this test must fail: it looks at all that is written down."""
    WORLD.given.append(("US", b"x CANARY-BODY"))
    assert WORLD.leaked()
