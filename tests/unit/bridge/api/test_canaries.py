"""Planted canaries, from the inside: what a person holds shows to the roles that may see it and to nobody else, over
every question that the API answers; and what is the reader's tier stands in no row of the database, opened as the
server opens it, whatever became of the documents on their way.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi.routing import APIRoute
from sqlmodel import Session

from bridge.api.routes import ROUTERS
from bridge.channels import handoff
from bridge.channels.outbox import Done, Failed, Later, Limits, Outbox, Outcome, Task, Uncertain
from bridge.mail.status_wishes import Wish
from storage.choices import consents
from storage.deliveries import arrivals, deliveries, disclosures, external_mailboxes, jobs
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.external_mailboxes import Place
from storage.deliveries.terms import Channel, Decided, DeliveryState, DocumentType, JobKind, NewJob
from storage.engine import statements
from storage.erasures import erasing, erasure, live_places
from storage.erasures.erasure import Erasure, State
from storage.keys.envelope import seal_document
from storage.keys.outbox import OutboxKey
from storage.mail.documents import DeliveryDraft
from storage.people import accounts, notice_urls, tickets
from storage.records import Role
from tests.control import FIRST, NOW, SECOND, Desk, Person

MAIL = b"Subject: goudvink\r\nMessage-ID: <roerdomp@erp.test>\r\n\r\nwoudaap\r\n"
SEALED = ("goudvink", "roerdomp", "woudaap", "grutto.pdf", "kwartelkoning", "ntfys://", "kemphaan")
"""Subject, Message-ID, body, file name, password of the mailbox elsewhere, URL of notices."""
PLACE = Place("imap.putter.test", 993, "sijsjes", "Barmsijs", "NL")
PERSON = {
    "email": "wielewaal@example.test",
    "name": "Zwartkopmees",
    "legal name": "Nachtzwaluw",
    "contact": "kruisbek@elders.test",
    "phone": "+31612345678",
    "street": "Appelvinklaan",
    "elsewhere": PLACE.host,
    "elsewhere, user": PLACE.username,
    "elsewhere, folder": PLACE.folder,
    "batch": "tapuit",
    "as addressed": "wielewaal+roodmus@example.test",
}
OWN_ALONE = {"elsewhere", "elsewhere, user", "elsewhere, folder"}
SEEN: dict[str, set[str]] = {
    "admin": set(PERSON) - OWN_ALONE - {"batch", "as addressed"},
    "erp": {"batch", "as addressed", "email"},
    **{name: set() for name in ("support", "reseller", "auditor", "owner", "bram", "sender2", "elsewhere")},
}
"""What of anna each of the others may find anywhere: the sender, what it wrote itself."""
OUTCOMES: list[Callable[[int, Channel], Outcome]] = [
    lambda number, channel: Done(partial(handoff.done, delivery_id=number, channel=channel)),
    lambda number, channel: Failed(
        "refused", partial(handoff.failed, delivery_id=number, channel=channel, problem="refused")
    ),
    lambda number, channel: Uncertain("silent"),
    lambda number, channel: Later("busy"),
]


class Courier:
    """Has read each document; comes back with one outcome after the other."""

    def __init__(self, kind: JobKind) -> None:
        self.kind = kind
        self._next = iter(OUTCOMES)

    async def carry(self, task: Task) -> Outcome:
        assert b"woudaap" in await task.message()
        await task.note("sending", "7")
        assert task.job.delivery_id is not None
        return next(self._next)(task.job.delivery_id, Channel(self.kind))


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


@pytest_asyncio.fixture
async def people(desk: Desk) -> dict[str, Person]:
    """All roles, and anna, of whom everything is known and to whom something of everything has happened."""
    granted = (("admin", Role.DOMAIN_ADMIN), ("support", Role.SUPPORT), ("reseller", Role.RESELLER))
    made = {name: desk.person(name, role) for name, role in (*granted, ("auditor", Role.AUDITOR))}
    made |= {name: desk.person(name, role=Role.SENDER) for name in ("erp", "sender2")}
    made |= {"owner": desk.person("owner", role=Role.OWNER), "bram": desk.person("bram")}
    made |= {
        "elsewhere": desk.person("elsewhere", Role.DOMAIN_ADMIN, domain=SECOND),
        "anna": desk.person("wielewaal"),
    }
    desk.store.write_now(furnish, made["anna"], OutboxKey.of(desk.store.server_keys.outbox).public_key)
    for channel in (Channel.PAPER, Channel.EMAIL, Channel.EXTERNAL):
        await leave(desk, made["erp"], made["anna"], channel)
    hand_in(desk, made["erp"], made["anna"], Channel.MAILBOX, batch="tapuit")
    desk.store.write_now(
        disclosures.note, [made["anna"].account.id], disclosures.CHANNEL, NOW, basis="x", road="api", told="relay"
    )
    desk.store.write_now(tickets.open_one, "2026-AAAA", made["anna"].account.id, 1, "support", NOW)
    return made


def furnish(session: Session, anna: Person, outbox_public: bytes) -> None:
    account_id = anna.account.id
    statements.run(
        session,
        "UPDATE account SET name = ?, legal_name = ?, contact_email = ?, contact_email_verified_at = 1, phone = ?,"
        " postal_address = ? WHERE id = ?",
        (
            PERSON["name"],
            "Nachtzwaluw",
            PERSON["contact"],
            PERSON["phone"],
            "Appelvinklaan 12\n1012 JS Amsterdam\nNL",
            account_id,
        ),
    )
    external_mailboxes.put(session, outbox_public, account_id, PLACE, "kwartelkoning", NOW, f"account:{account_id}")
    url = "ntfys://bonte-kraai.test/kemphaan"
    notice_urls.put(session, account_id, outbox_public, url, "ntfys", NOW, actor=f"account:{account_id}")
    assert not consents.effective(session, account_id, consents.Purpose.RECEIPTS, None, NOW)


def hand_in(desk: Desk, erp: Person, anna: Person, channel: Channel, batch: str | None = None) -> None:
    public = OutboxKey.of(desk.store.server_keys.outbox).public_key
    reader = desk.store.read_now(accounts.recipient, anna.account.email)
    assert reader is not None
    sealed = seal_document(MAIL, b"card of goudvink, grutto.pdf", (reader,), outbox_public=public)
    leaves = channel is not Channel.MAILBOX
    decided = Decided(
        account_id=anna.account.id,
        document_type=DocumentType.INVOICE,
        channel=channel,
        state=DeliveryState.LEAVING if leaves else DeliveryState.HELD,
        language="nl",
        reasons="[]",
        needs_key=True,
        dsn=Wish(PERSON["as addressed"]).text(),
        jobs=(NewJob(JobKind(channel), channel, NOW),) if leaves else (),
    )
    draft = DeliveryDraft(sealed, (reader,), (reader.inbox_id,), NOW, 99, sender_account_id=erp.account.id)
    acceptance = Acceptance(draft, {anna.account.id: decided}, erp.account.id, public, batch=batch)
    desk.store.write_now(arrivals.accept, acceptance, NOW)


async def leave(desk: Desk, erp: Person, anna: Person, channel: Channel) -> None:
    """One after the other, as an account has one at a time: handed over, refused, uncertain, put off."""
    courier = Courier(JobKind(channel))
    outbox = Outbox(desk.store, desk.clock, (courier,), lambda: 1.0, Limits(again_seconds=0.0))
    for _ in OUTCOMES:
        hand_in(desk, erp, anna, channel)
        assert await outbox.turn() == 1


def questions(desk: Desk, account: str) -> Iterator[str]:
    """Every GET there is, about anna and about who asks."""
    document = desk.store.read_now(statements.rows, "SELECT document_public_id FROM delivery LIMIT 1")[0][0]
    for route in (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)):
        if "GET" in route.methods and route.path != "/v1/events":
            for who in {account, "me"} if "{account}" in route.path else {"me"}:
                names = {"{account}": who, "{domain}": FIRST, "{document}": document}
                parts = (names.get(part, "1" if part[:1] == "{" else part) for part in route.path.split("/"))
                yield "/".join(parts)


async def test_each_role_finds_of_a_person_what_it_may_and_no_more(desk: Desk, people: dict[str, Person]) -> None:
    """Support and resellers masked, the auditor by pseudonym, the owner cut, others nothing."""
    asked = list(questions(desk, people["anna"].account.public_id))
    for name, may in SEEN.items():
        answers = {path: await desk.ask("GET", path, people[name]) for path in asked}
        assert [path for path, answer in answers.items() if answer.status_code == 500] == [], name
        told = {path: answer.text.lower() for path, answer in answers.items()}
        found = {
            (path, key) for path, text in told.items() for key, canary in PERSON.items() if canary.lower() in text
        }
        assert {(path, key) for path, key in found if key not in may} == set(), name
        assert [path for path, text in told.items() if any(each in text for each in SEALED)] == [], name
        if name == "admin":
            assert {key for _, key in found} == may


async def test_her_own_questions_find_all_of_it(desk: Desk, people: dict[str, Person]) -> None:
    """The control: the questions reach what they search for."""
    anna = people["anna"]
    told = " ".join([(await desk.ask("GET", path, anna)).text for path in questions(desk, "me")])
    assert {key for key, canary in PERSON.items() if canary.lower() not in told.lower()} == {"batch", "as addressed"}


async def test_no_row_holds_in_clear_what_is_the_readers(
    capsys: pytest.CaptureFixture[str], desk: Desk, people: dict[str, Person]
) -> None:
    """In the database as the server opens it; and the logs and lists of what happened name nobody at all."""
    assert people["anna"].account.email == PERSON["email"]
    tables = desk.store.read_now(statements.rows, "SELECT name FROM sqlite_master WHERE type = 'table'")
    rows = {name: str(desk.store.read_now(statements.rows, f"SELECT * FROM {name}")) for (name,) in tables}
    assert [(name, each) for name, text in rows.items() for each in SEALED if each in text] == []
    events = ("audit_event", "job", "delivery_event", "disclosure", "ticket", "usage_count", "preference_change")
    rows["printed"] = "".join(capsys.readouterr())
    assert "outbox.uncertain" in rows["printed"], "the control"
    told = [
        (name, each)
        for name in (*events, "printed")
        for each in PERSON.values()
        if each.lower() in rows[name].lower()
    ]
    assert told == []
    assert "wielewaal" in rows["address"], "the control"
    assert desk.store.read_now(statements.rows, "SELECT DISTINCT state FROM job ORDER BY 1") == [
        ("dead",),
        ("uncertain",),
        ("waiting",),
    ]
    assert desk.store.read_now(deliveries.get, 1).state is DeliveryState.HANDED_OFF


async def test_an_erasure_takes_all_of_it_with_jobs_in_every_state_and_one_on_its_way(
    desk: Desk, people: dict[str, Person]
) -> None:
    """The receipt lists each place at nothing, and what comes to an end afterwards brings nothing back (S55)."""
    anna, store = people["anna"].account, desk.store
    before = store.read_now(live_places.of_account, anna.id)
    for place in ("job", "delivery", "delivery_event", "external_mailbox", "notice_url", "disclosure", "ticket"):
        assert before[f"{place}.account_id"] > 0
    late = Late(desk, anna.id)
    await Outbox(store, desk.clock, (late,), lambda: 1.0, Limits(again_seconds=0.0)).turn()
    assert late.erased is not None
    assert late.erased.state is State.DONE
    left = store.read_now(live_places.of_account, anna.id)
    assert {place for place, count in left.items() if count} == set()
    receipt = late.erased.receipt or ""
    assert [place for place in left if place not in receipt] == []
    tables = store.read_now(statements.rows, "SELECT name FROM sqlite_master WHERE type = 'table'")
    rows = {name: str(store.read_now(statements.rows, f"SELECT * FROM {name}")).lower() for (name,) in tables}
    personal = [canary.lower() for key, canary in PERSON.items() if key != "batch"]
    assert [(name, each) for name, text in rows.items() for each in personal if each in text] == []


class Late:
    """Its reader is erased while a notice is under way."""

    kind = JobKind.NOTICE

    def __init__(self, desk: Desk, account_id: int) -> None:
        self._desk = desk
        self._account_id = account_id
        self.erased: Erasure | None = None
        public = OutboxKey.of(desk.store.server_keys.outbox).public_key
        desk.store.write_now(jobs.queue, public, NewJob(JobKind.NOTICE, "late", NOW), NOW, account_id=account_id)

    async def carry(self, task: Task) -> Outcome:
        store = self._desk.store
        begun = store.write_now(erasure.begin, self._account_id, by=self._account_id, now=NOW)
        self.erased = erasing.carry_out(store, begun.id, NOW)
        return Done(partial(handoff.carried_out, job=task.job))
