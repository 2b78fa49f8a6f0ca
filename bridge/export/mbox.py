"""Messages one behind the other in a file per folder: mboxrd, the form of mbox that can be read back exactly.

Each message begins with a `From ` line and ends with an empty one; a line of the message that begins with `From `,
behind any number of `>`, gets one `>` more.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

_QUOTED = re.compile(rb"^(?=>*From )", re.MULTILINE)
_PREFIX = re.compile(rb">*(?:F(?:r(?:om?)?)?)?\Z")
"""What may be the beginning of such a line, cut at the end of a piece."""
END = b"\n\n"


def opening(at: int) -> bytes:
    """The line before a message that came at this time."""
    return f"From postex@localhost {datetime.fromtimestamp(max(at, 0), UTC):%a %b %d %H:%M:%S %Y}\n".encode()


class Quoting:
    """Of one message that comes in pieces; holds back less than a line's beginning."""

    def __init__(self) -> None:
        self._begins, self._kept = True, b""

    def of(self, piece: bytes) -> bytes:
        """What can be written now."""
        return b"".join(self._lines(self._kept + piece))

    def rest(self) -> bytes:
        """What was held back, at the end of the message."""
        return self._kept

    def _lines(self, text: bytes) -> Iterator[bytes]:
        self._kept = b""
        head, newline, last = text.rpartition(b"\n")
        if not self._begins:
            first, feed, head = (head + newline).partition(b"\n")
            yield first + feed
            newline = b""
        whole = head + newline
        yield _QUOTED.sub(b">", whole)
        yield self._cut(last, self._begins or b"\n" in text)

    def _cut(self, last: bytes, begins: bool) -> bytes:
        """The line that goes on in the next piece."""
        self._begins = begins
        if not begins:
            return last
        if _PREFIX.fullmatch(last) is not None:
            self._kept = last
            return b""
        self._begins = False
        return _QUOTED.sub(b">", last)
