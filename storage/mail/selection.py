"""A mailbox as a session opens it: its copies, its counters, and who sees what as \\Recent."""

from sqlmodel import Session

from storage.engine import statements
from storage.errors import NotFound, Tampered
from storage.keys.keyring import AccountKeys
from storage.mail import delivery_folders
from storage.mail.copies import copies_of
from storage.mail.mailbox_names import FIXED
from storage.records import Flag, Mailbox, MailboxStatus, Selected, SpecialUse


def status(session: Session, mailbox_id: int) -> MailboxStatus:
    """Counts and counters of one moment. NotFound."""
    found = statements.row(
        session,
        "SELECT count(uid), coalesce(sum(uid >= first_recent_uid), 0), coalesce(sum(flags & ? = 0), 0),"
        " uid_next, uid_validity, highest_modseq"
        " FROM mailbox LEFT JOIN copy ON copy.mailbox_id = mailbox.id WHERE mailbox.id = ? GROUP BY mailbox.id",
        (int(Flag.SEEN), mailbox_id),
    )
    if found is None:
        raise NotFound("mailbox")
    return MailboxStatus(*found)


def select(session: Session, mailbox_id: int, keys: AccountKeys, claim_recent: bool = False) -> Selected:
    """The mailbox and all its copies, of one moment.

    NotFound, also for a mailbox of another account; Tampered if its name does not open.

    Reads only, unless `claim_recent`: then the messages that are \\Recent here are so in no later session (SELECT,
    not EXAMINE), and the call must run as a write. For a large mailbox it is kinder to read first and then to write
    `claim_recent` alone.
    """
    found = statements.row(
        session,
        "SELECT id, account_id, public_id, sealed_name, name_tag, special, uid_validity, uid_next, highest_modseq,"
        " first_recent_uid FROM mailbox"
        " WHERE id = ? AND account_id = (SELECT id FROM account WHERE public_id = ?)",
        (mailbox_id, keys.account),
    )
    if found is None:
        raise NotFound("mailbox")
    mailbox = _folder(session, found[:9], keys) or opened(found[:9], keys)
    selected = Selected(mailbox, copies_of(session, mailbox_id), found[9])
    if claim_recent:
        _claim(session, mailbox_id, found[7])
    return selected


def claim_recent(session: Session, mailbox_id: int, up_to: int) -> int:
    """Take the messages below UID `up_to` (the UIDNEXT that the session has seen) as \\Recent for this session alone.

    Returns the UID from which on they are: what another session took in between is left out. NotFound.
    """
    found = statements.row(session, "SELECT first_recent_uid FROM mailbox WHERE id = ?", (mailbox_id,))
    if found is None:
        raise NotFound("mailbox")
    first: int = found[0]
    _claim(session, mailbox_id, up_to)
    return first


def _folder(session: Session, row: statements.Row, keys: AccountKeys) -> Mailbox | None:
    """A delivery folder that the account sees."""
    if not delivery_folders.is_folder(row[5]):
        return None
    name = delivery_folders.shown(session, row[1], keys).get(row[5])
    if name is None:
        raise NotFound("mailbox")
    return delivery_folders.opened(row, name)


def opened(row: statements.Row, keys: AccountKeys) -> Mailbox:
    """From id, account, public id, sealed name, its tag, special use, and the three counters.

    Tampered if the name does not open, or is not the one that the tag is found by: two tags exchanged would else
    open one mailbox under the name of another.
    """
    mailbox_id, account_id, public_id, sealed_name, name_tag, special, *counters = row
    use = _special_use(special)
    name = _fixed_name(use) if sealed_name is None else keys.open_name(sealed_name, mailbox=public_id)
    if keys.name_tag(name) != name_tag:
        raise Tampered("the tag of a mailbox is not that of its name")
    return Mailbox(mailbox_id, account_id, name, use, *counters)


def _special_use(stored: str | None) -> SpecialUse | None:
    try:
        return None if stored is None else SpecialUse(stored)
    except ValueError:
        raise Tampered("a mailbox of an unknown special use") from None


def _fixed_name(use: SpecialUse | None) -> str:
    if use is None:
        raise Tampered("a mailbox without a name")
    return FIXED[use]


def _claim(session: Session, mailbox_id: int, up_to: int) -> None:
    statements.run(
        session,
        "UPDATE mailbox SET first_recent_uid = ? WHERE id = ? AND first_recent_uid < ?",
        (up_to, mailbox_id, up_to),
    )
