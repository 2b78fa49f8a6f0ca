"""Live sessions of both doors over TLS: what is known of them, and that they end when the right to them does."""

import asyncio
import ssl
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bridge.connections import Connection
from bridge.smtp import doors
from bridge.smtp.limits import Limits
from bridge.smtp.server import Listening, SmtpServer
from bridge.throttle import Throttle
from bridge.tls import ServerTls, create_self_signed
from storage.access import devices
from storage.engine import statements
from storage.mail import documents, mailboxes
from storage.people import accounts
from storage.records import DeviceCredentials, Origin, Scope
from tests.reading import NOW, Client, House, Library, opened, plain_message, until

BOTH = frozenset({Scope.IMAP, Scope.SMTP_SEND})
BARRED = b"* BYE This account may not sign in at present\r\n"
WITHIN = 1.0
"""Seconds in which a session must be over, as its client sees it."""


@dataclass
class Bridge:
    """Both doors over one store, with one registry."""

    house: House
    smtp_port: int
    trusting: ssl.SSLContext
    device: DeviceCredentials
    clients: list[Client] = field(default_factory=list)

    @property
    def signed_in(self) -> list[Connection]:
        return self.house.server.services.connections.of_account(self.house.library.account.id)

    async def imap(self, state: str = "selected", device: DeviceCredentials | None = None) -> Client:
        client = await self.house.connect(self.trusting)
        await client.line()
        await client.sign_in(device or self.device)
        if state != "signed in":
            await client.command(b"SELECT INBOX")
        if state == "idle":
            client.send(b"i IDLE\r\n")
            assert (await client.line()).startswith(b"+ ")
        return client

    async def smtp(self, device: DeviceCredentials | None = None) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.smtp_port, ssl=self.trusting))
        self.clients.append(client)
        await client.line()
        used = device or self.device
        plain = b64encode(f"\0{used.username}\0{used.password}".encode())
        client.send(b"EHLO scanner.example\r\nAUTH PLAIN " + plain + b"\r\n")
        while (line := await client.line())[:4] != b"235 ":
            assert line[:3] == b"250", line
        return client


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Bridge]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    create_self_signed(certificate, key, "localhost", time.time())
    serving, trusting = ServerTls(certificate, key).context, ssl.create_default_context(cafile=str(certificate))
    trusting.check_hostname = False
    library = Library.create(folder / "data")
    async with opened(library, tls=serving) as house:
        registry = house.server.services.connections
        throttle = Throttle(lambda: float(NOW))
        smtp = SmtpServer(
            library.store, throttle, lambda: float(NOW), "localhost", serving, Limits(), signed_in=registry
        )
        bound = await smtp.start([Listening(doors.SMTPS, "127.0.0.1", 0)])
        made = Bridge(house, bound["smtps"][1], trusting, library.new_device("both", BOTH))
        try:
            yield made
        finally:
            for client in made.clients:
                client.writer.close()
            await smtp.drain()


async def said_until_the_end(client: Client) -> bytes:
    said = b""
    while line := await client.line():
        said += line
    return said


async def test_a_suspended_account_has_no_session_after_a_second_and_still_gets_mail(tmp_path: Path) -> None:
    async with running(tmp_path) as bridge:
        library = bridge.house.library
        store, account = library.store, library.account
        states = ("idle", "selected", "signed in", "idle", "selected")
        imap = [await bridge.imap(states[number % len(states)]) for number in range(40)]
        smtp = [await bridge.smtp() for _ in range(10)]
        assert len(bridge.signed_in) == 50
        started = asyncio.get_running_loop().time()
        await store.write(accounts.suspend, account.id, NOW)
        await library.arrive(plain_message("meanwhile"))
        async with asyncio.timeout(WITHIN):
            farewells = await asyncio.gather(*map(said_until_the_end, [*imap, *smtp]))
        await until(lambda: not bridge.signed_in)
        assert asyncio.get_running_loop().time() - started < WITHIN
        assert [said[-len(BARRED) :] for said in farewells[:40]] == [BARRED] * 40
        assert {said[:10] for said in farewells[40:]} == {b"421 4.7.0 "}
        assert account.public_id not in store.keyring, "no key stays in memory"
        back = await bridge.house.connect(bridge.trusting)
        await back.line()
        refused = await back.command(f"LOGIN {bridge.device.username} {bridge.device.password}".encode())
        assert refused[-1].startswith(b"NO [AUTHENTICATIONFAILED]")
        inbox = store.read_now(mailboxes.by_name, account.id, library.keys, "INBOX")
        assert len(store.read_now(documents.copies_of, inbox.id)) == 1, "kept"


