"""Rows of identity keys: what documents, and escrow keys, are sealed to; one per generation of an account."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlmodel import Session

from storage.engine import statements
from storage.errors import NotFound, SignInRefused, Tampered
from storage.keys.keyring import AccountKeys
from storage.records import Account


def insert(session: Session, account_id: int, generation: int, keys: AccountKeys, now: int) -> bytes:
    """A new identity key of this generation; its public half."""
    public_key, sealed_private = keys.new_identity(generation)
    statements.run(
        session,
        "INSERT INTO identity_key (account_id, generation, public_key, sealed_private, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (account_id, generation, public_key, sealed_private, now),
    )
    return public_key


def require_current(session: Session, keys: AccountKeys) -> None:
    """SignInRefused unless `keys` are the account's at this moment.

    They may have been replaced since a session opened them (`rotation`, `resets`): what it would seal under the old
    ones, nobody could open any more.
    """
    found = statements.row(
        session,
        "SELECT account.generation, sealed_private, public_key FROM account"
        " JOIN identity_key ON account_id = account.id AND identity_key.generation = account.generation"
        " WHERE account.public_id = ?",
        (keys.account,),
    )
    try:
        keys.open_identity(*(found or (0, b"", b"")))
    except Tampered:
        raise SignInRefused from None


def public(session: Session, account: Account) -> bytes:
    """The public half that is sealed to now. NotFound."""
    found = statements.row(
        session,
        "SELECT public_key FROM identity_key WHERE account_id = ? AND generation = ?",
        (account.id, account.generation),
    )
    if found is None:
        raise NotFound("identity key")
    public_key: bytes = found[0]
    return public_key


def private(session: Session, account: Account, keys: AccountKeys, generation: int) -> X25519PrivateKey:
    """The private half of a generation. Tampered if it does not open with `keys`, or is not there."""
    try:
        return keys.private(generation)
    except NotFound:
        pass
    found = statements.row(
        session,
        "SELECT public_key, sealed_private FROM identity_key WHERE account_id = ? AND generation = ?",
        (account.id, generation),
    )
    if found is None:
        raise Tampered("an identity key of an unknown generation")
    keys.open_identity(generation, sealed_private=found[1], public_key=found[0] or b"")
    return keys.private(generation)
