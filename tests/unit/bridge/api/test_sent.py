"""What senders see of their documents and recipients, and who reads that they looked (S57, S59, S60, D9)."""

import statistics
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import Session

from bridge.channels.sealing import seal
from bridge.mail.facts import HeaderFacts
from bridge.mail.status_wishes import Wish
from bridge.routing import planning
from bridge.routing.decision import Places
from storage.choices import changes, correspondents, preferences
from storage.deliveries import arrivals, deliveries
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.terms import Channel, Choice, DocumentType, Preference, Road
from storage.engine import statements
from storage.erasures import account_removal
from storage.keys.outbox import OutboxKey
from storage.mail.documents import DeliveryDraft
from storage.people import accounts
from storage.records import Role
from tests.control import NOW, SECOND, Desk, Person


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


def send(desk: Desk, sender: Person, *readers: Person, number: int = 1, batch: str | None = None) -> str:
    """A document as SMTP hands it in; its id."""
    store, now = desk.store, int(desk.clock())
    found = [store.read_now(accounts.recipient, reader.account.email) for reader in readers]
    recipients = tuple(each for each in found if each is not None)
    sealed = seal(b"Subject: x\r\n\r\nx\r\n", recipients)
    draft = DeliveryDraft(sealed, recipients, tuple(each.inbox_id for each in recipients), now, 1000, None)
    draft = replace(draft, sender_account_id=sender.account.id)
    ids = [each.account_id for each in recipients]
    gathered = store.read_now(planning.gather, ids, sender.account.id, True)
    dsn = {each.account.id: Wish(f"{each.account.name.lower()}+bills@example.test").text() for each in readers}
    facts, keys = HeaderFacts(message_id=f"<{number}@x>"), store.server_keys
    decided = planning.plan(gathered, facts, Places(), keys.message_tag, now, dsn)
    if batch is not None:
        decided = {account: planning.held(each, openable=False) for account, each in decided.items()}
    outbox = OutboxKey.of(keys.outbox).public_key
    acceptance = Acceptance(draft, decided, sender.account.id, outbox, batch=batch)
    return store.write_now(arrivals.accept, acceptance, now).document_public_id


def opened(desk: Desk, reader: Person, document: str) -> None:
    found = desk.store.read_now(deliveries.of_document, reader.account.id, document)
    assert found.document_id is not None
    desk.store.write_now(deliveries.opened, reader.account.id, [found.document_id], NOW + 5)


def agree(desk: Desk, reader: Person, sender: Person, *, yes: bool = True) -> None:
    number, account = desk.store.write_now(correspondents.note, sender.account.id), reader.account.id
    desk.store.write_now(
        changes.change,
        account,
        [number],
        None,
        Choice(receipts=yes),
        road=Road.API,
        actor=f"account:{account}",
        changed_by=account,
        now=int(desk.clock()),
    )


async def test_a_sender_sees_its_documents_and_no_opening_without_consent(desk: Desk) -> None:
    erp, anna, bram = desk.person("erp", role=Role.SENDER), desk.person("anna"), desk.person("bram")
    other = desk.person("other", role=Role.SENDER)
    first, second = send(desk, erp, anna, bram), send(desk, erp, anna, number=2)
    send(desk, other, anna, number=3)
    before = await desk.ask("GET", "/v1/accounts/me/sent", erp)
    for document in (first, second):
        opened(desk, anna, document)
    after = await desk.ask("GET", "/v1/accounts/me/sent", erp)
    assert before.content == after.content, "byte for byte"
    assert before.headers == after.headers
    items = after.json()["items"]
    assert [(each["document"], each["recipient"]) for each in items] == [
        (second, "anna+bills@example.test"),
        (first, "bram+bills@example.test"),
        (first, "anna+bills@example.test"),
    ]
    assert {(each["state"], each["opened_at"]) for each in items} == {("delivered", None)}
    paged, end = [], ""
    while end is not None:
        page = (await desk.ask("GET", f"/v1/accounts/me/sent?limit=1{end}", erp)).json()
        paged += page["items"]
        end = page["next"] and f"&after={page['next']}"
    assert paged == items
    assert (await desk.ask("GET", "/v1/accounts/me/disclosures", anna)).json()["items"] == []


