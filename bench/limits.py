"""What limits each row, written by hand after profiling; stands beside the figures in docs/performance.md."""

_ARRIVAL = (
    "one process, one interpreter lock: sealing for the reader, scanning the structure and the writer's statements "
    "share it, where Postfix spreads its work over a process for each connection"
)
_TOLD_FIRST = "sessions are told before the sender's 250 leaves, so nothing is left to wait for after it"

LIMITS: dict[str, str] = {
    "arrival-5": _ARRIVAL + "; half of the loop's time goes into sealing and scanning, a fifth of that is HPKE",
    "arrival-100": _ARRIVAL + "; the body file and its fsync add to it",
    "arrival-1000": "the disk: writing and fsyncing a megabyte; encryption and copies of the body come after it",
    "fan-out": "500 HPKE wraps (about 120 µs each) and 500 rows; the body is sealed and stored once",
    "sign-in": "two derivations and one look-up; the rest is the way through the loop and back",
    "sign-ins": "setting up and tearing down connections in asyncio; the sign-in itself is a quarter of it",
    "idle-1-p50": _TOLD_FIRST,
    "idle-1-p99": _TOLD_FIRST,
    "idle-500-p50": _TOLD_FIRST,
    "idle-500-p99": _TOLD_FIRST,
    "idle-500-dot": "one send a session, in turn, before the 250",
    "memory": "transport, channel and session objects of Python",
    "memory-tls": "the buffers and the OpenSSL state of each TLS connection",
    "flags": "building and joining ten thousand short lines",
    "sync-warm": "taking the wanted fields out of each header block, again at each sync",
    "sync-cold": "opening an HPKE wrap for each new document, once, and the commit that adopts it",
    "bodies": "reading and sending take turns: the loop waits for a batch, then copies it into the answer",
    "one-by-one": "a hop to a reader thread and back for each message",
    "search-subject": "finding and decoding the Subject in each header block",
    "search-text": "every body is decrypted and decoded; there is no index yet",
    "store": "the rows that change are read back, and each session's view is updated message by message",
    "download": "decryption and copies in one process; Dovecot hands the file to the kernel",
    "download-tls": "TLS and the storage encryption in one process",
}
