"""What a reader did with a document shows to its reader alone (S14, D9): everything that anybody else can ask for is
byte for byte the same before and after, for every route that answers a question, from the place of every role.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi.routing import APIRoute
from sqlmodel import Session

from bridge.api import figures
from bridge.api.routes import ROUTERS
from bridge.channels import handoff, letters
from bridge.mail.status_wishes import Wish
from storage.choices import correspondents
from storage.deliveries import arrivals, deliveries, jobs, ladder_runs
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.deliveries import Delivery
from storage.deliveries.sent import Seen
from storage.deliveries.terms import (
    DECISIONS_KEPT,
    Channel,
    Decided,
    DeliveryState,
    DocumentType,
    JobState,
    Ladder,
    NewJob,
    Rung,
)
from storage.engine import statements
from storage.erasures import retention
from storage.keys.envelope import seal_document
from storage.keys.outbox import OutboxKey
from storage.mail import copies
from storage.mail.documents import DeliveryDraft
from storage.oversight.figures import LATE
from storage.people import accounts
from storage.records import Flag, Role
from tests.control import FIRST, NOW, Desk, Person
from tests.departures import KINDS, job_of

OTHERS = ("admin", "support", "auditor", "owner", "erp", "bram")
ENDLESS = frozenset({"/v1/events"})
MACHINE = frozenset({"free"})
"""What is free on the disk changes with whatever else the machine does."""


@dataclass
class Office:
    desk: Desk
    people: Mapping[str, Person]

    def hand_in(self, channel: Channel, ladder: str = "", *, receipts: bool = False) -> Delivery:
        """From `erp` to `anna`, openable by the server, with its job if the channel leaves."""
        desk, anna, erp = self.desk, self.people["anna"].account, self.people["erp"].account
        public = OutboxKey.of(desk.store.server_keys.outbox).public_key
        reader = desk.store.read_now(accounts.recipient, anna.email)
        assert reader is not None
        sealed = seal_document(b"Subject: x\r\n\r\nx\r\n", b"card", (reader,), outbox_public=public)
        leaves = channel is not Channel.MAILBOX
        decided = Decided(
            account_id=anna.id,
            document_type=DocumentType.INVOICE,
            channel=channel,
            state=DeliveryState.LEAVING if leaves else DeliveryState.WAITING,
            language="nl",
            reasons="[]",
            needs_key=True,
            receipts=receipts,
            ladder=Ladder.parse(ladder),
            ladder_due_at=NOW if ladder else None,
            dsn=Wish("anna@example.test").text(),
            jobs=(NewJob(KINDS[channel], channel, NOW),) if leaves else (),
        )
        draft = DeliveryDraft(sealed, (reader,), (reader.inbox_id,), NOW, 99, sender_account_id=erp.id)
        made = desk.store.write_now(arrivals.accept, Acceptance(draft, {anna.id: decided}, erp.id, public), NOW)
        return desk.store.read_now(deliveries.of_document, anna.id, made.document_public_id)

    def climb(self, delivery: Delivery) -> int:
        """Its paper rung goes into the outbox; the job."""
        public = OutboxKey.of(self.desk.store.server_keys.outbox).public_key
        job = ladder_runs.job_of(delivery, Rung.PAPER, NOW)
        assert self.desk.store.write_now(ladder_runs.advance, delivery, Rung.PAPER, None, NOW, job, public)
        return job_of(self.desk.store, delivery)

    def bury(self, delivery: Delivery) -> int:
        """Its job is a dead letter."""
        job_id = job_of(self.desk.store, delivery)
        self.desk.store.write_now(jobs.park, job_id, JobState.DEAD, "jam", NOW)
        self.desk.store.write_now(deliveries.failed, delivery.id, Channel.PAPER, "jam", NOW)
        return job_id

    def give_up(self, delivery: Delivery) -> None:
        """The outbox finds nothing to carry, or its patience is over."""
        store = self.desk.store
        job = store.read_now(jobs.get, job_of(store, delivery))
        store.write_now(jobs.done, job.id)
        store.write_now(partial(handoff.given_up, job=job, problem="gone"), NOW + 900)

    def act(self, name: str, *those: Delivery) -> None:
        ACTS[name](self, [each.document_id for each in those if each.document_id is not None])

    async def seen(self, *documents: str, by: Sequence[str] = OTHERS) -> dict[str, object]:
        """Every answer to every question of others."""
        answers: dict[str, object] = {}
        for path in questions(self.people["anna"].account.public_id, documents):
            for name in by:
                answer = await self.desk.ask("GET", path, self.people[name])
                answers[f"{name}: {path}"] = (answer.status_code, scrubbed(answer.json()))
        return answers


def scrubbed(value: object) -> object:
    if isinstance(value, dict):
        return {key: scrubbed(each) for key, each in value.items() if key not in MACHINE}
    return [scrubbed(each) for each in value] if isinstance(value, list) else value


def questions(account: str, documents: tuple[str, ...]) -> list[str]:
    """GET routes, about the reader and about who asks; lists also by each state there is."""
    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    routes = [route for route in found if "GET" in route.methods and route.path not in ENDLESS]
    paths = {filled(route, who, each) for route in routes for who in (account, "me") for each in documents}
    states = [state.value for state in (*Seen, *DeliveryState, *JobState)]
    lists = [f"/v1/accounts/{account}/deliveries", "/v1/deliveries", "/v1/outbox"]
    return sorted(paths) + [f"{path}?state={state}" for path in lists for state in states]


def filled(route: APIRoute, account: str, document: str) -> str:
    names = {"{account}": account, "{domain}": FIRST, "{document}": document}
    parts = [names.get(part, "1" if part.startswith("{") else part) for part in route.path.split("/")]
    return "/".join(parts)


def _expunge(office: Office, documents: list[int]) -> None:
    store, anna = office.desk.store, office.people["anna"].account
    reader = store.read_now(accounts.recipient, anna.email)
    assert reader is not None
    flag = "UPDATE copy SET flags = flags | ? WHERE document_id = ?"
    for each in documents:
        store.write_now(statements.run, flag, (int(Flag.DELETED), each))
    assert store.write_now(copies.expunge, reader.inbox_id, None, NOW)


def _noted(what: Callable[..., None], office: Office, documents: list[int]) -> None:
    office.desk.store.write_now(what, office.people["anna"].account.id, documents, NOW + 5)


ACTS: dict[str, Callable[[Office, list[int]], None]] = {
    "downloaded": partial(_noted, deliveries.downloaded),
    "opened": partial(_noted, deliveries.opened),
    "removed": _expunge,
}


@pytest_asyncio.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr(figures, "KEPT", 0)
    async with Desk.open(tmp_path / "data") as desk:
        roles = {"admin": Role.DOMAIN_ADMIN, "support": Role.SUPPORT, "auditor": Role.AUDITOR}
        people = {name: desk.person(name, role) for name, role in roles.items()}
        people |= {name: desk.person(name) for name in ("anna", "bram")}
        people["erp"] = desk.person("erp", role=Role.SENDER)
        people["owner"] = desk.person("owner", role=Role.OWNER)
        yield Office(desk, people)


async def test_nothing_that_others_see_tells_what_a_reader_did(office: Office) -> None:
    """With a ladder under way, a letter on its way, and one that failed."""
    unread, letter, failed = (
        office.hand_in(Channel.MAILBOX, "3:remind 14:paper"),
        office.hand_in(Channel.PAPER),
        office.hand_in(Channel.PAPER),
    )
    office.bury(failed)
    documents = tuple(each.document_public_id for each in (unread, letter, failed))
    await office.seen(*documents)  # looks are noted once an hour
    before = await office.seen(*documents)
    office.act("downloaded", unread, letter, failed)
    office.act("opened", unread)
    office.act("opened", letter, failed)
    after = await office.seen(*documents)
    assert {key: (before[key], after[key]) for key in before if before[key] != after[key]} == {}


async def test_a_removal_shows_to_nobody_else(office: Office) -> None:
    """A letter that was to leave stays in the outbox until its turn, though nobody can open it any more."""
    unread, letter, failed = (
        office.hand_in(Channel.MAILBOX, "3:remind 14:paper"),
        office.hand_in(Channel.PAPER),
        office.hand_in(Channel.PAPER),
    )
    office.bury(failed)
    documents = tuple(each.document_public_id for each in (unread, letter, failed))
    others = ("admin", "erp", "owner")
    await office.seen(*documents, by=others)
    before = await office.seen(*documents, by=others)
    office.act("removed", unread, letter, failed)
    after = await office.seen(*documents, by=others)
    mailbox = f"admin: {office.people['anna'].path}"
    assert {key for key in before if before[key] != after[key]} == {mailbox}, "how full it is, its domain may know"


@pytest.mark.parametrize("acts", [[], ["removed"], ["opened", "removed"]])
async def test_a_channel_that_gives_up_is_answered_alike_removed_or_not(office: Office, acts: list[str]) -> None:
    """At the moment of the outbox, not of the reader; RFC 3461: `delivered` into the mailbox."""
    letter = office.hand_in(Channel.EMAIL)
    for act in acts:
        office.act(act, letter)
    office.give_up(letter)
    (line,) = (await office.desk.ask("GET", "/v1/accounts/me/sent", office.people["erp"])).json()["items"]
    assert (line["state"], line["state_at"], line["opened_at"]) == ("delivered", NOW, None)


@pytest.mark.parametrize("read_first", [False, True])
async def test_a_sender_cannot_tell_a_removal_of_what_was_read_from_one_of_what_was_not(
    office: Office, read_first: bool
) -> None:
    letter = office.hand_in(Channel.PAPER)
    if read_first:
        office.act("opened", letter)
    office.act("removed", letter)
    (line,) = (await office.desk.ask("GET", "/v1/accounts/me/sent", office.people["erp"])).json()["items"]
    assert (line["state"], line["state_at"], line["opened_at"]) == ("accepted", NOW, None)


@pytest.mark.parametrize("act", [None, "downloaded", "opened"])
async def test_a_letter_that_comes_back_looks_the_same_read_or_not(office: Office, act: str | None) -> None:
    letter = office.hand_in(Channel.EMAIL)
    if act is not None:
        office.act(act, letter)
    office.desk.store.write_now(jobs.done, job_of(office.desk.store, letter))
    office.desk.store.write_now(deliveries.handed_off, letter.id, Channel.EMAIL, NOW + 1)
    office.desk.store.write_now(deliveries.failed, letter.id, Channel.EMAIL, "bounced", NOW + 2)
    (line,) = (await office.desk.ask("GET", "/v1/accounts/me/sent", office.people["erp"])).json()["items"]
    assert (line["state"], line["state_at"]) == ("delivered", NOW)


@pytest.mark.parametrize("act", ["retry", "cancel"])
async def test_what_an_admin_does_with_a_letter_answers_the_same_read_or_not(office: Office, act: str) -> None:
    read, unread = office.hand_in(Channel.PAPER), office.hand_in(Channel.PAPER)
    numbers = [office.bury(each) for each in (read, unread)]
    office.act("opened", read)
    answers = []
    for number in numbers:
        method, end = ("POST", "/retry") if act == "retry" else ("DELETE", "")
        answer = await office.desk.ask(method, f"/v1/outbox/{number}{end}", office.people["admin"])
        answers.append((answer.status_code, {**answer.json(), "id": None}))
    assert answers[0] == answers[1]
    assert answers[0][0] == 200


async def test_a_step_of_a_ladder_that_waits_is_known_to_nobody(office: Office) -> None:
    """Its time, compared with those of the deliveries, would tell which document lies unread."""
    desk, letter = office.desk, office.hand_in(Channel.MAILBOX, "14:paper")
    lists = (
        "/v1/dashboard",
        "/v1/outbox",
        "/v1/outbox?kind=paper",
        "/v1/outbox/counts",
        f"/v1/deliveries/{letter.public_id}",
    )

    async def seen() -> list[object]:
        asked = [await desk.ask("GET", path, office.people[name]) for name in OTHERS for path in lists]
        return [scrubbed(each.json()) for each in asked]

    await seen()
    before = await seen()
    job_id = office.climb(letter)
    assert await seen() == before
    for method, end, body in (("POST", "/retry", {}), ("POST", "/settlement", {"done": True}), ("DELETE", "", {})):
        for name in ("admin", "owner"):
            who, paths = office.people[name], [f"/v1/outbox/{number}{end}" for number in (job_id, 9999)]
            hidden, missing = [await desk.ask(method, path, who, body) for path in paths]
            assert (hidden.status_code, hidden.content) == (404, missing.content)
    office.act("opened", letter)
    assert await seen() == before


async def test_whose_step_of_a_ladder_was_given_up_is_not_told(office: Office) -> None:
    job_id = office.climb(office.hand_in(Channel.MAILBOX, "14:paper"))
    office.desk.store.write_now(jobs.park, job_id, JobState.DEAD, "jam", NOW)
    for name in ("admin", "owner"):
        (line,) = (await office.desk.ask("GET", "/v1/outbox", office.people[name])).json()["items"]
        assert (line["account"], line["email"], line["delivery"], line["kind"]) == (None, None, None, "paper")
    answer = await office.desk.ask("POST", f"/v1/outbox/{job_id}/retry", office.people["admin"])
    assert (answer.status_code, answer.json()["account"], answer.json()["email"]) == (200, None, None)
    log = await office.desk.ask("GET", "/v1/audit/events?kind=outbox.retried", office.people["owner"])
    (entry,) = log.json()["items"]
    assert (entry["kind"], entry["subject"]["noun"]) == ("outbox.retried", "job")


async def test_a_step_of_a_ladder_that_is_left_lying_counts_where_the_outbox_is_looked_after(office: Office) -> None:
    office.climb(office.hand_in(Channel.MAILBOX, "14:paper"))
    office.desk.clock.turn(LATE)
    for name, late in (("admin", 1), ("owner", 1), ("support", 0)):
        who = replace(office.people[name], token=fresh(office, name))
        found = (await office.desk.ask("GET", "/v1/dashboard", who)).json()["outbox"]
        assert (found["waiting"], found["due"], found["late"]) == (0, 0, late)


async def test_where_a_person_must_look_for_the_letter_its_delivery_is_named(office: Office) -> None:
    delivery = office.hand_in(Channel.MAILBOX, "14:paper")
    job_id = office.climb(delivery)
    office.desk.store.write_now(jobs.park, job_id, JobState.UNCERTAIN, "printer-silent", NOW)
    (line,) = (await office.desk.ask("GET", "/v1/outbox?state=uncertain", office.people["admin"])).json()["items"]
    assert (line["delivery"], line["email"]) == (delivery.public_id, "anna@example.test")


async def test_a_sender_with_consent_sees_the_opening_and_its_admin_does_not(office: Office) -> None:
    erp, anna, admin = (office.people[name] for name in ("erp", "anna", "admin"))
    delivery = office.hand_in(Channel.MAILBOX, receipts=True)
    number = office.desk.store.write_now(correspondents.note, erp.account.id)
    agreed = {"sender": f"#{number}", "receipts": True}
    assert (await office.desk.ask("PATCH", "/v1/accounts/me/preferences", anna, agreed)).is_success
    lists = ("/v1/deliveries", f"{anna.path}/deliveries", f"{anna.path}/explanation?message_id=<x>")
    before = [(await office.desk.ask("GET", path, admin)).content for path in lists]
    office.act("opened", delivery)
    (line,) = (await office.desk.ask("GET", "/v1/accounts/me/sent", erp)).json()["items"]
    assert line["opened_at"] == NOW + 5
    assert [(await office.desk.ask("GET", path, admin)).content for path in lists] == before
    assert (await office.desk.ask("GET", f"{erp.path}/sent", admin)).status_code == 404


async def test_its_reader_is_told_what_became_of_it_and_nobody_else(office: Office) -> None:
    delivery = office.hand_in(Channel.MAILBOX)
    anna, admin = office.people["anna"], office.people["admin"]
    for act, words in (("opened", "It was opened."), ("removed", "It was opened.")):
        office.act(act, delivery)
        path = f"{anna.path}/deliveries/{delivery.document_public_id}/explanation"
        own = (await office.desk.ask("GET", path, anna)).json()
        assert own["steps"] == ["Document: invoice.", words]
        assert (await office.desk.ask("GET", path, admin)).json()["steps"] == ["Document: invoice."]
    unread = office.hand_in(Channel.MAILBOX)
    office.act("removed", unread)
    own = await office.desk.ask("GET", f"{anna.path}/deliveries/{unread.document_public_id}/explanation", anna)
    assert own.json()["steps"][-1] == "It was removed unread."


def test_what_ends_with_the_reading_of_a_document_tells_no_stream(office: Office) -> None:
    told: list[object] = []
    job_id = office.climb(office.hand_in(Channel.MAILBOX, "14:paper"))
    office.desk.store.listen(told.append)
    office.desk.store.write_now(letters.retry, job_id, NOW, "account:1")
    assert [getattr(each, "account_id", 0) for each in told if type(each).__name__ == "OutboxChanged"] == [None]


async def test_after_ninety_days_nobody_can_tell_what_its_reader_kept(office: Office) -> None:
    """Rows of what the reader has no more go then (S55); those of what is kept must not be missed by comparison."""
    kept, removed = office.hand_in(Channel.MAILBOX), office.hand_in(Channel.PAPER)
    office.act("removed", removed)
    office.give_up(removed)
    office.desk.clock.turn(DECISIONS_KEPT + 1)
    store, now = office.desk.store, office.desk.control.now()
    store.write_now(retention.forget_decisions, store.read_now(retention.old_decisions, now, 0, 10))
    people = {name: replace(office.people[name], token=fresh(office, name)) for name in ("anna", "erp", "admin")}
    office.desk.grant(people["admin"].account, Role.DOMAIN_ADMIN, FIRST)  # a right that nobody used has lapsed
    reached = f"{people['anna'].path}/deliveries"
    for name, path in (("erp", "/v1/accounts/me/sent"), ("admin", "/v1/deliveries"), ("admin", reached)):
        assert (await office.desk.ask("GET", path, people[name])).json()["items"] == []
    for document in (kept, removed):
        path = f"{people['anna'].path}/deliveries/{document.document_public_id}/explanation"
        assert (await office.desk.ask("GET", path, people["admin"])).status_code == 404
    own = (await office.desk.ask("GET", "/v1/me/copies", people["anna"])).json()["items"]
    assert [each["document"] for each in own] == [kept.document_public_id]


async def test_the_work_of_an_answer_or_an_arrival_is_the_same_read_or_not(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same statements in the same order: so no clock tells what the answer does not."""
    desk, erp = office.desk, office.people["erp"]
    mailbox, paper = office.hand_in(Channel.MAILBOX, "3:remind"), office.hand_in(Channel.PAPER)
    cursor, asked = statements._cursor, list[str]()

    def noting(session: Session, sql: str, values: Sequence[statements.Value]) -> object:
        asked.append(sql)
        return cursor(session, sql, values)

    monkeypatch.setattr(statements, "_cursor", noting)
    rows = [{"line": 1, "recipient": "anna@example.test", "sender": ""}]
    seen = []
    for act in (None, "downloaded", "opened"):
        if act is not None:
            office.act(act, mailbox, paper)
        for path in ("sent", "recipients"):
            await desk.ask("GET", f"/v1/accounts/me/{path}", erp)
        await desk.ask("POST", "/v1/dry-run", erp, {"rows": rows})
        asked.clear()
        for path in ("sent", "recipients"):
            await desk.ask("GET", f"/v1/accounts/me/{path}", erp)
        await desk.ask("POST", "/v1/dry-run", erp, {"rows": rows})
        office.hand_in(Channel.MAILBOX)
        seen.append(list(asked))
    assert len(seen[0]) > 20
    assert seen[0] == seen[1] == seen[2]


def fresh(office: Office, name: str) -> str:
    """A session of now."""
    person = office.people[name]
    return office.desk.token(person.account, person.keys)
