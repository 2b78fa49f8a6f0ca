"""Retention: copies go on the day that their reader chose, decisions are forgotten after 90 days.

Contract. `begin_one` is the erasure of a document by its reader (`partial_erasure`), asked for by nobody: its key and
every copy go in the transaction, file and log follow (`erasing`), with a receipt. A legal hold keeps it till a later
day; so does a ladder that is still being climbed, or a hand-over under way: nobody would ever be told. What a sender
writes in Expires is shown and erases nothing (RFC 4021): `erase_at` comes from the reader's or the domain's choice
alone.
"""

from sqlmodel import Session

from storage.deliveries.terms import DECISIONS_KEPT
from storage.engine import statements
from storage.erasures import partial_erasure
from storage.errors import Held, NotFound

# ruff: noqa: S608 - every part of these statements stands in this file

_SETTLED = "ladder_due_at IS NULL AND state NOT IN ('leaving', 'held')"
_DUE = (
    f"SELECT erase_at, id FROM delivery WHERE erase_at <= ? AND (erase_at, id) > (?, ?) AND {_SETTLED}"
    " ORDER BY erase_at, id LIMIT ?"
)
_STILL_DUE = f"SELECT account_id, document_public_id FROM delivery WHERE id = ? AND erase_at <= ? AND {_SETTLED}"


def due(session: Session, now: int, after: tuple[int, int], limit: int) -> list[tuple[int, int]]:
    """(time, delivery) of what is to be erased by now, longest due first, from behind `after` on."""
    return [(at, number) for at, number in statements.rows(session, _DUE, (now, *after, limit))]


def begin_one(session: Session, delivery_id: int, now: int) -> bool:
    """Whether it was begun; a document that is held, or has begun to leave since, stays; one that is gone already
    needs nothing.
    """
    found = statements.row(session, _STILL_DUE, (delivery_id, now))
    if found is None:
        return False
    try:
        partial_erasure.begin_document(session, *found, by=None, now=now)
    except Held:
        return False
    except NotFound:
        statements.run(session, "UPDATE delivery SET erase_at = NULL WHERE id = ?", (delivery_id,))
        return False
    return True


def old_decisions(session: Session, now: int, after: int, limit: int) -> list[int]:
    """Deliveries behind number `after` of which something is to be forgotten. Reads the table: for a reader."""
    sql = (
        "SELECT id FROM delivery WHERE id > ? AND decided_at < ? AND (reasons IS NOT NULL OR document_id IS NULL)"
        f" AND {_SETTLED} ORDER BY id LIMIT ?"
    )
    return [number for (number,) in statements.rows(session, sql, (after, now - DECISIONS_KEPT, limit))]


def forget_decisions(session: Session, ids: list[int]) -> None:
    """The reasons; and all of it, with its transcript, where the reader has the document no more."""
    for marks, part in statements.chunks(ids):
        gone = "DELETE FROM delivery WHERE id IN (?*) AND document_id IS NULL".replace("?*", marks)
        statements.run(session, gone, part)
        statements.run(session, "UPDATE delivery SET reasons = NULL WHERE id IN (?*)".replace("?*", marks), part)


def forget_events(session: Session, now: int) -> int:
    """Lines of the transcript that belong to no delivery; how many."""
    sql = "DELETE FROM delivery_event WHERE delivery_id IS NULL AND at < ?"
    return statements.run(session, sql, (now - DECISIONS_KEPT,))
