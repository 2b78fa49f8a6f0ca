"""A process that gives an account new keys, made to be killed at any moment.

python -m tests.crash.keys_driver rotation|reset DATA      prints `ready`, waits for a line with the secret that opens
the account (a device password; a reset's code), gives it new keys: `under way`, `done`
"""

import sys
from pathlib import Path

from storage.access import devices, enrolment, passwords, rotation, second_factor
from storage.database import Store
from storage.people import accounts
from storage.records import DomainMode, Scope
from tests import stores

NOW = 1_760_000_000
EMAIL = "anna@example.test"
PASSWORD = "drie fietsen in de regen"
CHEAP = "argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw=="
SEED = bytes(range(20))


def rotate(store: Store, device_password: str) -> None:
    """As `POST /me/rotation` does."""
    lock = (store.server_keys, store.shred)
    signed_in = store.read_now(devices.sign_in, *lock, EMAIL, device_password, Scope.IMAP, NOW)
    assert signed_in.keys is not None
    stretched = passwords.stretch(PASSWORD, CHEAP)
    prepared = store.read_now(rotation.prepare, signed_in.account, signed_in.keys)
    print("under way", flush=True)
    account, keys = signed_in.account, signed_in.keys
    store.write_now(rotation.rotate, *lock, account, keys, prepared, stretched, NOW, f"account:{account.id}")


def reset(store: Store, code: str) -> None:
    """As `POST /enrolment/finish` does with a code that brings a new key."""
    account = store.read_now(accounts.by_email, EMAIL)
    store.write_now(second_factor.begin, account.id, NOW, lambda _: SEED)
    stretched, digits = passwords.stretch(PASSWORD, CHEAP), second_factor.code_at(SEED, NOW)
    print("under way", flush=True)
    opener = (store.server_keys, store.shred, EMAIL, code)
    store.write_now(enrolment.finish, *opener, stretched, digits, DomainMode.PRIVATE, NOW)


def main(kind: str, data: Path) -> None:
    with stores.opened(data) as store:
        print("ready", flush=True)
        secret = sys.stdin.readline().strip()
        (rotate if kind == "rotation" else reset)(store, secret)
        print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
