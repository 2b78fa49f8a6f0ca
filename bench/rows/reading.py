"""Reading a mailbox of 10 000 documents of 5 KB that arrived over SMTP or LMTP, and one of 500 × 200 KB.

Cold is the first session after arrival and a restart: nothing decrypted, adopted or cached yet, though the kernel
still has the files. All other rows are medians of repeated runs in one session that has warmed up.
"""

from collections.abc import Iterator

from bench.clients.conversations import Refused
from bench.clients.imap import Session, signed_in
from bench.clients.smtp import deliver
from bench.rows.arrival import single
from bench.rows.row import (
    DOVECOT,
    OURS,
    SDBOX,
    SEALED,
    Measurement,
    Row,
    Samples,
    Scale,
    above,
    at_most,
    both,
    repeated,
)
from bench.servers.base import Server

_LANES = 8
_THUNDERBIRD = (
    b"UID FETCH 1:* (FLAGS)",
    b"UID FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Subject Date Message-ID Priority "
    b"X-Priority References Newsgroups In-Reply-To Content-Type Reply-To)])",
)


def fill(server: Server, messages: int, size: int) -> None:
    """Deliver `messages` documents to the first recipient."""
    lanes = [[single(server, 0, size) for _ in range(messages // _LANES)] for _ in range(_LANES)]
    lanes[0].extend(single(server, 0, size) for _ in range(messages % _LANES))
    deliver(server.intake, lanes, 900)


def _first_sync(session: Session) -> float:
    """What Thunderbird asks of a folder that it does not know: flags, then headers of all."""
    return sum(session.run(command) for command in _THUNDERBIRD)


def _expect(session: Session, messages: int) -> None:
    """All documents are there, or the figures would say nothing."""
    found = session.ask(b"UID FETCH 1:* (FLAGS)").count(b" FETCH (")
    if found != messages:
        raise Refused(f"{found} of {messages} documents found")


def listing(server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    """First sync, flags, STORE, SEARCH and every body of a large mailbox; milliseconds."""
    fill(server, scale.messages, 5_000)
    server.stop()
    server.forget_caches()
    server.start()
    session = signed_in(server.imap_port, server.login(0), mailbox="INBOX")
    yield "sync-cold", [_first_sync(session) * 1000]
    _expect(session, scale.messages)
    for key, command in _REPEATED:
        yield key, [1000 * each for each in repeated(lambda command=command: session.run(command), scale.rounds)]
    yield "sync-warm", [1000 * each for each in repeated(lambda: _first_sync(session), scale.rounds)]
    yield "store", [1000 * each for each in _stores(session, scale.rounds)]
    yield "one-by-one", [_one_by_one(session, min(scale.messages, 2000))]
    session.close()


_REPEATED = (
    ("flags", b"UID FETCH 1:* (FLAGS)"),
    ("search-subject", b"UID SEARCH SUBJECT november"),
    ("search-text", b"UID SEARCH TEXT seldomfound"),
    ("bodies", b"UID FETCH 1:* (UID BODY.PEEK[])"),
)


def _stores(session: Session, rounds: int) -> Samples:
    """STORE that really changes every message: the flag is taken away between, off the clock."""

    def once() -> float:
        seconds = session.run(b"STORE 1:* +FLAGS (\\Flagged)")
        session.run(b"STORE 1:* -FLAGS.SILENT (\\Flagged)")
        return seconds

    return repeated(once, rounds)


def _one_by_one(session: Session, messages: int) -> float:
    """Messages a second when each body is asked for by a command of its own."""
    commands = [b"UID FETCH %d (UID BODY.PEEK[])" % uid for uid in range(2, messages + 1)]
    return len(commands) / sum(session.run(command) for command in commands)


def download(server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    """Every body of 500 × 200 KB in one command, plain and over TLS; milliseconds."""
    fill(server, scale.big_messages, 200_000)
    for key, port, tls in (("download", server.imap_port, False), ("download-tls", server.imaps_port, True)):
        session = signed_in(port, server.login(0), tls=tls, mailbox="INBOX")
        _expect(session, scale.big_messages)
        fetch = b"UID FETCH 1:* (UID BODY.PEEK[])"
        session.run(fetch)
        yield key, [1000 * each for each in repeated(lambda: session.run(fetch), scale.rounds)]  # noqa: B023
        session.close()


_SERVERS = (OURS, DOVECOT, SEALED, SDBOX)

MEASUREMENTS = (
    Measurement(
        (
            Row("flags", "flags of 10 000", "ms", at_most(1, DOVECOT)),
            Row("sync-warm", "Thunderbird's first sync of 10 000, warm", "ms", at_most(1, DOVECOT)),
            Row("sync-cold", "Thunderbird's first sync of 10 000, cold", "ms", None),
            Row("bodies", "all bodies 10 000 × 5 KB", "ms", both(at_most(2, DOVECOT), at_most(0.02, SEALED))),
            Row("one-by-one", "bodies one by one, 5 KB", "messages/s", above(2500, "≥ 2 500")),
            Row("search-subject", "SEARCH SUBJECT over 10 000", "ms", at_most(1, DOVECOT)),
            Row("search-text", "SEARCH TEXT over 10 000", "ms", None),
            Row("store", "STORE 1:* +FLAGS on 10 000", "ms", at_most(1, DOVECOT)),
        ),
        _SERVERS,
        lambda scale: 1,
        listing,
    ),
    Measurement(
        (
            Row("download", "full download 500 × 200 KB, plain", "ms", at_most(1, DOVECOT)),
            Row("download-tls", "full download 500 × 200 KB, TLS", "ms", at_most(1, DOVECOT)),
        ),
        _SERVERS,
        lambda scale: 1,
        download,
    ),
)
