"""Opened is not downloaded: what mail programs do to a document, and what is noted of it (S14, D3, D9)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from storage.deliveries import deliveries, transcript
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DeliveryState
from storage.oversight.usage import Category
from storage.records import Scope
from tests.ladders import House
from tests.reading import NOW, Client, Library, opened

PLAN = "3:remind 7:email 14:paper"


class Bench:
    """Anna's mailbox with one unread document on a ladder, and a mail program in it."""

    def __init__(self, house: House, delivery: Delivery, client: Client, server: object) -> None:
        self.house, self.delivery, self.client, self.server = house, delivery, client, server

    async def says(self, *lines: bytes) -> Delivery:
        """After these commands and one more, which brings what was gathered into the database."""
        for line in lines:
            answer = await self.client.command(line)
            assert answer[-1].startswith(b"OK"), answer
        await self.client.command(b"NOOP")
        await self.house.store.write(lambda session: None)
        return await self.house.store.read(deliveries.get, self.delivery.id)


@asynccontextmanager
async def benched(folder: Path, scopes: frozenset[Scope] = frozenset({Scope.IMAP})) -> AsyncIterator[Bench]:
    house = House.create(folder / "data")
    house.choose_ladder(PLAN)
    delivery = house.hand_in()
    library = Library(house.store, house.anna, house.keys, house.device)
    if scopes != frozenset({Scope.IMAP}):
        library.device = library.new_device("reader", scopes)
    async with opened(library) as server:
        client = await server.session()
        yield Bench(house, delivery, client, server)


@pytest.mark.parametrize(
    ("lines", "downloaded", "is_opened"),
    [
        ((b"FETCH 1 (FLAGS ENVELOPE BODYSTRUCTURE RFC822.SIZE)",), False, False),
        ((b"FETCH 1 BODY.PEEK[HEADER]",), False, False),
        ((b"FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)]",), False, False),
        ((b"FETCH 1 BODY.PEEK[]",), True, False),
        ((b"FETCH 1 BODY.PEEK[]<0.10>",), True, False),
        ((b"UID FETCH 1 BODY.PEEK[TEXT]",), True, False),
        ((b"FETCH 1 BODY[]",), True, True),
        ((b"FETCH 1 RFC822",), True, True),
        ((b"STORE 1 +FLAGS (\\Seen)",), True, True),
        ((b"STORE 1 FLAGS.SILENT (\\Seen \\Flagged)",), True, True),
        ((b"STORE 1 +FLAGS (\\Flagged)",), False, False),
        ((b"STORE 1 -FLAGS (\\Seen)",), False, False),
        ((b"STORE 1 +FLAGS (\\Deleted)",), False, False),
        ((b"EXAMINE INBOX", b"FETCH 1 BODY[]"), True, False),
        ((b"COPY 1 Archive", b"SELECT Archive", b"FETCH 1 BODY.PEEK[]"), True, False),
        ((b"MOVE 1 Archive",), False, False),
    ],
)
async def test_what_a_program_does_is_noted(
    tmp_path: Path, lines: tuple[bytes, ...], downloaded: bool, is_opened: bool
) -> None:
    async with benched(tmp_path) as bench:
        found = await bench.says(*lines)
        assert (found.downloaded_at is not None, found.opened_at is not None) == (downloaded, is_opened)
        assert (found.ladder_due_at is None, found.needs_key) == (is_opened, not is_opened)
        assert found.state is (DeliveryState.OPENED if is_opened else DeliveryState.WAITING)


async def test_a_device_that_may_only_read_opens_by_reading(tmp_path: Path) -> None:
    """It cannot set the flag; somebody reads all the same. This is what is handed out to the invited."""
    async with benched(tmp_path, frozenset({Scope.IMAP_READ})) as bench:
        assert (await bench.says(b"FETCH 1 BODY.PEEK[]")).opened_at is None
        found = await bench.says(b"FETCH 1 BODY[]")
        assert (found.opened_at, found.state) == (NOW, DeliveryState.OPENED)


@pytest.mark.parametrize(
    "lines",
    [
        (b"STORE 1 +FLAGS (\\Deleted)", b"EXPUNGE"),
        (b"MOVE 1 Trash",),
        (b"COPY 1 Trash", b"STORE 1 +FLAGS (\\Deleted)", b"EXPUNGE"),
        (b"STORE 1 +FLAGS (\\Deleted)", b"CLOSE", b"SELECT INBOX"),
        (b"CREATE Box", b"MOVE 1 Box", b"DELETE Box"),
    ],
)
async def test_what_is_deleted_unread_is_handled_not_read(tmp_path: Path, lines: tuple[bytes, ...]) -> None:
    async with benched(tmp_path) as bench:
        found = await bench.says(*lines)
        assert (found.state, found.opened_at, found.ladder_due_at) == (DeliveryState.REMOVED, None, None)
        assert not found.needs_key
        (event,) = bench.house.store.read_now(transcript.of_delivery, found.id)
        assert (event.kind, event.detail) == ("ladder.stopped", "removed")


async def test_a_second_copy_outside_the_trash_keeps_it_going(tmp_path: Path) -> None:
    async with benched(tmp_path) as bench:
        found = await bench.says(b"COPY 1 Archive", b"MOVE 1 Trash")
        assert (found.state, found.needs_key) == (DeliveryState.WAITING, True)
        found = await bench.says(b"SELECT Trash", b"STORE 1 +FLAGS (\\Deleted)", b"EXPUNGE")
        assert found.state is DeliveryState.WAITING
        found = await bench.says(b"SELECT Archive", b"STORE 1 +FLAGS (\\Deleted)", b"EXPUNGE")
        assert found.state is DeliveryState.REMOVED


async def test_read_in_the_trash_is_read(tmp_path: Path) -> None:
    async with benched(tmp_path) as bench:
        found = await bench.says(b"MOVE 1 Trash", b"SELECT Trash", b"FETCH 1 BODY[]")
        assert (found.state, found.opened_at) == (DeliveryState.OPENED, NOW)


async def test_a_thousand_marked_at_once_are_all_noted(tmp_path: Path) -> None:
    """What is at stake in the write of the flag, the others right after it."""
    async with benched(tmp_path) as bench:
        house = bench.house
        house.choose(language="nl")
        last = [house.hand_in(str(number)) for number in range(500)][-1]
        await bench.says(b"SELECT INBOX", b"STORE 1:* +FLAGS.SILENT (\\Seen)")
        for each in (bench.delivery, last):
            assert (await house.store.read(deliveries.get, each.id)).state is DeliveryState.OPENED


async def test_a_program_that_goes_away_leaves_what_it_fetched_noted(tmp_path: Path) -> None:
    async with benched(tmp_path) as bench:
        await bench.client.command(b"FETCH 1 BODY.PEEK[]")
        await bench.client.command(b"LOGOUT")
        await bench.house.store.write(lambda session: None)
        assert bench.house.again(bench.delivery).downloaded_at == NOW
        taken = bench.house.store.usage.take()
        account = bench.house.anna.id
        assert taken == {
            (account, Category.SIGN_IN): 1,
            (account, Category.LIST): 1,
            (account, Category.DOWNLOAD): 1,
        }
