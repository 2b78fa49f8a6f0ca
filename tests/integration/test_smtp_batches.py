"""Batches by SMTP: held, held against a manifest, released whole or not at all; the same document twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.channels import batches as releasing
from bridge.routing.decision import Places
from bridge.settings import Settings
from storage.database import Store
from storage.deliveries import batches, transcript
from storage.deliveries.batches import BatchState
from storage.engine import statements
from storage.mail import documents
from storage.people import accounts
from storage.records import Role
from tests.smtp_office import NOW, OUTSIDE, Client, Office, Person, running

ANNA, BRAM = "anna@example.test", "bram@example.test"
HOUR = 3600


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with running(tmp_path) as opened:
        yield opened


def message(number: int, *fields: str, body: str = "Hallo") -> bytes:
    head = [f"Message-ID: <{number}@energie.test>", f"Subject: Factuur {number}", *fields]
    return "\r\n".join([f"From: {OUTSIDE}", *head, "", body, ""]).encode()


def held(number: int) -> bytes:
    return message(number, "Postex-Document: batch=nov; type=invoice")


async def hand_in(office: Office, text: bytes, *recipients: str) -> str:
    client = await Client.connect(office, "smtp-plain")
    await client.sign_in(office.erp)
    reply = await client.hand_in(text, OUTSIDE, *recipients)
    await client.close()
    return reply


async def manifest(office: Office, *lines: str) -> str:
    text = "\r\n".join([f"From: {OUTSIDE}", "Subject: nov", "", *lines, ""]).encode()
    return await hand_in(office, text, "batch@example.test")


async def count(office: Office, person: Person) -> int:
    return len(await office.messages(person))


async def test_a_manifest_that_agrees_commits(office: Office) -> None:
    await hand_in(office, held(1), ANNA, BRAM)
    await hand_in(office, held(2), ANNA)
    assert (await count(office, office.anna), await count(office, office.bram)) == (0, 0)
    lines = ("count,3", f"<1@energie.test>,{ANNA}", "1@energie.test,bram+x@example.test", f"<2@energie.test>,{ANNA}")
    for _ in range(2):
        assert (await manifest(office, *lines)).startswith("250 2.0.0 the manifest agrees")
    assert (await count(office, office.anna), await count(office, office.bram)) == (2, 1)
    assert (await count(office, office.erp)) == 1, "one message says that it is committed"
    uids = office.store.read_now(documents.copies_of, inbox(office, office.anna))
    assert [each.uid for each in uids] == [1, 2]
    kinds = office.store.read_now(statements.rows, "SELECT DISTINCT document_type, state FROM delivery")
    assert kinds == [("invoice", "delivered")]
    assert (await hand_in(office, held(3), ANNA)).startswith("554 5.6.0 the batch of this name is over")


async def test_a_manifest_that_disagrees_commits_nothing_and_says_why(office: Office) -> None:
    await hand_in(office, held(1), ANNA)
    lost = (await hand_in(office, held(2), BRAM)).rpartition(" ")[2]
    reply = await manifest(office, "count,2", f"<1@energie.test>,{ANNA}", f"<9@energie.test>,{BRAM}")
    assert reply.startswith("554 5.6.0 the manifest does not agree")
    assert (await count(office, office.anna), await count(office, office.bram)) == (0, 0)
    (report,) = await office.messages(office.erp)
    assert b"<9@energie.test>, bram@example.test" in report
    assert f"{lost}, bram@example.test".encode() in report
    assert b"<1@energie.test>" not in report
    assert (await manifest(office, "count,1", f"<1@energie.test>,{ANNA}", f"<2@energie.test>,{BRAM}"))[:3] == "554"
    assert (await manifest(office, "count,2", f"<1@energie.test>,{ANNA}", f"<2@energie.test>,{BRAM}"))[:3] == "250"
    assert (await count(office, office.anna), await count(office, office.bram)) == (1, 1)


async def test_only_a_signed_in_sender_has_batches(office: Office) -> None:
    client = await Client.connect(office, "mx")
    await client.say("EHLO x.test")
    await client.say("MAIL FROM:<x@elsewhere.test>")
    assert (await client.say("RCPT TO:<batch@example.test>")).startswith("550 5.7.1 ")
    await client.close()
    assert (await manifest(office, "count,0")).startswith("550 5.1.1 you have no batch")


async def test_a_crash_between_slices_loses_none_and_repeats_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releasing, "SLICE", 2)
    async with running(tmp_path) as office:
        people = [office.person(f"r{number}@example.test", Role.RECIPIENT) for number in range(7)]
        await hand_in(office, held(1), *(each.account.email for each in people))
        store = office.store
        batch = store.read_now(batches.named, office.erp.account.id, "nov")
        store.write_now(batches.begin, batch.id, 7, NOW, "system")
        slices = 0
        write = store.write

        async def cut(function: object, *arguments: object, **more: object) -> object:
            nonlocal slices
            slices += 1
            if slices > 2:
                raise asyncio.CancelledError
            return await write(function, *arguments, **more)  # type: ignore[arg-type]

        with monkeypatch.context() as patched:
            patched.setattr(store, "write", cut)
            with pytest.raises(asyncio.CancelledError):
                await releasing.settle(store, Places(), batch.id, NOW)
        assert sum([await count(office, each) for each in people]) == 4
        assert await releasing.chore(Settings()).run(store, NOW + 60) == 1
        assert [await count(office, each) for each in people] == [1] * 7
        assert store.read_now(batches.get, batch.id).state is BatchState.COMMITTED
        assert await releasing.chore(Settings()).run(store, NOW + 120) == 0


async def test_no_reader_ever_sees_a_part_of_a_batch(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handed in alternately; after each write whoever has some has all."""
    monkeypatch.setattr(releasing, "SLICE", 2)
    people = [office.anna, office.bram, office.person("cor@example.test", Role.RECIPIENT)]
    for number in range(5):
        await hand_in(office, held(number), *(each.account.email for each in people))
    store, seen = office.store, []
    batch = store.read_now(batches.named, office.erp.account.id, "nov")
    store.write_now(batches.begin, batch.id, 15, NOW, "system")
    write = store.write

    async def watched(*arguments: object, **more: object) -> object:
        made = await write(*arguments, **more)  # type: ignore[arg-type]
        seen.append([await count(office, each) for each in people])
        return made

    monkeypatch.setattr(store, "write", watched)
    await releasing.settle(store, Places(), batch.id, NOW)
    assert seen[:3] == [[5, 0, 0], [5, 5, 0], [5, 5, 5]]
    uids = store.read_now(documents.copies_of, inbox(office, office.anna))
    assert [each.uid for each in uids] == [1, 2, 3, 4, 5]
    subjects = [text.partition(b"Subject: ")[2].partition(b"\r")[0] for text in await office.messages(office.anna)]
    assert subjects == [b"Factuur %d" % number for number in range(5)]


