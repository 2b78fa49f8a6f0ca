"""Account passwords: which are taken, how they are stretched, the slot that they open (security.md, Sign-in).

    secret = Argon2id(password in NFC, salt, 64 MiB, 3 passes, 4 lanes) → 32 bytes → key slot of kind PASSWORD

Salt and costs stand in the slot's `parameters` (`argon2id$v=19$m=65536,t=3,p=4$<salt in base64>`), so that the costs
of new ones can grow; a sign-in moves an older slot to today's (`upgrade`). Stretching takes a tenth of a second and
64 MiB, and needs no session: do it beside the event loop and outside the writer. What it gives is handed on.

Passwords have 12 to 128 characters of any kind, and no date when they end. Refused are those that are made of what
everybody tries: common passwords (`common_passwords.txt`), what is known of the account, runs of the keyboard or the
alphabet, years, repetitions. Each such piece counts as little as two characters (see `strength`).
"""

import os
import re
import unicodedata
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw
from sqlmodel import Session

from storage.access import sessions
from storage.access.key_slots import insert
from storage.engine import statements
from storage.errors import Invalid, NotFound, SignInRefused, Tampered
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SealedSlot, SlotKind, open_slot
from storage.oversight import audit
from storage.people import accounts
from storage.randomness import Rng
from storage.records import Account, AccountState
from storage.shredding import ShredSecrets

SHORTEST, LONGEST = 12, 128
"""Characters."""
COMMON = Path(__file__).with_name("common_passwords.txt")
LEAST_STRENGTH = 8
"""What `strength` must give: half of a short password may be a piece that everybody tries."""
PIECE = 2
"""What a common piece counts for."""
CHEAP_PIECE = 1
"""What a word of the account counts for, and a piece that stood in the password before."""
_COSTS = "argon2id$v=19$m=65536,t=3,p=4"
_PARAMETERS = re.compile(r"argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/=]{16,128})", re.ASCII)
_MOST_MEMORY = 1024 * 1024
"""KiB. Altered parameters must not take the machine down."""
_MOST_PASSES = 20
_SALT_BYTES = 16
_SECRET_BYTES = 32
_LONGEST_PIECE = 40
_YEAR = re.compile(r"(19|20)\d\d", re.ASCII)
_LEET = str.maketrans("0134578@$!+€£|", "oleastbasitell")
_LEET_I = str.maketrans("0134578@$!+€£|", "oieastbasiteli")
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "qwertzuiop",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "!@#$%^&*()_+",
)


class Weakness:
    """Why a password is not taken: what `Invalid` says of it."""

    LENGTH = f"password: {SHORTEST} to {LONGEST} characters"
    COMMON = "password: made of what everybody tries"
    PERSONAL = "password: made of what is known of the account"


@dataclass(frozen=True, slots=True)
class Stretched:
    """A password made slow to guess. `parameters` say how, salt included; they are no secret."""

    secret: bytes = field(repr=False)
    parameters: str


# --- stretching ---


def stretch(password: str, parameters: str | None = None, rng: Rng = os.urandom) -> Stretched:
    """The password under these parameters, or under today's with a new salt. Slow: about a tenth of a second.

    Tampered for parameters that were never ours.
    """
    if parameters is None:
        parameters = new_parameters(rng)
    memory, passes, lanes, salt = _parsed(parameters)
    secret = hash_secret_raw(
        normal(password).encode("utf-8", "surrogatepass"), salt, passes, memory, lanes, _SECRET_BYTES, Type.ID
    )
    return Stretched(secret, parameters)


def new_parameters(rng: Rng = os.urandom) -> str:
    """Today's costs with a new salt. For an account that does not exist they make the refusal as slow as any."""
    return f"{_COSTS}${b64encode(rng(_SALT_BYTES)).decode()}"


def is_outdated(parameters: str) -> bool:
    """Whether the costs are not today's."""
    return parameters.rpartition("$")[0] != _COSTS


def normal(password: str) -> str:
    """As keyboards and systems agree on it (RFC 8265 section 4.2): composed, every blank an ordinary one."""
    spaced = "".join(" " if unicodedata.category(each) == "Zs" else each for each in password)
    return unicodedata.normalize("NFC", spaced)


def _parsed(parameters: str) -> tuple[int, int, int, bytes]:
    found = _PARAMETERS.fullmatch(parameters)
    if found is None:
        raise Tampered("parameters of a password")
    memory, passes, lanes = (int(number) for number in found.groups()[:3])
    try:
        salt = b64decode(found[4], validate=True)
    except NotBase64:
        raise Tampered("parameters of a password") from None
    if not (
        len(salt) == _SALT_BYTES
        and 1 <= lanes <= 16
        and 8 * lanes <= memory <= _MOST_MEMORY
        and 1 <= passes <= _MOST_PASSES
    ):
        raise Tampered("parameters of a password")
    return memory, passes, lanes, salt


# --- which are taken ---


def check(password: str, words: Iterable[str] = ()) -> None:
    """Invalid, with a text of `Weakness`, for a password that is not taken. `words`: what is known of the account."""
    if not SHORTEST <= len(normal(password)) <= LONGEST:
        raise Invalid(Weakness.LENGTH)
    if strength(password) < LEAST_STRENGTH:
        raise Invalid(Weakness.COMMON)
    if strength(password, context_words(words)) < LEAST_STRENGTH:
        raise Invalid(Weakness.PERSONAL)