async def test_a_client_that_does_not_let_go_is_cut_off(tmp_path: Path) -> None:
    """It neither reads nor closes, in the middle of a large answer."""
    async with running(tmp_path) as bridge:
        library = bridge.house.library
        library.deliver(*(plain_message("large", "x" * 70 + "\r\n" + "y" * 3_000_000 + "\r\n") for _ in range(4)))
        stuck, silent = await bridge.imap(), await bridge.smtp()
        stuck.send(b"f FETCH 1:* BODY[]\r\n" * 4)
        stuck.writer.transport.pause_reading()  # type: ignore[attr-defined]
        silent.writer.transport.pause_reading()  # type: ignore[attr-defined]
        [channel] = bridge.house.server._channels
        await until(lambda: not channel._writable)
        async with asyncio.timeout(WITHIN):
            await library.store.write(accounts.suspend, library.account.id, NOW)
            await until(lambda: not bridge.signed_in)
        for client in (stuck, silent):
            client.writer.transport.abort()


async def test_a_revoked_device_ends_at_both_doors_and_others_stay(tmp_path: Path) -> None:
    async with running(tmp_path) as bridge:
        library = bridge.house.library
        lost = library.new_device("lost", BOTH)
        gone = [await bridge.imap("idle", lost), await bridge.smtp(lost)]
        kept = await bridge.imap()
        await library.store.write(devices.revoke, library.account.id, lost.device.id, NOW)
        async with asyncio.timeout(WITHIN):
            for client in gone:
                assert b"this device was revoked" in (await said_until_the_end(client)).lower()
        assert (await kept.command(b"NOOP"))[-1].startswith(b"OK")
        assert [each.device_id for each in bridge.signed_in] == [bridge.device.device.id]


async def test_what_is_known_of_a_session(tmp_path: Path) -> None:
    async with running(tmp_path) as bridge:
        await bridge.imap()
        await bridge.smtp()
        at_imap, at_smtp = bridge.signed_in
        assert (at_imap.door, at_smtp.door) == ("imaps", "smtps")
        for each in (at_imap, at_smtp):
            assert each.tls is not None
            assert each.tls.version == "TLSv1.3"
            assert each.tls.cipher.startswith("TLS_")
            assert (each.network, each.since, each.client) == ("127.0.0.0/24", NOW, None)


@pytest.mark.parametrize("first", ["ID", "LOGIN"])
async def test_the_program_is_kept_only_where_its_owner_allows_it(tmp_path: Path, first: str) -> None:
    async with running(tmp_path) as bridge:
        store, account = bridge.house.library.store, bridge.house.library.account
        told = b'ID ("name" "Thunderbird" "version" "128.5.1esr" "os" "Linux" "support-url" "http://x")'
        for allowed, kept in ((0, None), (1, "Thunderbird 128")):
            store.write_now(statements.run, "UPDATE account SET client_noted = ?", (allowed,))
            client = await bridge.house.connect(bridge.trusting)
            await client.line()
            if first == "ID":
                await client.command(told)
                await client.sign_in(bridge.device)
            else:
                await client.sign_in(bridge.device)
                await client.command(told)
            assert bridge.signed_in[-1].client == kept
            store.write_now(lambda session: None)  # behind what was posted
            device = store.read_now(devices.get, account.id, bridge.device.device.id)
            assert (device.last_client, device.last_network) == (kept, "127.0.0.0/24")
            assert device.last_used_at == NOW - NOW % 86_400


async def test_a_break_glass_sign_in_stands_in_the_log_before_anything_is_shown(tmp_path: Path) -> None:
    async with running(tmp_path) as bridge:
        library = bridge.house.library
        store, account = library.store, library.account
        lock = (store.server_keys, store.shred, account, library.keys)
        scopes = frozenset({Scope.IMAP_READ})
        made = store.write_now(devices.add, *lock, "access", scopes, NOW, origin=Origin.BREAK_GLASS)
        with pytest.raises(AssertionError, match="NO "):
            await bridge.imap(device=made)
        assert bridge.signed_in == [], "no access that it belongs to"
        columns = "account_id, reason, hours, requested_by, requested_at, device_id"
        values = (account.id, "x", 1, account.id, NOW, made.device.id)
        store.write_now(statements.run, f"INSERT INTO break_glass ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)
        await bridge.imap(device=made)
        sql = "SELECT count(*) FROM audit_event WHERE kind = 'break-glass.signed-in'"
        assert store.read_now(statements.rows, sql) == [(1,)]


async def test_a_device_bound_to_another_network_is_refused_at_both_doors(tmp_path: Path) -> None:
    async with running(tmp_path) as bridge:
        library = bridge.house.library
        bound = {"label": "both", "networks": ("192.0.2.0/24",), "expires_at": None}
        library.store.write_now(devices.change, library.account.id, bridge.device.device.id, NOW, **bound)
        for sign_in in (bridge.imap, bridge.smtp):
            with pytest.raises(AssertionError, match=r"AUTHENTICATIONFAILED|535"):
                await sign_in()
        assert bridge.signed_in == []
