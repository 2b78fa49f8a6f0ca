"""Copies: documents as messages in mailboxes. Copying, moving and removing them, in statements over whole ranges.

Ranges are inclusive pairs of UIDs, `*` already resolved. Each range is one statement: ten thousand messages in one
range cost one. A copy of a copy is a row more of the same document and needs no key. With the account's last copy of
a document go its wrap and its indexed card; with the last wrap, the document, its card and its body.
"""

from collections.abc import Iterable, Sequence

from sqlmodel import Session

from storage.deliveries import deliveries
from storage.engine import statements
from storage.engine.changes import announce, drop_body
from storage.erasures import holds
from storage.errors import Invalid, NotFound
from storage.mail import chosen
from storage.records import Copy, Flag, MailboxChange

Ranges = Sequence[tuple[int, int]]
MAX_UID = 2**32 - 1
EVERYTHING: Ranges = ((1, MAX_UID),)


def copies_of(session: Session, mailbox_id: int, ranges: Ranges = EVERYTHING) -> list[Copy]:
    """Copies in the ranges, ascending."""
    found: list[statements.Row] = []
    for low, high in ranges:
        found += statements.rows(
            session,
            "SELECT uid, document_id, flags, keywords, modseq, internal_date FROM copy"
            " WHERE mailbox_id = ? AND uid BETWEEN ? AND ? ORDER BY uid",
            (mailbox_id, low, high),
        )
    return as_copies(found if len(ranges) == 1 else sorted(set(found)))


def page_of(session: Session, mailbox_id: int, above: int, limit: int) -> list[Copy]:
    """The next copies with UIDs above one, ascending."""
    return as_copies(
        statements.rows(
            session,
            "SELECT uid, document_id, flags, keywords, modseq, internal_date FROM copy"
            " WHERE mailbox_id = ? AND uid > ? ORDER BY uid LIMIT ?",
            (mailbox_id, above, limit),
        )
    )


def totals(session: Session, account_id: int) -> tuple[int, int]:
    """Messages in all mailboxes of the account, and the stored bytes of their documents."""
    found = statements.row(
        session,
        "SELECT count(*), coalesce(sum(stored_size), 0) FROM mailbox JOIN copy ON copy.mailbox_id = mailbox.id"
        " JOIN document ON document.id = copy.document_id WHERE mailbox.account_id = ?",
        (account_id,),
    )
    count, size = found or (0, 0)
    return count, size


def as_copies(rows: Iterable[statements.Row]) -> list[Copy]:
    """From uid, document, flags, keywords, modseq, internal date."""
    return [
        Copy(uid, document_id, flags, tuple(keywords.split()) if keywords else (), modseq, internal_date)
        for uid, document_id, flags, keywords, modseq, internal_date in rows
    ]


def copy(session: Session, source_id: int, ranges: Ranges, target_id: int) -> tuple[int, list[tuple[int, int]]]:
    """Copy messages into another (or the same) mailbox of the account, flags and dates included.

    UIDVALIDITY of the target, and (source UID, target UID) of each, ascending (RFC 4315 COPYUID). NotFound if a
    mailbox is not there; Invalid if they belong to two accounts. No message in the ranges is no error.
    """
    account_id = _same_account(session, source_id, target_id)
    originals = copies_of(session, source_id, ranges)
    validity, first, modseq = _allot(session, target_id, len(originals))
    made = [original._replace(uid=first + place, modseq=modseq) for place, original in enumerate(originals)]
    insert(session, target_id, account_id, made)
    if made:
        announce(session, MailboxChange(account_id, target_id, modseq, arrived=tuple(made)))
    return validity, [(original.uid, new.uid) for original, new in zip(originals, made, strict=True)]


