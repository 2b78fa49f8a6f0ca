"""The second factor: codes of six digits that change every 30 seconds (TOTP, RFC 6238; SHA-1, as every app has it).

A seed counts for nothing until a code of it was seen (`confirm`); so a QR code that was shown and never scanned locks
nobody out, and one may begin again at any time. A code is accepted once: taking it and noting its time step is one
UPDATE, which finds no row if a code of that step or a later one was taken before (RFC 6238 section 5.2). The window
is one step to either side.

pyotp compares what `str()` makes of a code; digits of other scripts and blanks end here, before it sees them.
"""

import os
import re
from base64 import b32encode
from hmac import compare_digest

from pyotp import TOTP
from sqlmodel import Session

from storage.engine import statements
from storage.errors import NotFound, SignInRefused
from storage.oversight import audit
from storage.randomness import Rng

SEED_BYTES = 20
"""The size of SHA-1's result (RFC 4226 section 4, R6)."""
STEP = 30
"""Seconds."""
WINDOW = 1
"""Steps to either side of the present one."""
PENDING = 3600
"""Seconds that a seed waits for its first code."""
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def begin(session: Session, account_id: int, now: int, rng: Rng = os.urandom) -> bytes:
    """A new seed, which waits for its first code. One that waited before is gone; the one in use stays in use."""
    seed = rng(SEED_BYTES)
    statements.run(
        session,
        "INSERT INTO second_factor (account_id, seed, last_step, pending_seed, pending_since)"
        " VALUES (?, NULL, 0, ?, ?)"
        " ON CONFLICT (account_id) DO UPDATE SET pending_seed = excluded.pending_seed,"
        " pending_since = excluded.pending_since",
        (account_id, seed, now),
    )
    return seed


def confirm(session: Session, account_id: int, code: str, now: int, actor: str | None = None) -> None:
    """Put the waiting seed in the place of the one in use, by its first code, which is used up.

    SignInRefused if that is not its code, or nothing waits, or has for more than an hour.
    """
    found = statements.row(
        session, "SELECT pending_seed, pending_since FROM second_factor WHERE account_id = ?", (account_id,)
    )
    if found is None or found[0] is None or not 0 <= now - found[1] < PENDING:
        raise SignInRefused
    steps = _matching(found[0], code, now)
    if not steps:
        raise SignInRefused
    statements.run(
        session,
        "UPDATE second_factor SET seed = pending_seed, last_step = ?, pending_seed = NULL, pending_since = NULL"
        " WHERE account_id = ?",
        (steps[-1], account_id),
    )
    own = f"account:{account_id}"
    audit.append(session, "second-factor.set", actor or own, own, {}, now)


def verify(session: Session, account_id: int, code: str, now: int) -> bool:
    """Whether this is a code of now that was not used before; it is now."""
    found = statements.row(session, "SELECT seed FROM second_factor WHERE account_id = ?", (account_id,))
    if found is None:
        return False
    return any(
        statements.run(
            session,
            "UPDATE second_factor SET last_step = ? WHERE account_id = ? AND seed = ? AND last_step < ?",
            (step, account_id, found[0], step),
        )
        for step in _matching(found[0], code, now)
    )


def has(session: Session, account_id: int) -> bool:
    """Whether a seed counts."""
    found = statements.row(
        session, "SELECT 1 FROM second_factor WHERE account_id = ? AND seed IS NOT NULL", (account_id,)
    )
    return found is not None


def remove(session: Session, account_id: int, now: int, actor: str) -> None:
    """Forget the account's seeds. NotFound if it has none."""
    if not statements.run(session, "DELETE FROM second_factor WHERE account_id = ?", (account_id,)):
        raise NotFound("second factor")
    audit.append(session, "second-factor.removed", actor, f"account:{account_id}", {}, now)


def secret_text(seed: bytes) -> str:
    """As it is typed into an app: base32."""
    return b32encode(seed).decode()


def provisioning_uri(seed: bytes, email: str, issuer: str) -> str:
    """`otpauth://totp/…`, as apps read it from a QR code."""
    uri: str = TOTP(secret_text(seed)).provisioning_uri(name=email, issuer_name=issuer)
    return uri


def code_at(seed: bytes, at: int) -> str:
    """The code that an app shows at this time."""
    code: str = TOTP(secret_text(seed)).at(at)
    return code


def _matching(seed: object, code: str, now: int) -> list[int]:
    """Steps of now whose code this is, earliest first; none for a seed that is not ours."""
    if not isinstance(seed, bytes) or len(seed) != SEED_BYTES or not _CODE.fullmatch(code):
        return []
    totp, present = TOTP(secret_text(seed)), now // STEP
    steps = range(max(present - WINDOW, 1), present + WINDOW + 1)
    return [step for step in steps if compare_digest(totp.generate_otp(step), code)]
