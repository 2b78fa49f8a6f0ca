"""Arrival: documents a second, durable at the 250, and one document to many recipients.

32 connections that already stand and are signed in hand in documents with pipelining, each connection to a
recipient of its own. What is timed is from the first MAIL to the last 250. Where a Dovecot stands behind Postfix
the clock runs on until the queue is empty, as only then a reader could see the document; what that Postfix accepts
meanwhile is a row beside it. The processor time that the server spent on a document tells apart what a machine busy
with other work blurs.
"""

import time
from collections.abc import Iterator
from itertools import count

from bench.clients.smtp import HandIn, deliver, hand_in
from bench.messages import document
from bench.rows.row import (
    ACCEPT,
    DELIVERED,
    DOVECOT,
    OURS,
    SDBOX,
    SEALED,
    Measurement,
    Row,
    Samples,
    Scale,
    at_least,
)
from bench.servers.base import Server, cpu_seconds

CONNECTIONS = 32
_marks = count()


def single(server: Server, recipient: int, size: int) -> HandIn:
    """A transaction with a document of its own for one recipient."""
    to = server.address(recipient)
    sender = server.intake.sender
    return hand_in(sender, [to], document(size, f"{next(_marks):07d}", sender, to))


def arrival(server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    """Documents a second at each size."""
    for size, each in scale.arrivals:
        accepted, settled = [], []
        worked = cpu_seconds(server.pids())
        for _ in range(scale.rounds):
            lanes = [[single(server, lane, size) for _ in range(each)] for lane in range(CONNECTIONS)]
            seconds = deliver(server.intake, lanes)
            waited = time.perf_counter()
            server.settle(each * CONNECTIONS)
            accepted.append(each * CONNECTIONS / seconds)
            settled.append(each * CONNECTIONS / (seconds + time.perf_counter() - waited))
        key = f"arrival-{size // 1000}"
        documents = scale.rounds * each * CONNECTIONS
        yield key, settled
        yield f"{key}-cpu", [1000 * (cpu_seconds(server.pids()) - worked) / documents]
        if server.name == DELIVERED:
            yield f"{key}-accepted", accepted


def fan_out(server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    """One 1 MB document to many recipients in one transaction: recipients a second."""
    addresses = [server.address(number) for number in range(scale.recipients)]
    samples = []
    for _ in range(scale.rounds):
        sender = server.intake.sender
        message = document(1_000_000, f"{next(_marks):07d}", sender, addresses[0])
        seconds = deliver(server.intake, [[hand_in(sender, addresses, message)]])
        waited = time.perf_counter()
        server.settle(scale.recipients)
        samples.append(scale.recipients / (seconds + time.perf_counter() - waited))
    yield "fan-out", samples


_SIZES = ((5, "5 KB"), (100, "100 KB"), (1000, "1 MB"))


def _rows(kb: int, size: str) -> tuple[Row, ...]:
    return (
        Row(f"arrival-{kb}", f"arrival {size}, 32 connections", "docs/s", at_least(2, ACCEPT)),
        Row(f"arrival-{kb}-accepted", f"… {size} accepted meanwhile", "docs/s", None),
        Row(f"arrival-{kb}-cpu", f"… {size}, processor time", "ms/doc", None),
    )


MEASUREMENTS = (
    Measurement(
        tuple(row for kb, size in _SIZES for row in _rows(kb, size)),
        (OURS, ACCEPT, DELIVERED, DOVECOT, SEALED, SDBOX),
        lambda scale: CONNECTIONS,
        arrival,
    ),
    Measurement(
        (Row("fan-out", "one 1 MB document to 500 recipients", "recipients/s", at_least(50, DOVECOT)),),
        (OURS, ACCEPT, DELIVERED, DOVECOT, SEALED, SDBOX),
        lambda scale: scale.recipients,
        fan_out,
    ),
)
