"""What every measured server offers to a row, whoever wrote it: addresses, logins, process ids, a clean end.

A server lives in one folder of its own, listens on loopback only and is stopped by the process id that started it.
"""

import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"


class Unavailable(Exception):
    """The server cannot be measured here; the text says why, for the table."""


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Intake:
    """Where documents are handed in: the port, and how its protocol greets."""

    port: int
    lmtp: bool = False
    login: Login | None = None
    sender: str = "sender@bench.test"


class Server(ABC):
    """A running mail server with numbered recipients `address(0)`, `address(1)`, …, all with one sign-in each."""

    name: str
    imap_port: int
    imaps_port: int
    intake: Intake

    @abstractmethod
    def start(self) -> None:
        """Return once every listener accepts."""

    @abstractmethod
    def stop(self) -> None:
        """Return once no process of this server is left."""

    @abstractmethod
    def login(self, number: int) -> Login:
        """IMAP user name and password of a recipient."""

    @abstractmethod
    def pids(self) -> list[int]:
        """Every process of the server, for memory."""

    def address(self, number: int) -> str:
        return f"user{number:04d}@bench.test"

    def open(self, recipients: int) -> None:
        """The first start, with `address(0)` to `address(recipients - 1)` able to receive."""
        self.start()

    def settle(self, documents: int) -> None:
        """Return when `documents` accepted ones have reached their place; at once where acceptance is the end."""
        return

    def forget_caches(self) -> None:
        """While stopped: drop what an earlier session left behind to be faster the next time."""
        return


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def await_port(port: int, process: subprocess.Popen[bytes], seconds: float = 15) -> None:
    """Wait until the port accepts; `Unavailable` if the process ends first or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unavailable(f"ended at start with status {process.returncode}")
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise Unavailable(f"port {port} did not open within {seconds:.0f} s")


def end(process: subprocess.Popen[bytes], seconds: float = 15) -> None:
    """SIGTERM, then SIGKILL to this process and its remaining children if it does not listen."""
    children = {pid: _born(pid) for pid in descendants(process.pid)}
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid, born in children.items():
        _end_orphan(pid, born)


def _end_orphan(pid: int, born: str) -> None:
    """Wait for a child of the ended server, then kill it, unless its id belongs to another process by now."""
    deadline = time.monotonic() + 5
    while _born(pid) == born and time.monotonic() < deadline:
        time.sleep(0.01)
    if born and _born(pid) == born:
        os.kill(pid, signal.SIGKILL)


def _born(pid: int) -> str:
    """Start time of a process in clock ticks, empty when there is none: with the id it names a process for good."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return ""


def descendants(pid: int) -> Iterator[int]:
    """Children of a process, and theirs, as /proc tells; those that end meanwhile are left out."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            yield child
            yield from descendants(child)


def cpu_seconds(pids: list[int]) -> float:
    """Processor time of the processes and of their children that have ended, user and system."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def resident_bytes(pids: list[int]) -> int:
    """Proportional set size of the processes together (shared pages counted once), from smaps_rollup."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total
