"""Documents come in: one row, one card, one body, and a wrap and a copy for each recipient, in one transaction.

What a caller needs for IMAP's commands on copies is found here under the same roof: `copy`, `move`, `expunge`,
`store_flags`.
"""

from dataclasses import dataclass, field

from sqlmodel import Session

from storage.engine import statements
from storage.engine.changes import announce, drop_body
from storage.errors import Busy, Invalid, NotFound, OverQuota
from storage.keys.envelope import SealedDocument
from storage.mail.copies import copies_of as copies_of
from storage.mail.copies import copy as copy
from storage.mail.copies import expunge as expunge
from storage.mail.copies import insert
from storage.mail.copies import move as move
from storage.mail.flags import FlagMode as FlagMode
from storage.mail.flags import checked_keywords, spelled_as_stored
from storage.mail.flags import store_flags as store_flags
from storage.oversight import audit
from storage.records import Copy, Delivered, Flag, MailboxChange, Recipient

DEDUPE_SECONDS = 7 * 24 * 3600
"""How long a transaction handed in again is recognised: longer than any sender keeps retrying (RFC 5321, 4.5.4.1)."""
HPKE_FORM = "hpke"
_COUNT = (
    "UPDATE account SET used_bytes = used_bytes + ? WHERE id = ? AND state <> 'erased' AND (generation = ?"
    " OR NOT EXISTS (SELECT 1 FROM mailbox WHERE mailbox.account_id = account.id AND special = 'closed'))"
)
"""No row where nobody could open the document: the account is erased, or a reset has closed what lies under older
keys (`renewal`). After a rotation, the older identity keys still open.
"""


@dataclass(frozen=True, slots=True)
class DeliveryDraft:
    """All that is stored of one hand-in. Sealed before; nothing here can be read."""

    sealed: SealedDocument = field(repr=False)
    recipients: tuple[Recipient, ...]
    """In the order of `sealed.wraps`; an account twice gets two copies and one wrap."""
    mailbox_ids: tuple[int, ...]
    """Where each copy goes, usually `inbox_id`."""
    internal_date: int
    stored_size: int
    """Bytes that count against the quota: the sealed body and card."""
    body_name: str | None = None
    """The body file, already durable; None: `sealed.sealed_body` is kept in the database."""
    flags: Flag = Flag.NONE
    keywords: tuple[str, ...] = ()
    sender_account_id: int | None = None
    dedupe_tag: bytes | None = None
    """A MAC over all that makes the transaction what it is; the same tag again is not stored again."""
    actor: str | None = None
    """Who hands it in, for the audit log; None: the sender's account, or somebody outside."""


def deliver(
    session: Session, draft: DeliveryDraft, now: int, correspondent_id: int | None = None, *, held: bool = False
) -> Delivered:
    """Store a document for its recipients. The quota counts but does not refuse (see `addresses.resolve`).

    `held`: no copy is made yet, and nobody sees it; see `show`.
    A duplicate gives the first one's public id, no copies, and leaves nothing: the body file is dropped. Busy if a
    reader's keys were renewed or the account erased since it was sealed: sealed again, it may go. NotFound if a
    mailbox is gone; Invalid if the draft does not fit together.
    """
    if not draft.recipients or not len(draft.recipients) == len(draft.mailbox_ids) == len(draft.sealed.wraps):
        raise Invalid("recipients: at least one, each with a mailbox and a wrap")
    first = _handed_in_before(session, draft, now)
    if first is not None:
        return Delivered(first, (), duplicate=True)
    document_id = _insert_document(session, draft, now, correspondent_id)
    _insert_wraps(session, draft, document_id)
    copies = () if held else _insert_copies(session, draft, document_id)
    _audit(session, "document.held" if held else "document.delivered", draft, now)
    return Delivered(draft.sealed.public_id, copies, duplicate=False, document_id=document_id)


def show(
    session: Session, document_id: int, account_id: int, mailbox_id: int, keywords: tuple[str, ...], now: int
) -> None:
    """The copy of a document that was held. NotFound if the mailbox is gone."""
    spelled = spelled_as_stored(session, mailbox_id, checked_keywords(keywords))
    uid, modseq = _allot(session, mailbox_id, account_id)
    new = Copy(uid, document_id, int(Flag.NONE), spelled, modseq, now)
    insert(session, mailbox_id, account_id, (new,))
    announce(session, MailboxChange(account_id, mailbox_id, modseq, arrived=(new,)))


def append(session: Session, draft: DeliveryDraft, now: int, correspondent_id: int | None = None) -> Delivered:
    """`deliver` for one reader into a mailbox of their own (IMAP APPEND), which a full account refuses: OverQuota."""
    if len(draft.recipients) != 1:
        raise Invalid("recipients: exactly one")
    account_id = draft.recipients[0].account_id
    room = statements.row(
        session,
        "SELECT quota_bytes - used_bytes FROM account JOIN mailbox ON mailbox.account_id = account.id"
        " WHERE account.id = ? AND mailbox.id = ?",
        (account_id, draft.mailbox_ids[0]),
    )
    if room is None:
        raise NotFound("mailbox")
    if room[0] < draft.stored_size:
        raise OverQuota("account")
    return deliver(session, draft, now, correspondent_id)


