"""FETCH against storage that changes under it: posted \\Seen, documents damaged while they are sent."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlmodel import Session

from bridge.imap.handlers import fetch as fetching
from bridge.imap.handlers import messages
from bridge.imap.messages import Documents
from storage.errors import WriterUnavailable
from storage.mail import copies
from tests.reading import Library, opened, plain_message, until

NESTED = (
    b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\n" + b"Deep\r\n" * 300 + b"--x--\r\n"
)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library.create(tmp_path / "data")
    made.deliver(*(plain_message(f"Factuur {number}") for number in (1, 2, 3)))
    return made


async def test_what_was_read_is_seen_by_every_later_look(library: Library) -> None:
    async with opened(library) as house:
        mine, other, third = [await house.session() for _ in range(3)]
        await mine.command(b"FETCH 1:2 (BODY[TEXT])")
        assert (await third.command(b"FETCH 1 (FLAGS)"))[0] == b"* 1 FETCH (FLAGS (\\Seen))\r\n"
        status = await mine.command(b"STATUS INBOX (UNSEEN)")
        assert status[0] == b"* STATUS INBOX (UNSEEN 1)\r\n"
        assert status[1:] == [b"OK STATUS completed\r\n"]
        assert (await other.command(b"NOOP"))[:2] == [
            b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n",
            b"* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n",
        ]
        assert (await mine.command(b"STORE 1 -FLAGS (\\Seen)"))[0] == b"* 1 FETCH (UID 1 FLAGS (\\Recent))\r\n"
        assert (await mine.command(b"SEARCH UNSEEN"))[0] == b"* SEARCH 1 3\r\n"


async def test_reading_goes_on_when_nothing_can_be_written(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(library) as house:
        client = await house.session()

        def full(batch: object, *what: object) -> None:
            raise WriterUnavailable("database")

        monkeypatch.setattr("storage.mail.documents.store_flags", full)
        lines = await client.command(b"FETCH 1 (BODY[TEXT])")
        assert lines == [
            b"* 1 FETCH (BODY[TEXT] {7}\r\nHello\r\n FLAGS (\\Seen \\Recent))\r\n",
            b"OK FETCH completed\r\n",
        ]
        assert (await client.command(b"STATUS INBOX (UNSEEN)"))[0] == b"* STATUS INBOX (UNSEEN 3)\r\n"


@pytest.mark.parametrize("section", [b"BODY.PEEK[2.HEADER.FIELDS (Subject)]", b"BODY.PEEK[2.TEXT]"])
async def test_a_streamed_part_found_damaged_while_it_is_sent_ends_the_session(
    library: Library, monkeypatch: pytest.MonkeyPatch, section: bytes
) -> None:
    monkeypatch.setattr(fetching, "BYTES_AT_ONCE", 1000)
    library.deliver(NESTED)
    async with opened(library) as house:
        client = await house.session()
        monkeypatch.setattr(Documents, "part", damaged_after_the_check(Documents.part))
        client.send(b"a FETCH 4 (UID " + section + b")\r\n")
        said = await client.reader.read()
        assert b")\r\n" not in said.removeprefix(b"* 4 FETCH (UID 4 " + section.replace(b".PEEK", b""))
        assert b"a OK" not in said


def damaged_after_the_check(part: Callable[..., object]) -> Callable[..., object]:
    """`Documents.part` that finds a range whole the first time and damaged the second."""
    asked: set[tuple[int, int | None]] = set()

    async def once(documents: Documents, position: int, start: int, stop: int | None) -> bytes | None:
        if (start, stop) in asked:
            documents.damaged.add(4)
            return None
        asked.add((start, stop))
        return await part(documents, position, start, stop)  # type: ignore[misc, no-any-return]

    return once


@pytest.mark.parametrize("expunging", [b"EXPUNGE", b"UID EXPUNGE 1:9"])
async def test_expunging_many_leaves_room_for_arrivals(
    library: Library, monkeypatch: pytest.MonkeyPatch, expunging: bytes
) -> None:
    monkeypatch.setattr(messages, "EXPUNGED_AT_ONCE", 2)
    library.deliver(*(plain_message(f"More {number}") for number in range(4)))
    removed: list[list[int]] = []

    def noted(session: Session, mailbox_id: int, ranges: copies.Ranges | None, now: int) -> list[int]:
        removed.append(copies.expunge(session, mailbox_id, ranges, now))
        return removed[-1]

    monkeypatch.setattr("storage.mail.documents.expunge", noted)
    async with opened(library) as house:
        client = await house.session()
        await client.command(b"STORE 1,2,4:6 +FLAGS.SILENT (\\Deleted)")
        lines = await client.command(expunging)
        assert lines[:-1] == [b"* %d EXPUNGE\r\n" % number for number in (6, 5, 4, 2, 1)]
        assert [uid for uids in removed for uid in uids] == [1, 2, 4, 5, 6]
        assert max(map(len, removed)) == 2
        assert (await client.command(b"UID SEARCH ALL"))[0] == b"* SEARCH 3 7\r\n"


async def test_answers_to_commands_that_came_together_leave_together(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(library) as house:
        client = await house.session()
        [channel] = house.server._channels
        packets: list[bytes] = []
        transport = channel._transport
        monkeypatch.setattr(channel, "_transport", SimpleNamespace(write=packets.append, close=transport.close))
        channel.data_received(b"a NOOP\r\nb CHECK\r\nc UID SEARCH ALL\r\nd SEARCH SUBJECT x\r\n")
        await until(lambda: b"d OK" in b"".join(packets))
        assert packets[0] == b"a OK Done\r\nb OK CHECK completed\r\n* SEARCH 1 2 3\r\nc OK SEARCH completed\r\n"
        monkeypatch.undo()
        await client.close()
