"""Storage alone, without a door before it: a store in this process, in a folder of its own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import Session

from bench.rows.row import OURS, Measurement, Row, Samples, Scale, above, below
from bench.servers.base import Server
from storage.access import devices
from storage.database import Store
from storage.engine import statements
from storage.keys.master import MasterKey
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Account, DeviceCredentials, DomainMode, Role, Scope

_NOW = 1_760_000_000
_ACCOUNTS = 200
_LISTED = 100_000
_EACH = 25
"""Sign-ins in a sample for each of the scale's."""


def device_sign_ins(_server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    """Device sign-ins a second, one after the other, each of another account than the one before."""
    with opened_store() as store:
        made = store.write_now(_add_readers, store)
        _sign_in(store, made, len(made))
        count = _EACH * scale.sign_ins
        yield "device-sign-ins", [count / _sign_in(store, made, count) for _ in range(scale.rounds)]


def _sign_in(store: Store, made: list[DeviceCredentials], count: int) -> float:
    """Seconds that `count` sign-ins take."""
    started = time.perf_counter()
    for number in range(count):
        device = made[number % len(made)]
        secret = (device.username, device.password, Scope.IMAP, _NOW, "192.0.2.1")
        store.look_up(devices.sign_in, store.server_keys, store.shred, *secret)
    return time.perf_counter() - started


@contextmanager
def opened_store() -> Iterator[Store]:
    """A new one, with a domain."""
    with TemporaryDirectory(prefix="px-") as folder:
        data, master = Path(folder) / "data", MasterKey.generate()
        Store.create(data, master)
        with Store.open(data, master) as store:
            store.write_now(domains.create, "bench.test", DomainMode.MANAGED, "NL", _NOW)
            yield store


def _add_readers(session: Session, store: Store) -> list[DeviceCredentials]:
    return [_add_reader(session, store, number) for number in range(_ACCOUNTS)]


def _add_reader(session: Session, store: Store, number: int) -> DeviceCredentials:
    draft = AccountDraft(f"r{number}@bench.test", "Anna de Vries", Role.RECIPIENT)
    account, keys = accounts.create(session, store.shred, draft, domains.by_name(session, "bench.test"), _NOW)
    scopes = frozenset({Scope.IMAP})
    return devices.add(session, store.server_keys, store.shred, account, keys, "bench", scopes, _NOW)


def account_pages(_server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    """Milliseconds to the first page of a long list of accounts, over all domains."""
    with opened_store() as store:
        store.write_now(_add_many, _LISTED)
        yield "accounts-first-page", [_first_page(store) for _ in range(scale.rounds * 5)]


def _add_many(session: Session, count: int) -> None:
    """Rows alone: a list reads nothing else."""
    domain = domains.by_name(session, "bench.test")
    statements.run_many(
        session,
        "INSERT INTO account (public_id, domain_id, role, state, email, name, locale, generation, quota_bytes,"
        " used_bytes, last_uid_validity, created_at)"
        " VALUES (?, ?, 'recipient', 'registered', ?, ?, 'nl', 1, 0, 0, 0, 0)",
        ((f"p{number}", domain.id, f"r{number}@bench.test", f"Anna {number}") for number in range(count)),
    )


def _first_page(store: Store) -> float:
    started = time.perf_counter()
    store.look_up(_page)
    return (time.perf_counter() - started) * 1000


def _page(session: Session) -> list[Account]:
    return accounts.page(session, domains=None, limit=50)


MEASUREMENTS = (
    Measurement(
        (Row("device-sign-ins", "device sign-ins in storage alone, one thread", "1/s", above(5_000, "≥ 5 000")),),
        (OURS,),
        lambda _: 1,
        device_sign_ins,
    ),
    Measurement(
        (Row("accounts-first-page", "first page of 100 000 accounts", "ms", below(50, "< 50 ms")),),
        (OURS,),
        lambda _: 1,
        account_pages,
    ),
)
