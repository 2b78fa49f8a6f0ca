"""The IMAP listeners of the bridge: the only place with sockets, with `channel` for each connection.

Contract. `ImapServer(services, tasks)` raises `NotImplementedCapability` if more is announced than is carried out.
`listen` opens a listener and returns its address; without a TLS context it takes loopback addresses only, and only
there may a password be sent in the clear (a proxy on this machine that ends TLS, and measuring). `drain` stops
accepting, lets running commands finish, says BYE to all, and returns when the last connection is gone or the time is
up.

asyncio allocates 256 KiB for each TLS connection to read into; `TLS_READ` brings that down (measured: 280 → 43 KiB).
When file descriptors run out, asyncio stops accepting for a second; `most_connections` keeps that from happening, as
connections beyond it are told so and closed.
"""

import asyncio
import resource
import socket
import ssl
from asyncio import sslproto
from collections.abc import Callable, Coroutine
from functools import partial
from ipaddress import ip_address
from typing import Any

import structlog

from bridge.connections import Connections, listening
from bridge.imap.capabilities import Capabilities
from bridge.imap.channel import Channel
from bridge.imap.handlers import HANDLERS
from bridge.imap.live import LiveSessions
from bridge.imap.posting import Posting
from bridge.imap.session import Services, Throttle
from bridge.routing.decision import Places
from storage.database import Store

log = structlog.get_logger(__name__)

TLS_READ = 16 * 1024
"""One TLS record: what OpenSSL hands out at most at a time."""
HANDSHAKE_SECONDS = 10.0
BACKLOG = 1024
"""Connections that the kernel holds until they are accepted."""
ACCEPTS_IN_A_ROW = 16
"""asyncio accepts up to its `backlog` in one go, and fails as often when descriptors have run out."""
RESERVED_DESCRIPTORS = 64
"""Kept free for the database, body files and the other listeners."""
SHUTTING_DOWN = "The server is shutting down, come back soon"
MUCH = 1 << 20
"""Bytes that a connection must hold to be one of those that are let go when memory is short."""
MOST_HELD = 512 << 20
"""Bytes of commands that are coming in, of all connections together; two of the largest messages always fit."""
LAST_SECONDS = 2.0
"""For connections that were interrupted to say BYE."""


class ImapServer:
    """See the module's contract."""

    def __init__(self, services: Services, tasks: asyncio.TaskGroup, most_connections: int | None = None) -> None:
        services.capabilities.check(services.handlers)
        self.services = services
        self._tasks = tasks
        self._most = most_connections or descriptors_left()
        self._most_held = max(MOST_HELD, 2 * services.message_bytes)
        self._channels: set[Channel] = set()
        self._large: dict[Channel, int] = {}
        """Who holds much, with how many bytes."""
        self._listeners: list[asyncio.Server] = []
        self._empty = asyncio.Event()
        self._empty.set()
        self._forget = services.store.listen(services.live.changed)

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> tuple[str, int]:
        """Accept connections; returns the address (port 0 chooses a free one). ValueError: plain and not loopback."""
        if tls is None and not ip_address(host).is_loopback:
            raise ValueError("IMAP without TLS is for loopback addresses only")
        sslproto.SSLProtocol.max_size = TLS_READ
        accepting = _bound(host, port)
        listener = await asyncio.get_running_loop().create_server(
            partial(Channel, self, "imap-plain" if tls is None else "imaps", True),
            sock=accepting,
            ssl=tls,
            backlog=ACCEPTS_IN_A_ROW,
            ssl_handshake_timeout=None if tls is None else HANDSHAKE_SECONDS,
        )
        accepting.listen(BACKLOG)
        self._listeners.append(listener)
        address: tuple[str, int] = accepting.getsockname()[:2]
        log.info("imap_listening", host=address[0], port=address[1], tls=tls is not None)
        return address

    async def drain(self, seconds: float) -> None:
        """End in order: see the module's contract."""
        for listener in self._listeners:
            listener.close()
        for channel in tuple(self._channels):
            channel.leave(SHUTTING_DOWN)
        if not await self._emptied(seconds):
            for channel in tuple(self._channels):
                channel.session.bye(SHUTTING_DOWN)
            await self._emptied(LAST_SECONDS)
        for channel in tuple(self._channels):
            channel.abort()
        await self._empty.wait()
        self._forget()

    async def _emptied(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    # --- what channels ask for ---

    def opened(self, channel: Channel) -> bool:
        self._channels.add(channel)
        self._empty.clear()
        return len(self._channels) <= self._most

    def received(self, channel: Channel) -> None:
        """Where all hold too much together, the one goes that holds much and was not heard for longest."""
        self._large.pop(channel, None)
        if channel.held < MUCH:
            return
        self._large[channel] = channel.held
        if sum(self._large.values()) > self._most_held:
            stalled = min(self._large, key=lambda each: each.heard_at)
            del self._large[stalled]
            log.warning("imap_memory_short", count=len(self._large))
            stalled.session.bye("Too much is being received, try again later")

    def closed(self, channel: Channel) -> None:
        self._large.pop(channel, None)
        self._channels.discard(channel)
        if not self._channels:
            self._empty.set()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.create_task(work)


def _bound(host: str, port: int) -> socket.socket:
    """The protocol is named, as asyncio sets TCP_NODELAY only where it is."""
    family = socket.AF_INET if ip_address(host).version == 4 else socket.AF_INET6
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


def descriptors_left() -> int:
    """How many connections the limit on file descriptors allows."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(soft - RESERVED_DESCRIPTORS, 1)


def services(
    store: Store,
    throttle: Throttle,
    clock: Callable[[], float],
    monotonic: Callable[[], float],
    message_bytes: int,
    search_seconds: float = 20.0,
    disabled: frozenset[str] = frozenset(),
    connections: Connections | None = None,
    places: Places | None = None,
) -> Services:
    """What the daemon knows, put together for `ImapServer`."""
    return Services(
        store,
        LiveSessions(),
        Posting(store),
        throttle,
        Capabilities(disabled),
        clock,
        monotonic,
        message_bytes,
        search_seconds,
        HANDLERS,
        listening(store, clock) if connections is None else connections,
        places or Places(),
    )
