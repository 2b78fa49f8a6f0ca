"""What we call a thing that has left the house, so that it is known again when it comes back.

A mark is 32 letters and digits: kind, number and an HMAC, in lower-case base32, as mail systems fold the case of a
local part. It is the same each time for the same thing, so that a second attempt carries the same Message-ID:

    bounce+<mark>@example.test        envelope sender: where a failure report comes back to (RFC 5321 section 4.4)
    <<mark>@mail.example.test>        Resent-Message-ID: finds what an earlier attempt left, and knows a loop

Nobody can make one without the key; whoever got one can send a report about that one thing, as any mail server can.
"""

import hashlib
import hmac
import re
from base64 import b32decode, b32encode
from dataclasses import dataclass

from storage.deliveries.terms import JobKind

BOUNCE = "bounce"
_KINDS = (JobKind.EXTERNAL, JobKind.EMAIL, JobKind.PAPER, JobKind.NOTICE)
_NUMBER = 6
_MAC = 13
_SIZE = 1 + _NUMBER + _MAC
_TEXT = re.compile(r"[a-z2-7]{32}")


@dataclass(frozen=True, slots=True)
class Mark:
    kind: JobKind
    number: int
    """Of a delivery; for notices, whatever their carrier chose. Below 2**48."""


class Marks:
    """Makes and reads marks."""

    def __init__(self, key: bytes, hostname: str) -> None:
        """`key`: 32 secret bytes, which may serve other purposes of other form."""
        self._key = key
        self._hostname = hostname.lower()

    def text(self, mark: Mark) -> str:
        named = bytes([_KINDS.index(mark.kind)]) + mark.number.to_bytes(_NUMBER, "big")
        return b32encode(named + self._mac(named)).decode().lower()

    def read(self, text: str) -> Mark | None:
        """None unless it is one of ours."""
        text = text.lower()
        if not _TEXT.fullmatch(text):
            return None
        raw = b32decode(text.upper())
        named = raw[: 1 + _NUMBER]
        if named[0] >= len(_KINDS) or not hmac.compare_digest(raw[1 + _NUMBER :], self._mac(named)):
            return None
        return Mark(_KINDS[named[0]], int.from_bytes(named[1:], "big"))

    def bounce_address(self, mark: Mark, domain: str) -> str:
        """Envelope sender. `domain`: one whose mail comes to this bridge."""
        return f"{BOUNCE}+{self.text(mark)}@{domain}"

    def of_bounce_address(self, address: str) -> Mark | None:
        local = address.rpartition("@")[0]
        word, plus, text = local.partition("+")
        return self.read(text) if plus and word.lower() == BOUNCE else None

    def message_id(self, mark: Mark) -> str:
        """With its brackets."""
        return f"<{self.text(mark)}@{self._hostname}>"

    def of_message_id(self, message_id: str) -> Mark | None:
        """Whatever name this server went by when it made it."""
        return self.read(message_id.strip(" \t<>").partition("@")[0])

    def _mac(self, named: bytes) -> bytes:
        return hmac.new(self._key, b"postex mark\0" + named, hashlib.sha256).digest()[:_MAC]
