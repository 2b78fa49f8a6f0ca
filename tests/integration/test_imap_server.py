"""The IMAP server as a process sees it: TLS, limits, slow and hostile clients, descriptors, memory, the end."""

import asyncio
import gc
import imaplib
import resource
import socket
import ssl
import time
import tracemalloc
from asyncio import sslproto
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.imap import channel
from bridge.imap.handlers import fetch as fetching
from bridge.imap.server import ACCEPTS_IN_A_ROW, TLS_READ
from bridge.tls import ServerTls, create_self_signed
from storage.engine import statements
from tests.reading import House, Library, opened, plain_message, until

MIB = 1 << 20


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library.create(tmp_path / "data")
    made.deliver(*(plain_message(f"Factuur {number}", f"Body {number}\r\n") for number in (1, 2, 3)))
    return made


def tls_contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For the server and for its clients."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    create_self_signed(certificate, key, "localhost", time.time())
    serving = ServerTls(certificate, key).context
    return serving, ssl.create_default_context(cafile=str(certificate))


# --- TLS ---


async def test_over_tls_with_small_buffers(library: Library, tmp_path: Path) -> None:
    serving, trusting = tls_contexts(tmp_path)
    trusting.check_hostname = False
    async with opened(library, tls=serving) as house:
        client = await house.connect(trusting)
        assert (await client.line()).startswith(b"* OK [CAPABILITY")
        [connection] = house.server._channels
        transport = connection._transport
        assert len(transport._ssl_protocol._ssl_buffer) == TLS_READ  # type: ignore[attr-defined]
        assert sslproto.SSLProtocol.max_size == TLS_READ
        await client.sign_in(library.device)
        assert (await client.command(b"EXAMINE INBOX"))[-1].startswith(b"OK")
        assert len(await client.command(b"FETCH 1:* BODY.PEEK[]")) == 4


async def test_what_is_no_tls_is_closed(library: Library, tmp_path: Path) -> None:
    serving, _ = tls_contexts(tmp_path)
    async with opened(library, tls=serving) as house:
        client = await house.connect()
        client.send(b"a LOGIN anna secret\r\n")
        with suppress(ConnectionResetError):
            assert b"OK" not in await client.line()
        assert await asyncio.to_thread(tls_sign_in, house, tmp_path, library) == "OK"


def tls_sign_in(house: House, folder: Path, library: Library) -> str:
    trusting = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    trusting.check_hostname = False
    with imaplib.IMAP4_SSL(house.host, house.port, ssl_context=trusting) as client:
        return client.login(library.device.username, library.device.password)[0]


async def test_plain_listeners_are_for_loopback_only(library: Library) -> None:
    async with opened(library) as house:
        with pytest.raises(ValueError, match="loopback"):
            await house.server.listen("0.0.0.0", 0, None)


async def test_small_answers_are_not_held_back(library: Library) -> None:
    async with opened(library) as house:
        await house.session()
        [connection] = house.server._channels
        peer = connection._transport.get_extra_info("socket")
        assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


# --- limits ---


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"a " + b"x" * 9000 + b"\r\n", b"a BAD"),
        (b"a LOGIN {5000+}\r\n" + b"x" * 5000 + b" y\r\n", b"a BAD"),
        (b"a FETCH 1 ((((FLAGS))))\r\n", b"a BAD"),
        (b"\x00\xff\xfe\r\n", b"* BAD"),
        (b"a LOGIN\r\n", b"a BAD"),
    ],
)
async def test_hostile_lines_get_an_answer_and_the_connection_goes_on(
    library: Library, data: bytes, answer: bytes
) -> None:
    async with opened(library) as house:
        client = await house.connect()
        await client.line()
        client.send(data)
        assert (await client.line()).startswith(answer)
        assert (await client.command(b"NOOP"))[-1].startswith(b"OK")


