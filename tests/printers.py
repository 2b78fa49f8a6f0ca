"""Printers for tests: Debian's `ippeveprinter` as a process, and one that does what a test says."""

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bridge.channels.paper.ipp import encoding
from bridge.channels.paper.ipp.client import Operation, State
from bridge.channels.paper.ipp.encoding import Given, Tag

PROGRAM = shutil.which("ippeveprinter") or shutil.which("ippeveprinter", path="/usr/sbin")
BUS = shutil.which("dbus-daemon")
MISSING = "ippeveprinter (cups-ipp-utils) or dbus-daemon is missing"
_BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>custom</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow own="*"/><allow eavesdrop="true"/></policy></busconfig>
"""


def is_there() -> bool:
    return PROGRAM is not None and BUS is not None


@dataclass
class RealPrinter:
    """Every document that came to print stands in `log`, as one line with its digest."""

    uri: str
    log: Path

    def printed(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


@contextmanager
def real_printer(folder: Path) -> Iterator[RealPrinter]:
    """It announces itself on a message bus of its own, where nobody listens."""
    folder.mkdir(parents=True, exist_ok=True)
    log, command, bus = folder / "printed", folder / "command", folder / "bus"
    command.write_text(f'#!/bin/sh\nsha256sum < "$1" | cut -c1-64 >> "{log}"\n')
    command.chmod(0o755)
    (folder / "bus.conf").write_text(_BUS_CONFIG.format(path=bus))
    (folder / "spool").mkdir()
    port = _free_port()
    with _running([str(BUS), f"--config-file={folder / 'bus.conf'}", "--nofork", "--nopidfile"], folder / "bus.log"):
        _until(bus.exists)
        arguments = ["-r", "off", "-n", "localhost", "-p", str(port), "-d", str(folder / "spool"), "-c", str(command)]
        arguments += ["-f", "application/pdf", "-s", "6000", "Test"]
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={bus}"}
        with _running([str(PROGRAM), *arguments], folder / "printer.log", environment):
            _until(lambda: _listens(port))
            yield RealPrinter(f"ipp://localhost:{port}/ipp/print", log)


@contextmanager
def _running(command: list[str], log: Path, environment: dict[str, str] | None = None) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("localhost", port), 0.2).close()
    except OSError:
        return False
    return True


def _until(true: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "a program did not start"
        time.sleep(0.02)


@dataclass
class PrintJob:
    id: int
    name: str
    state: State = State.HELD
    reasons: tuple[str, ...] = ("job-data-insufficient",)
    documents: list[bytes] = field(default_factory=list)
    impressions: int | None = 0
    """None: it does not say."""
    kilobytes: int = 0


Behave = Callable[[int, bytes], Awaitable[bytes | None]]
"""(operation, the answer that a good printer would give) → what is sent; None: the connection is cut."""


@dataclass
class FakePrinter:
    """A good printer, unless `behave` spoils an answer: `jobs` is what it has, prints included."""

    jobs: list[PrintJob] = field(default_factory=list)
    condition: tuple[Given, ...] = ()
    behave: Behave | None = None
    asked: list[int] = field(default_factory=list)
    uri: str = ""
    ends: State = State.COMPLETED
    counts: int | None = 3
    """Impressions of a job that ended."""

    @property
    def prints(self) -> list[bytes]:
        return [document for job in self.jobs for document in job.documents]

    def answer(self, octets: bytes) -> bytes:
        request = encoding.read(octets)
        document = octets[len(_written_again(octets)) :]
        self.asked.append(request.status)
        given = request.of(Tag.OPERATION)[0]
        match request.status:
            case Operation.GET_PRINTER_ATTRIBUTES:
                return _reply(0, [(Tag.PRINTER, self.condition or (("printer-name", Tag.NAME, "fake"),))])
            case Operation.CREATE_JOB:
                self.jobs.append(PrintJob(len(self.jobs) + 1, str(given["job-name"][0])))
                return _reply(0, [(Tag.JOB, (("job-id", Tag.INTEGER, len(self.jobs)),))])
            case Operation.GET_JOBS:
                under_way = given["which-jobs"][0] == "not-completed"
                chosen = [job for job in self.jobs if (job.state < State.CANCELED) is under_way]
                return _reply(0, [(Tag.JOB, _described(job)) for job in chosen])
        found = next((job for job in self.jobs if job.id == given["job-id"][0]), None)
        if found is None:
            return _reply(0x0406, [])
        if request.status == Operation.SEND_DOCUMENT:
            if found.documents:
                return _reply(0x0404, [])
            found.documents.append(document)
            found.state, found.reasons, found.impressions = self.ends, ("none",), self.counts
            found.kilobytes = len(document) // 1024 + 1
        return _reply(0, [(Tag.JOB, _described(found))])


def _written_again(octets: bytes) -> bytes:
    """The IPP part: what follows the end tag is the document."""
    for end in range(9, len(octets) + 1):
        if octets[end - 1] == Tag.END:
            try:
                encoding.read(octets[:end])
            except encoding.Unreadable:
                continue
            return octets[:end]
    return octets


def _described(job: PrintJob) -> tuple[Given, ...]:
    return (
        ("job-id", Tag.INTEGER, job.id),
        ("job-name", Tag.NAME, job.name),
        ("job-state", Tag.ENUM, int(job.state)),
        ("job-state-reasons", Tag.KEYWORD, job.reasons),
        ("job-k-octets", Tag.INTEGER, job.kilobytes),
        *(() if job.impressions is None else (("job-impressions-completed", Tag.INTEGER, job.impressions),)),
    )


def _reply(status: int, groups: list[tuple[Tag, tuple[Given, ...]]]) -> bytes:
    return encoding.written(status, 1, [(Tag.OPERATION, ()), *groups])


@asynccontextmanager
async def fake_printer(context: ssl.SSLContext | None = None) -> AsyncIterator[FakePrinter]:
    """Over HTTP on a real socket; with `context` over HTTPS."""
    printer, serving = FakePrinter(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
            )
            request = await reader.readexactly(length)
            good: bytes | None = printer.answer(request)
            assert good is not None
            if printer.behave is not None:
                good = await printer.behave(printer.asked[-1], good)
            if good is not None:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nConnection: close\r\n\r\n" + good)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()
            serving.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    scheme, port = "ipps" if context else "ipp", server.sockets[0].getsockname()[1]
    printer.uri = f"{scheme}://{'localhost' if context else '127.0.0.1'}:{port}/ipp/print"
    try:
        yield printer
    finally:
        server.close()
        for task in list(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
