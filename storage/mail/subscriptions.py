"""Names that an account wants to see in LSUB. They outlive their mailbox (RFC 3501 section 6.3.6)."""

from collections.abc import Iterable, Iterator

import structlog
from sqlmodel import Session

from storage.access import identity_keys
from storage.engine import statements
from storage.errors import OverQuota, Tampered
from storage.keys.keyring import AccountKeys
from storage.mail import delivery_folders
from storage.mail.mailbox_names import normal

MAX_SUBSCRIPTIONS = 5000

_log = structlog.get_logger(__name__)


def subscribe(session: Session, account_id: int, keys: AccountKeys, name: str) -> None:
    """Nothing happens if it is subscribed already. Invalid name, OverQuota."""
    stored = normal(name)
    identity_keys.require_current(session, keys)
    folder = delivery_folders.special_of(session, account_id, keys, stored)
    tag = keys.name_tag(stored) if folder is None else delivery_folders.mark(folder)
    count = statements.row(session, "SELECT count(*) FROM subscription WHERE account_id = ?", (account_id,))
    if count is not None and count[0] >= MAX_SUBSCRIPTIONS:
        raise OverQuota("subscriptions")
    statements.run(
        session,
        "INSERT INTO subscription (account_id, name_tag, sealed_name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (account_id, tag, b"" if folder else keys.seal_name(stored, mailbox=bound_to(tag))),
    )


def unsubscribe(session: Session, account_id: int, keys: AccountKeys, name: str) -> None:
    """Nothing happens if it is not subscribed. Invalid name."""
    stored = normal(name)
    folder = delivery_folders.special_of(session, account_id, keys, stored)
    tag = keys.name_tag(stored) if folder is None else delivery_folders.mark(folder)
    statements.run(session, "DELETE FROM subscription WHERE account_id = ? AND name_tag = ?", (account_id, tag))


def subscriptions(session: Session, account_id: int, keys: AccountKeys) -> list[str]:
    """Sorted names; those that were altered are left out, with a log record each."""
    found = statements.rows(
        session, "SELECT name_tag, sealed_name FROM subscription WHERE account_id = ?", (account_id,)
    )
    ours = frozenset(tag for tag, sealed in found if sealed == b"")
    own = [row for row in found if row[1] != b""]
    return sorted([*_sound(own, keys), *delivery_folders.subscribed(session, account_id, keys, ours)])


def _sound(rows: Iterable[statements.Row], keys: AccountKeys) -> Iterator[str]:
    for tag, sealed in rows:
        try:
            yield keys.open_name(sealed, mailbox=bound_to(tag))
        except Tampered:
            _log.error("subscription.refused")


def bound_to(tag: bytes) -> str:
    """Tampered for a tag that is no bytes."""
    if not isinstance(tag, bytes):
        raise Tampered("the tag of a subscription")
    return f"subscription {tag.hex()}"
