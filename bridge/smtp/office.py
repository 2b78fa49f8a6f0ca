"""What all SMTP connections share: the store, the throttle, limits, and who is connected at this moment."""

import asyncio
import os
import random
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING

import structlog

from bridge.channels.marks import Marks
from bridge.clock import Clock
from bridge.connections import Connections, listening
from bridge.mail.status_wishes import Wish
from bridge.pace import Pace
from bridge.routing import recipients
from bridge.routing.decision import Places
from bridge.routing.remembered import Remembered
from bridge.smtp import handin, intake, key_records, replies, sending
from bridge.smtp.authorship import Rights
from bridge.smtp.errands import HOUR, MOST_AN_HOUR, MOST_OF_STRANGERS
from bridge.smtp.key_records import Resolver
from bridge.smtp.limits import Limits
from bridge.smtp.workers import InProcess, Preparer
from bridge.throttle import Throttle
from storage.access import devices, networks
from storage.database import Store
from storage.errors import SignInRefused
from storage.keys.outbox import OutboxKey
from storage.oversight.usage import Category
from storage.people import sender_trust
from storage.people.sender_trust import Voucher
from storage.records import Delivered, Recipient, Role, Scope

if TYPE_CHECKING:
    from bridge.smtp.transaction import Connection

log = structlog.get_logger(__name__)

NO_WISHES: Mapping[int, Wish] = {}
FAREWELL = 5.0
SHORT_FAREWELL = 0.5


class Office:
    """One per process; made and used in the event loop."""

    def __init__(
        self,
        store: Store,
        throttle: Throttle,
        clock: Clock,
        hostname: str,
        tls: ssl.SSLContext | None,
        limits: Limits,
        rng: Callable[[int], bytes] = os.urandom,
        signed_in: Connections | None = None,
        places: Places | None = None,
        resolver: Resolver = key_records.system,
    ) -> None:
        self.store = store
        self.throttle = throttle
        self.clock = clock
        self.hostname = hostname
        self.tls = tls
        self.limits = limits
        self._numbers = random.Random(rng(16))  # noqa: S311 - names transactions, guards nothing
        self.loop = asyncio.get_running_loop()
        self.receiving = 0
        """Bytes of messages that are in memory now."""
        self.connections: set[Connection] = set()
        self.signed_in = listening(store, clock) if signed_in is None else signed_in
        self._per_network: Counter[str] = Counter()
        self._networks: dict[Connection, str] = {}
        self.preparer: Preparer = InProcess(store)
        self.remembered = Remembered(store)
        self.places = places or Places()
        self.resolver = resolver
        self.questions = Pace(MOST_AN_HOUR, HOUR)
        """To the desks, by account or network."""
        self.strangers = Pace(MOST_OF_STRANGERS, HOUR)
        """All together."""
        self.outbox_public = OutboxKey.of(store.server_keys.outbox).public_key
        self.marks = Marks(store.server_keys.message_tag, hostname)
        """Knows what comes back of what has left the house."""
        self.tag_key = store.server_keys.message_tag
        self._closing = False
        self._empty = asyncio.Event()
        self._empty.set()

    def transaction_number(self) -> str:
        """For trace header and log; tells nothing of how many there were."""
        return f"{self._numbers.getrandbits(48):012x}"

    # --- connections ---

    def entered(self, connection: "Connection") -> str | None:
        """Take the connection in, or the answer that turns it away."""
        network = _network(connection.ip)
        self.connections.add(connection)
        self._empty.clear()
        if network:
            self._networks[connection] = network
            self._per_network[network] += 1
        if self._closing:
            return replies.SHUTTING_DOWN
        if len(self.connections) > self.limits.connections:
            return replies.TOO_MANY_CONNECTIONS
        if network and self._per_network[network] > self.limits.connections_per_network:
            return replies.TOO_MANY_FROM_YOU
        return None

    def left(self, connection: "Connection") -> None:
        """The connection is over; counted once however often it is said."""
        self.connections.discard(connection)
        network = self._networks.pop(connection, None)
        if network is not None:
            self._per_network[network] -= 1
            if not self._per_network[network]:
                del self._per_network[network]
        if not self.connections:
            self._empty.set()

    @property
    def farewell_seconds(self) -> float:
        """How long a client may take to close after we did."""
        return SHORT_FAREWELL if self._closing else FAREWELL

    async def drain(self) -> None:
        """Let hand-ins under way come to their end, turn everyone else away; returns when nobody is left."""
        self._closing = True
        for connection in tuple(self.connections):
            connection.finish(replies.SHUTTING_DOWN)
        try:
            await asyncio.wait_for(self._empty.wait(), self.limits.drain_seconds)
        except TimeoutError:
            for connection in tuple(self.connections):
                connection.dismiss(replies.SHUTTING_DOWN)
            await self._empty.wait()  # commits end by themselves, and a farewell is cut off after seconds
        await self.preparer.close()

    # --- what connections ask ---

    def sign_in(self, username: str, password: str, ip: str) -> sending.SignedIn | None:
        """Who this device password of scope smtp-send, used from `ip`, belongs to; None if it is refused."""
        store, now = self.store, int(self.clock())
        arguments = (store.server_keys, store.shred, username, password, Scope.SMTP_SEND, now, ip)
        try:
            found = store.look_up(devices.sign_in, *arguments)
        except SignInRefused:
            return None
        today, network = now - now % devices.DAY, networks.prefix(ip)
        if devices.is_news(found.device, today, network, None):
            store.post(devices.touch, found.device.id, today, network)
        store.usage.note(found.account.id, Category.SIGN_IN)
        return sending.SignedIn(found.account, found.device)

    def rights(self, account_id: int) -> Rights | None:
        return self.store.look_up(sending.rights, account_id)

    def voucher(self, address: str, ip: str) -> Voucher | None:
        return self.store.look_up(sender_trust.voucher, address, ip)

    def needs_sign_in(self, address: str) -> bool:
        return self.store.look_up(sending.needs_sign_in, address)

    def resolve(
        self, address: str, size: int, senders: frozenset[str], signed_in: sending.SignedIn | None = None
    ) -> Recipient | recipients.Refusal:
        """A recipient writes to those whose documents it has; everyone else to all recipients."""
        if signed_in is not None and signed_in.account.role is Role.RECIPIENT:
            return self.store.look_up(recipients.resolve_for_reader, signed_in.account.id, address, size, senders)
        return self.store.look_up(recipients.resolve, address, size, senders)

    async def hand_in(self, arrival: handin.Arrival, wishes: Mapping[int, Wish] = NO_WISHES) -> Delivered:
        """Prepared, decided, stored, durable; `wishes` of its sender by reader. DataRefused, StorageError: nothing
        was kept.
        """
        return await intake.hand_in(self, arrival, wishes)


def _network(ip: str) -> str:
    """The /32 or /64 that connections are counted by; empty for loopback and for what is no address."""
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ""
    if address.is_loopback:
        return ""
    return str(address) if address.version == 4 else str(int(address) >> 64)
