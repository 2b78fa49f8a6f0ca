"""Notices on their way out: a control API with a clock, a relay that can refuse, and hand-ins as they are decided."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import Session

from bridge import tls
from bridge.channels import carriers
from bridge.channels.outbox import Outbox
from bridge.mail.facts import HeaderFacts
from bridge.routing import places, planning
from bridge.settings import Settings
from storage.choices import changes
from storage.deliveries import arrivals, deliveries, transcript
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import Choice, Road
from storage.engine import statements
from storage.keys.envelope import seal_document
from storage.keys.outbox import OutboxKey
from storage.mail.documents import DeliveryDraft
from storage.people import accounts
from tests.control import Desk, Person, application

CONTACT = "anna@elsewhere.test"


@dataclass
class PostRelay:
    """SMTP over TLS on loopback; `refusals` by command, such as {"RCPT": "550 5.1.1 no"}."""

    port: int = 0
    refusals: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)
    """(envelope sender, recipient, message)."""

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = recipient = ""
        try:
            writer.write(b"220 relay.test ESMTP\r\n")
            while line := (await reader.readline()).decode().strip():
                verb = line[:4].upper()
                answer = self.refusals.get(verb, "250 2.0.0 fine")
                if verb == "MAIL":
                    sender = line.partition("<")[2].partition(">")[0]
                elif verb == "RCPT":
                    recipient = line.partition("<")[2].partition(">")[0]
                elif verb == "DATA" and answer.startswith("250"):
                    writer.write(b"354 go on\r\n")
                    message = await reader.readuntil(b"\r\n.\r\n")
                    answer = self.refusals.get("DOT", "250 2.0.0 taken")
                    if answer.startswith("250"):
                        self.taken.append((sender, recipient, message[:-3]))
                elif verb == "QUIT":
                    answer = "221 2.0.0 bye"
                writer.write(f"{answer}\r\n".encode())
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    @property
    def last(self) -> EmailMessage:
        return self.message(-1)

    def message(self, at: int) -> EmailMessage:
        found = message_from_bytes(self.taken[at][2], policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def text(self, at: int = -1) -> str:
        return str(self.message(at).get_content())


@dataclass
class Bureau:
    """Anna has an account, the ERP sends to her; the outbox turns when the test says so."""

    desk: Desk
    relay: PostRelay
    settings: Settings
    anna: Person
    erp: Person
    worker: Outbox

    def prove(self, address: str | None = CONTACT) -> None:
        """Anna's contact address, proved."""
        sql = "UPDATE account SET contact_email = ?, contact_email_verified_at = ? WHERE id = ?"
        self.write(sql, address, None if address is None else self.now, self.anna.account.id)

    def choose(self, edit: Choice, who: Person | None = None) -> None:
        account = (who or self.anna).account
        self.desk.store.write_now(
            changes.change, account.id, [None], None, edit, road=Road.CLI, actor="t", changed_by=None, now=self.now
        )

    def arrive(
        self,
        kind: str = "invoice",
        who: Person | None = None,
        message: bytes = b"Subject: x\r\n\r\nx\r\n",
        facts: HeaderFacts | None = None,
    ) -> Delivery:
        """A document from the ERP, decided and stored as a hand-in is."""
        store, account = self.desk.store, (who or self.anna).account
        acceptance = self.prepared(facts or HeaderFacts(document_type=kind), who, message)
        delivered = store.write_now(arrivals.accept, acceptance, self.now)
        return store.read_now(deliveries.of_document, account.id, delivered.document_public_id)

    def prepared(self, facts: HeaderFacts, who: Person | None = None, message: bytes = b"\r\n") -> Acceptance:
        store, account = self.desk.store, (who or self.anna).account
        public, erp = OutboxKey.of(store.server_keys.outbox).public_key, self.erp.account.id
        gathered = store.read_now(planning.gather, [account.id], erp, True)
        decided = planning.plan(gathered, facts, places.of(self.settings), b"k" * 32, self.now, {})
        reader = store.read_now(accounts.recipient, account.email)
        assert reader is not None
        sealed = seal_document(message, b"card", (reader,), outbox_public=public)
        draft = DeliveryDraft(sealed, (reader,), (reader.inbox_id,), self.now, 99, actor=f"account:{erp}")
        return Acceptance(draft, decided, erp, public)

    def burst(self, kinds: Sequence[str], seconds: float) -> None:
        """Documents that arrive one after the other within `seconds`; stored in one commit."""
        prepared = []
        for kind in kinds:
            prepared.append((self.prepared(HeaderFacts(document_type=kind)), self.now))
            self.desk.clock.turn(seconds / len(kinds))
        self.desk.store.write_now(_accept_all, prepared)

    @property
    def now(self) -> int:
        return int(self.desk.clock())

    async def after(self, seconds: float) -> None:
        """The clock turned, and what is due then carried out."""
        self.desk.clock.turn(seconds)
        await self.worker.turn()

    def transcript(self, who: Person | None = None) -> list[str]:
        """`kind detail`, oldest first."""
        found, _ = self.desk.store.read_now(transcript.listing, (who or self.anna).account.id, None, 500)
        return [f"{line.event.kind} {line.event.detail or ''}".strip() for line in reversed(found)]

    def rows(self, sql: str, *values: statements.Value) -> list[statements.Row]:
        return self.desk.store.read_now(statements.rows, sql, values)

    def write(self, sql: str, *values: statements.Value) -> int:
        return self.desk.store.write_now(statements.run, sql, values)


def _accept_all(session: Session, prepared: Sequence[tuple[Acceptance, int]]) -> None:
    for acceptance, at in prepared:
        arrivals.accept(session, acceptance, at)


@asynccontextmanager
async def bureau(folder: Path, *, with_relay: bool = True, **notices: object) -> AsyncIterator[Bureau]:
    """`notices`: settings of that table."""
    cert, key = folder / "relay.pem", folder / "relay.key"
    tls.create_self_signed(cert, key, "localhost", time.time())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    relay = PostRelay()
    server = await asyncio.start_server(relay.converse, "127.0.0.1", 0, ssl=context)
    relay.port = server.sockets[0].getsockname()[1]
    section = {"host": "localhost", "port": relay.port, "tls": "implicit", "ca_file": cert, "country": "NL"}
    chosen: dict[str, Any] = {"hostname": "mail.example.test", "notices": {"target_ca_file": cert, **notices}}
    if with_relay:
        chosen["notice_relay"] = section
    settings = Settings(**chosen)
    async with server, Desk.open(folder / "data") as desk:
        yield await _opened(desk, relay, settings)


async def _opened(desk: Desk, relay: PostRelay, settings: Settings) -> Bureau:
    await desk.http.aclose()
    control = replace(desk.control, settings=settings)
    transport = httpx.ASGITransport(application(control), raise_app_exceptions=False)
    headers = {"Accept-Language": "en"}
    desk.control, desk.http = (
        control,
        httpx.AsyncClient(transport=transport, base_url="http://postex", headers=headers),
    )
    made = carriers.of(desk.data, settings, desk.store)
    worker = Outbox(desk.store, desk.clock, made, lambda: 1.0)
    anna, erp = desk.person("anna"), desk.person("erp")
    desk.store.write_now(statements.run, "UPDATE account SET locale = 'en'")
    return Bureau(desk, relay, settings, anna, erp, worker)
