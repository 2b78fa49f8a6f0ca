"""One bridge as a process: the doors over one store, opened together, drained together.

Contract. `run` returns after SIGTERM or SIGINT and a drain: hand-ins under way got their answer, clients a farewell.
It raises `StartRefused` if a listener or the certificate cannot be had (nothing stays open), and `StorageFailed` as
soon as the store no longer knows what the disk holds (R5): then only a new start, which reads the disk, can tell.
"""

import asyncio
import errno
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from bridge import erasures, housekeeping, process, retention
from bridge.api.control import Control
from bridge.api.serving import ControlServer
from bridge.channels import batches, carriers, climbing
from bridge.channels.authorities import CarrierUnusable
from bridge.channels.outbox import Outbox
from bridge.chores import CHORES
from bridge.clock import Clock, system
from bridge.connections import listening
from bridge.housekeeping import Chore
from bridge.imap.server import ImapServer, services
from bridge.routing import places, residency
from bridge.settings import Settings
from bridge.smtp import doors
from bridge.smtp.limits import for_messages
from bridge.smtp.server import Listening, SmtpServer
from bridge.throttle import Throttle
from bridge.tls import CertificateError, ServerTls
from storage.backups import drills
from storage.database import Store
from storage.people import domains

log = structlog.get_logger(__name__)

LOOPBACK = "127.0.0.1"
DRAIN_SECONDS = 10.0
"""What clients may still take at the end; a commit under way is never cut."""
LAST_SECONDS = 1.0
"""For farewells after the disk failed."""


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int


Listeners = dict[str, Address]
"""By the names of the ready line."""
Ready = Callable[[Listeners], None]


class StartRefused(Exception):
    """The bridge cannot start; the text names the setting and what to do."""


class StorageFailed(Exception):
    """The disk under the database failed."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything that listens."""

    smtp: SmtpServer
    imap: ImapServer
    tls: ServerTls
    control: ControlServer
    ports: dict[str, int]
    """Of those that are open, for whoever asks the control API how to connect."""

    async def open(self, settings: Settings) -> Listeners:
        """All that the settings do not close. `StartRefused` names the one that cannot be had."""
        listeners = {}
        for name, setting, host, port in _wanted(settings):
            try:
                bound = await self._open_one(name, host, port)
            except OSError as error:
                raise StartRefused(_unavailable(error, host, port, setting)) from None
            listeners[name] = Address(*bound)
            self.ports[name] = bound[1]
        try:
            self.control.open()
        except OSError as error:
            raise StartRefused(f"cannot make the control socket {error.filename}: {error.strerror}") from None
        return listeners

    async def _open_one(self, name: str, host: str, port: int) -> tuple[str, int]:
        if name in doors.DOORS:
            return (await self.smtp.start([Listening(doors.DOORS[name], host, port)]))[name]
        return await self.imap.listen(host, port, self.tls.context if name == "imaps" else None)

    async def drain(self) -> None:
        """All at once: the slowest sets the time."""
        self.control.drain()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.smtp.drain())
            tasks.create_task(self.imap.drain(DRAIN_SECONDS))


async def run(data: Path, settings: Settings, store: Store, ready: Ready, clock: Clock = system) -> None:
    """Serve until a signal; `ready` is called once all listeners accept."""
    process.prepare()
    outside = residency.refusal(settings, await store.read(domains.listing))
    if outside is not None:
        raise StartRefused(outside)
    try:
        tls = ServerTls(
            data / settings.tls.certificate_file, data / settings.tls.key_file, settings.tls.minimum_version
        )
        outgoing = carriers.of(data, settings, store)
    except (CertificateError, CarrierUnusable) as error:
        raise StartRefused(str(error)) from None
    drills.clear(data)
    await erasures.resume(store, settings, int(clock()))
    try:
        async with asyncio.TaskGroup() as tasks:
            keeper = tasks.create_task(housekeeping.keep(store, clock, _chores(settings)))
            outbox = tasks.create_task(Outbox(store, clock, outgoing, random.random).run())
            await _serve(_doors(data, settings, store, tls, clock, tasks), settings, store, ready, tasks)
            keeper.cancel()
            outbox.cancel()
    except BaseExceptionGroup as group:
        raise _expected(group) from None
    log.info("bridge.stopped")


