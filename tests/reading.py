"""An account with documents in a folder of the test, and our IMAP server over it on loopback.

`Library` is the store side: people, devices, documents. `opened` serves it and gives raw clients (`Client`) that
speak bytes. The clock is a constant that a test may move; nothing sleeps.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bridge.channels.sealing import INLINE_BYTES
from bridge.imap.server import ImapServer, services
from bridge.mail.scanner import scan
from storage.access import devices
from storage.database import Store
from storage.engine.bodies import new_name
from storage.keys.envelope import seal_document
from storage.keys.keyring import AccountKeys
from storage.mail import documents
from storage.mail.documents import DeliveryDraft
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Account, DeviceCredentials, DomainMode, Flag, Role, Scope
from tests import stores

NOW = 1_738_404_000
"""Saturday, 1 February 2025, 10:00:00 UTC."""
LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")
EVERYTHING = frozenset({Scope.IMAP})


class OpenThrottle:
    """Counts, and never holds anyone back unless told to."""

    def __init__(self) -> None:
        self.wait = 0.0
        self.failures: list[str] = []
        self.successes = 0
        self.held: list[float] = []

    def check(self, ip: str) -> float:
        return self.wait

    def failed(self, ip: str, account: str, secret_digest: bytes) -> float:
        self.failures.append(account)
        return 2.0

    def succeeded(self, ip: str) -> None:
        self.successes += 1

    def digest(self, secret: bytes) -> bytes:
        return b"digest"

    async def tarpit(self, delay: float) -> None:
        self.held.append(delay)


def plain_message(subject: str, body: str = "Hello\r\n") -> bytes:
    return (
        f"From: Energie BV <facturen@energie.test>\r\nTo: anna@example.test\r\nSubject: {subject}\r\n"
        f"Date: Fri, 31 Jan 2025 09:00:00 +0100\r\n\r\n{body}"
    ).encode()


async def until(reached: Callable[[], bool]) -> None:
    """Let the event loop run until something is so."""
    async with asyncio.timeout(20):
        while not reached():  # noqa: ASYNC110 nothing tells a test of it
            await asyncio.sleep(0.001)  # not 0: threads at work need the interpreter too


@dataclass
class Library:
    store: Store
    account: Account
    keys: AccountKeys = field(repr=False)
    device: DeviceCredentials

    @classmethod
    def create(cls, folder: Path) -> "Library":
        store = stores.new(folder)
        domain = store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
        draft = AccountDraft("anna@example.test", "Anna", Role.RECIPIENT)
        account, keys = store.write_now(accounts.create, store.shred, draft, domain, NOW)
        library = cls(store, account, keys, None)  # type: ignore[arg-type]
        library.device = library.new_device("phone")
        return library

    def new_device(self, label: str, scopes: frozenset[Scope] = EVERYTHING) -> DeviceCredentials:
        return self.store.write_now(
            devices.add, self.store.server_keys, self.store.shred, self.account, self.keys, label, scopes, NOW
        )

    def draft(self, message: bytes, flags: Flag = Flag.NONE, keywords: tuple[str, ...] = ()) -> DeliveryDraft:
        reader = self.store.read_now(accounts.recipient, self.account.email)
        assert reader is not None
        sealed = seal_document(message, scan(message).encode(), [reader])
        size, name = len(sealed.sealed_body), None
        if size > INLINE_BYTES:
            name = new_name()
            self.store.bodies.write(name, sealed.sealed_body)
        return DeliveryDraft(sealed, (reader,), (reader.inbox_id,), NOW, size, name, flags, keywords)

    def deliver(self, *messages: bytes) -> None:
        for message in messages:
            self.store.write_now(documents.deliver, self.draft(message), NOW)

    async def arrive(self, message: bytes) -> None:
        """Deliver while the server runs."""
        await self.store.write(documents.deliver, self.draft(message), NOW)


class Client:
    """Speaks IMAP in bytes; knows literals, so that a message that looks like a tagged answer fools nobody."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._count = 0

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def line(self) -> bytes:
        """One response with its literals; empty at the end of the connection."""
        async with asyncio.timeout(20):
            line = await self.reader.readline()
            while (announced := LITERAL.search(line)) is not None:
                line += await self.reader.readexactly(int(announced[1])) + await self.reader.readline()
        return line

    async def until(self, tag: bytes) -> list[bytes]:
        """Responses up to the one with `tag`, that one too."""
        lines = []
        while True:
            line = await self.line()
            lines.append(line)
            if not line or line.startswith(tag + b" "):
                return lines

    async def command(self, text: bytes) -> list[bytes]:
        self._count += 1
        tag = b"t%d" % self._count
        self.send(tag + b" " + text + b"\r\n")
        lines = await self.until(tag)
        lines[-1] = lines[-1].removeprefix(tag + b" ")
        return lines

    async def sign_in(self, device: DeviceCredentials) -> None:
        answer = await self.command(f"LOGIN {device.username} {device.password}".encode())
        assert answer[-1].startswith(b"OK "), answer

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


@dataclass
class House:
    """A served library."""

    library: Library
    server: ImapServer
    host: str
    port: int
    throttle: OpenThrottle
    clients: list[Client] = field(default_factory=list)

    async def connect(self, tls: ssl.SSLContext | None = None) -> Client:
        """A client that has read the greeting."""
        streams = await asyncio.open_connection(self.host, self.port, ssl=tls, limit=1 << 26)
        client = Client(*streams)
        self.clients.append(client)
        return client

    async def session(self, mailbox: str | None = "INBOX", device: DeviceCredentials | None = None) -> Client:
        """A signed-in client with a mailbox selected."""
        client = await self.connect()
        await client.line()
        await client.sign_in(device or self.library.device)
        if mailbox is not None:
            answer = await client.command(f"SELECT {mailbox}".encode())
            assert answer[-1].startswith(b"OK "), answer
        return client


@asynccontextmanager
async def opened(
    library: Library,
    *,
    tls: ssl.SSLContext | None = None,
    most_connections: int | None = None,
    search_seconds: float = 20.0,
    monotonic: Sequence[float] = (),
    drain_seconds: float = 5.0,
) -> AsyncIterator[House]:
    """Serve `library`; at the end clients are closed, the server drained and the store closed."""
    throttle, moments = OpenThrottle(), iter(monotonic)
    shared = services(
        library.store, throttle, lambda: float(NOW), lambda: next(moments, 0.0), 20 << 20, search_seconds
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            server = ImapServer(shared, tasks, most_connections)
            host, port = await server.listen("127.0.0.1", 0, tls)
            house = House(library, server, host, port, throttle)
            try:
                yield house
            finally:
                for client in house.clients:
                    client.writer.close()
                await server.drain(drain_seconds)
    finally:
        await library.store.aclose()
