"""What limits each row, written by hand after profiling; stands beside the figures in docs/performance.md.

A row without a text has not been profiled yet: nothing is guessed here.
"""

_ARRIVAL = (
    "processor time on two cores: the loop reads, answers and hands on, workers scan and seal (HPKE a third of it at "
    "5 KB), the writer's statements share the loop's interpreter lock; Postfix needs less of it in C"
)
_LARGE = "copying: socket, chunks, the way to a worker, its file; then the disk"
_TOLD_FIRST = "sessions are told before the sender's 250 leaves, so nothing is left to wait for after it"
_SIGN_IN = "setting up and closing a connection in asyncio; the device slot itself opens in some 10 µs"

LIMITS: dict[str, str] = {
    "arrival-5": _ARRIVAL,
    "arrival-100": _ARRIVAL,
    "arrival-1000": _LARGE,
    "fan-out": "an HPKE seal for each recipient, about 90 µs, in one worker",
    "sign-in": _SIGN_IN,
    "sign-ins": _SIGN_IN,
    "idle-1-p50": _TOLD_FIRST,
    "idle-1-p99": _TOLD_FIRST,
    "idle-500-p50": _TOLD_FIRST,
    "idle-500-p99": _TOLD_FIRST,
    "flags": "building and joining ten thousand short lines in Python",
    "sync-warm": "building and joining ten thousand lines in Python; the wanted fields are remembered on each card",
    "sync-cold": "opening an HPKE wrap for each new document, once, 60 to 80 µs, and sealing it again for later",
    "bodies": "SQLCipher decrypting the pages of inline bodies, opening each body, copying it into the answer",
    "one-by-one": "the socket send, three small look-ups, a task for each command",
    "search-subject": "the loop over ten thousand cards; a first search lower-cases each header",
    "store": "UPDATE … RETURNING of ten thousand rows in the writer",
    "download": "copies of each body in Python",
    "download-tls": "TLS records in asyncio, and copies of each body in Python",
    "terminal-paint": "importing Textual, httpx and the commands, two thirds of it; then the first screen's styles",
    "terminal-list": "two answers of the bridge, the section's module, a screen of sixty widgets to style",
    "terminal-key": "drawing the lines that changed; a page of rows 25 ms",
    "terminal-key-p99": "`r`: the answer is awaited, a hundred rows are made, the list is drawn anew",
    "terminal-escape": "Textual's driver looks ten times a second whether a lone Escape is the begin of another key",
    "terminal-loop": "widgets of a new screen (an account, a dialog) are made and styled in one callback of Textual",
    "memory": "asyncio's transport, the session and its view",
    "memory-tls": "OpenSSL's own buffers, and asyncio's, cut to 16 KiB",
}