def _handed_in_before(session: Session, draft: DeliveryDraft, now: int) -> str | None:
    """The public id of the document that the same transaction made; None, and noted, if it is the first time."""
    if draft.dedupe_tag is None:
        return None
    statements.run(session, "DELETE FROM hand_in WHERE received_at < ?", (now - DEDUPE_SECONDS,))
    found = statements.row(
        session, "SELECT document_public_id FROM hand_in WHERE dedupe_tag = ?", (draft.dedupe_tag,)
    )
    if found is not None:
        if draft.body_name is not None:
            drop_body(session, draft.body_name)
        public_id: str = found[0]
        return public_id
    statements.run(
        session,
        "INSERT INTO hand_in (dedupe_tag, document_public_id, received_at) VALUES (?, ?, ?)",
        (draft.dedupe_tag, draft.sealed.public_id, now),
    )
    return None


def _insert_document(session: Session, draft: DeliveryDraft, now: int, correspondent_id: int | None) -> int:
    made = statements.row(
        session,
        "INSERT INTO document (public_id, body_name, stored_size, sender_account_id, correspondent_id, received_at)"
        " VALUES (?, ?, ?, (SELECT id FROM account WHERE id = ? AND state <> 'erased'), ?, ?) RETURNING id",
        (
            draft.sealed.public_id,
            draft.body_name,
            draft.stored_size,
            draft.sender_account_id,
            correspondent_id,
            now,
        ),
    )
    assert made is not None
    document_id: int = made[0]
    statements.run(
        session,
        "INSERT INTO card (document_id, sealed_card) VALUES (?, ?)",
        (document_id, draft.sealed.sealed_card),
    )
    if draft.body_name is None:
        statements.run(
            session,
            "INSERT INTO inline_body (document_id, sealed_body) VALUES (?, ?)",
            (document_id, draft.sealed.sealed_body),
        )
    return document_id


def _insert_wraps(session: Session, draft: DeliveryDraft, document_id: int) -> None:
    readers = {
        reader.account_id: (reader, wrap) for reader, wrap in zip(draft.recipients, draft.sealed.wraps, strict=True)
    }
    statements.run_many(
        session,
        "INSERT INTO wrap (document_id, account_id, generation, form, sealed_wrap) VALUES (?, ?, ?, ?, ?)",
        (
            (document_id, account_id, reader.generation, HPKE_FORM, wrap)
            for account_id, (reader, wrap) in sorted(readers.items())
        ),
    )
    counted = statements.run_many(
        session,
        _COUNT,
        ((draft.stored_size, account_id, reader.generation) for account_id, (reader, _) in readers.items()),
    )
    if counted != len(readers):
        raise Busy("keys of a reader")


def _insert_copies(session: Session, draft: DeliveryDraft, document_id: int) -> tuple[tuple[int, int], ...]:
    asked = checked_keywords(draft.keywords)
    flags, made, written = int(draft.flags), [], []
    for reader, mailbox_id in zip(draft.recipients, draft.mailbox_ids, strict=True):
        keywords = spelled_as_stored(session, mailbox_id, asked)
        uid, modseq = _allot(session, mailbox_id, reader.account_id)
        new = Copy(uid, document_id, flags, keywords, modseq, draft.internal_date)
        announce(session, MailboxChange(reader.account_id, mailbox_id, modseq, arrived=(new,)))
        made.append((mailbox_id, uid))
        written.append((mailbox_id, uid, document_id, reader.account_id, flags, " ".join(keywords) or None, modseq))
    statements.run_many(
        session,
        "INSERT INTO copy (mailbox_id, uid, document_id, account_id, flags, keywords, modseq, internal_date)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((*values, draft.internal_date) for values in written),
    )
    return tuple(made)


def _allot(session: Session, mailbox_id: int, account_id: int) -> tuple[int, int]:
    """The next UID of a mailbox of this account, and the mod-sequence of its arrival."""
    found = statements.row(
        session,
        "UPDATE mailbox SET uid_next = uid_next + 1, highest_modseq = highest_modseq + 1"
        " WHERE id = ? AND account_id = ? RETURNING uid_next - 1, highest_modseq",
        (mailbox_id, account_id),
    )
    if found is None:
        raise NotFound("mailbox")
    return found[0], found[1]


def _audit(session: Session, kind: str, draft: DeliveryDraft, now: int) -> None:
    accounts = sorted({reader.account_id for reader in draft.recipients})
    sender = "outside" if draft.sender_account_id is None else f"account:{draft.sender_account_id}"
    subject = f"document:{draft.sealed.public_id}"
    audit.append(session, kind, draft.actor or sender, subject, {"accounts": accounts}, now)
