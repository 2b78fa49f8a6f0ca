"""Hostile IMAP servers: every attempt ends soon, in little memory, with nothing said in clear and nothing lost."""

import asyncio
import ssl
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from bridge import tls
from bridge.channels.authorities import verifying
from bridge.channels.external.carrier import ExternalCarrier
from bridge.channels.external.session import Blame, Doorway, Patience, Trouble, opened
from bridge.channels.outbox import Done, Failed, Later, Outcome, Task
from storage.deliveries.external_mailboxes import Place
from storage.deliveries.terms import Channel
from storage.keys.outbox import OutboxKey
from tests.leaving import DOCUMENT, Way
from tests.smtp_office import Office

Script = Callable[["Talk"], Awaitable[None]]
QUICK = Patience(connect=2.0, step=0.5, append=0.5)
PASSWORD = "hunter2 is not a good password"


class Talk:
    """The server's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.tag = ""
        self.heard: list[bytes] = []

    async def say(self, text: str | bytes) -> None:
        self.writer.write((text.encode() if isinstance(text, str) else text) + b"\r\n")
        await self.writer.drain()

    async def hear(self) -> str:
        line = await self.reader.readline()
        self.heard.append(line)
        self.tag = line.decode().partition(" ")[0]
        return line.decode()

    async def ok(self, untagged: str = "") -> None:
        await self.hear()
        if untagged:
            await self.say(untagged)
        await self.say(f"{self.tag} OK done")

    async def signed_in(self) -> None:
        await self.say("* OK ready")
        await self.ok("* CAPABILITY IMAP4rev1")
        await self.ok()

    async def append(self) -> None:
        """Up to the last byte of the message."""
        size = int((await self.hear()).rpartition("{")[2].rstrip("}\r\n"))
        await self.say("+ go on")
        await self.reader.readexactly(size + 2)


@asynccontextmanager
async def server(folder: Path, script: Script) -> AsyncIterator[tuple[int, ssl.SSLContext, list[Talk]]]:
    """TLS with a certificate for localhost; port, a context that trusts it, and the talks that there were."""
    cert, key = folder / "imap.pem", folder / "imap.key"
    tls.create_self_signed(cert, key, "localhost", time.time())
    talks: list[Talk] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = Talk(reader, writer)
        talks.append(talk)
        try:
            await script(talk)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls.ServerTls(cert, key).context)
    async with listener:
        yield listener.sockets[0].getsockname()[1], verifying(cert, "ca_file"), talks


async def hang(talk: Talk) -> None:
    await talk.reader.read()


async def flood(talk: Talk, octets: bytes) -> None:
    """Four megabytes: without a limit all of it would be kept."""
    for _ in range(4_000_000 // len(octets)):
        talk.writer.write(octets)
        await talk.writer.drain()
    await hang(talk)


async def endless_line(talk: Talk) -> None:
    await flood(talk, b"* OK " + b"x" * 65_000)


async def endless_lines(talk: Talk) -> None:
    await talk.signed_in()
    await talk.hear()
    await flood(talk, b"* 1 EXISTS\r\n" * 5000)


async def trickle(talk: Talk) -> None:
    """Never silent for long, and never done."""
    await talk.signed_in()
    await talk.hear()
    while True:
        await talk.say("* OK still here")
        await asyncio.sleep(0.05)


async def giant_literal(talk: Talk) -> None:
    await talk.signed_in()
    await talk.hear()
    await talk.say("* FETCH {999999999999}")
    await flood(talk, b"x" * 65_536)


async def literal_without_size(talk: Talk) -> None:
    await talk.say("* OK {" + "9" * 5000 + "}")
    await hang(talk)


async def wrong_tag(talk: Talk) -> None:
    await talk.signed_in()
    await talk.hear()
    await talk.say("Z999 OK done")
    await hang(talk)


async def preauth(talk: Talk) -> None:
    await talk.say("* PREAUTH you are somebody else")
    await hang(talk)


async def bye(talk: Talk) -> None:
    await talk.say("* BYE not OK today")


async def nonsense(talk: Talk) -> None:
    await talk.say(b"\xff\xfe\x00SSH-2.0-OpenSSH\r\n220 mail ESMTP")
    await hang(talk)


async def no_version(talk: Talk) -> None:
    await talk.say("* OK ready")
    await talk.ok("* CAPABILITY POP3")
    await hang(talk)


async def hangs_at_sign_in(talk: Talk) -> None:
    await talk.say("* OK ready")
    await talk.ok("* CAPABILITY IMAP4rev1")
    await hang(talk)


async def hangs_before_continuation(talk: Talk) -> None:
    await talk.signed_in()
    await hang(talk)


async def asks_twice(talk: Talk) -> None:
    await talk.signed_in()
    await talk.append()
    await talk.say("+ and again")
    await hang(talk)


async def drops_before_ok(talk: Talk) -> None:
    await talk.signed_in()
    await talk.append()


async def over_quota(talk: Talk) -> None:
    await talk.signed_in()
    await talk.hear()
    await talk.say(f"{talk.tag} NO [OVERQUOTA] full")
    await hang(talk)


async def busy(talk: Talk) -> None:
    await talk.say("* OK ready")
    await talk.ok("* CAPABILITY IMAP4rev1")
    await talk.hear()
    await talk.say(f"{talk.tag} NO [UNAVAILABLE] come back")
    await hang(talk)


@pytest_asyncio.fixture
async def way(tmp_path: Path) -> AsyncIterator[Way]:
    office = Office(tmp_path)
    made = Way(office)
    made.choose(office.anna, Channel.EXTERNAL)
    yield made
    await office.store.aclose()


async def talk_to(folder: Path, script: Script) -> Trouble:
    """What comes of signing in and appending."""
    async with server(folder, script) as (port, context, _):
        doorway = Doorway(context, private=True, patience=QUICK)
        try:
            async with opened(doorway, "localhost", port) as session:
                await session.sign_in("anna", PASSWORD)
                await session.append("INBOX", DOCUMENT)
        except Trouble as trouble:
            return trouble
    raise AssertionError("it went through")


async def attempt(way: Way, folder: Path, script: Script) -> Outcome:
    """One attempt of the carrier at one document."""
    async with server(folder, script) as (port, context, _):
        way.set_external(way.office.anna, Place("localhost", port, "anna", "INBOX", "NL"), PASSWORD)
        way.hand_in()
        return await ExternalCarrier(Doorway(context, True, QUICK), way.gate, way.marks).carry(task(way))


def task(way: Way) -> Task:
    store = way.office.store
    return Task(way.jobs()[-1], store, OutboxKey.of(store.server_keys.outbox), int(way.clock()))


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (hang, "timeout"),
        (endless_line, "too-much"),
        (endless_lines, None),
        (trickle, "timeout"),
        (giant_literal, "too-much"),
        (literal_without_size, "nonsense"),
        (wrong_tag, "nonsense"),
        (preauth, "nonsense"),
        (bye, None),
        (nonsense, None),
        (no_version, "nonsense"),
        (hangs_at_sign_in, "timeout"),
        (hangs_before_continuation, "timeout"),
        (asks_twice, "nonsense"),
        (drops_before_ok, "disconnected"),
        (over_quota, "over-quota"),
        (busy, "sign-in-not-now"),
    ],
)
async def test_a_hostile_server_only_puts_it_off(tmp_path: Path, script: Script, problem: str | None) -> None:
    async with asyncio.timeout(5):
        tracemalloc.start()
        trouble = await talk_to(tmp_path, script)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert trouble.blame is Blame.TIME
    assert problem is None or trouble.problem == problem
    assert peak < 12_000_000


async def test_an_ok_is_an_ok_though_the_connection_breaks_behind_it(way: Way, tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.signed_in()
        await talk.append()
        await talk.say(f"{talk.tag} OK")

    outcome = await attempt(way, tmp_path, script)
    assert isinstance(outcome, Done)


async def test_a_full_mailbox_is_tried_again(way: Way, tmp_path: Path) -> None:
    assert await attempt(way, tmp_path, over_quota) == Later("over-quota")
    assert way.jobs()[-1].step == "appending"


async def test_what_stands_in_a_password_ends_no_line(tmp_path: Path) -> None:
    async with server(tmp_path, over_quota) as (port, context, talks):
        doorway = Doorway(context, private=True, patience=QUICK)
        async with opened(doorway, "localhost", port) as session:
            await session.sign_in('an"na', "back\\slash")
        for secret in ("p\r\nA1 LOGOUT", "caf\u00e9"):
            async with opened(doorway, "localhost", port) as session:
                with pytest.raises(Trouble):
                    await session.sign_in("anna", secret)
    logins = [line.partition(b" ")[2] for talk in talks for line in talk.heard if b"LOGIN" in line]
    assert logins == [b'LOGIN "an\\"na" "back\\\\slash"\r\n']


async def test_too_big_for_it_is_for_ever(way: Way, tmp_path: Path) -> None:
    async def script(talk: Talk) -> None:
        await talk.signed_in()
        await talk.hear()
        await talk.say(f"{talk.tag} NO [TOOBIG] no")
        await hang(talk)

    outcome = await attempt(way, tmp_path, script)
    assert isinstance(outcome, Failed)
    assert outcome.problem == "too-big"


async def test_a_server_with_another_certificate_hears_no_word(way: Way, tmp_path: Path) -> None:
    """No downgrade either: without TLS nothing is said."""
    heard: list[bytes] = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK IMAP4rev1 without TLS\r\n")
        heard.append(await reader.read(4096))
        writer.close()

    listener = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with listener, server(tmp_path, hang) as (port, _, talks):
        for number in (port, listener.sockets[0].getsockname()[1]):
            place = Place("localhost", number, "anna", "INBOX", "NL")
            way.set_external(way.office.anna, place, PASSWORD)
            way.hand_in()
            doorway = Doorway(verifying(None, "ca_file"), private=True, patience=QUICK)
            outcome = await ExternalCarrier(doorway, way.gate, way.marks).carry(task(way))
            assert isinstance(outcome, Later)
            assert outcome.problem in ("certificate", "unreachable", "timeout")
    assert all(not talk.heard for talk in talks)
    assert all(PASSWORD.encode() not in each and b"LOGIN" not in each for each in heard)