async def test_the_work_done_does_not_depend_on_the_opening(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    erp, anna = desk.person("erp", role=Role.SENDER), desk.person("anna")
    documents = [send(desk, erp, anna, number=number) for number in range(3)]
    asked: list[tuple[str, tuple[object, ...]]] = []
    cursor = statements._cursor  # the one road of all statements

    def noting(session: Session, sql: str, values: Sequence[statements.Value]) -> object:
        asked.append((sql, tuple(values)))
        return cursor(session, sql, values)

    monkeypatch.setattr(statements, "_cursor", noting)
    taken = []
    for _ in range(2):
        asked.clear()
        await desk.ask("GET", "/v1/accounts/me/sent", erp)
        taken.append(list(asked))
        for document in documents:
            opened(desk, anna, document)
    assert taken[0] == taken[1]
    assert any("FROM delivery" in sql for sql, _ in taken[0])


async def test_with_consent_the_opening_shows_and_the_recipient_reads_that_it_did(desk: Desk) -> None:
    erp, anna = desk.person("erp", role=Role.SENDER), desk.person("anna")
    agree(desk, anna, erp)
    document = send(desk, erp, anna)
    opened(desk, anna, document)
    for _ in range(2):
        (item,) = (await desk.ask("GET", "/v1/accounts/me/sent", erp)).json()["items"]
        assert item["opened_at"] == NOW + 5
    (told,) = (await desk.ask("GET", "/v1/accounts/me/disclosures", anna)).json()["items"]
    assert (told["what"], told["told"], told["basis"]) == ("opened", "Erp", "receipts")
    agree(desk, anna, erp, yes=False)
    (item,) = (await desk.ask("GET", "/v1/accounts/me/sent", erp)).json()["items"]
    assert item["opened_at"] is None, "withdrawn at once"


async def test_the_time_of_an_answer_does_not_tell_whether_it_was_opened(desk: Desk) -> None:
    """D9: interleaved, so that whatever else the machine does falls on both; the medians differ by noise alone."""
    readers = [desk.person(f"r{number}") for number in range(12)]
    unread, read = desk.person("unread", role=Role.SENDER), desk.person("read", role=Role.SENDER)
    for sender in (unread, read):
        document = send(desk, sender, *readers)
        if sender is read:
            for reader in readers:
                opened(desk, reader, document)
    times: dict[str, list[float]] = {"unread": [], "read": []}
    for _ in range(60):
        for name, sender in (("unread", unread), ("read", read)):
            began = time.perf_counter()
            answer = await desk.ask("GET", "/v1/accounts/me/sent", sender)
            assert len(answer.json()["items"]) == 12
            times[name].append(time.perf_counter() - began)
    slow, quick = sorted((statistics.median(times["unread"]), statistics.median(times["read"])), reverse=True)
    assert slow < quick * 1.25, times


async def test_the_channels_of_own_recipients_alone_and_each_of_them_reads_it(desk: Desk) -> None:
    erp, anna, bram, carla = (
        desk.person("erp", role=Role.SENDER),
        desk.person("anna"),
        desk.person("bram", domain=SECOND),
        desk.person("carla"),
    )
    send(desk, erp, anna, bram)
    number = desk.store.read_now(correspondents.find, erp.account.id)
    refusing = Preference(Choice(channel=Channel.REFUSE), bram.account.id, None, number, DocumentType.NEWSLETTER)
    desk.store.write_now(preferences.put, refusing, NOW)
    page = (await desk.ask("GET", "/v1/accounts/me/recipients?limit=1", erp)).json()
    rest = (await desk.ask("GET", f"/v1/accounts/me/recipients?after={page['next']}", erp)).json()
    found = {each["recipient"]: each["channels"] for each in page["items"] + rest["items"]}
    assert set(found) == {"anna+bills@example.test", "bram+bills@example.test"}, (
        "never by an address it does not know"
    )
    assert set(found["anna+bills@example.test"].values()) == {"mailbox"}
    assert found["bram+bills@example.test"]["newsletter"] == "refuse"
    assert found["bram+bills@example.test"]["invoice"] == "mailbox"
    for reader, count in ((anna, 1), (bram, 1), (carla, 0)):
        told = (await desk.ask("GET", f"{reader.path}/disclosures", reader)).json()["items"]
        assert [(each["what"], each["told"], each["at"]) for each in told] == [("channel", "Erp", NOW)] * count


async def test_nobody_else_sees_a_senders_recipients_nor_a_recipients_disclosures(desk: Desk) -> None:
    erp = desk.person("erp", role=Role.SENDER)
    for other in (desk.person("d", Role.DOMAIN_ADMIN), desk.person("o", role=Role.OWNER)):
        for path in ("recipients", "sent", "disclosures", "batches"):
            assert (await desk.ask("GET", f"{erp.path}/{path}", other)).status_code == 404


async def test_look_ups_are_paced(desk: Desk) -> None:
    erp = desk.person("erp", role=Role.SENDER)
    answers = [(await desk.ask("GET", "/v1/accounts/me/recipients", erp)).status_code for _ in range(121)]
    assert (set(answers[:-1]), answers[-1]) == ({200}, 429)
    desk.clock.turn(600)
    assert (await desk.ask("GET", "/v1/accounts/me/recipients", erp)).status_code == 200


# --- batches ---


async def test_a_batch_is_seen_by_nobody_until_its_count_agrees(desk: Desk) -> None:
    erp, anna, bram = desk.person("erp", role=Role.SENDER), desk.person("anna"), desk.person("bram")
    send(desk, erp, anna, bram, batch="2026-11")
    send(desk, erp, anna, number=2, batch="2026-11")
    assert desk.store.read_now(statements.rows, "SELECT * FROM copy WHERE account_id IN (2, 3)") == []
    (held,) = (await desk.ask("GET", "/v1/accounts/me/batches", erp)).json()["items"]
    assert (held["name"], held["state"], held["count"]) == ("2026-11", "open", 3)
    assert {each["state"] for each in (await desk.ask("GET", "/v1/accounts/me/sent", erp)).json()["items"]} == {
        "held"
    }
    path = "/v1/accounts/me/batches/2026-11"
    refused = await desk.ask("POST", f"{path}/commit", erp, {"count": 2})
    assert (refused.status_code, refused.json()["code"], refused.json()["held"]) == (409, "count-differs", 3)
    refusing = Preference(Choice(channel=Channel.REFUSE), bram.account.id)
    desk.store.write_now(preferences.put, refusing, NOW)
    for _ in range(2):
        done = await desk.ask("POST", f"{path}/commit", erp, {"count": 3})
        assert (done.status_code, done.json()["state"], done.json()["count"]) == (200, "committed", 0)
    copies = desk.store.read_now(
        statements.rows, "SELECT account_id FROM copy WHERE document_id IN (SELECT document_id FROM delivery)"
    )
    assert copies == [(anna.account.id,)] * 2, "decided now: Bram refuses since"
    states = desk.store.read_now(statements.rows, "SELECT state FROM delivery ORDER BY id")
    assert states == [("delivered",), ("refused",), ("delivered",)]
    assert (await desk.ask("POST", f"{path}/cancel", erp)).status_code == 409


async def test_a_cancelled_batch_leaves_nothing_and_can_be_handed_in_again(desk: Desk) -> None:
    erp, anna = desk.person("erp", role=Role.SENDER), desk.person("anna")
    document = send(desk, erp, anna, batch="b")
    done = await desk.ask("POST", "/v1/accounts/me/batches/b/cancel", erp)
    assert (done.status_code, done.json()["state"]) == (200, "cancelled")
    for table, column in (("delivery", "document_public_id"), ("document", "public_id")):
        sql = f"SELECT count(*) FROM {table} WHERE {column} = ?"
        assert desk.store.read_now(statements.rows, sql, (document,)) == [(0,)]
    assert desk.store.read_now(
        statements.rows, "SELECT count(*) FROM wrap WHERE account_id = ?", (anna.account.id,)
    ) == [(0,)]
    assert (await desk.ask("POST", "/v1/accounts/me/batches/b/commit", erp, {"count": 0})).status_code == 409
    assert (await desk.ask("POST", "/v1/accounts/me/batches/none/commit", erp, {"count": 0})).status_code == 404


async def test_a_sender_who_is_erased_leaves_no_held_document(desk: Desk) -> None:
    erp, anna = desk.person("erp", role=Role.SENDER), desk.person("anna")
    document = send(desk, erp, anna, batch="b")
    while desk.store.write_now(account_removal.remove_some, erp.account.id):
        pass
    for sql in ("SELECT 1 FROM delivery", "SELECT 1 FROM batch"):
        assert desk.store.read_now(statements.rows, sql) == []
    assert desk.store.read_now(statements.rows, "SELECT 1 FROM document WHERE public_id = ?", (document,)) == []


async def test_what_was_sent_and_recipients_are_found_and_only_those_named_are_told(desk: Desk) -> None:
    erp, anna, bram = desk.person("erp", role=Role.SENDER), desk.person("anna"), desk.person("bram")
    send(desk, erp, anna, bram)
    send(desk, erp, anna, number=2, batch="2026-11")

    async def found(query: str) -> list[tuple[str, str | None]]:
        answer = await desk.ask("GET", f"/v1/accounts/me/sent?{query}", erp)
        return [(each["recipient"].split("+")[0], each["batch"]) for each in answer.json()["items"]]

    assert await found("recipient=BRAM") == [("bram", None)]
    assert await found("state=held") == await found("batch=2026-11") == [("anna", "2026-11")]
    assert await found("recipient=anna&state=delivered") == [("anna", None)]
    assert await found("recipient=%25") == []
    asked = await desk.ask("GET", "/v1/accounts/me/recipients?text=ann", erp)
    assert [each["recipient"] for each in asked.json()["items"]] == ["anna+bills@example.test"]
    told = [
        len((await desk.ask("GET", "/v1/accounts/me/disclosures", each)).json()["items"]) for each in (anna, bram)
    ]
    assert told == [1, 0]
