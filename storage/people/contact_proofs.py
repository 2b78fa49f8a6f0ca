"""A contact address is proved by a code that was sent to it, before it is a channel (S11).

Eight digits, kept as an HMAC bound to account and address; they count for a day and for five tries. Codes can be
asked for again after a pause that doubles with each, so that nobody fills a stranger's mailbox from here: neither a
code that is used up nor another address shortens it; after a day's rest it begins anew.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Conflict, Invalid, NotFound
from storage.oversight import audit
from storage.randomness import Rng

DIGITS = 8
LIFETIME = 24 * 3600
TRIES = 5
FIRST_PAUSE = 60
HARD_BOUNCES = 3
"""After so many the address counts as unproved."""
APART = 3600
"""Seconds between two that count: several reports about one message are one."""
BOUNCED = "notice.bounced"


class TooSoon(Conflict):
    """Another code may be sent only at `at`."""

    def __init__(self, at: int) -> None:
        super().__init__("code")
        self.at = at


@dataclass(frozen=True, slots=True)
class Proof:
    """Sent to `address`; the digits are kept nowhere."""

    address: str = field(repr=False)
    code: str = field(repr=False)
    until: int


def begin(session: Session, account_id: int, key: bytes, now: int, rng: Rng) -> Proof:
    """A new code, in the place of the one before. NotFound: no contact address; Conflict: it is proved; TooSoon."""
    address, verified_at = _contact(session, account_id)
    if verified_at is not None:
        raise Conflict("contact_email")
    sent_at, sends = _sent(session, account_id)
    if not 0 <= now - sent_at < LIFETIME:  # or the clock was ahead
        sends = 0
    elif now - sent_at < _pause(sends):
        raise TooSoon(sent_at + _pause(sends))
    code = f"{int.from_bytes(rng(8)) % 10**DIGITS:0{DIGITS}}"
    statements.run(
        session,
        "INSERT INTO contact_proof (account_id, address, code_tag, sent_at, sends, tries) VALUES (?, ?, ?, ?, ?, 0)"
        " ON CONFLICT (account_id) DO UPDATE SET address = excluded.address, code_tag = excluded.code_tag,"
        " sent_at = excluded.sent_at, sends = excluded.sends, tries = 0",
        (account_id, address, _tag(key, account_id, address, code), now, sends + 1),
    )
    return Proof(address, code, now + LIFETIME)


def confirm(session: Session, account_id: int, key: bytes, code: str, now: int, *, actor: str) -> str | None:
    """The address, proved; None for a wrong code, which is counted. NotFound: none was sent, it is too old or was
    tried too often, or the address is another one by now.
    """
    address, _ = _contact(session, account_id)
    found = statements.row(
        session,
        "UPDATE contact_proof SET tries = tries + 1"
        " WHERE account_id = ? AND address = ? AND sent_at > ? AND tries < ? RETURNING code_tag",
        (account_id, address, now - LIFETIME, TRIES),
    )
    if found is None:
        raise NotFound("code")
    if not isinstance(found[0], bytes) or not hmac.compare_digest(found[0], _tag(key, account_id, address, code)):
        return None
    statements.run(session, "UPDATE account SET contact_email_verified_at = ? WHERE id = ?", (now, account_id))
    statements.run(session, "UPDATE contact_proof SET tries = ? WHERE account_id = ?", (TRIES, account_id))
    audit.append(session, "contact.verified", actor, f"account:{account_id}", {}, now)
    return address


def bounced(session: Session, account_id: int, address: str | None, code: str, now: int) -> bool:
    """The address took a notice in no more. Whether that was once too often: then it is unproved from now on.

    `address`: the one that was written to; None: the one there is.
    """
    contact, verified_at = _contact(session, account_id)
    if verified_at is None or address not in (None, contact):
        return False
    number, last_at = _bounces(session, account_id, verified_at)
    if now - last_at < APART:
        return False
    statements.run(
        session,
        "INSERT INTO delivery_event (account_id, at, kind, channel, detail) VALUES (?, ?, ?, 'email', ?)",
        (account_id, now, BOUNCED, code),
    )
    if number + 1 < HARD_BOUNCES:
        return False
    statements.run(session, "UPDATE account SET contact_email_verified_at = NULL WHERE id = ?", (account_id,))
    audit.append(session, "contact.unverified", "system", f"account:{account_id}", {"bounces": number + 1}, now)
    return True


def _bounces(session: Session, account_id: int, since: int) -> tuple[int, int]:
    """(how many, when the last was)."""
    found = statements.row(
        session,
        "SELECT count(*), coalesce(max(at), 0) FROM delivery_event WHERE account_id = ? AND kind = ? AND at >= ?",
        (account_id, BOUNCED, since),
    )
    return (0, 0) if found is None else (found[0], found[1])


def _contact(session: Session, account_id: int) -> tuple[str, int | None]:
    found = statements.row(
        session, "SELECT contact_email, contact_email_verified_at FROM account WHERE id = ?", (account_id,)
    )
    if found is None or found[0] is None:
        raise NotFound("contact_email")
    return found[0], found[1]


def _sent(session: Session, account_id: int) -> tuple[int, int]:
    """(when the last code went, how many went without a day's rest)."""
    found = statements.row(session, "SELECT sent_at, sends FROM contact_proof WHERE account_id = ?", (account_id,))
    return (-LIFETIME, 0) if found is None else (found[0], found[1])


def _pause(sends: int) -> int:
    """60, 120, 240, … seconds; not more than a day."""
    return int(min(FIRST_PAUSE * 2 ** min(sends - 1, 20), LIFETIME)) if sends else 0


def _tag(key: bytes, account_id: int, address: str, code: str) -> bytes:
    return hmac.new(key, f"contact\0{account_id}\0{address}\0{code}".encode(), hashlib.sha256).digest()


def clean(code: str) -> str:
    """As typed, with blanks; Invalid if it cannot be one."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit() and len(digits) == DIGITS):
        raise Invalid(f"code: {DIGITS} digits")
    return digits
