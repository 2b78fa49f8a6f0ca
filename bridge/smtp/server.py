"""The SMTP listeners: opened together, drained together.

    server = SmtpServer(store, throttle, clock, hostname, tls)
    addresses = await server.start([Listening(doors.SMTPS, "127.0.0.1", 465), …])    # by name: (host, port)
    await server.drain()

`start` raises OSError if a port is taken; nothing stays open then.
"""

import ssl
from asyncio import Server
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

import structlog

from bridge.clock import Clock
from bridge.connections import Connections
from bridge.routing.decision import Places
from bridge.smtp.conversation import pin_log_level
from bridge.smtp.doors import Door
from bridge.smtp.limits import Limits
from bridge.smtp.office import Office
from bridge.smtp.starttls import TLS_FAREWELL_SECONDS
from bridge.smtp.transaction import Connection
from bridge.smtp.workers import Workers
from bridge.throttle import Throttle
from storage.database import Store

log = structlog.get_logger(__name__)

_BACKLOG = 512


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a door opens; port 0 lets the system choose."""

    door: Door
    host: str
    port: int


class SmtpServer:
    """Made inside the running event loop."""

    def __init__(
        self,
        store: Store,
        throttle: Throttle,
        clock: Clock,
        hostname: str,
        tls: ssl.SSLContext,
        limits: Limits | None = None,
        workers: int = 0,
        signed_in: Connections | None = None,
        places: Places | None = None,
    ) -> None:
        """`workers`: processes that prepare what is handed in; 0: this one does."""
        limits = limits or Limits()
        self.office = Office(store, throttle, clock, hostname, tls, limits, signed_in=signed_in, places=places)
        self._workers = Workers(store, workers) if workers else None
        self._servers: list[Server] = []
        pin_log_level()

    async def start(self, listenings: Iterable[Listening]) -> dict[str, tuple[str, int]]:
        """Open all; returns the bound address by name of the door. OSError, ValueError."""
        bound = {}
        if self._workers is not None:
            await self._workers.start()
            self.office.preparer = self._workers
        try:
            for listening in listenings:
                bound[listening.door.name] = await self._open(listening)
        except BaseException:
            self._close_listeners()
            raise
        return bound

    async def _open(self, listening: Listening) -> tuple[str, int]:
        door, office = listening.door, self.office
        if door.takes_plain_auth and not ip_address(listening.host).is_loopback:
            raise ValueError(f"{door.name} takes passwords without TLS: it listens on loopback only")
        server = await office.loop.create_server(
            partial(Connection, office, door),
            listening.host,
            listening.port,
            ssl=office.tls if door.implicit_tls else None,
            ssl_handshake_timeout=office.limits.handshake_seconds if door.implicit_tls else None,
            ssl_shutdown_timeout=TLS_FAREWELL_SECONDS if door.implicit_tls else None,
            backlog=_BACKLOG,
        )
        self._servers.append(server)
        host, port = server.sockets[0].getsockname()[:2]
        log.info("smtp.listening", door=door.name, port=port)
        return host, port

    async def drain(self) -> None:
        """Take no new connections, let hand-ins under way end with their answer, turn the others away with 421."""
        self._close_listeners()
        await self.office.drain()

    def _close_listeners(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
