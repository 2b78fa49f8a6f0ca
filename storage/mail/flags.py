"""STORE: flags and keywords of many messages in set-based statements (RFC 3501 section 6.4.6).

Keywords are compared without regard to case and keep the spelling first stored in their mailbox. Few sets of keywords
are in use in a mailbox at a time, so a change of keywords is one statement per set that it meets.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from sqlmodel import Session

from storage.deliveries import deliveries, endings
from storage.engine import statements
from storage.engine.changes import announce
from storage.errors import Invalid
from storage.mail.copies import Ranges, as_copies, next_modseq
from storage.records import Copy, Flag, MailboxChange

OPENED_AT_ONCE = 500
"""Documents noted as opened in the write of their flag; of more, the caller has the rest noted after it."""
MAX_KEYWORDS = 64
MAX_KEYWORD_LENGTH = 100
_KEYWORD = re.compile(rf"[!#$&'+-\[^-z|}}~]{{1,{MAX_KEYWORD_LENGTH}}}")
_SYSTEM = Flag.SEEN | Flag.ANSWERED | Flag.FLAGGED | Flag.DELETED | Flag.DRAFT


class FlagMode(StrEnum):
    SET = "set"
    ADD = "add"
    REMOVE = "remove"


def store_flags(
    session: Session,
    mailbox_id: int,
    ranges: Ranges,
    mode: FlagMode,
    flags: Flag,
    keywords: Iterable[str] = (),
    read_at: int | None = None,
) -> list[Copy]:
    """Change flags of the messages in `ranges`; the copies that are different now, ascending.

    Messages that stay as they are keep their mod-sequence and are not announced. `read_at`: it is the reader who does
    it, and so \\Seen says that documents were opened (`deliveries.opened`): up to `OPENED_AT_ONCE` of them, and of
    more all whose ladder or outbox that ends. NotFound; Invalid keyword.
    """
    wanted = spelled_as_stored(session, mailbox_id, checked_keywords(keywords))
    account_id, modseq = next_modseq(session, mailbox_id)
    found: dict[int, statements.Row] = {}
    for low, high in ranges:
        if wanted or mode is FlagMode.SET:
            found |= _store_keywords(session, mailbox_id, low, high, mode, wanted, modseq)
        found |= _store_bits(session, mailbox_id, low, high, mode, flags, modseq)
    changed = as_copies(found[uid] for uid in sorted(found))
    if changed:
        if read_at is not None and flags & Flag.SEEN and mode is not FlagMode.REMOVE:
            deliveries.opened(session, account_id, _opened_now(session, account_id, changed), read_at)
        announce(session, MailboxChange(account_id, mailbox_id, modseq, flagged=tuple(changed)))
    return changed


def _opened_now(session: Session, account_id: int, changed: list[Copy]) -> list[int]:
    """Of many, those that something is still to happen to: the others can wait for a write of their own."""
    ids = [copy.document_id for copy in changed]
    if len(ids) <= OPENED_AT_ONCE:
        return ids
    staked = {each.document_id for each in endings.at_stake(session, account_id)}
    return [document_id for document_id in ids if document_id in staked]


def _store_bits(
    session: Session, mailbox_id: int, low: int, high: int, mode: FlagMode, flags: Flag, modseq: int
) -> dict[int, statements.Row]:
    kept, added = {
        FlagMode.SET: (0, int(flags)),
        FlagMode.ADD: (int(_SYSTEM), int(flags)),
        FlagMode.REMOVE: (int(_SYSTEM & ~flags), 0),
    }[mode]
    changed = statements.rows(
        session,
        "UPDATE copy SET flags = flags & ? | ?, modseq = ?"
        " WHERE mailbox_id = ? AND uid BETWEEN ? AND ? AND flags <> flags & ? | ?"
        " RETURNING uid, document_id, flags, keywords, modseq, internal_date",
        (kept, added, modseq, mailbox_id, low, high, kept, added),
    )
    return {row[0]: row for row in changed}


def _store_keywords(
    session: Session, mailbox_id: int, low: int, high: int, mode: FlagMode, wanted: tuple[str, ...], modseq: int
) -> dict[int, statements.Row]:
    sets = statements.rows(
        session,
        "SELECT DISTINCT keywords FROM copy WHERE mailbox_id = ? AND uid BETWEEN ? AND ?",
        (mailbox_id, low, high),
    )
    changed: dict[int, statements.Row] = {}
    replaced = {before: _combined(before, mode, wanted) for (before,) in sets}
    for before, after in replaced.items():
        if after != before:
            rows = statements.rows(
                session,
                "UPDATE copy SET keywords = ?, modseq = ?"
                " WHERE mailbox_id = ? AND uid BETWEEN ? AND ? AND keywords IS NOT DISTINCT FROM ? AND modseq < ?"
                " RETURNING uid, document_id, flags, keywords, modseq, internal_date",
                (after, modseq, mailbox_id, low, high, before, modseq),
            )
            changed |= {row[0]: row for row in rows}
    return changed


def _combined(before: str | None, mode: FlagMode, wanted: tuple[str, ...]) -> str | None:
    stored = {keyword.lower(): keyword for keyword in (before or "").split()}
    asked = {keyword.lower(): keyword for keyword in wanted}
    if mode is FlagMode.ADD:
        after = asked | stored
    elif mode is FlagMode.REMOVE:
        after = {key: keyword for key, keyword in stored.items() if key not in asked}
    else:
        after = {key: stored.get(key, keyword) for key, keyword in asked.items()}
    if len(after) > MAX_KEYWORDS:
        raise Invalid(f"keywords: at most {MAX_KEYWORDS} on one message")
    return " ".join(sorted(after.values())) or None


def spelled_as_stored(session: Session, mailbox_id: int, keywords: tuple[str, ...]) -> tuple[str, ...]:
    """`keywords`, each in the spelling that the mailbox has it in already."""
    if not keywords:
        return ()
    sets = statements.rows(
        session,
        "SELECT DISTINCT keywords FROM copy WHERE mailbox_id = ? AND keywords IS NOT NULL",
        (mailbox_id,),
    )
    stored = {keyword.lower(): keyword for (each,) in sets for keyword in each.split()}
    return tuple(sorted(stored.get(keyword.lower(), keyword) for keyword in keywords))


def checked_keywords(keywords: Iterable[str]) -> tuple[str, ...]:
    """Each once, sorted. Invalid if one is not an RFC 3501 `atom`, or too long, or there are too many."""
    wanted = {keyword.lower(): keyword for keyword in reversed(tuple(keywords))}
    if len(wanted) > MAX_KEYWORDS:
        raise Invalid(f"keywords: at most {MAX_KEYWORDS} on one message")
    for keyword in wanted.values():
        if not _KEYWORD.fullmatch(keyword):
            raise Invalid(f"keyword: an atom of at most {MAX_KEYWORD_LENGTH} characters")
    return tuple(sorted(wanted.values()))
