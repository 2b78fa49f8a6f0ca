"""The mailbox channel: one body for all readers, and none left behind by what was not committed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.channels import sealing
from bridge.channels.mailbox import commit, inbox_draft, placed_beside
from storage.database import Store
from storage.errors import NotFound, WriterUnavailable
from storage.mail import documents
from storage.people import accounts
from storage.records import Delivered, Recipient
from tests.smtp_office import NOW, Office

LARGE = b"Subject: x\r\n\r\n" + b"y" * 60_000 + b"\r\n"
SMALL = b"Subject: x\r\n\r\ny\r\n"


async def deliver(
    store: Store, message: bytes, to: tuple[Recipient, ...], now: int, tag: bytes | None = None
) -> Delivered:
    """The whole way that a hand-in takes."""
    placed = await placed_beside(store, message, to)
    draft = inbox_draft(placed, to, None, tag, now)
    return await commit(store, documents.deliver, draft, draft.body_name, now)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.store.close()


def readers(office: Office) -> tuple[Recipient, ...]:
    found = [office.store.read_now(accounts.recipient, who.account.email) for who in (office.anna, office.bram)]
    return tuple(reader for reader in found if reader is not None)


@pytest.mark.parametrize(("message", "files"), [(SMALL, 0), (LARGE, 1), (LARGE * 40, 1)])
async def test_one_body_and_a_copy_for_each_reader(office: Office, message: bytes, files: int) -> None:
    delivered = await deliver(office.store, message, readers(office), NOW)
    assert len(delivered.copies) == 2
    assert len(list(office.store.bodies.names())) == files
    assert await office.messages(office.anna) == await office.messages(office.bram) == [message]


async def test_the_same_tag_is_stored_once(office: Office) -> None:
    first = await deliver(office.store, LARGE, readers(office), NOW, b"t" * 32)
    again = await deliver(office.store, LARGE, readers(office), NOW + 3600, b"t" * 32)
    assert again.duplicate
    assert again.document_public_id == first.document_public_id
    assert len(await office.messages(office.anna)) == 1


async def test_a_write_that_is_refused_leaves_no_body(office: Office) -> None:
    gone = readers(office)[0]._replace(inbox_id=10**6)
    with pytest.raises(NotFound):
        await deliver(office.store, LARGE, (gone,), NOW)
    assert list(office.store.bodies.names()) == []


async def test_a_body_stays_when_the_disk_failed_and_the_commit_is_in_doubt(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        office.store.failed.set()
        raise WriterUnavailable("database")

    monkeypatch.setattr(office.store, "write", fail)
    with pytest.raises(WriterUnavailable):
        await deliver(office.store, LARGE, readers(office), NOW)
    assert len(list(office.store.bodies.names())) == 1


async def test_a_cancelled_caller_does_not_take_the_body_from_a_write_that_goes_on(office: Office) -> None:
    told = asyncio.Event()
    office.store.listen(lambda change: told.set())
    write, deliveries = office.store.write, []

    async def write_and_leave(*args: object) -> object:
        asyncio.get_running_loop().call_soon(deliveries[0].cancel)
        return await write(*args)  # type: ignore[arg-type]

    office.store.write = write_and_leave  # type: ignore[method-assign, assignment]
    deliveries.append(asyncio.ensure_future(deliver(office.store, LARGE, readers(office), NOW)))
    with pytest.raises(asyncio.CancelledError):
        await deliveries[0]
    await asyncio.wait_for(told.wait(), 10)
    assert await office.messages(office.anna) == [LARGE]


def test_what_is_light_is_sealed_in_the_loop() -> None:
    assert sealing.is_light(sealing.LOOP_BYTES, sealing.LOOP_READERS)
    assert not sealing.is_light(sealing.LOOP_BYTES + 1, 1)
    assert not sealing.is_light(1, sealing.LOOP_READERS + 1)
