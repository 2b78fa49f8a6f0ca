"""Body files altered by who may write to the disk: detected, that document alone refused, all others served.

First over a store: every way of altering a file, whole messages and ranges held against the truth. Then over a
running bridge with IMAP clients: a clear refusal for the one, the same session goes on, the bridge lives.

What holds for ranges: one inside intact chunks may still be served, and is then right; one that touches an altered
chunk, or that goes to the end of a file of another length, is refused.
"""

import imaplib
import os
import random
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storage.database import Store
from storage.engine import statements
from storage.engine.bodies import new_name
from storage.errors import Tampered
from storage.keys.stream import CHUNK, SEALED_CHUNK
from storage.mail import documents
from storage.mail.reading import Reader
from tests.reading import NOW, Library
from tests.running import DOMAIN, SENDER_ADDRESS, Bridge, PostOffice

FLIPS = int(os.environ.get("SOAK_BODY_FLIPS", "60"))
"""Flipped bytes at random places of each file, beyond those at the ends and at the borders of chunks."""
SIZES = (3 * CHUNK + 1000, 3 * CHUNK + 2000, 20_000, 700)
"""Of the bodies; the last lies in the database."""
Alteration = Callable[[Path], None]


def body_of(number: int, size: int) -> bytes:
    head = f"From: {SENDER_ADDRESS}\r\nSubject: document {number}\r\nMessage-ID: <{number}@test>\r\n\r\n".encode()
    return head + random.Random(number).randbytes(size).hex().encode()[: size - len(head) - 2] + b"\r\n"


@dataclass
class Shelf:
    """A store with documents of several chunks, their truth and their files."""

    library: Library
    truth: dict[int, bytes] = field(default_factory=dict)
    files: dict[int, Path] = field(default_factory=dict)

    @classmethod
    def create(cls, folder: Path) -> "Shelf":
        shelf = cls(Library.create(folder))
        for number, size in enumerate(SIZES):
            shelf.keep(body_of(number, size), in_file=size > 10_000)
        return shelf

    @property
    def store(self) -> Store:
        return self.library.store

    def keep(self, message: bytes, in_file: bool) -> None:
        draft = self.library.draft(message)
        if in_file:
            draft = documents.DeliveryDraft(
                draft.sealed, draft.recipients, draft.mailbox_ids, NOW, draft.stored_size, body_name=new_name()
            )
            assert draft.body_name is not None
            self.store.bodies.write(draft.body_name, draft.sealed.sealed_body)
        self.store.write_now(documents.deliver, draft, NOW)
        ((document,),) = self.store.read_now(statements.rows, "SELECT max(id) FROM document")
        self.truth[document] = message
        if draft.body_name is not None:
            self.files[document] = self.store.data / "bodies" / draft.body_name[:2] / draft.body_name

    async def judge(self, altered: int | None) -> None:
        """`altered` is refused, every other document served as it was."""
        reader = Reader(self.store, self.library.account, self.library.keys, bytes)
        served = await reader.bodies(list(self.truth))
        for document, message in self.truth.items():
            if document == altered:
                assert isinstance(served[document], Tampered), "an altered body was served"
                with pytest.raises(Tampered):
                    await reader.body(document)
            else:
                assert served[document] == message

    async def judge_ranges(self, altered: int, rng: random.Random) -> None:
        """Right bytes or a refusal, wherever the range lies."""
        reader = Reader(self.store, self.library.account, self.library.keys, bytes)
        message = self.truth[altered]
        for _ in range(12):
            start = rng.randrange(len(message))
            stop = min(len(message), start + rng.choice((1, 500, CHUNK)))
            try:
                assert await reader.body(altered, start, stop) == message[start:stop]
            except Tampered:
                continue


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf.create(tmp_path_factory.mktemp("shelf") / "data")
    yield made
    made.store.close()


# --- what a writer to the disk does to one file; `other` is another document's ---


def cut(length: int) -> Alteration:
    return lambda path: os.truncate(path, length)


def rewritten(change: Callable[[bytes], bytes]) -> Alteration:
    return lambda path: path.write_bytes(change(path.read_bytes())) and None


def flipped(at: int) -> Alteration:
    return rewritten(lambda data: data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :])


def exchanged(one: int, two: int) -> Alteration:
    """Two sealed chunks change places."""

    def change(data: bytes) -> bytes:
        chunks = [data[at : at + SEALED_CHUNK] for at in range(0, len(data), SEALED_CHUNK)]
        chunks[one], chunks[two] = chunks[two], chunks[one]
        return b"".join(chunks)

    return rewritten(change)


