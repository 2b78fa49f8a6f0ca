"""Documents to measure with: whole RFC 5322 messages of a wanted size, CRLF, no line that starts with a dot.

Each has its own Message-ID and Subject, as a server may recognise a repeated hand-in. Bodies are base64 lines with a
fixed content: nothing measured depends on what they say.
"""

import base64
import random
from functools import cache

KB = 1000
_HEADER = (
    "Message-ID: <{mark}@bench.test>\r\n"
    "Date: Mon, 02 Nov 2026 10:00:00 +0100\r\n"
    "From: Energie Noord <{sender}>\r\n"
    "To: Anna de Vries <{to}>\r\n"
    "Subject: Invoice {mark} for November\r\n"
    "MIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="=-bench-="\r\n'
    "\r\n"
    "--=-bench-=\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "\r\n"
    "Your invoice is attached.\r\n"
    "--=-bench-=\r\n"
    'Content-Type: application/pdf; name="invoice-{mark}.pdf"\r\n'
    'Content-Disposition: attachment; filename="invoice-{mark}.pdf"\r\n'
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
)
_END = b"--=-bench-=--\r\n"


@cache
def _attachment(size: int) -> bytes:
    """`size` bytes of base64 lines, the last cut to fit."""
    raw = random.Random(size).randbytes(size)
    lines = base64.encodebytes(raw).replace(b"\n", b"\r\n")
    return lines[: size - 2] + b"\r\n"


def document(size: int, mark: str, sender: str = "sender@bench.test", to: str = "user0000@bench.test") -> bytes:
    """A message of exactly `size` bytes (about a kilobyte at the least)."""
    header = _HEADER.format(mark=mark, sender=sender, to=to).encode()
    room = size - len(header) - len(_END)
    return header + _attachment(max(room, 100)) + _END