def context_words(known: Iterable[str]) -> frozenset[str]:
    """The words in names and addresses: runs of letters and digits, of at least three."""
    return frozenset(word for text in known for word in re.split(r"[\W_]+", _folded(text)) if len(word) >= 3)


def strength(password: str, words: frozenset[str] = frozenset()) -> int:
    """The number of characters that somebody who tries the common pieces first has left to guess.

    A common piece counts `PIECE`, a repetition or one of `words` `CHEAP_PIECE`, any other character one; the cheapest
    way to read the password that way is taken. Case, accents and the usual digits for letters make no difference.
    """
    text = _folded(password)[: 2 * LONGEST]
    readings = (text, text.translate(_LEET), text.translate(_LEET_I))
    least = [0] + [len(text)] * len(text)
    for start in range(len(text)):
        least[start + 1] = min(least[start + 1], least[start] + 1)
        for length in range(3, min(_LONGEST_PIECE, len(text) - start) + 1):
            count = _counts(text, start, length, readings, words)
            least[start + length] = min(least[start + length], least[start] + min(count, length))
    return least[-1]


def _counts(text: str, start: int, length: int, readings: tuple[str, ...], words: frozenset[str]) -> int:
    piece = text[start : start + length]
    pieces = {reading[start : start + length] for reading in readings}
    if piece in text[:start] or not pieces.isdisjoint(words):
        return CHEAP_PIECE
    if not pieces.isdisjoint(_common()) or _is_run(piece) or (length == 4 and _YEAR.fullmatch(piece)):
        return PIECE
    return length


def _is_run(piece: str) -> bool:
    backwards = piece[::-1]
    return len(set(piece)) == 1 or any(piece in run or backwards in run for run in _RUNS)


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


@cache
def _common() -> frozenset[str]:
    lines = COMMON.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


# --- the slot ---


def parameters(session: Session, email: str) -> str | None:
    """How the password was stretched; None if there is no account of this address or it has no password."""
    found = statements.row(
        session,
        "SELECT parameters FROM key_slot JOIN address ON address.account_id = key_slot.account_id"
        " WHERE address = ? AND only_from IS NULL AND kind = ?",
        (email.strip().lower(), SlotKind.PASSWORD),
    )
    return None if found is None else str(found[0])


def open_account(
    session: Session, server_keys: ServerKeys, shred: ShredSecrets, account: Account, stretched: Stretched
) -> AccountKeys:
    """The account's keys. Reads only.

    SignInRefused if it is not the password, there is none, or the account is not registered; Tampered if it is the
    password and the key under it does not open.
    """
    found = statements.row(
        session,
        "SELECT salt, commitment, sealed_key, public_id FROM key_slot WHERE account_id = ? AND kind = ?",
        (account.id, SlotKind.PASSWORD),
    )
    if found is None or account.state is not AccountState.REGISTERED:
        raise SignInRefused
    account_key = open_slot(
        stretched.secret,
        server_keys.pepper,
        _shred_secret(shred, account),
        SealedSlot(*found[:3]),
        account=account.public_id,
        slot=found[3],
        kind=SlotKind.PASSWORD,
    )
    if account_key is None:
        raise SignInRefused
    return AccountKeys(account.public_id, account_key)


def sign_in(
    session: Session, server_keys: ServerKeys, shred: ShredSecrets, email: str, stretched: Stretched
) -> tuple[Account, AccountKeys]:
    """`open_account` by address: SignInRefused too for one that is nobody's."""
    try:
        account = accounts.by_sign_in_name(session, email)
    except NotFound:
        raise SignInRefused from None
    return account, open_account(session, server_keys, shred, account, stretched)


def set_password(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys,
    stretched: Stretched,
    now: int,
    actor: str,
    keep_session: int | None = None,
) -> None:
    """Put this password in the place of the one before, which opens nothing any more; end the other sessions.

    A reset's code that is still about ends too: whoever knows the password did not need it.
    """
    _replace(session, server_keys, shred, account, keys, stretched, now)
    statements.run(
        session,
        "DELETE FROM key_slot WHERE account_id = ? AND kind IN (?, ?, ?)",
        (account.id, SlotKind.RESET, SlotKind.FULL_RESET, SlotKind.RENEWAL),
    )
    sessions.end_all(session, account.id, now, keep_session, actor)
    audit.append(session, "password.set", actor, f"account:{account.id}", {}, now)


def upgrade(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys,
    before: str,
    stretched: Stretched,
    now: int,
) -> bool:
    """Seal the slot anew with today's costs, unless its parameters are not `before`: then the password is another."""
    if parameters(session, account.email) != before:
        return False
    _replace(session, server_keys, shred, account, keys, stretched, now)
    actor = f"account:{account.id}"
    audit.append(session, "password.upgraded", actor, actor, {}, now)
    return True


def _replace(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys,
    stretched: Stretched,
    now: int,
) -> None:
    kind = SlotKind.PASSWORD
    statements.run(session, "DELETE FROM key_slot WHERE account_id = ? AND kind = ?", (account.id, kind))
    slot, secret = f"password-{os.urandom(8).hex()}", stretched.secret
    insert(session, server_keys, shred, account, slot, kind, secret, keys, now, None, stretched.parameters)


def _shred_secret(shred: ShredSecrets, account: Account) -> bytes:
    try:
        return shred.get(account.public_id)
    except NotFound:
        raise SignInRefused from None
