"""What a sender wants to hear of its document: the parameters of the DSN extension (RFC 3461).

    MAIL FROM:<a@b> RET=HDRS ENVID=QQ314159        RCPT TO:<c@d> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c@d

Contract. `of_mail` and `of_recipient` take the parameters that are theirs out of a dictionary and leave the others;
ValueError for a value that there is not. A `Wish` is what is kept of both for one reader; its text form is JSON.
"""

import json
import re
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from enum import StrEnum

MAX_ENVID = 100
"""Encoded characters (RFC 3461 section 4.4)."""
MAX_ORCPT = 500
"""Likewise (section 4.2)."""
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_HEXCHAR = re.compile(r"\+([0-9A-F]{2})")
_ATOM = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")
Parameters = MutableMapping[str, str | None]


class Notify(StrEnum):
    """RFC 3461 section 4.1."""

    NEVER = "NEVER"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    DELAY = "DELAY"


class Returned(StrEnum):
    """How much of a message comes back in the report of a failure (section 4.3)."""

    FULL = "FULL"
    HEADERS = "HDRS"


@dataclass(frozen=True, slots=True)
class MailWish:
    """Of a whole transaction."""

    returned: Returned | None = None
    envelope_id: str | None = field(default=None, repr=False)
    """Decoded."""


@dataclass(frozen=True, slots=True)
class RecipientWish:
    """Of one RCPT."""

    notify: tuple[Notify, ...] = ()
    """Empty: it was not given."""
    original: str | None = field(default=None, repr=False)
    """ORCPT decoded: `rfc822;anna@example.org`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Of one reader of a document. No reader has one where nobody is to be told: port 25, the null sender."""

    to: str = field(repr=False)
    """The address as the sender gave it: reports name no other."""
    notify: tuple[Notify, ...] = ()
    original: str | None = field(default=None, repr=False)
    returned: Returned | None = None
    envelope_id: str | None = field(default=None, repr=False)
    sealed_header: str | None = field(default=None, repr=False)
    """Base64; what a later report names the message by, sealed by whoever keeps it."""
    supersedes: tuple[str, ...] = field(default=(), repr=False)
    """Of a document that is held: tags, in hexadecimal, of those whose place it takes."""

    def wants(self, kind: Notify) -> bool:
        """Without NOTIFY, failures alone are told (section 4.1)."""
        return kind in (self.notify or (Notify.FAILURE,))

    def text(self) -> str:
        """JSON without what was not given."""
        given = ((each, getattr(self, each)) for each in self.__slots__)
        return json.dumps({name: value for name, value in given if value}, ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> "Wish":
        """From `text`."""
        values = json.loads(text)
        returned = values.get("returned")
        return cls(
            to=values["to"],
            notify=tuple(Notify(each) for each in values.get("notify", ())),
            original=values.get("original"),
            returned=None if returned is None else Returned(returned),
            envelope_id=values.get("envelope_id"),
            sealed_header=values.get("sealed_header"),
            supersedes=tuple(values.get("supersedes", ())),
        )


def combined(to: str, mail: MailWish, recipient: RecipientWish) -> Wish:
    """What is kept for one reader."""
    return Wish(to, recipient.notify, recipient.original, mail.returned, mail.envelope_id)


def of_mail(parameters: Parameters) -> MailWish:
    """RET and ENVID. ValueError."""
    returned = None
    if "RET" in parameters:
        returned = Returned((parameters.pop("RET") or "").upper())
    if "ENVID" not in parameters:
        return MailWish(returned)
    return MailWish(returned, _decoded(parameters.pop("ENVID") or "", MAX_ENVID))


def of_recipient(parameters: Parameters) -> RecipientWish:
    """NOTIFY and ORCPT. ValueError."""
    notify = _notify(parameters.pop("NOTIFY") or "") if "NOTIFY" in parameters else ()
    if "ORCPT" not in parameters:
        return RecipientWish(notify)
    kind, semicolon, address = (parameters.pop("ORCPT") or "").partition(";")
    if not semicolon or not _ATOM.fullmatch(kind):
        raise ValueError("ORCPT: a type, a semicolon and xtext")
    return RecipientWish(notify, f"{kind};{_decoded(address, MAX_ORCPT)}")


def _notify(value: str) -> tuple[Notify, ...]:
    """NEVER stands alone."""
    asked = {Notify(word) for word in value.upper().split(",")}
    if Notify.NEVER in asked and len(asked) > 1:
        raise ValueError("NOTIFY: NEVER stands alone")
    return tuple(kind for kind in Notify if kind in asked)


def _decoded(xtext: str, most: int) -> str:
    """RFC 3461 section 4; what it stands for is printable ASCII."""
    if not 1 <= len(xtext) <= most or not _XTEXT.fullmatch(xtext):
        raise ValueError("not xtext of printable ASCII")
    decoded = _HEXCHAR.sub(lambda found: chr(int(found[1], 16)), xtext)
    if not (decoded.isascii() and decoded.isprintable()):
        raise ValueError("not xtext of printable ASCII")
    return decoded
