"""What limits each row, written by hand after profiling; stands beside the figures in docs/performance.md.

A row without a text has not been profiled yet: nothing is guessed here.
"""

_ARRIVAL = (
    "one process, one interpreter lock: sealing for the reader, scanning the structure and the writer's statements "
    "share it, where Postfix spreads its work over a process for each connection"
)
_TOLD_FIRST = "sessions are told before the sender's 250 leaves, so nothing is left to wait for after it"

LIMITS: dict[str, str] = {
    "arrival-5": _ARRIVAL + "; half of the loop's time goes into sealing and scanning, a fifth of that is HPKE",
    "idle-1-p50": _TOLD_FIRST,
    "idle-1-p99": _TOLD_FIRST,
    "idle-500-p50": _TOLD_FIRST,
    "idle-500-p99": _TOLD_FIRST,
    "flags": "building and joining ten thousand short lines",
    "sync-warm": "taking the wanted fields out of each header block, again at each sync",
    "sync-cold": "opening an HPKE wrap for each new document, once, and the commit that adopts it",
    "bodies": "reading and sending take turns: the loop waits for a batch, then copies it into the answer",
    "one-by-one": "a hop to a reader thread and back for each message",
    "search-subject": "finding and decoding the Subject in each header block",
    "store": "the rows that change are read back, and each session's view is updated message by message",
}
