"""Malicious clients at both doors: what they hold in memory is bounded, and others are served meanwhile."""

from functools import partial
from pathlib import Path

import pytest

from bridge.imap.folders import Hierarchy
from bridge.imap.handlers import folders
from bridge.imap.session import Session
from bridge.smtp.limits import RECEIVED_BYTES, for_messages
from tests.reading import House, Library, opened, until

MIB = 1 << 20


def holds(house: House, count: int) -> bool:
    return sum(channel.held for channel in house.server._channels) == count


async def test_unfinished_appends_together_are_bounded(tmp_path: Path) -> None:
    """The one that is silent for longest goes, with a word; who is still sending stays."""
    async with opened(Library.create(tmp_path / "data")) as house:
        house.server._most_held = 8 * MIB
        stalled = [await house.session() for _ in range(6)]
        for number, client in enumerate(stalled):
            client.send(b"a APPEND INBOX {%d+}\r\n" % (3 * MIB) + b"x" * (2 * MIB))
            await client.writer.drain()
            held = 2 * MIB * min(number + 1, 4)
            await until(partial(holds, house, held))
        for client in stalled[:2]:
            assert await client.line() == b"* BYE Too much is being received, try again later\r\n"
        good = await house.session()
        good.send(b"a APPEND INBOX {%d+}\r\n" % (3 * MIB) + b"x" * (3 * MIB) + b"\r\n")
        assert (await good.until(b"a"))[-1].startswith(b"a OK")
        stalled[-1].send(b"x" * MIB + b"\r\n")
        assert (await stalled[-1].until(b"a"))[-1].startswith(b"a OK")
        await until(lambda: sum(house.server._large.values()) <= 8 * MIB)


async def test_a_mailbox_deleted_during_a_listing_costs_its_status_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(Library.create(tmp_path / "data")) as house:
        lister, other = await house.session(), await house.session()
        await other.command(b"CREATE gone")
        hierarchy = folders.hierarchy

        async def and_then_deleted(session: Session) -> Hierarchy:
            found = await hierarchy(session)
            assert (await other.command(b"DELETE gone"))[-1].startswith(b"OK")
            return found

        monkeypatch.setattr(folders, "hierarchy", and_then_deleted)
        lines = await lister.command(b'LIST "" * RETURN (STATUS (MESSAGES))')
        assert lines[-1].startswith(b"OK")
        assert b"* STATUS INBOX (MESSAGES 0)\r\n" in lines
        assert not any(line.startswith(b"* STATUS gone") for line in lines)


def test_the_largest_message_that_may_be_set_can_be_handed_in() -> None:
    assert for_messages(65_536).received_bytes == RECEIVED_BYTES
    assert for_messages(1 << 30).received_bytes > 2 * (1 << 30) * 4 // 3
