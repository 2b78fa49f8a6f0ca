"""Erasure and holds as a mail client meets them: live sessions end, what is held is not expunged, and it is said."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.erasures import erasing, erasure, holds, partial_erasure
from storage.errors import NotFound
from storage.people import accounts
from tests.reading import NOW, House, Library, opened, plain_message

DAY = 24 * 3600
GONE_SECONDS = 1.0


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    library = Library.create(tmp_path / "data")
    library.deliver(*(plain_message(f"Factuur {number}") for number in (1, 2, 3)))
    async with opened(library) as served:
        yield served


async def hold(house: House, document: str | None = None) -> None:
    await house.library.store.write(
        holds.place,
        house.library.account.id,
        reason="case 7",
        basis="AWR 52",
        ends_at=NOW + DAY,
        by=None,
        now=NOW,
        document_public_id=document,
    )


async def document(house: House, uid: int) -> str:
    library = house.library
    inbox = await library.store.read(accounts.recipient, library.account.email)
    assert inbox is not None
    return await library.store.read(partial_erasure.document_at, library.account.id, inbox.inbox_id, uid)


# --- erasure ---


async def test_live_sessions_end_within_a_second_and_none_comes_back(house: House) -> None:
    clients = [await house.session(), await house.session(), await house.session(None)]
    clients[0].send(b"i IDLE\r\n")
    assert (await clients[0].line()).startswith(b"+")
    store, account = house.library.store, house.library.account
    begun = await store.write(erasure.begin, account.id, by=account.id, now=NOW)
    since = time.monotonic()
    for client in clients:
        assert (await client.line()).startswith(b"* BYE")
        assert await client.line() == b""
    assert time.monotonic() - since < GONE_SECONDS
    done = await asyncio.to_thread(erasing.carry_out, store, begun.id, NOW)
    assert done.receipt is not None
    late = await house.connect()
    await late.line()
    device = house.library.device
    answer = await late.command(f"LOGIN {device.username} {device.password}".encode())
    assert answer[-1].startswith(b"NO [AUTHENTICATIONFAILED]")
    with pytest.raises(NotFound):
        await store.read(accounts.resolve, account.email)


async def test_an_erasure_waits_for_commands_under_way(house: House) -> None:
    """A client that floods the session while the account goes: whatever it wrote is gone as well."""
    client = await house.session()
    client.send(b"".join(b"c%d CREATE Folder%d\r\n" % (number, number) for number in range(200)))
    store, account = house.library.store, house.library.account
    begun = await store.write(erasure.begin, account.id, by=account.id, now=NOW)
    done = await asyncio.to_thread(erasing.carry_out, store, begun.id, NOW)
    assert done.receipt is not None
    assert not any((await asyncio.to_thread(erasing.places, store, done)).values())


async def test_an_erased_document_leaves_every_open_folder(house: House) -> None:
    client = await house.session()
    store, account = house.library.store, house.library.account
    begun = await store.write(
        partial_erasure.begin_document, account.id, await document(house, 2), by=account.id, now=NOW
    )
    await asyncio.to_thread(erasing.carry_out, store, begun.id, NOW)
    answer = await client.command(b"NOOP")
    assert answer[0] == b"* 2 EXPUNGE\r\n"
    assert len(await client.command(b"FETCH 1:* (UID)")) == 3


# --- holds ---


async def test_a_held_message_is_not_expunged_and_the_client_is_told(house: House) -> None:
    await hold(house, await document(house, 2))
    client = await house.session()
    await client.command(rb"STORE 1:3 +FLAGS.SILENT (\Deleted)")
    answer = await client.command(b"EXPUNGE")
    assert answer[-1].startswith(b"NO [CANNOT] A legal hold keeps some messages until 2025-02-02")
    assert sum(line.endswith(b" EXPUNGE\r\n") for line in answer) == 2
    assert (await client.command(b"FETCH 1:* (UID)"))[0] == b"* 1 FETCH (UID 2)\r\n"
    answer = await client.command(b"UID EXPUNGE 2")
    assert answer[-1].startswith(b"NO [CANNOT]")
    assert (await client.command(b"CLOSE"))[-1].startswith(b"OK")
    assert b"* 1 EXISTS\r\n" in await client.command(b"EXAMINE INBOX")


async def test_a_held_message_can_be_moved_and_its_folder_not_deleted(house: House) -> None:
    await hold(house)
    client = await house.session()
    assert (await client.command(b"CREATE Mine"))[-1].startswith(b"OK")
    assert (await client.command(b"MOVE 1 Mine"))[-1].startswith(b"OK")
    answer = await client.command(b"DELETE Mine")
    assert answer[-1].startswith(b"NO [CANNOT] A legal hold keeps")
    assert b'* LIST (\\HasNoChildren) "/" Mine\r\n' in await client.command(b'LIST "" Mine')
    assert (await client.command(b"MOVE 1 Trash"))[-1].startswith(b"OK")


async def test_without_a_hold_expunge_says_ok(house: House) -> None:
    client = await house.session()
    await client.command(rb"STORE 1 +FLAGS.SILENT (\Deleted)")
    assert (await client.command(b"EXPUNGE"))[-1].startswith(b"OK")