async def test_a_batch_that_waits_is_told_of_and_then_cancelled(office: Office) -> None:
    await hand_in(office, held(1), ANNA)
    chore, store = releasing.chore(Settings()), office.store
    assert await chore.run(store, NOW + 72 * HOUR - 1) == 0
    assert [await chore.run(store, NOW + 72 * HOUR), await chore.run(store, NOW + 95 * HOUR)] == [1, 0]
    assert await chore.run(store, NOW + 96 * HOUR) == 2, "cancelled and dropped"
    assert len(await office.messages(office.erp)) == 2
    left = store.read_now(
        statements.rows, "SELECT count(*) FROM delivery WHERE account_id = ?", (office.anna.account.id,)
    )
    assert left == [(0,)]
    again = await hand_in(office, message(1), ANNA)
    assert again.startswith("250 ")
    assert await count(office, office.anna) == 1, "what was dropped is not taken for known"


async def test_a_batch_that_is_committed_at_the_last_moment_is_not_cancelled(office: Office) -> None:
    await hand_in(office, held(1), ANNA)
    chore, store = releasing.chore(Settings()), office.store
    await chore.run(store, NOW + 72 * HOUR)
    batch = store.read_now(batches.named, office.erp.account.id, "nov")
    store.write_now(batches.begin, batch.id, 1, NOW + 96 * HOUR, "system")
    assert not store.write_now(releasing._remind, batch.id, NOW + 96 * HOUR)
    assert store.read_now(batches.get, batch.id).state is BatchState.COMMITTING


# --- the same again ---


async def test_the_same_document_reaches_only_those_who_have_not_got_it(office: Office) -> None:
    people = [office.person(f"r{number}@example.test", Role.RECIPIENT) for number in range(5)]
    addresses = [each.account.email for each in people]
    first = await hand_in(office, message(1), *addresses[:3])
    assert await hand_in(office, message(1), *addresses[:2]) == first, "another envelope, nothing new"
    later = await hand_in(office, message(1, "X-Run: 2"), *addresses)
    assert later.startswith("250 ")
    assert later != first
    assert [await count(office, each) for each in people] == [1] * 5
    assert (await hand_in(office, message(1, body="Anders"), addresses[0])) != first, (
        "another body is another document"
    )
    assert await count(office, people[0]) == 2


def in_batch(name: str) -> bytes:
    return message(1, f"Postex-Document: batch={name}")