def move(
    session: Session, source_id: int, ranges: Ranges, target_id: int, now: int = 0
) -> tuple[int, list[tuple[int, int]]]:
    """`copy`, and the originals are gone in the same moment (RFC 6851). Within one mailbox it gives new UIDs.

    Into the trash it is the end of what was to happen to a document (`deliveries.put_away`, at `now`).
    """
    validity, pairs = copy(session, source_id, ranges, target_id)
    removed = tuple(source for source, _ in pairs)
    if removed:
        account_id, modseq = next_modseq(session, source_id)
        statements.run_many(
            session, "DELETE FROM copy WHERE mailbox_id = ? AND uid = ?", ((source_id, uid) for uid in removed)
        )
        if _is_trash(session, target_id):
            moved = copies_of(session, target_id, [(pairs[0][1], pairs[-1][1])])
            deliveries.put_away(session, account_id, [each.document_id for each in moved], now)
        announce(session, MailboxChange(account_id, source_id, modseq, expunged=removed))
    return validity, pairs


def _is_trash(session: Session, mailbox_id: int) -> bool:
    sql = "SELECT 1 FROM mailbox WHERE id = ? AND special = 'trash'"
    return statements.row(session, sql, (mailbox_id,)) is not None


def expunge(session: Session, mailbox_id: int, ranges: Ranges | None = None, now: int = 0) -> list[int]:
    """Remove messages with \\Deleted, all or those in `ranges` (RFC 4315 UID EXPUNGE); their UIDs, ascending.

    What a hold keeps stays (`holds.kept`); without `now` so does what a hold kept that has ended.
    """
    renewed = renew(session, mailbox_id, _second_halves(session, mailbox_id, ranges, now))
    held = holds.any_on(session, mailbox_id, now)
    statement, values = (_EXPUNGE_BUT_HELD, (now,)) if held else (_EXPUNGE, ())
    removed: list[statements.Row] = []
    for low, high in ranges if ranges is not None else EVERYTHING:
        removed += statements.rows(
            session,
            statement,
            (mailbox_id, low, high, int(Flag.DELETED), *values),
        )
    uids = sorted(uid for uid, _ in removed)
    if uids:
        account_id, modseq = next_modseq(session, mailbox_id)
        documents = {document_id for _, document_id in removed}
        deliveries.put_away(session, account_id, sorted(documents), now)
        release(session, account_id, documents)
        announce(session, MailboxChange(account_id, mailbox_id, modseq, expunged=tuple(uids)))
    return sorted([*uids, *(before for before, _ in renewed)])


def _second_halves(session: Session, mailbox_id: int, ranges: Ranges | None, now: int) -> Ranges:
    """What is \\Deleted as the second half of a move into a delivery folder (see `chosen`)."""
    found = chosen.coming_back(session, mailbox_id, now)
    return [(uid, uid) for uid in found if ranges is None or any(low <= uid <= high for low, high in ranges)]


def renew(session: Session, mailbox_id: int, ranges: Ranges) -> list[tuple[int, int]]:
    """Give messages new UIDs where they lie, without \\Deleted: who saw them go sees them come back.

    (old UID, new UID) of each, ascending.
    """
    originals = copies_of(session, mailbox_id, ranges)
    if not originals:
        return []
    _, first, modseq = _allot(session, mailbox_id, len(originals))
    made = [
        each._replace(uid=first + place, modseq=modseq, flags=each.flags & ~Flag.DELETED)
        for place, each in enumerate(originals)
    ]
    account_id = _same_account(session, mailbox_id, mailbox_id)
    insert(session, mailbox_id, account_id, made)
    gone = tuple(each.uid for each in originals)
    statements.run_many(
        session, "DELETE FROM copy WHERE mailbox_id = ? AND uid = ?", ((mailbox_id, uid) for uid in gone)
    )
    announce(session, MailboxChange(account_id, mailbox_id, modseq, arrived=tuple(made), expunged=gone))
    return list(zip(gone, (each.uid for each in made), strict=True))


def pass_by(session: Session, mailbox_id: int, count: int) -> tuple[int, int]:
    """UIDVALIDITY of a mailbox and the first of `count` UIDs, used up by messages that are there for no moment."""
    validity, first, _ = _allot(session, mailbox_id, count)
    return validity, first


def discard(session: Session, mailbox_id: int, now: int = 0) -> None:
    """Remove all messages of a mailbox that is about to go, without a change of its own. Held; `now` as `expunge`."""
    holds.check_mailbox(session, mailbox_id, now)
    account_id, _ = next_modseq(session, mailbox_id)
    removed = statements.rows(session, "DELETE FROM copy WHERE mailbox_id = ? RETURNING document_id", (mailbox_id,))
    documents = {document_id for (document_id,) in removed}
    deliveries.put_away(session, account_id, sorted(documents), now)
    release(session, account_id, documents)


