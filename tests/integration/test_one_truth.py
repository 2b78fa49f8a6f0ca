"""One truth (S29, D4): what a dry run says and explain tells is what arrivals stored, in thousands of random cases.

`make soak` tries 10 000 (SOAK_CASES).
"""

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session

from bridge.channels.sealing import seal
from bridge.mail.facts import HeaderFacts
from bridge.routing import dry_run, explaining, planning
from bridge.routing.decision import Code, Places
from bridge.routing.dry_run import Asker, Routed, Row
from storage.choices import consents, correspondents, preferences
from storage.choices.consents import Purpose
from storage.deliveries import arrivals, deliveries
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import (
    DAY,
    LEAVES,
    Channel,
    Choice,
    DocumentType,
    Ladder,
    Notify,
    Preference,
    Quiet,
    Road,
    Rung,
)
from storage.engine import statements
from storage.keys.outbox import OutboxKey
from storage.mail import mailboxes
from storage.mail.documents import DeliveryDraft
from storage.people import accounts, senders
from storage.records import AccountState, Recipient, Role
from tests.control import FIRST, NOW, SECOND, Desk, Person

READERS = 25
DOCUMENTS = int(os.environ.get("SOAK_CASES", "3000")) // READERS
OUTSIDE = ("news@shop.test", "stranger@nowhere.test")
EUROPE = frozenset({"NL", "DE"})
TYPES = (*DocumentType, "parcel", None)


@dataclass
class Town:
    """People who have chosen at random, and senders."""

    desk: Desk
    rng: random.Random
    readers: dict[int, Recipient]
    emails: dict[str, int]
    archives: dict[int, int]
    keys: tuple[int | str, ...]

    def choice(self, account_id: int | None) -> Choice:
        """Each field said or not; contradictions too, as those come about when settings change."""
        rng = self.rng

        def maybe(value: object) -> object:
            return value if rng.random() < 0.4 else None

        days = sorted(rng.sample(range(1, 90), rng.randrange(4)))
        archive = self.archives.get(account_id or 0)
        return Choice(
            maybe(rng.choice(list(Channel))),  # type: ignore[arg-type]
            maybe(archive),  # type: ignore[arg-type]
            maybe(rng.choice(list(Notify))),  # type: ignore[arg-type]
            maybe(Quiet(rng.randrange(1440), rng.randrange(1440))),  # type: ignore[arg-type]
            maybe(Ladder(tuple((day, rng.choice(list(Rung))) for day in days))),  # type: ignore[arg-type]
            maybe(rng.choice((0, 5, 30, 400))),  # type: ignore[arg-type]
            maybe(rng.random() < 0.5),  # type: ignore[arg-type]
            maybe(rng.choice(("nl", "en"))),  # type: ignore[arg-type]
        )

    def change_minds(self, how_many: int) -> None:
        rng, store = self.rng, self.desk.store
        numbers = store.write_now(lambda session: [correspondents.note(session, key) for key in self.keys])
        chosen = []
        for _ in range(how_many):
            account_id, level = rng.choice(list(self.readers)), rng.randrange(3)
            sender = rng.choice(numbers) if level else None
            kind = rng.choice(list(DocumentType)) if level == 2 else None
            chosen.append(Preference(self.choice(account_id), account_id, None, sender, kind))
        for domain in self.desk.domains.values():
            kind = rng.choice(list(DocumentType))
            chosen.append(Preference(self.choice(None), None, domain.id))
            chosen.append(Preference(Choice(), None, domain.id, None, kind, mandatory=rng.random() < 0.5))
        store.write_now(_put_all, chosen)

    def places(self) -> Places:
        countries = {
            channel: self.rng.choice(("NL", "NL", "US"))
            for channel in (Channel.EMAIL, Channel.PAPER)
            if self.rng.random() < 0.8
        }
        return Places(countries, EUROPE, notices_by_email=self.rng.random() < 0.7)

    def hand_in(self, key: int | str, kind: str | None, places: Places) -> dict[int, tuple[Delivery, list[int]]]:
        """As the office does it; what was stored and the folders of its copies, by account."""
        store, facts = self.desk.store, HeaderFacts(document_type=kind)
        gathered = store.read_now(planning.gather, list(self.readers), key, isinstance(key, int))
        decided = planning.plan(gathered, facts, places, store.server_keys.message_tag, NOW, {})
        readers = tuple(self.readers.values())
        outbox = OutboxKey.of(store.server_keys.outbox).public_key
        sealed = seal(b"Subject: x\r\n\r\nx\r\n", readers, outbox)
        draft = DeliveryDraft(sealed, readers, tuple(each.inbox_id for each in readers), NOW, 100)
        acceptance = Acceptance(draft, decided, key, outbox)
        refused = all(each.channel is Channel.REFUSE for each in decided.values())
        store.write_now(arrivals.refuse if refused else arrivals.accept, acceptance, NOW)
        return store.read_now(self._stored, sealed.public_id)

    def _stored(self, session: Session, document: str) -> dict[int, tuple[Delivery, list[int]]]:
        stored = [deliveries.of_document(session, number, document) for number in self.readers]
        sql = "SELECT account_id, mailbox_id FROM copy WHERE document_id = ?"
        copies = statements.rows(session, sql, (max(each.document_id or 0 for each in stored),))
        return {
            each.account_id: (each, [mailbox for account, mailbox in copies if account == each.account_id])
            for each in stored
        }


