"""What becomes of received data before the database: checks, our trace header, the tag of a transaction, seals.

`prepare` does all the work that grows with the message and knows no loop and no database: it runs in a worker process
(`workers`). Retried transactions: a client that did not hear our 250 sends the same again. The tag is an HMAC over
sender, envelope and the SHA-256 of the received bytes; storage knows it for `documents.DEDUPE_SECONDS` and names the
first document again. Only messages with a Message-ID have one: without it two equal documents may both be meant (two
equal payslips, two scans of an empty page), and both are stored.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field

from bridge.channels.sealing import Placed, seal_and_place
from bridge.mail import authentication_results, headers
from bridge.mail.facts import HeaderFacts, facts_of
from bridge.smtp import provenance
from bridge.smtp.authorship import Rights, header_refusal
from bridge.smtp.data import DataReceiver, DataRefused
from bridge.smtp.provenance import Stranger
from storage.engine.bodies import Bodies
from storage.errors import StorageError
from storage.records import Recipient

EXPECTED = (DataRefused, StorageError)
"""What `prepare` raises on purpose."""
RETURNED_HEADER = 16_384
RETURNED_BYTES = 1_048_576
_HEADER_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mail transaction whose data is complete."""

    data: DataReceiver = field(repr=False)
    trace: bytes = field(repr=False)
    """Our header lines, put above what was received."""
    envelope_from: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    readers: tuple[Recipient, ...]
    """Different accounts, as the recipients resolved."""
    sender_account_id: int | None
    rights: Rights | None = field(repr=False)
    """None: not signed in, the header is not checked."""
    server: str = ""
    """Our name in Authentication-Results."""
    stranger: Stranger | None = None
    """Whoever did not sign in."""
    outbox_public: bytes | None = None
    """Where a reader's choices may let the document leave: its key is sealed to the outbox too."""
    batch_outbox: bytes | None = None
    """Likewise for a document of a batch, whose decisions are made when its sender commits."""
    offered: tuple[tuple[str, str], ...] = ()
    """Fields of ours for a message that has none of that name: how to choose for its sender (RFC 2369, RFC 2919)."""
    returns_whole: bool = False
    """A report of a failure may have to give the message back (RFC 3461 section 4.3)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the database has to be told."""

    placed: Placed
    dedupe_tag: bytes | None = field(repr=False)
    facts: HeaderFacts = field(repr=False)
    content_tag: bytes | None = field(default=None, repr=False)
    """16 bytes: the same for the same body from the same sender, whoever it is for."""
    header: bytes = field(default=b"", repr=False)
    """As received, up to `RETURNED_HEADER`: for reports to a sender who signed in."""
    whole: bytes | None = field(default=None, repr=False)
    """Likewise the message, where it was asked for and is no larger than `RETURNED_BYTES`."""


def prepare(arrival: Arrival, dedupe_key: bytes, bodies: Bodies) -> Prepared:
    """Everything up to the database. DataRefused with the answer; WriterUnavailable: nothing was kept."""
    message = arrival.data.received(arrival.trace)
    received = memoryview(message)[len(arrival.trace) :]
    header = header_block(message, len(arrival.trace))
    refusal = None if arrival.rights is None else header_refusal(header, arrival.rights)
    if refusal is not None:
        raise DataRefused(refusal)
    facts = facts_of(header)
    tag = dedupe_tag(dedupe_key, arrival, received) if facts.message_id is not None else None
    content = content_tag(dedupe_key, arrival, received[len(header) :]) if facts.message_id is not None else None
    returned, whole = _returned(arrival, header, received)
    message = _offers(header, arrival) + _with_results(message, header, arrival)
    outbox = arrival.outbox_public or (arrival.batch_outbox if facts.batch is not None else None)
    placed = seal_and_place(bodies, message, arrival.readers, outbox)
    return Prepared(placed, tag, facts, content, returned, whole)


def _offers(header: bytes, arrival: Arrival) -> bytes:
    """Above our trace, so that what was received stays as it was."""
    missing = [(name, value) for name, value in arrival.offered if headers.value(header, name) is None]
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in missing)


def _returned(arrival: Arrival, header: bytes, received: memoryview) -> tuple[bytes, bytes | None]:
    """What reports of this hand-in may quote: nothing to those who get none."""
    if arrival.sender_account_id is None:
        return b"", None
    whole = bytes(received) if arrival.returns_whole and len(received) <= RETURNED_BYTES else None
    if len(header) <= RETURNED_HEADER:
        return header, whole
    return header[: header.rfind(b"\r\n", 0, RETURNED_HEADER) + 2], whole


def _with_results(message: bytes, header: bytes, arrival: Arrival) -> bytes:
    """Our Authentication-Results above our trace; below it what was received, without others' of the name."""
    if arrival.stranger is None and headers.value(header, authentication_results.NAME) is None:
        return message
    start = len(arrival.trace)
    line, kept = provenance.checked(message[start:], header, arrival.server, arrival.stranger)
    return b"".join((line, arrival.trace, kept))


def header_block(message: bytes, start: int = 0) -> bytes:
    """The first header block from `start` on, as far as it is read as such."""
    if message.startswith(b"\r\n", start):
        return b""
    end = message.find(_HEADER_END, start, start + headers.MAX_HEADER)
    return message[start : start + headers.MAX_HEADER if end < 0 else end + 2]


def dedupe_tag(key: bytes, arrival: Arrival, received: bytes | memoryview) -> bytes:
    """32 bytes that are the same for the same transaction handed in again, and tell nothing without `key`."""
    sender = "" if arrival.sender_account_id is None else str(arrival.sender_account_id)
    parts = [sender.encode(), _octets(arrival.envelope_from), *sorted(map(_octets, arrival.recipients))]
    return hmac.digest(key, _framed([*parts, hashlib.sha256(received).digest()]), "sha256")


def content_tag(key: bytes, arrival: Arrival, body: bytes | memoryview) -> bytes:
    """Of a body from a sender, whoever it goes to; tells nothing without `key`."""
    sender = "" if arrival.sender_account_id is None else str(arrival.sender_account_id)
    author = b"" if sender else _octets(arrival.envelope_from)
    parts = [b"content", sender.encode(), author, hashlib.sha256(body).digest()]
    return hmac.digest(key, _framed(parts), "sha256")[:16]


def _octets(address: str) -> bytes:
    return address.lower().encode()


def _framed(parts: Iterable[bytes]) -> bytes:
    """With lengths, so that no two different lists give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