def replaced_by(other: Path) -> Alteration:
    return lambda path: path.write_bytes(other.read_bytes()) and None


def linked_to(other: Path) -> Alteration:
    """Even to a copy of the right bytes: a link could lead to any file of the machine tomorrow."""

    def change(path: Path) -> None:
        path.unlink()
        path.symlink_to(other)

    return change


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def alterations(shelf: Shelf, document: int, aside: Path) -> Iterator[tuple[str, Alteration]]:
    path = shelf.files[document]
    size = path.stat().st_size
    other = next(file for number, file in shelf.files.items() if number != document)
    rng = random.Random(document)
    borders = range(SEALED_CHUNK, size, SEALED_CHUNK)
    places = {0, 1, size - 1, *borders, *(at - 1 for at in borders), *(rng.randrange(size) for _ in range(FLIPS))}
    yield from ((f"flip at {at}", flipped(at)) for at in sorted(places))
    cuts = {0, 1, size - 1, *borders, *(at + 1 for at in borders), *(rng.randrange(size) for _ in range(8))}
    yield from ((f"cut at {at}", cut(at)) for at in sorted(cuts))
    if len(borders) > 1:
        yield from ((f"chunks {pair}", exchanged(*pair)) for pair in ((0, 1), (1, 2), (0, 2), (1, 3)))
        yield "a chunk twice", rewritten(lambda data: data[:SEALED_CHUNK] + data)
        yield "a chunk left out", rewritten(lambda data: data[SEALED_CHUNK:])
    yield "one byte more", rewritten(lambda data: data + b"\0")
    yield "a chunk more", rewritten(lambda data: data + bytes(SEALED_CHUNK))
    yield "another document's", replaced_by(other)
    yield "zeros", rewritten(lambda data: bytes(len(data)))
    yield "deleted", Path.unlink
    yield "a link to the right bytes", linked_to(aside)
    yield "a link to another document's", linked_to(other)
    yield "a link to nothing", linked_to(path.parent / "nothing")
    yield "a folder", as_folder


def restore(path: Path, data: bytes) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.write_bytes(data)


@pytest.mark.parametrize("place", range(3), ids=["4 chunks", "4 chunks, longer", "1 chunk"])
async def test_an_altered_body_is_refused_alone(shelf: Shelf, place: int, tmp_path: Path) -> None:
    document = list(shelf.files)[place]
    path, rng = shelf.files[document], random.Random(place)
    sound, aside = path.read_bytes(), tmp_path / "copy"
    aside.write_bytes(sound)
    done = 0
    for what, alter in alterations(shelf, document, aside):
        alter(path)
        try:
            await shelf.judge(document)
            await shelf.judge_ranges(document, rng)
        except AssertionError as found:
            raise AssertionError(what) from found
        finally:
            restore(path, sound)
        done += 1
    await shelf.judge(None)
    assert done > FLIPS + 20


async def test_ranges_in_intact_chunks_are_served_and_others_refused(shelf: Shelf) -> None:
    document = next(iter(shelf.files))
    path, message = shelf.files[document], shelf.truth[document]
    sound = path.read_bytes()
    flipped(SEALED_CHUNK + 7)(path)
    reader = Reader(shelf.store, shelf.library.account, shelf.library.keys, bytes)
    assert await reader.body(document, 10, CHUNK) == message[10:CHUNK]
    assert await reader.body(document, 2 * CHUNK) == message[2 * CHUNK :]
    for start, stop in ((CHUNK, CHUNK + 1), (CHUNK - 1, CHUNK + 1), (2 * CHUNK - 1, 2 * CHUNK)):
        with pytest.raises(Tampered):
            await reader.body(document, start, stop)
    restore(path, sound)


async def test_an_alteration_that_does_nothing_is_caught(shelf: Shelf) -> None:
    """The control: `judge` does not take a document for refused, nor for sound, that is not."""
    document, another = list(shelf.files)[:2]
    with pytest.raises(AssertionError, match="altered body was served"):
        await shelf.judge(document)
    path = shelf.files[another]
    sound = path.read_bytes()
    flipped(5)(path)
    with pytest.raises(AssertionError):
        await shelf.judge(None)
    restore(path, sound)


# --- the running bridge ---