def _put_all(session: Session, chosen: list[Preference]) -> None:
    for each in chosen:
        preferences.put(session, each, NOW)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    desk, rng = Desk.open(tmp_path / "data"), random.Random(20261122)
    people = [_person(desk, rng, number) for number in range(READERS)]
    firms = [desk.person(f"firm{number}", role=Role.SENDER).account.id for number in range(4)]
    desk.store.write_now(senders.set_default_type, firms[0], DocumentType.INVOICE, NOW, "system")
    readers = {
        person.account.id: found
        for person in people
        if (found := desk.store.read_now(accounts.recipient, person.account.email)) is not None
    }
    archives = {
        person.account.id: desk.store.read_now(mailboxes.by_name, person.account.id, person.keys, "Archive").id
        for person in people
    }
    emails = {person.account.email: person.account.id for person in people}
    yield Town(desk, rng, readers, emails, archives, (*firms, *OUTSIDE))
    desk.store.close()


def _person(desk: Desk, rng: random.Random, number: int) -> Person:
    """With or without an address, a mailbox elsewhere, carriers declined; a few have not enrolled."""
    state = AccountState.INVITED if rng.random() < 0.1 else AccountState.REGISTERED
    made = desk.person(f"reader{number}", domain=rng.choice((FIRST, SECOND)), state=state)
    account_id, write = made.account.id, desk.store.write_now
    sql = "UPDATE account SET contact_email_verified_at = ?, postal_address = ?, postal_returned_at = ? WHERE id = ?"
    facts = (rng.choice((None, 1)), rng.choice((None, "x")), rng.choice((None, None, 1)), account_id)
    write(statements.run, sql, facts)
    if rng.random() < 0.6:
        sql = (
            "INSERT INTO external_mailbox (account_id, host, port, username, sealed_password, folder, country,"
            " verified_at, changed_at) VALUES (?, 'h', 993, 'u', x'00', 'INBOX', ?, ?, 1)"
        )
        write(statements.run, sql, (account_id, rng.choice(("NL", "US")), rng.choice((None, 1, 1))))
    for channel in sorted(LEAVES):
        if rng.random() < 0.2:
            write(consents.note_carriers, account_id, [channel], road=Road.API, now=NOW)
            if rng.random() < 0.5:
                write(consents.withdraw, account_id, Purpose.CARRIERS, None, channel, now=NOW)
    return made


def test_what_a_dry_run_and_explain_say_is_what_arrivals_stored(town: Town) -> None:
    cases, channels, codes = 0, set(), set()
    town.change_minds(400)
    for number in range(DOCUMENTS):
        if number % 20 == 0:
            town.change_minds(20)
        key, kind, where = town.rng.choice(town.keys), town.rng.choice(TYPES), town.places()
        for routed, (stored, lies_in) in _cases(town, key, kind, where):
            _same(routed, stored)
            inbox = town.readers[stored.account_id].inbox_id
            refused = stored.channel is Channel.REFUSE
            assert lies_in == ([] if refused else [routed.decision.mailbox_id or inbox])
            cases += 1
            channels.add(stored.channel)
            codes |= {reason.code for reason in routed.decision.reasons}
    assert cases == READERS * DOCUMENTS
    assert channels == set(Channel)
    # A dry run has no headers before it: what they say of a stranger's program is test_decision's.
    assert codes == set(Code) - {Code.AUTOMATIC}


def _cases(
    town: Town, key: int | str, kind: str | None, where: Places
) -> Iterator[tuple[Routed, tuple[Delivery, list[int]]]]:
    store = town.desk.store
    by_email = town.emails
    sender = store.read_now(accounts.by_id, key).email if isinstance(key, int) else key
    rows = [Row(line, email, sender, kind, None) for line, email in enumerate(by_email, 1)]
    asker = Asker(None, as_sender=False, reaches=lambda _: True)
    routed, bad = store.read_now(dry_run.run, rows, asker, where)
    assert not bad
    stored = town.hand_in(key, kind, where)
    for each in routed:
        yield each, stored[by_email[each.recipient]]


def _same(routed: Routed, stored: Delivery) -> None:
    decision = routed.decision
    assert stored.document_type is routed.document.type
    assert (stored.channel, stored.ladder, stored.notify) == (decision.channel, decision.ladder, decision.notify)
    assert (stored.receipts, stored.language) == (decision.receipts, decision.language)
    days = decision.retention_days
    assert stored.erase_at == (NOW + days * DAY if days else None)
    assert json.loads(stored.reasons or "") == [
        {"code": each.code, "field": each.field, "value": each.value, "level": each.level}
        for each in decision.reasons
    ]
    if routed.line % 5 == 0:  # words take longer than all the rest
        assert explaining.explain(stored, "nl")[1:-1] == explaining.steps(decision.reasons, "nl")
