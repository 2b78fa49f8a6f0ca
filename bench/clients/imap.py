"""One blocking IMAP session over plain TCP or TLS that reads as fast as the kernel gives and parses nothing.

Only the last bytes of an answer are looked at, for the tagged line; the rest is counted and dropped unless asked for.
"""

import socket
import ssl
import time

from bench.clients.conversations import HOST, Refused
from bench.servers.base import Login

_TAIL = 600


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Session:
    """Connected and greeted; `sign_in` and `run` raise `Refused` unless the tagged answer is OK."""

    def __init__(self, port: int, *, tls: bool = False, seconds: float = 120) -> None:
        plain = socket.create_connection((HOST, port), seconds)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = _context().wrap_socket(plain) if tls else plain
        self._buffer = memoryview(bytearray(1 << 20))
        self._count = 0
        if not self.socket.recv(65536).startswith(b"* OK"):
            raise Refused("no greeting")

    def sign_in(self, login: Login) -> float:
        return self.run(f'LOGIN "{login.username}" "{login.password}"'.encode())

    def run(self, command: bytes) -> float:
        """Send one command; seconds until its tagged OK has come."""
        return self._run(command, None)

    def ask(self, command: bytes) -> bytes:
        """Send one command; its whole answer, tagged line included."""
        kept = bytearray()
        self._run(command, kept)
        return bytes(kept)

    def idle(self) -> None:
        """Send IDLE and wait for the continuation."""
        self.socket.sendall(b"i IDLE\r\n")
        answer = b""
        while b"\r\n+ " not in b"\r\n" + answer:
            answer += self._some()

    def close(self) -> None:
        self.socket.close()

    def _some(self) -> bytes:
        data = self.socket.recv(65536)
        if not data:
            raise Refused("closed")
        return data

    def _run(self, command: bytes, kept: bytearray | None) -> float:
        self._count += 1
        tag = b"t%d" % self._count
        started = time.perf_counter()
        self.socket.sendall(tag + b" " + command + b"\r\n")
        last = self._await(b"\r\n" + tag + b" ", kept)
        seconds = time.perf_counter() - started
        if not last.startswith(b"OK"):
            raise Refused(f"{command[:60]!r}: {last!r}")
        return seconds

    def _await(self, marker: bytes, kept: bytearray | None) -> bytes:
        """Read up to the tagged line; what follows its tag."""
        tail = b"\r\n"
        while True:
            count = self.socket.recv_into(self._buffer)
            if not count:
                raise Refused(f"closed after {tail!r}")
            if kept is not None:
                kept += self._buffer[:count]
            tail = (tail + bytes(self._buffer[max(0, count - _TAIL) : count]))[-_TAIL:]
            if tail.endswith(b"\r\n") and (at := tail.rfind(marker)) >= 0:
                return tail[at + len(marker) :]


def signed_in(port: int, login: Login, *, tls: bool = False, mailbox: str | None = None) -> Session:
    """A session that has signed in and selected a mailbox."""
    session = Session(port, tls=tls)
    session.sign_in(login)
    if mailbox:
        session.run(b"SELECT " + mailbox.encode())
    return session
