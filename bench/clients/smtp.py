"""Handing in documents over SMTP or LMTP with pipelining: MAIL, every RCPT and DATA in one packet (RFC 2920).

Sign-in and greeting come before the clock: what is timed is from the first MAIL to the last 250.
"""

import base64
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from bench.clients.conversations import HOST, Refused, Script, Send, converse
from bench.servers.base import Intake


def replies(count: int) -> Callable[[bytes], bool]:
    """Whether `count` whole replies have come (a reply's last line has a space after its code)."""

    def complete(answer: bytes) -> bool:
        if not answer.endswith(b"\r\n"):
            return False
        return sum(line[3:4] == b" " for line in answer.split(b"\r\n")) >= count

    return complete


@dataclass(slots=True)
class HandIn:
    """One transaction, built beforehand: `message` is dot-stuffed, CRLF, without the final dot."""

    envelope: bytes
    recipients: int
    message: bytes
    started: float = 0.0
    finished: float = 0.0


def hand_in(sender: str, recipients: Sequence[str], message: bytes) -> HandIn:
    to = b"".join(b"RCPT TO:<%s>\r\n" % each.encode() for each in recipients)
    return HandIn(b"MAIL FROM:<%s>\r\n%sDATA\r\n" % (sender.encode(), to), len(recipients), message)


def _opening(intake: Intake) -> list[tuple[bytes, bytes]]:
    """Commands before the first transaction, each with the code that must answer it."""
    steps = [(b"LHLO bench.test\r\n" if intake.lmtp else b"EHLO bench.test\r\n", b"250")]
    if intake.login:
        secret = f"\0{intake.login.username}\0{intake.login.password}".encode()
        steps.append((b"AUTH PLAIN " + base64.b64encode(secret) + b"\r\n", b"235"))
    return steps


def _session(intake: Intake, transactions: Sequence[HandIn]) -> Script:
    one = replies(1)
    yield Send((), one)
    for command, code in _opening(intake):
        answer = yield Send((command,), one)
        if not answer.startswith(code):
            raise Refused(f"{code!r} expected: {answer!r}")
    for each in transactions:
        yield from _transaction(each, intake.lmtp)


def _transaction(each: HandIn, lmtp: bool) -> Script:
    each.started = time.perf_counter()
    answer = yield Send((each.envelope,), replies(each.recipients + 2))
    if b"\r\n354" not in answer:
        raise Refused(f"354 expected: {answer[-300:]!r}")
    count = each.recipients if lmtp else 1
    answer = yield Send((each.message, b".\r\n"), replies(count))
    each.finished = time.perf_counter()
    if sum(line.startswith(b"250") for line in answer.split(b"\r\n")) < count:
        raise Refused(f"250 expected: {answer[-300:]!r}")


def deliver(intake: Intake, lanes: Sequence[Sequence[HandIn]], seconds: float = 300) -> float:
    """Hand everything in, one connection per lane; seconds from the first MAIL to the last 250."""
    converse(intake.port, (_session(intake, lane) for lane in lanes), seconds)
    done = [each for lane in lanes for each in lane]
    return max(each.finished for each in done) - min(each.started for each in done)


class Sender:
    """One blocking connection that hands in a document at a time, for measuring what happens around its 250."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.socket = socket.create_connection((HOST, intake.port), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._await(replies(1))
        for command, _ in _opening(intake):
            self.socket.sendall(command)
            self._await(replies(1))

    def begin(self, transaction: HandIn) -> None:
        """Hand in up to the final dot; the 250 is still to come."""
        self.socket.sendall(transaction.envelope)
        self._await(replies(transaction.recipients + 2))
        self.socket.sendall(transaction.message + b".\r\n")

    def finish(self) -> float:
        """Read the 250; the moment (`time.perf_counter`) when it had come."""
        answer = self._await(replies(1))
        if not answer.startswith(b"250"):
            raise Refused(f"250 expected: {answer!r}")
        return time.perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _await(self, complete: Callable[[bytes], bool]) -> bytes:
        answer = b""
        while not complete(answer):
            data = self.socket.recv(65536)
            if not data:
                raise Refused(f"closed after {answer!r}")
            answer += data
        return answer
