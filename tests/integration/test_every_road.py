"""S29: one decision for SMTP, IMAP, paper, e-mail, the external mailbox and notices.

Random choices are put into a real database, documents handed in over a real SMTP connection, and what was decided is
carried out by the outbox with carriers that write down what they were given. Whatever the choice, the reply to the
sender, the folder the copy lies in, what each carrier got, what explain says and what `decide` says on its own are
the same.
"""

import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest_asyncio

from bridge.channels.outbox import Done, Outbox, Outcome, Task
from bridge.routing import decision as decisions
from bridge.routing.decision import Decision, Document, Places, Sender
from bridge.routing.residency import EUROPE
from storage.choices import correspondents, preferences
from storage.deliveries.terms import Channel, Choice, DocumentType, JobKind, Ladder, Notify, Preference, Quiet, Rung
from storage.engine import statements
from storage.mail import documents, mailboxes
from tests.smtp_office import NOW, OUTSIDE, Client, Office, running

ROUNDS = 150
BY_CHANNEL = {Channel.EXTERNAL: JobKind.EXTERNAL, Channel.EMAIL: JobKind.EMAIL, Channel.PAPER: JobKind.PAPER}
TYPES = list(DocumentType)


@dataclass
class Scripted:
    """A carrier that takes everything, and remembers it."""

    kind: JobKind
    got: list[bytes | None] = field(default_factory=list)

    async def carry(self, task: Task) -> Outcome:
        self.got.append(None if self.kind is JobKind.NOTICE else await task.message())
        return Done()


@dataclass
class Clock:
    at: float = NOW

    def __call__(self) -> float:
        return self.at


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with running(tmp_path) as opened:
        opened.server.office.places = replace(
            Places({Channel.EMAIL: "NL", Channel.PAPER: "NL"}, EUROPE), notices_by_email=True
        )
        yield opened


def some(rng: random.Random, *values: object) -> object:
    """One of them, or nothing."""
    return rng.choice([None, None, *values])


def choice(rng: random.Random, folder: int) -> Choice:
    ladder = Ladder(((3, Rung.REMIND), (rng.randint(4, 8), Rung.EMAIL), (14, Rung.PAPER)))
    return Choice(
        channel=some(rng, *Channel),  # type: ignore[arg-type]
        mailbox_id=some(rng, folder),  # type: ignore[arg-type]
        notify=some(rng, *Notify),  # type: ignore[arg-type]
        quiet=some(rng, Quiet(22 * 60, 7 * 60)),  # type: ignore[arg-type]
        ladder=some(rng, Ladder(), ladder),  # type: ignore[arg-type]
        retention_days=some(rng, 0, 30, 400),  # type: ignore[arg-type]
        receipts=some(rng, True, False),  # type: ignore[arg-type]
    )


def chosen_anew(office: Office, rng: random.Random, sender: int, folder: int) -> None:
    """Every level says something else, or nothing; so do the recipient's addresses and the domain's types."""
    anna, store, domain = office.anna.account.id, office.store, office.domain.id
    levels = [
        Preference(choice(rng, folder), account_id=anna, correspondent_id=sender, document_type=rng.choice(TYPES)),
        Preference(choice(rng, folder), account_id=anna, correspondent_id=sender),
        Preference(choice(rng, folder), account_id=anna),
        Preference(replace(choice(rng, folder), mailbox_id=None), domain_id=domain),
        Preference(Choice(), domain_id=domain, document_type=rng.choice(TYPES), mandatory=True),
    ]
    store.write_now(statements.run, "DELETE FROM preference")
    for each in levels:
        store.write_now(preferences.put, each, NOW)
    verified = some(rng, NOW)
    address = some(rng, "Dorpsstraat 1\n1234 AB Veldstad\nNL")
    store.write_now(
        statements.run,
        "UPDATE account SET contact_email = 'anna@home.test', contact_email_verified_at = ?, postal_address = ?"
        " WHERE id = ?",
        (verified, address, anna),  # type: ignore[arg-type]
    )


def decided(office: Office, sender: int, kind: DocumentType) -> Decision:
    """As anybody would who asks."""
    anna = office.anna.account.id
    applying = office.store.read_now(preferences.applying, (anna,), sender)[anna]
    places = office.server.office.places
    return decisions.decide(applying.reader, applying.preferences, Sender(sender, True), Document(kind), places)


