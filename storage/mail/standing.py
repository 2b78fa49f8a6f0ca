"""Messages of ours of which the newest on a topic stands: a newer one takes the place of the one before.

Contract. `put` notes the message that now stands for a topic, and removes the one before from the inbox, as far as no
legal hold keeps it; one that its reader has filed elsewhere is theirs. `defer` says when a topic must be written
anew, `to_write` finds what is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from storage.engine import statements
from storage.mail import copies, flags
from storage.mail.flags import FlagMode
from storage.records import Flag

CONFIRMATION = "confirmation:"
PREFERENCES = "preferences:"
_COLUMNS = "account_id, topic, document_id, written_at, due_at, detail"


@dataclass(frozen=True, slots=True)
class Standing:
    account_id: int
    topic: str
    document_id: int | None
    """None: its reader has removed it."""
    written_at: int
    due_at: int | None
    detail: Mapping[str, Any]


def get(session: Session, account_id: int, topic: str) -> Standing | None:
    found = statements.row(
        session,
        f"SELECT {_COLUMNS} FROM standing_message WHERE account_id = ? AND topic = ?",  # noqa: S608
        (account_id, topic),
    )
    return None if found is None else _standing(found)


def latest(session: Session, account_id: int, kind: str, since: int) -> Standing | None:
    """The last of a kind (the beginning of its topic) that was written, or put off, since then."""
    found = statements.row(
        session,
        f"SELECT {_COLUMNS} FROM standing_message WHERE account_id = ? AND topic LIKE ? AND written_at >= ?"  # noqa: S608
        " ORDER BY written_at DESC, topic DESC LIMIT 1",
        (account_id, f"{kind}%", since),
    )
    return None if found is None else _standing(found)


def to_write(session: Session, now: int) -> list[Standing]:
    """Topics to be written anew: it is time, or what they show has changed."""
    return [*_due(session, now), *_outdated(session)]


def _due(session: Session, now: int) -> list[Standing]:
    sql = f"SELECT {_COLUMNS} FROM standing_message WHERE due_at <= ? ORDER BY due_at LIMIT 500"  # noqa: S608
    return [_standing(row) for row in statements.rows(session, sql, (now,))]


def _outdated(session: Session) -> list[Standing]:
    """Preferences shown that have changed since they were."""
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM standing_message WHERE topic LIKE ? AND written_at < (SELECT max(changed_at)"  # noqa: S608
        " FROM preference_change WHERE preference_change.account_id = standing_message.account_id"
        " AND ? || preference_change.correspondent_id = topic) LIMIT 500",
        (f"{PREFERENCES}%", PREFERENCES),
    )
    return [_standing(row) for row in found]


def put(session: Session, account_id: int, topic: str, public_id: str, now: int, detail: Mapping[str, Any]) -> None:
    """The document `public_id` stands for the topic from now on."""
    before = get(session, account_id, topic)
    statements.run(
        session,
        "INSERT INTO standing_message (account_id, topic, document_id, written_at, detail)"
        " VALUES (?, ?, (SELECT id FROM document WHERE public_id = ?), ?, ?) ON CONFLICT (account_id, topic)"
        " DO UPDATE SET document_id = excluded.document_id, written_at = excluded.written_at, due_at = NULL,"
        " detail = excluded.detail",
        (account_id, topic, public_id, now, json.dumps(detail)),
    )
    if before is not None and before.document_id is not None:
        _retire(session, account_id, before.document_id, now)


def defer(session: Session, account_id: int, topic: str, now: int, due_at: int, detail: Mapping[str, Any]) -> None:
    """It is to be written anew at `due_at`."""
    statements.run(
        session,
        "UPDATE standing_message SET written_at = ?, due_at = ?, detail = ? WHERE account_id = ? AND topic = ?",
        (now, due_at, json.dumps(detail), account_id, topic),
    )


def forget(session: Session, kind: str, before: int) -> int:
    """Topics of a kind that were last written before then: their messages stay where they are."""
    return statements.run(
        session, "DELETE FROM standing_message WHERE topic LIKE ? AND written_at < ?", (f"{kind}%", before)
    )


def _retire(session: Session, account_id: int, document_id: int, now: int) -> None:
    found = statements.rows(
        session,
        "SELECT mailbox_id, uid FROM copy JOIN mailbox ON mailbox.id = mailbox_id"
        " WHERE document_id = ? AND copy.account_id = ? AND special = 'inbox'",
        (document_id, account_id),
    )
    for mailbox_id, uid in found:
        flags.store_flags(session, mailbox_id, [(uid, uid)], FlagMode.ADD, Flag.DELETED)
        copies.expunge(session, mailbox_id, [(uid, uid)], now)


def _standing(row: statements.Row) -> Standing:
    account_id, topic, document_id, written_at, due_at, detail = row
    return Standing(account_id, topic, document_id, written_at, due_at, json.loads(detail or "{}"))