LARGE = 1_500_000
"""Streamed: more than the bridge holds of a body at once."""
SERVED = (30_000, 40_000, LARGE, 90_000)


def hand_in(bridge: Bridge, office: PostOffice, messages: list[bytes]) -> None:
    at = bridge.listeners["smtp-plain"]
    with smtplib.SMTP(at.host, at.port, timeout=30) as client:
        client.login(office.sender.username, office.sender.password)
        for message in messages:
            client.sendmail(SENDER_ADDRESS, [f"anna@{DOMAIN}"], message)


def signed_in(bridge: Bridge, office: PostOffice) -> imaplib.IMAP4:
    at = bridge.listeners["imap-plain"]
    client = imaplib.IMAP4(at.host, at.port, timeout=30)
    client.login(office.recipients["anna"].username, office.recipients["anna"].password)
    client.select("INBOX", readonly=True)
    return client


def fetched(client: imaplib.IMAP4, numbers: str, item: str) -> tuple[str, dict[int, bytes], bytes]:
    """Status, literals by sequence number, and the texts of refusals. imaplib keeps aside what comes before a NO."""
    client.untagged_responses.clear()
    status, answer = client.fetch(numbers, f"({item})")
    aside = client.untagged_responses
    parts = answer if status == "OK" else aside.get("FETCH", [])
    bodies = {int(part[0].split()[0]): part[1] for part in parts if isinstance(part, tuple)}
    said = b" ".join([*(answer if status != "OK" else ()), *aside.get("NO", [])])
    return status, bodies, said


def stored_files(office: PostOffice) -> list[Path]:
    """Body files in the order of their documents, that is, of their making; the first is the canary's of `init`."""
    return sorted((office.data / "bodies").glob("*/*"), key=lambda path: path.stat().st_mtime_ns)[1:]


RUNNING: dict[str, Callable[[Path, Path], None]] = {
    "flipped in the middle": lambda path, other: flipped(path.stat().st_size // 2)(path),
    "its last byte flipped": lambda path, other: flipped(path.stat().st_size - 1)(path),
    "emptied": lambda path, other: cut(0)(path),
    "deleted": lambda path, other: path.unlink(),
    "another document's": lambda path, other: replaced_by(other)(path),
    "a link": lambda path, other: linked_to(other)(path),
}


def test_a_running_bridge_refuses_one_document_and_serves_the_others(tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data", recipients=("anna",))
    sent = [body_of(number, size) for number, size in enumerate(SERVED)]
    with office.start() as bridge:
        hand_in(bridge, office, sent)
        files = stored_files(office)
        assert len(files) == len(sent)
        client = signed_in(bridge, office)
        status, truth, _ = fetched(client, "1:*", "BODY.PEEK[]")
        assert status == "OK"
        assert all(whole.endswith(message) for whole, message in zip(truth.values(), sent, strict=True)), "control"
        for number, what in ((number, what) for number in (2, 3) for what in RUNNING):
            path, sound = files[number - 1], files[number - 1].read_bytes()
            RUNNING[what](path, files[0])
            refuses_alone(client, truth, number)
            restore(path, sound)
        assert fetched(client, "1:*", "BODY.PEEK[]")[:2] == ("OK", truth)
        client.logout()
        assert bridge.stop() == 0
    assert "Traceback" not in bridge.log.read_text()
    assert "fault" not in bridge.log.read_text()


def refuses_alone(client: imaplib.IMAP4, truth: dict[int, bytes], number: int) -> None:
    """The one with a clear refusal that names its UID, also alone; all others byte for byte, in the same session."""
    status, served, said = fetched(client, "1:*", "BODY.PEEK[]")
    assert (status, served) == ("NO", {at: body for at, body in truth.items() if at != number})
    assert b"[CORRUPTION]" in said
    assert f"UID {number}".encode() in said
    assert fetched(client, str(number), "BODY.PEEK[]")[:2] == ("NO", {})
    assert fetched(client, "1", "BODY.PEEK[]")[:2] == ("OK", {1: truth[1]})
    header = truth[number][: truth[number].index(b"\r\n\r\n") + 4]
    assert fetched(client, str(number), "BODY.PEEK[HEADER]")[:2] == ("OK", {number: header}), "the card is sound"
    status, found = client.search(None, "BODY", '"a"')
    assert (status, str(number).encode() in (found[0] or b"").split()) == ("OK", False), "every body has an a in it"
    assert client.noop()[0] == "OK"