def message(number: int, kind: DocumentType) -> bytes:
    return (
        f"From: <{OUTSIDE}>\r\nTo: anna@example.test\r\nSubject: {number}\r\nMessage-ID: <{number}@energie.test>\r\n"
        f"Postex-Document: type={kind}\r\n\r\nDocument {number}\r\n"
    ).encode()


async def test_every_road_says_the_same(office: Office) -> None:
    rng, clock, store = random.Random(29), Clock(), office.store
    carriers = {kind: Scripted(kind) for kind in JobKind}
    outbox = Outbox(store, clock, tuple(carriers.values()), lambda: 0.5)
    sender = store.write_now(correspondents.note, office.erp.account.id)
    folder = store.write_now(mailboxes.create, office.anna.account.id, office.anna.keys, "Rekeningen", NOW).id
    inbox = store.read_now(mailboxes.by_name, office.anna.account.id, office.anna.keys, "INBOX").id
    client = await Client.connect(office, "smtps")
    await client.sign_in(office.erp)
    seen = set()
    for number in range(ROUNDS):
        chosen_anew(office, rng, sender, folder)
        kind = rng.choice(TYPES)
        expected = decided(office, sender, kind)
        seen.add((expected.channel, expected.notify is Notify.NONE, bool(expected.ladder)))
        before = {each: len(carrier.got) for each, carrier in carriers.items()}
        reply = await client.hand_in(message(number, kind), OUTSIDE, "anna@example.test")
        assert reply.startswith("550 5.7.1" if expected.channel is Channel.REFUSE else "250 "), number
        clock.at += 3 * 86_400  # whatever waits for its hour; no ladder runs by itself here
        while await outbox.turn():
            pass
        check_carriers(carriers, before, expected, message(number, kind))
        check_mailbox(office, expected, expected.mailbox_id or inbox, number)
        check_row(office, expected, kind)
    assert {channel for channel, _, _ in seen} >= {Channel.MAILBOX, Channel.EMAIL, Channel.PAPER, Channel.REFUSE}
    assert len(seen) >= 7, seen


def check_carriers(
    carriers: dict[JobKind, Scripted], before: dict[JobKind, int], expected: Decision, sent: bytes
) -> None:
    """Exactly the carrier of the channel got the document, whole; a notice went where one was chosen."""
    got = {kind: carrier.got[before[kind] :] for kind, carrier in carriers.items()}
    for channel, kind in BY_CHANNEL.items():
        assert len(got[kind]) == (expected.channel is channel), (kind, expected)
        assert all(each is not None and each.endswith(sent) for each in got[kind])
    tells = expected.channel is not Channel.REFUSE and expected.notify is not Notify.NONE
    assert len(got[JobKind.NOTICE]) == tells, expected


def check_mailbox(office: Office, expected: Decision, mailbox: int, number: int) -> None:
    """One copy in the folder that was decided, none where it was refused."""
    found = office.store.read_now(
        statements.rows,
        "SELECT mailbox_id FROM copy JOIN document ON document.id = copy.document_id"
        " WHERE copy.account_id = ? AND document.sender_account_id = ? ORDER BY document.id DESC",
        (office.anna.account.id, office.erp.account.id),
    )
    refused = expected.channel is Channel.REFUSE
    newest = found[:1]
    if not refused:
        assert newest == [(mailbox,)], (number, expected)
    copies = office.store.read_now(documents.copies_of, mailbox)
    assert refused or copies, number


def check_row(office: Office, expected: Decision, kind: DocumentType) -> None:
    """What explain reads, and the sender's own view."""
    (row,) = office.store.read_now(
        statements.rows,
        "SELECT channel, notify, receipts, ladder, document_type, reasons FROM delivery ORDER BY id DESC LIMIT 1",
    )
    channel, notify, receipts, ladder, document_type, reasons = row
    assert (channel, notify, bool(receipts), ladder or "", document_type) == (
        expected.channel,
        expected.notify,
        expected.receipts,
        str(expected.ladder),
        kind,
    )
    assert [(each["code"], each["field"], each["value"]) for each in json.loads(reasons)] == [
        (reason.code, reason.field, reason.value) for reason in expected.reasons
    ]
