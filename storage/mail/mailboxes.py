"""Mailboxes: an account's IMAP folders.

A name of one's own is reader tier: sealed, and found by a tag that only the account's key can compute. Mailboxes with
a special use keep a fixed name in the open until they are renamed. UIDVALIDITY is drawn from one growing sequence per
account, so that a name made again, or given to another mailbox, never has an old value (RFC 3501 section 2.3.1.1).
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence

import structlog
from sqlmodel import Session

from storage.access import identity_keys
from storage.engine import statements
from storage.engine.changes import announce
from storage.engine.connections import TakenError
from storage.errors import Conflict, Invalid, NotFound, OverQuota, Tampered
from storage.keys.keyring import AccountKeys
from storage.mail import delivery_folders
from storage.mail.copies import EVERYTHING, discard, move
from storage.mail.mailbox_names import CLOSED, FIXED, SEPARATOR, normal, superiors
from storage.mail.selection import claim_recent as claim_recent
from storage.mail.selection import opened
from storage.mail.selection import select as select
from storage.mail.selection import status as status
from storage.mail.subscriptions import subscribe as subscribe
from storage.mail.subscriptions import subscriptions as subscriptions
from storage.mail.subscriptions import unsubscribe as unsubscribe
from storage.records import Mailbox, MailboxChange, SpecialUse

MAX_MAILBOXES = 5000

_log = structlog.get_logger(__name__)


def listing(session: Session, account_id: int, keys: AccountKeys) -> list[Mailbox]:
    """All of the account, by name; those whose name was altered are left out, and `by_name` refuses them."""
    found = statements.rows(
        session,
        "SELECT id, account_id, public_id, sealed_name, name_tag, special, uid_validity, uid_next, highest_modseq"
        " FROM mailbox WHERE account_id = ? AND coalesce(special, '') <> ?",
        (account_id, CLOSED),
    )
    names = delivery_folders.shown(session, account_id, keys)
    seen = [row for row in found if row[5] in names or not delivery_folders.is_folder(row[5])]
    return sorted(_sound(seen, keys, names), key=lambda mailbox: mailbox.name)


def by_name(session: Session, account_id: int, keys: AccountKeys, name: str) -> Mailbox:
    """NotFound, Invalid name, Tampered if what stands under its tag is not that name."""
    stored = normal(name)
    found = _by_tag(session, account_id, keys, stored) or delivery_folders.by_name(session, account_id, keys, stored)
    if found is None:
        raise NotFound("mailbox")
    return found


def create(
    session: Session, account_id: int, keys: AccountKeys, name: str, now: int, special: SpecialUse | None = None
) -> Mailbox:
    """A new mailbox, and the missing ones above it. Conflict if the name or the special use is taken; Invalid."""
    stored = normal(name)
    identity_keys.require_current(session, keys)
    delivery_folders.check_free(stored)
    if _by_tag(session, account_id, keys, stored) is not None:
        raise Conflict("mailbox name")
    _create_superiors(session, account_id, keys, stored, now)
    return _insert(session, account_id, keys, stored, special, now)


def create_special(session: Session, account_id: int, keys: AccountKeys, now: int) -> None:
    """The mailboxes every account begins with, subscribed."""
    for special, name in FIXED.items():
        _insert(session, account_id, keys, name, special, now)
        subscribe(session, account_id, keys, name)
    for folder in delivery_folders.FOLDERS:
        _insert_row(session, account_id, folder, None, delivery_folders.mark(folder), now)
    delivery_folders.subscribe_all(session, account_id)


def rename(session: Session, account_id: int, keys: AccountKeys, source: str, target: str, now: int) -> None:
    """Give a mailbox and those below it another name; RENAME of INBOX moves its messages to a new mailbox instead.

    NotFound, Conflict if a new name is taken, Invalid (RFC 3501 section 6.3.5).
    """
    identity_keys.require_current(session, keys)
    mailbox, new = by_name(session, account_id, keys, source), normal(target)
    if mailbox.chooses is not None:
        raise Invalid("mailbox: a delivery folder stays")
    if mailbox.special is SpecialUse.INBOX:
        made = create(session, account_id, keys, new, now)
        move(session, mailbox.id, EVERYTHING, made.id)
        return
    if new.startswith(mailbox.name + SEPARATOR):
        raise Invalid("mailbox name: not below itself")
    if _by_tag(session, account_id, keys, new) is not None:
        raise Conflict("mailbox name")
    delivery_folders.check_free(new)
    below = [
        found
        for found in listing(session, account_id, keys)
        if found.name.startswith(mailbox.name + SEPARATOR) and found.chooses is None
    ]
    for each in (mailbox, *below):
        _set_name(session, keys, each, normal(new + each.name.removeprefix(mailbox.name)))
    _create_superiors(session, account_id, keys, new, now)


def delete(session: Session, account_id: int, keys: AccountKeys, name: str, now: int = 0) -> None:
    """Delete a mailbox and its messages; those below it stay. NotFound; Invalid for one with a special use; Held if
    it has the last copy of what a hold keeps, `now` as in `copies.expunge`.
    """
    mailbox = by_name(session, account_id, keys, name)
    if mailbox.special is not None or mailbox.chooses is not None:
        raise Invalid("mailbox: one with a special use stays")
    discard(session, mailbox.id, now)
    statements.run(session, "DELETE FROM mailbox WHERE id = ?", (mailbox.id,))
    announce(session, MailboxChange(account_id, mailbox.id, mailbox.highest_modseq + 1, deleted=True))


def inboxes_among(session: Session, mailbox_ids: Sequence[int]) -> frozenset[int]:
    """Those of `mailbox_ids` into which documents are delivered."""
    found: set[int] = set()
    for marks, part in statements.chunks(mailbox_ids):
        sql = f"SELECT id FROM mailbox WHERE special = 'inbox' AND id IN ({marks})"  # noqa: S608 - question marks
        found.update(number for (number,) in statements.rows(session, sql, part))
    return frozenset(found)


def _sound(rows: Iterable[statements.Row], keys: AccountKeys, names: Mapping[str, str]) -> Iterator[Mailbox]:
    """One altered name must not hide all folders from their owner. `names`: of delivery folders."""
    for row in rows:
        try:
            yield delivery_folders.opened(row, names[row[5]]) if row[5] in names else opened(row, keys)
        except Tampered:
            _log.error("mailbox.refused", mailbox_id=row[0])


def _by_tag(session: Session, account_id: int, keys: AccountKeys, name: str) -> Mailbox | None:
    found = statements.row(
        session,
        "SELECT id, account_id, public_id, sealed_name, name_tag, special, uid_validity, uid_next, highest_modseq"
        " FROM mailbox WHERE account_id = ? AND name_tag = ?",
        (account_id, keys.name_tag(name)),
    )
    return None if found is None else opened(found, keys)


def _create_superiors(session: Session, account_id: int, keys: AccountKeys, name: str, now: int) -> None:
    for superior in superiors(name):
        if _by_tag(session, account_id, keys, superior) is None:
            _insert(session, account_id, keys, superior, None, now)


def _insert(
    session: Session, account_id: int, keys: AccountKeys, name: str, special: SpecialUse | None, now: int
) -> Mailbox:
    count = statements.row(session, "SELECT count(*) FROM mailbox WHERE account_id = ?", (account_id,))
    if count is not None and count[0] >= MAX_MAILBOXES:
        raise OverQuota("mailboxes")
    public_id = urlsafe_b64encode(os.urandom(12)).decode()
    fixed = special is not None and FIXED[special] == name
    sealed_name = None if fixed else keys.seal_name(name, mailbox=public_id)
    made = _insert_row(session, account_id, special, sealed_name, keys.name_tag(name), now, public_id)
    return opened(made, keys)


def _insert_row(
    session: Session,
    account_id: int,
    special: str | None,
    sealed_name: bytes | None,
    name_tag: bytes,
    now: int,
    public_id: str = "",
) -> statements.Row:
    """In the columns that `opened` takes. Conflict."""
    try:
        made = statements.row(
            session,
            "INSERT INTO mailbox (public_id, account_id, special, sealed_name, name_tag, uid_validity, uid_next,"
            " highest_modseq, first_recent_uid) VALUES (?, ?, ?, ?, ?, ?, 1, 1, 1)"
            " RETURNING id, account_id, public_id, sealed_name, name_tag, special, uid_validity, uid_next,"
            " highest_modseq",
            (
                public_id or urlsafe_b64encode(os.urandom(12)).decode(),
                account_id,
                special,
                sealed_name,
                name_tag,
                _uid_validity(session, account_id, now),
            ),
        )
    except TakenError:
        raise Conflict("mailbox name or special use") from None
    assert made is not None
    return made


def _uid_validity(session: Session, account_id: int, now: int) -> int:
    """Never the same twice in one account, and growing even if the clock does not."""
    drawn = statements.row(
        session,
        "UPDATE account SET last_uid_validity = CASE WHEN last_uid_validity < ? THEN ? ELSE last_uid_validity + 1 END"
        " WHERE id = ? RETURNING last_uid_validity",
        (now, now, account_id),
    )
    if drawn is None:
        raise NotFound("account")
    validity: int = drawn[0]
    return validity


def _set_name(session: Session, keys: AccountKeys, mailbox: Mailbox, name: str) -> None:
    public = statements.row(session, "SELECT public_id FROM mailbox WHERE id = ?", (mailbox.id,))
    assert public is not None
    try:
        statements.run(
            session,
            "UPDATE mailbox SET name_tag = ?, sealed_name = ? WHERE id = ?",
            (keys.name_tag(name), keys.seal_name(name, mailbox=public[0]), mailbox.id),
        )
    except TakenError:
        raise Conflict("mailbox name") from None
