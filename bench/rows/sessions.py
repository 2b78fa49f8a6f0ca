"""Sessions: sign-in, news in IDLE, and what an idle session costs in memory.

News is counted from the moment the sender has read its 250 to the moment a session has read EXISTS; a session that
knew earlier counts as 0. As a server may tell its sessions first and answer the sender last, the time from the
final dot to EXISTS stands beside it. Memory is the growth of the proportional set size of all the server's
processes, by session.
"""

import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.clients.conversations import HOST, Refused
from bench.clients.imap import Session, signed_in
from bench.clients.smtp import Sender
from bench.rows.arrival import single
from bench.rows.row import (
    DOVECOT,
    OURS,
    SEALED,
    Measurement,
    Row,
    Samples,
    Scale,
    above,
    below,
    percentile,
)
from bench.servers.base import Login, Server, resident_bytes

_LANES = 8


def sign_in(server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    """LOGIN on a greeted connection (ms), and whole connections with LOGIN and LOGOUT a second over 8 lanes."""
    for number in range(_LANES):
        _visit(server.imap_port, server.login(number))
    latencies = []
    for number in range(scale.sign_ins):
        session = Session(server.imap_port)
        latencies.append(1000 * session.sign_in(server.login(number % _LANES)))
        session.run(b"LOGOUT")
        session.close()
    yield "sign-in", latencies
    yield "sign-ins", [_sign_ins(server, scale.sign_ins) for _ in range(scale.rounds)]


def _sign_ins(server: Server, count: int) -> float:
    """Sign-ins a second, `count` of them shared by the lanes."""
    logins = [server.login(number) for number in range(_LANES)]
    with ThreadPoolExecutor(_LANES) as lanes:
        started = time.perf_counter()
        visits = [lanes.submit(_visits, server.imap_port, login, count // _LANES) for login in logins]
        for each in visits:
            each.result()
        return count // _LANES * _LANES / (time.perf_counter() - started)


def _visits(port: int, login: Login, count: int) -> None:
    for _ in range(count):
        _visit(port, login)


def _visit(port: int, login: Login) -> None:
    """Connect, be greeted, LOGIN and LOGOUT in one packet, read to the end."""
    with socket.create_connection((HOST, port), 30) as connection:
        connection.recv(4096)
        connection.sendall(f'a LOGIN "{login.username}" "{login.password}"\r\nb LOGOUT\r\n'.encode())
        answer = b""
        while data := connection.recv(4096):
            answer += data
            if b"\r\nb OK" in answer:
                break
    if b"a OK" not in answer:
        raise Refused(f"sign-in: {answer[-200:]!r}")


def news(server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    """250 → EXISTS in IDLE, for one session and for many on the same mailbox; milliseconds."""
    for count, rounds, key in ((1, 6 * scale.rounds, "idle-1"), (scale.sessions, scale.rounds, "idle-500")):
        sessions = [signed_in(server.imap_port, server.login(0), mailbox="INBOX") for _ in range(count)]
        for session in sessions:
            session.idle()
        with Sender(server.intake) as sender:
            told = [each for _ in range(rounds) for each in _tell(server, sender, sessions)]
        for session in sessions:
            session.close()
        latencies = [after for after, _ in told]
        yield f"{key}-p50", [percentile(latencies, 0.5)]
        yield f"{key}-p99", [percentile(latencies, 0.99)]
        yield f"{key}-dot", [percentile([whole for _, whole in told], 0.5)]


def _tell(server: Server, sender: Sender, sessions: list[Session]) -> list[tuple[float, float]]:
    """Hand in one document; for each session the milliseconds from the 250, and from the final dot, to its EXISTS."""
    poll = select.epoll()
    waiting = {each.socket.fileno(): each for each in sessions}
    for fd in (*waiting, sender.socket.fileno()):
        poll.register(fd, select.EPOLLIN)
    sender.begin(single(server, 0, 5_000))
    handed_in = time.perf_counter()
    told: list[float] = []
    accepted = 0.0
    while waiting or not accepted:
        for fd, _ in _events(poll):
            if fd == sender.socket.fileno():
                accepted = sender.finish()
            elif b" EXISTS\r\n" in waiting[fd].socket.recv(65536):
                told.append(time.perf_counter())
                poll.unregister(fd)
                del waiting[fd]
    poll.close()
    return [(max(0.0, 1000 * (each - accepted)), 1000 * (each - handed_in)) for each in told]


def _events(poll: select.epoll) -> list[tuple[int, int]]:
    events = poll.poll(10)
    if not events:
        raise Refused("a session in IDLE was told nothing for 10 s")
    return events


def memory(server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    """PSS by idle session, each of another account, with INBOX selected and IDLE begun; kilobytes.

    The server is started afresh for TLS: memory that the plain sessions left behind would be used again unseen.
    """
    for key, tls in (("memory", False), ("memory-tls", True)):
        server.stop()
        server.start()
        port = server.imaps_port if tls else server.imap_port
        signed_in(port, server.login(0), tls=tls, mailbox="INBOX").close()
        before = _settled_bytes(server)
        sessions = [
            signed_in(port, server.login(number), tls=tls, mailbox="INBOX") for number in range(scale.recipients)
        ]
        for session in sessions:
            session.idle()
        yield key, [(resident_bytes(server.pids()) - before) / 1000 / len(sessions)]
        for session in sessions:
            session.close()


def _settled_bytes(server: Server) -> int:
    """What the server holds once its start is over: processes that are still loading would count as sessions."""
    last, now = 0, resident_bytes(server.pids())
    while now != last:
        time.sleep(_SETTLING_SECONDS)
        last, now = now, resident_bytes(server.pids())
    return now


_SETTLING_SECONDS = 1.0
_SERVERS = (OURS, DOVECOT, SEALED)

MEASUREMENTS = (
    Measurement(
        (
            Row("sign-in", "device sign-in, latency", "ms", below(1, "≤ 1 ms")),
            Row("sign-ins", "device sign-ins at 8 connections", "1/s", above(2000, "≥ 2 000")),
        ),
        _SERVERS,
        lambda scale: _LANES,
        sign_in,
    ),
    Measurement(
        (
            Row("idle-1-p50", "250 → EXISTS in IDLE, 1 session, median", "ms", None),
            Row("idle-1-p99", "250 → EXISTS in IDLE, 1 session, p99", "ms", below(20, "< 20 ms")),
            Row("idle-1-dot", "final dot → EXISTS, 1 session, median", "ms", None),
            Row("idle-500-p50", "250 → EXISTS in IDLE, 500 sessions, median", "ms", None),
            Row("idle-500-p99", "250 → EXISTS in IDLE, 500 sessions, p99", "ms", below(100, "< 100 ms")),
            Row("idle-500-dot", "final dot → EXISTS, 500 sessions, median", "ms", None),
        ),
        _SERVERS,
        lambda scale: 1,
        news,
    ),
    Measurement(
        (
            Row("memory", "memory by idle session, plain", "KB", below(15, "< 15 KB")),
            Row("memory-tls", "memory by idle session, TLS", "KB", below(50, "< 50 KB")),
        ),
        _SERVERS,
        lambda scale: scale.recipients,
        memory,
    ),
)