async def test_a_flood_of_nonsense_ends_with_bye(library: Library) -> None:
    async with opened(library) as house:
        client = await house.connect()
        await client.line()
        client.send(b"a NONSENSE\r\n" * 50)
        lines = [await client.line() for _ in range(13)]
        assert any(line.startswith(b"* BYE") for line in lines)


async def test_who_does_not_sign_in_is_told_to_leave(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "SIGN_IN_SECONDS", 0.05)
    async with opened(library) as house:
        client = await house.connect()
        await client.line()
        assert await client.line() == b"* BYE Too slow to sign in\r\n"
        assert await client.line() == b""


async def test_silence_ends_but_not_before_its_time(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "SILENCE_SECONDS", 0.3)
    async with opened(library) as house:
        client = await house.session()
        assert (await client.command(b"NOOP"))[-1] == b"OK Done\r\n"
        assert await client.line() == b"* BYE Silent for too long\r\n"


async def test_a_search_that_takes_too_long_says_so_and_gives_nothing(library: Library) -> None:
    async with opened(library, monotonic=(0.0, 30.0), search_seconds=20.0) as house:
        client = await house.session()
        [answer] = await client.command(b"SEARCH BODY nothing")
        assert answer.startswith(b"NO [LIMIT]")


# --- slow readers, large documents ---