def _chores(settings: Settings) -> tuple[Chore, ...]:
    """Those that the settings have a say in come last."""
    return (
        *CHORES,
        *climbing.chores(places.of(settings)),
        erasures.chore(settings),
        batches.chore(settings),
        *retention.chores(settings),
    )


def _expected(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The end that `run` promises, out of the group that it comes in; any other error stays as it is."""
    ends = [error for error in group.exceptions if isinstance(error, StartRefused | StorageFailed)]
    return ends[0] if len(ends) == len(group.exceptions) == 1 else group


def _doors(
    data: Path, settings: Settings, store: Store, tls: ServerTls, clock: Clock, tasks: asyncio.TaskGroup
) -> Doors:
    throttle = Throttle(clock, settings.throttle.trusted_networks)
    size = settings.smtp.max_message_bytes
    limits, workers = for_messages(size), settings.smtp.workers
    signed_in = listening(store, clock)
    smtp = SmtpServer(
        store, throttle, clock, settings.hostname, tls.context, limits, workers, signed_in, places.of(settings)
    )
    imap = ImapServer(
        services(store, throttle, clock, time.monotonic, size, connections=signed_in, places=places.of(settings)),
        tasks,
    )
    control = Control(store, clock, settings, throttle, data, signed_in, started_at=int(clock()))
    return Doors(smtp, imap, tls, ControlServer(control), control.ports)


async def _serve(opened: Doors, settings: Settings, store: Store, ready: Ready, tasks: asyncio.TaskGroup) -> None:
    """From the first listener to the last farewell."""
    with _signals() as stop:
        try:
            listeners = await opened.open(settings)
        except StartRefused:
            await opened.drain()
            raise
        tasks.create_task(opened.control.serve())
        log.info("bridge.ready", listeners=list(listeners))
        ready(listeners)
        try:
            await _until(stop, store, opened.tls)
        except StorageFailed:
            # Nobody new comes in; what still waits for the disk is not waited for.
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await opened.drain()
            raise
        log.info("bridge.draining")
        await opened.drain()


@contextmanager
def _signals() -> Iterator[asyncio.Event]:
    """Set by SIGTERM and SIGINT while it is entered."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _until(stop: asyncio.Event, store: Store, tls: ServerTls) -> None:
    """Returns when asked to stop; `StorageFailed` when the disk failed. Certificates are watched meanwhile."""
    async with asyncio.TaskGroup() as tasks:
        ends = [tasks.create_task(event.wait()) for event in (stop, store.failed)]
        watch = tasks.create_task(tls.watch())
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in (*ends, watch):
            task.cancel()
    if store.failed.is_set():
        log.error("bridge.storage_failed")
        raise StorageFailed("the disk under the database failed: see the system's log, then start the bridge again")


def _wanted(settings: Settings) -> Iterator[tuple[str, str, str, int]]:
    """(name, setting, host, port) of each listener that is not off; plaintext never leaves the machine."""
    imap, smtp, host = settings.imap, settings.smtp, settings.host
    for name, setting, at, port in (
        ("imaps", "imap.tls_port", host, imap.tls_port),
        ("imap-plain", "imap.plaintext_port", LOOPBACK, imap.plaintext_port),
        ("smtps", "smtp.tls_port", host, smtp.tls_port),
        ("submission", "smtp.submission_port", host, smtp.submission_port),
        ("mx", "smtp.mx_port", host, smtp.mx_port),
        ("smtp-plain", "smtp.plaintext_port", LOOPBACK, smtp.plaintext_port),
    ):
        if port != "off":
            yield name, setting, at, port


def _unavailable(error: OSError, host: str, port: int, setting: str) -> str:
    """Which setting, why, and what to do."""
    remedies = {
        errno.EADDRINUSE: "another program has this port; stop it or choose another port (0: a free one)",
        errno.EACCES: "this user may not use ports below 1024; grant CAP_NET_BIND_SERVICE or choose a higher port",
        errno.EADDRNOTAVAIL: "this machine does not have that address; see the setting host",
    }
    reason = remedies.get(error.errno or 0, error.strerror or "unavailable")
    return f"cannot listen on {host} port {port} ({setting}): {reason}"
