"""Many plain connections at once from one thread: scripts as generators over epoll, made to cost next to nothing.

A script yields `Send` values and is resumed with the bytes of the answer. All bytes to be sent are built before the
clock starts, so that the client is never what is measured; the same scripts drive our server and its peers.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

HOST = "127.0.0.1"
_READ = 1 << 18


class Refused(Exception):
    """The server answered otherwise than a measurement needs, closed, or took too long."""


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes to send, then wait until `complete(answer so far)`."""

    chunks: tuple[bytes | memoryview, ...]
    complete: Callable[[bytes], bool]


Script = Generator[Send, bytes, None]


class _Connection:
    __slots__ = ("answer", "complete", "fd", "outgoing", "script", "socket")

    def __init__(self, port: int, script: Script) -> None:
        self.socket = socket.create_connection((HOST, port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.fd = self.socket.fileno()
        self.script = script
        self.outgoing: deque[bytes | memoryview] = deque()
        self.answer = b""
        self._take(next(script))

    def _take(self, step: Send) -> None:
        self.outgoing.extend(step.chunks)
        self.complete = step.complete
        self.answer = b""

    def flush(self) -> bool:
        """Send what the kernel takes; True when all is sent."""
        while self.outgoing:
            chunk = self.outgoing[0]
            try:
                sent = self.socket.send(chunk)
            except BlockingIOError:
                return False
            if sent == len(chunk):
                self.outgoing.popleft()
            else:
                self.outgoing[0] = memoryview(chunk)[sent:]
        return True

    def receive(self) -> bool:
        """Read once and advance the script; False when the script has ended."""
        data = self.socket.recv(_READ)
        if not data:
            raise Refused(f"closed after {self.answer[-200:]!r}")
        self.answer += data
        while self.complete(self.answer):
            try:
                self._take(self.script.send(self.answer))
            except StopIteration:
                return False
        return True


def converse(port: int, scripts: Iterable[Script], seconds: float = 300) -> float:
    """Run all scripts side by side, one connection each; return the seconds from first to last.

    Connections are made one after another before the clock starts; a script's first `Send` is usually empty and waits
    for the greeting.
    """
    connections = [_Connection(port, script) for script in scripts]
    started = time.perf_counter()
    poll = select.epoll()
    try:
        _run(poll, {each.fd: each for each in connections}, started + seconds)
    finally:
        poll.close()
        for each in connections:
            each.socket.close()
    return time.perf_counter() - started


def _run(poll: select.epoll, open_: dict[int, _Connection], deadline: float) -> None:
    for fd in open_:
        poll.register(fd, select.EPOLLIN | select.EPOLLOUT)
    writing = set(open_)
    while open_:
        events = poll.poll(5)
        if time.perf_counter() > deadline:
            raise Refused(f"{len(open_)} conversations did not end in time")
        for fd, event in events:
            connection = open_[fd]
            if event & ~select.EPOLLOUT and not connection.receive():
                poll.unregister(fd)
                del open_[fd]
                writing.discard(fd)
                continue
            blocked = not connection.flush()
            if blocked != (fd in writing):
                poll.modify(fd, select.EPOLLIN | (select.EPOLLOUT if blocked else 0))
                writing ^= {fd}
