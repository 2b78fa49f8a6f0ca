"""Orders for a backup, signed with the master key: a timer on the machine has it, and nobody to sign in.

Who can read the master key can read database, bodies and keyring as well; to let them copy these through the running
bridge gives them nothing. An order names its folders and holds for `LIFETIME` seconds.
"""

from storage.errors import SignInRefused, Tampered
from storage.keys import signing
from storage.keys.master import ServerKeys
from storage.keys.signing import Purpose

LIFETIME = 300


def sign(keys: ServerKeys, destination: str, keyring_destination: str | None, now: int) -> str:
    """The signature, in hex."""
    return signing.sign(keys, Purpose.BACKUP_ORDER, _content(destination, keyring_destination, now)).hex()


def check(
    keys: ServerKeys, destination: str, keyring_destination: str | None, at: int, signature: str, now: int
) -> None:
    """SignInRefused unless it was signed for these folders within the last minutes."""
    try:
        content = _content(destination, keyring_destination, at)
        signing.verify(signing.public_key(keys), Purpose.BACKUP_ORDER, content, bytes.fromhex(signature))
    except (Tampered, ValueError):
        raise SignInRefused from None
    if abs(now - at) > LIFETIME:
        raise SignInRefused


def _content(destination: str, keyring_destination: str | None, at: int) -> bytes:
    return signing.canonical({"destination": destination, "keyring_destination": keyring_destination, "at": at})