async def test_what_is_being_dropped_with_its_batch_can_be_handed_in_again_at_once(office: Office) -> None:
    await hand_in(office, in_batch("one"), ANNA)
    store = office.store
    one = store.read_now(batches.named, office.erp.account.id, "one")
    store.write_now(batches.cancel, one.id, NOW, "system")
    assert (await hand_in(office, in_batch("two"), ANNA)).startswith("250 ")
    await releasing.settle(store, Places(), one.id, NOW)
    two = store.read_now(batches.named, office.erp.account.id, "two")
    store.write_now(batches.begin, two.id, 1, NOW, "system")
    await releasing.settle(store, Places(), two.id, NOW)
    assert await count(office, office.anna) == 1


@pytest.mark.parametrize("verb", ["begin", "cancel"])
async def test_what_a_batch_holds_can_be_handed_in_outside_it_and_comes_once(office: Office, verb: str) -> None:
    """Whatever becomes of the batch: it was acknowledged outside it."""
    first = await hand_in(office, in_batch("one"), ANNA)
    assert await hand_in(office, message(1, "X-Run: 2", "Postex-Document: batch=one"), ANNA) == first, (
        "held in the same batch"
    )
    assert (await hand_in(office, message(1), ANNA)).startswith("250 ")
    assert await count(office, office.anna) == 1
    store = office.store
    one = store.read_now(batches.named, office.erp.account.id, "one")
    assert store.read_now(batches.count, one.id) == 1
    more = {"begin": (1, NOW, "system"), "cancel": (NOW, "system")}[verb]
    store.write_now(getattr(batches, verb), one.id, *more)
    await releasing.settle(store, Places(), one.id, NOW)
    assert store.read_now(batches.get, one.id).state not in batches.UNFINISHED
    assert await count(office, office.anna) == 1


async def test_another_sender_may_hand_in_the_same(office: Office) -> None:
    await hand_in(office, message(1), ANNA)
    client = await Client.connect(office, "mx")
    await client.say("EHLO x.test")
    assert (await client.hand_in(message(1), "x@elsewhere.test", ANNA)).startswith("250 ")
    await client.close()
    assert await count(office, office.anna) == 2


# --- superseded ---


async def test_a_superseded_document_stays_and_is_marked(office: Office) -> None:
    await hand_in(office, message(1), ANNA, BRAM)
    await hand_in(office, message(2, "Supersedes: <1@energie.test>"), ANNA)
    anna = office.store.read_now(documents.copies_of, inbox(office, office.anna))
    bram = office.store.read_now(documents.copies_of, inbox(office, office.bram))
    assert [each.keywords for each in anna] == [("$Superseded",), ()]
    assert [each.keywords for each in bram] == [()]
    ((delivery,),) = office.store.read_now(
        statements.rows,
        "SELECT id FROM delivery WHERE account_id = ? ORDER BY id LIMIT 1",
        (office.anna.account.id,),
    )
    assert [each.kind for each in office.store.read_now(transcript.of_delivery, delivery)] == ["document.superseded"]


async def test_nobody_supersedes_another_senders_document(office: Office) -> None:
    await hand_in(office, message(1), ANNA)
    client = await Client.connect(office, "smtp-plain")
    await client.sign_in(office.person("other@example.test", Role.SENDER))
    text = message(2, "Supersedes: <1@energie.test>").replace(OUTSIDE.encode(), b"other@example.test")
    assert (await client.hand_in(text, "other@example.test", ANNA)).startswith("250 ")
    await client.close()
    copies = office.store.read_now(documents.copies_of, inbox(office, office.anna))
    assert [each.keywords for each in copies] == [(), ()]


async def test_of_a_batch_it_is_marked_when_it_is_committed(office: Office) -> None:
    await hand_in(office, message(1), ANNA)
    await hand_in(office, message(2, "Supersedes: <1@energie.test>", "Postex-Document: batch=nov"), ANNA)
    box = inbox(office, office.anna)
    assert [each.keywords for each in office.store.read_now(documents.copies_of, box)] == [()]
    assert (await manifest(office, "count,1", f"<2@energie.test>,{ANNA}")).startswith("250 ")
    assert [each.keywords for each in office.store.read_now(documents.copies_of, box)] == [("$Superseded",), ()]


def inbox(office: Office, person: Person) -> int:
    store: Store = office.store
    found = store.read_now(accounts.recipient, person.account.email)
    assert found is not None
    return found.inbox_id


async def test_after_a_restore_a_sender_is_asked_again(office: Office) -> None:
    """What was released since the backup may have been printed: nothing goes on by itself."""
    await hand_in(office, held(1), ANNA)
    store = office.store
    batch = store.read_now(batches.named, office.erp.account.id, "nov")
    store.write_now(batches.begin, batch.id, 1, NOW, "system")
    assert store.write_now(batches.reopen, NOW + 5) == 1
    again = store.read_now(batches.get, batch.id)
    assert (again.state, again.declared, again.opened_at) == (BatchState.OPEN, None, NOW + 5)
    assert await releasing.chore(Settings()).run(store, NOW + 60) == 0
    assert await count(office, office.anna) == 0
