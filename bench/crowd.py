"""A large office as rows alone: accounts and audit events that lists page through, without keys of each account."""

import random
import time

from sqlmodel import Session

from storage.access import sessions
from storage.database import Store
from storage.engine import statements
from storage.oversight import audit
from storage.people import accounts, domains, grants
from storage.people.accounts import AccountDraft
from storage.records import AccountState, Role

KINDS = ("session.started", "session.ended", "account.looked", "preference.changed", "device.added", "hold.placed")
_CHUNK = 20_000
"""Events in one transaction."""


def add_accounts(store: Store, count: int) -> None:
    """Of bench.test, one in fifty a sender, one in a thousand suspended."""
    domain = store.read_now(domains.by_name, "bench.test").id
    store.write_now(_insert, domain, count)


def _insert(session: Session, domain: int, count: int) -> None:
    sql = (
        "INSERT INTO account (public_id, domain_id, role, state, email, name, locale, generation, quota_bytes,"
        " used_bytes, last_uid_validity, created_at) VALUES (?, ?, ?, ?, ?, ?, 'nl', 1, 0, 0, 0, ?)"
    )
    now = int(time.time())
    rows = (
        (
            f"crowd{number}",
            domain,
            Role.SENDER if number % 50 == 7 else Role.RECIPIENT,
            AccountState.SUSPENDED if number % 1000 == 3 else AccountState.REGISTERED,
            f"{number * 7919 % 1_000_003:07}@bench.test",
            f"Name {number * 31 % 97} van {number % 13}",
            now - number,
        )
        for number in range(count)
    )
    statements.run_many(session, sql, rows)


def add_events(store: Store, count: int) -> None:
    """Real ones: chained and indexed as everything that happens is."""
    chance = random.Random(1)
    store.write_now(_with_room)
    for start in range(0, count, _CHUNK):
        store.write_now(_append, chance, min(_CHUNK, count - start))


def _with_room(session: Session) -> None:
    """Pages of the indexes stay in memory: each event goes to another place in them. A million took
    10 minutes in place of 26, on a machine that others used too.
    """
    session.connection().exec_driver_sql("PRAGMA cache_size = -500000")


def _append(session: Session, chance: random.Random, count: int) -> None:
    now = int(time.time())
    for number in range(count):
        who = f"account:{chance.randrange(1, 500)}"
        audit.append(session, chance.choice(KINDS), who, f"account:{chance.randrange(1, 500)}", {"n": number}, now)


def add_insider(store: Store, name: str, role: Role) -> str:
    """Somebody with a role; the token of a session that has just begun."""
    now = int(time.time())
    domain = store.read_now(domains.by_name, "bench.test")
    draft = AccountDraft(f"{name}@bench.test", name.title(), Role.RECIPIENT, state=AccountState.REGISTERED)
    account, keys = store.write_now(accounts.create, store.shred, draft, domain, now)
    where = None if role in grants.WHOLE_BRIDGE else domain.id
    store.write_now(
        grants.grant, account, role, where, now, actor="system", granted_by=None, ends_at=None, ticket=None
    )
    return store.write_now(sessions.start, store.server_keys, store.shred, account, keys, "bench", now).token
