"""A post office for SMTP tests: a real store in a temporary folder, the four doors, people, and a small client."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge import tls
from bridge.clock import Clock
from bridge.smtp import doors
from bridge.smtp.limits import Limits
from bridge.smtp.server import Listening, SmtpServer
from bridge.throttle import Throttle
from storage.access import devices
from storage.keys.keyring import AccountKeys
from storage.mail import documents
from storage.mail.reading import Reader
from storage.people import accounts, domains, senders
from storage.people.accounts import AccountDraft
from storage.records import Account, DeviceCredentials, DomainMode, Role, Scope
from tests import stores

NOW = 1_700_000_000
HOST = "127.0.0.1"
OUTSIDE = "facturen@energie.test"
"""An identity of the sender outside our domains."""


async def no_sleep(_: float) -> None:
    """A tarpit that holds nobody."""


@dataclass(slots=True)
class Person:
    account: Account
    keys: AccountKeys
    device: DeviceCredentials


class Office:
    """Anna and Bram receive, the ERP sends; all at example.test."""

    def __init__(
        self, data: Path, clock: Clock = lambda: float(NOW), limits: Limits | None = None, workers: int = 0
    ) -> None:
        self.master = stores.create(data / "store")
        self.store = stores.opened(data / "store")
        self.clock = clock
        self.limits = limits or Limits()
        self.workers = workers
        self.domain = self.store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
        self.erp = self.person("erp@example.test", Role.SENDER)
        self.anna = self.person("anna@example.test", Role.RECIPIENT)
        self.bram = self.person("bram@example.test", Role.RECIPIENT)
        self.store.write_now(senders.add_identity, self.erp.account.id, OUTSIDE, NOW)
        cert, key = data / "cert.pem", data / "key.pem"
        tls.create_self_signed(cert, key, "mail.example.test", NOW)
        self.tls = tls.ServerTls(cert, key).context
        self.throttle = Throttle(clock, sleep=no_sleep)
        self.ports: dict[str, int] = {}
        self.clients: list[Client] = []

    def person(self, email: str, role: Role, quota: int = 10**9) -> Person:
        draft = AccountDraft(email, email.partition("@")[0], role, quota_bytes=quota)
        store = self.store
        account, keys = store.write_now(accounts.create, store.shred, draft, self.domain, NOW)
        scopes = frozenset({Scope.SMTP_SEND})
        device = store.write_now(devices.add, store.server_keys, store.shred, account, keys, "test", scopes, NOW)
        return Person(account, keys, device)

    async def start(self) -> None:
        hostname = "mail.example.test"
        self.server = SmtpServer(self.store, self.throttle, self.clock, hostname, self.tls, self.limits, self.workers)
        bound = await self.server.start([Listening(door, HOST, 0) for door in doors.DOORS.values()])
        self.ports = {name: port for name, (_, port) in bound.items()}

    async def stop(self) -> None:
        await self.server.drain()
        await self.store.aclose()

    async def messages(self, person: Person) -> list[bytes]:
        """Everything in the inbox, opened with the reader's own keys, in order of arrival."""
        recipient = await self.store.read(accounts.recipient, person.account.email)
        assert recipient is not None
        copies = await self.store.read(documents.copies_of, recipient.inbox_id)
        reader = Reader(self.store, person.account, person.keys, bytes)
        return [await reader.body(copy.document_id) for copy in copies]


@asynccontextmanager
async def running(
    data: Path, limits: Limits | None = None, clock: Clock = lambda: float(NOW), workers: int = 0
) -> AsyncIterator[Office]:
    office = Office(data, clock, limits, workers)
    await office.start()
    try:
        yield office
    finally:
        for client in office.clients:
            await client.close()
        await office.stop()


class Client:
    """Says lines and hears replies; every wait is bounded."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, office: Office, door: str, greet: bool = True) -> "Client":
        context = trusting() if door == "smtps" else None
        client = cls(*await asyncio.open_connection(HOST, office.ports[door], ssl=context))
        office.clients.append(client)
        if greet:
            assert (await client.reply()).startswith("220 ")
        return client

    async def reply(self) -> str:
        """One whole reply, its lines joined by LF; empty when the server has closed."""
        lines = []
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 15)).decode()
            if not line:
                return "\n".join(lines)
            assert line.endswith("\r\n")
            lines.append(line[:-2])
            if line[3:4] != "-":
                return "\n".join(lines)

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def say(self, line: str) -> str:
        self.send(line.encode() + b"\r\n")
        return await self.reply()

    async def sign_in(self, person: Person, name: str = "scanner.example") -> str:
        await self.say(f"EHLO {name}")
        plain = f"\0{person.device.username}\0{person.device.password}"
        return await self.say("AUTH PLAIN " + b64encode(plain.encode()).decode())

    async def start_tls(self) -> None:
        assert (await self.say("STARTTLS")).startswith("220 2.0.0")
        await self.writer.start_tls(trusting(), server_hostname="mail.example.test")

    async def hand_in(self, message: bytes, sender: str, *recipients: str) -> str:
        """A whole transaction; the reply to the final dot. `message` as it goes over the wire, without its end."""
        assert (await self.say(f"MAIL FROM:<{sender}>")).startswith("250 ")
        for recipient in recipients:
            assert (await self.say(f"RCPT TO:<{recipient}>")).startswith("250 ")
        assert (await self.say("DATA")).startswith("354 ")
        self.send(message + b".\r\n")
        return await self.reply()

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (ConnectionError, ssl.SSLError):
            return


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until `condition` holds; bounded."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0)


def trusting() -> ssl.SSLContext:
    """For the self-signed certificate of the test."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
