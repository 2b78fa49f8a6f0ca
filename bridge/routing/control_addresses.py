"""Addresses by which a reader changes preferences by mail, and what their tags say (D2; RFC 5233).

    delivery@example.org                            what it is about follows from what is answered
    delivery+s3f9c0a61d2b47e58…@example.org         the documents of one sender
    delivery+u9f0e…-5b1d…@example.org               the undo of one act

A tag cannot be guessed or altered: that of a sender is a MAC of who that is, that of an undo carries one. One of a
sender is the same for all who read it, so that it can stand in a document before anything of that sender is kept;
what it changes is what the signed-in writer says of that sender. One of an undo holds for its account alone. Local
parts are compared in lower case, so tags are hexadecimal.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

from storage.choices.correspondents import Key
from storage.people import addresses

LOCAL_PART = addresses.CONTROL
BATCH = "batch"
"""Where senders send the manifest of a batch."""
DESKS = ("support", "privacy", "postmaster")
"""Where questions go (S5; RFC 5321 section 4.5.1)."""
_MAC_BYTES = 8
_SENDER_BYTES = 12
_SENDER = re.compile(rf"s([0-9a-f]{{{2 * _SENDER_BYTES}}})")
_UNDO = re.compile(r"u([0-9a-f]{1,32})-([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Tag:
    """What an address is about; neither: nothing that we said."""

    sender: str | None = None
    """`of_whom` of one whom we know, or of nobody."""
    batch: str | None = None


def of_whom(key: bytes, sender: Key) -> str:
    """How a sender is called in tags; tells nothing without `key`."""
    named = sender if isinstance(sender, int) else sender.lower()
    return _mac(key, f"sender {named}", _SENDER_BYTES)


def of_sender(key: bytes, sender: Key, domain: str) -> str:
    """The address to change what one says of a sender."""
    return f"{LOCAL_PART}+s{of_whom(key, sender)}@{domain}"


def of_undo(key: bytes, account_id: int, batch: str, domain: str) -> str:
    """The address to take an act back."""
    return f"{LOCAL_PART}+u{batch}-{_mac(key, f'undo {account_id} {batch}')}@{domain}"


def read(key: bytes, account_id: int, local_part: str) -> Tag:
    """What the tag of a control address says to this account; an empty one for none, or one that is not ours."""
    tag = local_part.lower().partition("+")[2]
    sender, undo = _SENDER.fullmatch(tag), _UNDO.fullmatch(tag)
    if sender is not None:
        return Tag(sender=sender[1])
    if undo is not None and hmac.compare_digest(undo[2], _mac(key, f"undo {account_id} {undo[1]}")):
        return Tag(batch=undo[1])
    return Tag()


def _mac(key: bytes, what: str, octets: int = _MAC_BYTES) -> str:
    """`key`: the one that Message-IDs are marked with; its other inputs begin with a number."""
    return hmac.new(key, f"control\0{what}".encode(), hashlib.sha256).digest()[:octets].hex()