def insert(session: Session, mailbox_id: int, account_id: int, made: Iterable[Copy]) -> None:
    """Rows for copies whose UIDs are allotted already."""
    statements.run_many(
        session,
        "INSERT INTO copy (mailbox_id, uid, document_id, account_id, flags, keywords, modseq, internal_date)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (_row(mailbox_id, account_id, new) for new in made),
    )


def next_modseq(session: Session, mailbox_id: int) -> tuple[int, int]:
    """The account of the mailbox and the mod-sequence of the change now made to it. NotFound."""
    found = statements.row(
        session,
        "UPDATE mailbox SET highest_modseq = highest_modseq + 1 WHERE id = ? RETURNING account_id, highest_modseq",
        (mailbox_id,),
    )
    if found is None:
        raise NotFound("mailbox")
    return found[0], found[1]


def _allot(session: Session, mailbox_id: int, count: int) -> tuple[int, int, int]:
    """UIDVALIDITY, the first of `count` new UIDs, and the mod-sequence of the change."""
    found = statements.row(
        session,
        "UPDATE mailbox SET uid_next = uid_next + ?, highest_modseq = highest_modseq + 1 WHERE id = ?"
        " RETURNING uid_validity, uid_next - ?, highest_modseq",
        (count, mailbox_id, count),
    )
    assert found is not None
    return found[0], found[1], found[2]


def _row(mailbox_id: int, account_id: int, new: Copy) -> tuple[statements.Value, ...]:
    keywords = " ".join(new.keywords) or None
    return mailbox_id, new.uid, new.document_id, account_id, new.flags, keywords, new.modseq, new.internal_date


def _same_account(session: Session, source_id: int, target_id: int) -> int:
    found: dict[int, int] = dict(
        statements.rows(session, "SELECT id, account_id FROM mailbox WHERE id IN (?, ?)", (source_id, target_id))
    )
    if source_id not in found or target_id not in found:
        raise NotFound("mailbox")
    if found[source_id] != found[target_id]:
        raise Invalid("mailboxes: of one account")
    account_id: int = found[source_id]
    return account_id


def release(session: Session, account_id: int, documents: set[int]) -> None:
    """Let go of documents of which the account may have lost its last copy."""
    for marks, part in statements.chunks(sorted(documents)):
        released = statements.rows(session, _WRAPS_WITHOUT_COPY.replace("?*", marks), (account_id, *part))
        freed = [document_id for (document_id,) in released]
        if freed:
            _free(session, account_id, freed)


def _free(session: Session, account_id: int, documents: list[int]) -> None:
    marks = ",".join("?" * len(documents))
    statements.run(session, _GIVE_BACK.replace("?*", marks), (*documents, account_id))
    for (body_name,) in statements.rows(session, _DOCUMENTS_WITHOUT_WRAP.replace("?*", marks), documents):
        if body_name is not None:
            drop_body(session, body_name)


_EXPUNGE = (
    "DELETE FROM copy WHERE mailbox_id = ? AND uid BETWEEN ? AND ? AND flags & ? <> 0 RETURNING uid, document_id"
)
_EXPUNGE_BUT_HELD = _EXPUNGE.replace(" RETURNING", f" AND NOT {holds.STAYS_AT_EXPUNGE} RETURNING")
_WRAPS_WITHOUT_COPY = (
    "DELETE FROM wrap WHERE account_id = ? AND document_id IN (?*) AND NOT EXISTS (SELECT 1 FROM copy"
    " WHERE copy.document_id = wrap.document_id AND copy.account_id = wrap.account_id) RETURNING document_id"
)
_GIVE_BACK = (
    "UPDATE account SET used_bytes = used_bytes - (SELECT sum(stored_size) FROM document WHERE id IN (?*))"
    " WHERE id = ?"
)
_DOCUMENTS_WITHOUT_WRAP = (
    "DELETE FROM document WHERE id IN (?*) AND NOT EXISTS (SELECT 1 FROM wrap WHERE wrap.document_id = document.id)"
    " RETURNING body_name"
)