async def test_a_slow_reader_stops_its_own_command_and_nobody_elses(library: Library) -> None:
    big = b"Subject: big\r\n\r\n" + b"0123456789abcdef" * (MIB // 4)
    library.deliver(big)
    async with opened(library) as house:
        slow, quick = await house.session(), await house.session()
        slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(4):
            slow.send(b"s UID FETCH 4 BODY.PEEK[]\r\n")
        for _ in range(20):
            assert (await quick.command(b"UID FETCH 1 BODY.PEEK[]"))[-1].startswith(b"OK")
        unsent = max(connection._transport.get_write_buffer_size() for connection in house.server._channels)
        assert unsent < 3 * MIB
        slow.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(4):
            [fetched, answer] = await slow.until(b"s")
            assert fetched == b"* 4 FETCH (UID 4 BODY[] {%d}\r\n%s)\r\n" % (len(big), big)
            assert answer == b"s OK FETCH completed\r\n"


async def test_a_large_document_is_streamed_in_pieces(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "BYTES_AT_ONCE", 1000)
    monkeypatch.setattr(fetching, "PIECE", 700)
    big = b"Subject: big\r\nX-Long: " + b"h" * 500 + b"\r\n\r\n" + bytes(range(256)) * 40
    library.deliver(big)
    async with opened(library) as house:
        client = await house.session()
        text = big.split(b"\r\n\r\n", 1)[1]
        lines = await client.command(b"FETCH 4 (FLAGS BODY[] BODY[TEXT]<100.2000> BODY[HEADER.FIELDS (Subject)])")
        assert lines[0] == (
            b"* 4 FETCH (FLAGS (\\Seen \\Recent) BODY[] {%d}\r\n%s BODY[TEXT]<100> {2000}\r\n%s "
            b"BODY[HEADER.FIELDS (Subject)] {16}\r\nSubject: big\r\n\r\n)\r\n" % (len(big), big, text[100:2100])
        )


async def test_a_client_that_sends_faster_than_it_is_served_is_not_read_from(library: Library) -> None:
    async with opened(library) as house:
        client = await house.session()
        count = 20_000
        client.send(b"".join(b"n%d NOOP\r\n" % number for number in range(count)))
        highest = 0
        for number in range(count):
            assert await client.line() == b"n%d OK Done\r\n" % number
            highest = max(highest, *(connection._connection.buffered for connection in house.server._channels))
        assert highest < 2 * channel.MOST_UNREAD


async def test_going_away_in_the_middle_of_an_answer_lets_go_of_the_keys(library: Library) -> None:
    library.deliver(b"Subject: big\r\n\r\n" + b"x" * (8 * MIB))
    async with opened(library) as house:
        client = await house.session()
        client.send(b"a FETCH 4 BODY.PEEK[]\r\n")
        await client.reader.read(1000)
        client.writer.transport.abort()
        await until(lambda: library.account.public_id not in library.store.keyring)
        assert not house.server._channels


async def test_what_was_sent_before_a_half_close_is_executed(library: Library) -> None:
    async with opened(library) as house:
        client = await house.session()
        client.send(b"a APPEND Archive {5+}\r\nhello\r\n")
        client.writer.write_eof()
        assert [line[:4] for line in await client.until(b"a")] == [b"a OK"]
        assert await client.line() == b""
        again = await house.session(None)
        assert (await again.command(b"STATUS Archive (MESSAGES)"))[0] == b"* STATUS Archive (MESSAGES 1)\r\n"


# --- damage ---


def flip_byte(folder: Path, name: str) -> None:
    """In the last chunk of a body file."""
    [path] = folder.rglob(name)
    path.chmod(0o600)
    sealed = bytearray(path.read_bytes())
    sealed[-40] ^= 1
    path.write_bytes(sealed)


async def damage(library: Library, uid: int, column: str) -> None:
    """Flip a byte of what lies sealed for the message."""
    table = {"sealed_card": "card", "sealed_body": "inline_body"}[column]

    def flip(session: object) -> None:
        statements.run(session, "DELETE FROM indexed_card")  # type: ignore[arg-type]
        found = statements.row(session, f"SELECT {column} FROM {table} WHERE document_id = ?", (uid,))  # type: ignore[arg-type]
        assert found is not None
        altered = found[0][:20] + bytes([found[0][20] ^ 1]) + found[0][21:]
        statements.run(session, f"UPDATE {table} SET {column} = ? WHERE document_id = ?", (altered, uid))  # type: ignore[arg-type]

    await library.store.write(flip)


async def test_a_damaged_body_refuses_only_its_message(library: Library) -> None:
    async with opened(library) as house:
        await damage(library, 2, "sealed_body")
        client = await house.session()
        lines = await client.command(b"UID FETCH 1:* (FLAGS BODY[TEXT])")
        assert sorted(lines[:3]) == [
            b"* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) BODY[TEXT] {8}\r\nBody 1\r\n)\r\n",
            b"* 2 FETCH (UID 2 FLAGS (\\Recent))\r\n",
            b"* 3 FETCH (UID 3 FLAGS (\\Seen \\Recent) BODY[TEXT] {8}\r\nBody 3\r\n)\r\n",
        ]
        assert lines[3] == b"* NO Damaged and not served: UID 2\r\n"
        assert lines[4].startswith(b"NO [CORRUPTION]")
        assert (await client.command(b"UID FETCH 1:* (ENVELOPE)"))[-1].startswith(b"OK")


async def test_a_damaged_card_refuses_only_its_message_and_is_not_searched(library: Library) -> None:
    async with opened(library) as house:
        await damage(library, 3, "sealed_card")
        client = await house.session()
        lines = await client.command(b"FETCH 1:* (UID RFC822.SIZE)")
        assert [line[:18] for line in lines[:2]] == [b"* 1 FETCH (UID 1 R", b"* 2 FETCH (UID 2 R"]
        assert lines[2] == b"* 3 FETCH (UID 3)\r\n"
        assert lines[-1].startswith(b"NO [CORRUPTION]")
        found = await client.command(b"SEARCH SUBJECT Factuur")
        assert found[:2] == [b"* NO Damaged and not served: UID 3\r\n", b"* SEARCH 1 2\r\n"]
        assert found[-1].startswith(b"OK")


async def test_a_damaged_large_body_is_refused_before_its_literal_begins(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "BYTES_AT_ONCE", 1000)
    library.deliver(b"Subject: big\r\n\r\n" + b"x" * 200_000)
    async with opened(library) as house:
        [name] = library.store.bodies.names()
        await asyncio.to_thread(flip_byte, library.store.data, name)
        client = await house.session()
        lines = await client.command(b"UID FETCH 3:4 (FLAGS BODY.PEEK[TEXT])")
        assert lines[1] == b"* 4 FETCH (UID 4 FLAGS (\\Recent))\r\n"
        assert lines[-1].startswith(b"NO [CORRUPTION]")


# --- many connections, memory, the end ---


async def test_connections_beyond_the_limit_are_told_and_closed(library: Library) -> None:
    async with opened(library, most_connections=2) as house:
        kept = [await house.session(), await house.session()]
        refused = await house.connect()
        assert (await refused.line()).startswith(b"* BYE Too many connections")
        assert await refused.line() == b""
        await kept.pop().close()
        await until(lambda: len(house.server._channels) <= 1)
        assert (await (await house.session()).command(b"NOOP"))[-1].startswith(b"OK")


async def test_running_out_of_file_descriptors_neither_spins_nor_lasts(library: Library) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context["message"]))
    async with opened(library, most_connections=10_000) as house:
        waiting = [socket.socket() for _ in range(40)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        spent = hoard()
        try:
            for each in waiting:
                each.connect((house.host, house.port))
            for _ in range(200):
                await asyncio.sleep(0)
            assert 1 <= len(complaints) <= ACCEPTS_IN_A_ROW
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for each in (*waiting, *spent):
                each.close()
        client = await house.session()
        assert (await client.command(b"NOOP"))[-1].startswith(b"OK")


def hoard() -> list[socket.socket]:
    """Every descriptor that is left."""
    taken: list[socket.socket] = []
    try:
        while True:
            taken.append(socket.socket())
    except OSError:
        return taken


async def test_an_idle_session_is_small_and_has_no_task(library: Library) -> None:
    async with opened(library) as house:

        async def idle_socket() -> socket.socket:
            raw = socket.socket()
            raw.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(raw, (house.host, house.port))
            device = library.device
            await loop.sock_sendall(raw, f"a LOGIN {device.username} {device.password}\r\n".encode())
            await loop.sock_sendall(raw, b"b SELECT INBOX\r\nc IDLE\r\n")
            heard = b""
            while b"+ idling" not in heard:
                heard += await loop.sock_recv(raw, 4096)
            return raw

        sockets = [await idle_socket() for _ in range(5)]
        tasks = len(asyncio.all_tasks())
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        sockets += [await idle_socket() for _ in range(50)]
        gc.collect()
        each = (tracemalloc.get_traced_memory()[0] - before) / 50
        tracemalloc.stop()
        assert each < 15 * 1024
        assert len(asyncio.all_tasks()) == tasks
        for raw in sockets:
            raw.close()


async def test_draining_finishes_commands_and_says_bye_to_all(library: Library) -> None:
    async with opened(library) as house:
        idle, busy = await house.session(), await house.session()
        idle.send(b"i IDLE\r\n")
        await idle.line()
        busy.send(b"a UID FETCH 1:* BODY.PEEK[]\r\n")
        await until(lambda: any(connection._working for connection in house.server._channels))
        await house.server.drain(5)
        assert (await idle.line()).startswith(b"* BYE The server is shutting down")
        lines = await busy.until(b"a")
        assert lines[-1] == b"a OK FETCH completed\r\n"
        assert (await busy.line()).startswith(b"* BYE")
        with pytest.raises(ConnectionRefusedError):
            await house.connect()


async def test_draining_does_not_wait_for_who_never_reads(library: Library) -> None:
    library.deliver(b"Subject: big\r\n\r\n" + b"x" * (16 * MIB))
    async with opened(library) as house:
        stuck = await house.session()
        stuck.writer.transport.pause_reading()  # type: ignore[attr-defined]
        stuck.send(b"a FETCH 4 BODY.PEEK[]\r\n")
        await until(lambda: any(not connection._writable for connection in house.server._channels))
        async with asyncio.timeout(5):
            await house.server.drain(0.05)
        assert not house.server._channels
