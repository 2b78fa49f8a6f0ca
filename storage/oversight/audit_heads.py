"""Heads of the audit log that leave the machine: where it stood at a time, signed by the bridge.

    {"at":1760000000,"hash":"…64 hex digits…","position":4711,"signature":"…base64…"}

The signature (see `keys.signing`, purpose `audit head`) is over the same object without `signature`. Whoever rolls
the database back, or cuts events off with MK in hand, leaves a chain that holds in itself; a head kept outside (the
journal, a backup's manifest, paper) still names the event that is gone.
"""

import json
from base64 import b64decode, b64encode
from binascii import unhexlify
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from sqlmodel import Session

from storage.engine import server_facts, statements
from storage.engine.server_facts import Fact
from storage.errors import Invalid, Tampered
from storage.keys import signing
from storage.keys.master import ServerKeys
from storage.keys.signing import Purpose
from storage.oversight import audit

HASH_SIZE = 32
SIGNATURE_SIZE = 64


class Standing(StrEnum):
    """What the log says to a head kept outside."""

    HOLDS = "holds"
    """The log still has the event that the head names, as it was."""
    CUT = "cut"
    """It ends before: rolled back, restored from an older backup, or cut off."""
    REWRITTEN = "rewritten"
    """It has another event there: the log was made anew from some earlier place on."""
    FOREIGN = "foreign"
    """This bridge did not sign that head, or it was altered."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The event at `position` (0: none yet) had this hash `at` that time."""

    position: int
    hash: bytes
    at: int
    signature: bytes

    def signed(self) -> bytes:
        """What the signature is over."""
        return signing.canonical({"position": self.position, "hash": self.hash.hex(), "at": self.at})

    def members(self) -> dict[str, Any]:
        """As JSON has them."""
        signature = b64encode(self.signature).decode()
        return {"position": self.position, "hash": self.hash.hex(), "at": self.at, "signature": signature}

    def to_json(self) -> str:
        """Canonical."""
        return signing.canonical(self.members()).decode()


def parse(text: str) -> SignedHead:
    """From JSON with at least the four members, such as a line of the log. Invalid for anything else."""
    try:
        content = json.loads(text)
        position, at = content["position"], content["at"]
        digest, signature = unhexlify(content["hash"]), b64decode(content["signature"], validate=True)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Invalid("head: JSON with position, hash, at and signature") from None
    if type(position) is not int or type(at) is not int or not 0 <= position < 2**63 or abs(at) >= 2**63:
        raise Invalid("head: position and at are whole numbers")
    if len(digest) != HASH_SIZE or len(signature) != SIGNATURE_SIZE:
        raise Invalid(f"head: a hash has {HASH_SIZE} bytes, a signature {SIGNATURE_SIZE}")
    return SignedHead(position, digest, at, signature)


def signed_head(session: Session, keys: ServerKeys, now: int) -> SignedHead:
    """Where the log ends in the session's snapshot."""
    found = statements.row(session, "SELECT position, hash FROM audit_head WHERE id = 1")
    if found is None or not isinstance(found[0], int) or not isinstance(found[1], bytes):
        raise Tampered("the head of the audit log")
    unsigned = SignedHead(found[0], found[1], now, b"")
    return replace(unsigned, signature=signing.sign(keys, Purpose.AUDIT_HEAD, unsigned.signed()))


def public_key(keys: ServerKeys) -> bytes:
    """Ed25519, 32 bytes: checks heads of this bridge anywhere."""
    return signing.public_key(keys)


def check(session: Session, keys: ServerKeys, head: SignedHead) -> Standing:
    """Compare the log with a head kept outside. It says nothing about the events before: `audit.examine` does."""
    try:
        signing.verify(public_key(keys), Purpose.AUDIT_HEAD, head.signed(), head.signature)
    except Tampered:
        return Standing.FOREIGN
    if head.position == 0:
        return Standing.HOLDS if head.hash == audit.FIRST_HASH else Standing.REWRITTEN
    found = statements.row(session, "SELECT hash FROM audit_event WHERE position = ?", (head.position,))
    if found is not None:
        return Standing.HOLDS if found[0] == head.hash else Standing.REWRITTEN
    return Standing.CUT


class Verified(NamedTuple):
    """How the latest verification of the log went."""

    at: int
    holds: bool


def note_verification(session: Session, *, holds: bool, now: int) -> None:
    """The log was read whole, and a head with it where one was given."""
    server_facts.put(session, Fact.AUDIT_VERIFIED, signing.canonical({"at": now, "holds": holds}))


def verified(session: Session) -> Verified | None:
    """The latest verification; None: there was none yet."""
    value = server_facts.get(session, Fact.AUDIT_VERIFIED)
    return None if value is None else Verified(**json.loads(value))
