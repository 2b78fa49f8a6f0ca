"""Documents handed in together and held until their sender says how many there are.

    open ──begin──▶ committing ──finish──▶ committed        each held delivery is released, some readers at a time
      └────cancel──▶ cancelling ─finish──▶ cancelled        each held delivery is dropped, likewise

Contract. Until `begin` nobody sees anything of a batch, and nobody ever a part of what is theirs in it. `begin` takes
the batch only if the count agrees with what was received; from then on it is going to be released whole, also after
a crash: `unfinished` finds what is left. A name serves a sender once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from storage.deliveries import outbox_keys
from storage.deliveries.deliveries import COLUMNS, Delivery, as_delivery
from storage.engine import statements
from storage.errors import Conflict, Invalid, NotFound
from storage.mail import copies
from storage.oversight import audit

MAX_NAME = 64
_COLUMNS = "id, account_id, name, state, declared, opened_at, told_at, ended_at"


class BatchState(StrEnum):
    OPEN = "open"
    COMMITTING = "committing"
    COMMITTED = "committed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


UNFINISHED = (BatchState.COMMITTING, BatchState.CANCELLING)
_END_OF = {BatchState.COMMITTING: BatchState.COMMITTED, BatchState.CANCELLING: BatchState.CANCELLED}


@dataclass(frozen=True, slots=True)
class Batch:
    id: int
    account_id: int
    """The sender."""
    name: str
    state: BatchState
    declared: int | None
    """The count that was agreed on."""
    opened_at: int
    told_at: int | None
    """When its sender was told that it still waits."""
    ended_at: int | None


def joined(session: Session, account_id: int, name: str, now: int) -> int:
    """The open batch of this name, made if it is new. Conflict if it is open no more; Invalid name."""
    if not 1 <= len(name) <= MAX_NAME or not (name.isascii() and name.isprintable()):
        raise Invalid(f"batch: a name of 1 to {MAX_NAME} ASCII characters")
    statements.run(
        session,
        "INSERT INTO batch (account_id, name, state, opened_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account_id, name) DO NOTHING",
        (account_id, name, BatchState.OPEN, now),
    )
    found = named(session, account_id, name)
    if found.state is not BatchState.OPEN:
        raise Conflict("batch")
    return found.id


def named(session: Session, account_id: int, name: str) -> Batch:
    """NotFound."""
    return _one(session, "account_id = ? AND name = ?", account_id, name)


def get(session: Session, batch_id: int) -> Batch:
    """NotFound."""
    return _one(session, "id = ?", batch_id)


def listing(session: Session, account_id: int, below: int | None, limit: int) -> list[Batch]:
    """Of a sender, newest first."""
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM batch WHERE account_id = ? AND id < ? ORDER BY id DESC LIMIT ?",  # noqa: S608
        (account_id, 2**63 - 1 if below is None else below, limit),
    )
    return [_batch(row) for row in found]


def unfinished(session: Session) -> list[Batch]:
    """Those whose release or drop has begun."""
    return _several(session, "state IN (?, ?)", *UNFINISHED)


def overdue(session: Session, opened_before: int) -> list[Batch]:
    """Open ones that began before a time."""
    return _several(session, "state = ? AND opened_at <= ?", BatchState.OPEN, opened_before)


def count(session: Session, batch_id: int) -> int:
    """Held deliveries: a document for three recipients counts three."""
    found = statements.row(
        session, "SELECT count(*) FROM delivery WHERE batch_id = ? AND state = 'held'", (batch_id,)
    )
    assert found is not None
    return int(found[0])


def held(session: Session, batch_id: int, least: int) -> list[Delivery]:
    """All that is held for some readers, `least` or more if there are so many, in the order of their arrival."""
    theirs = "FROM delivery WHERE batch_id = ? AND state = 'held'"
    last = f"SELECT account_id {theirs} ORDER BY account_id LIMIT 1 OFFSET ?"
    found = statements.rows(
        session,
        f"SELECT {COLUMNS} {theirs} AND account_id <= coalesce(({last}), account_id) ORDER BY id",
        (batch_id, batch_id, least - 1),
    )
    return [as_delivery(row) for row in found]


def tags(session: Session, batch_id: int) -> list[tuple[int, bytes | None, str | None, str]]:
    """Of each held delivery: account, message tag, JSON of the sender's wish, public id of the document."""
    return [
        (account_id, tag, dsn, document)
        for account_id, tag, dsn, document in statements.rows(
            session,
            "SELECT account_id, message_tag, dsn, document_public_id FROM delivery"
            " WHERE batch_id = ? AND state = 'held' ORDER BY id",
            (batch_id,),
        )
    ]


def begin(session: Session, batch_id: int, declared: int, now: int, actor: str) -> Batch:
    """From here on it will be released; repeating it changes nothing. Invalid: another count; Conflict: cancelled."""
    batch = get(session, batch_id)
    if batch.state in (BatchState.COMMITTING, BatchState.COMMITTED) and batch.declared == declared:
        return batch
    if batch.state is not BatchState.OPEN:
        raise Conflict("batch")
    if count(session, batch_id) != declared:
        raise Invalid("count: as many as were received")
    return _moved(session, batch, BatchState.COMMITTING, declared, now, actor)


def cancel(session: Session, batch_id: int, now: int, actor: str) -> Batch:
    """From here on it will be dropped. Conflict: it is committed."""
    batch = get(session, batch_id)
    if batch.state in (BatchState.CANCELLING, BatchState.CANCELLED):
        return batch
    if batch.state is not BatchState.OPEN:
        raise Conflict("batch")
    return _moved(session, batch, BatchState.CANCELLING, None, now, actor)


def reopen(session: Session, now: int) -> int:
    """After a restore: what was being released may have been, so senders are asked again; how many batches."""
    return statements.run(
        session,
        "UPDATE batch SET state = ?, declared = NULL, opened_at = ?, told_at = NULL WHERE state = ?",
        (BatchState.OPEN, now, BatchState.COMMITTING),
    )


def finish(session: Session, batch_id: int, now: int) -> None:
    """Nothing of it is held any more."""
    batch = get(session, batch_id)
    if batch.state in UNFINISHED and not count(session, batch_id):
        statements.run(
            session, "UPDATE batch SET state = ?, ended_at = ? WHERE id = ?", (_END_OF[batch.state], now, batch_id)
        )


def told(session: Session, batch_id: int, now: int) -> None:
    """Its sender knows that it waits."""
    statements.run(session, "UPDATE batch SET told_at = ? WHERE id = ?", (now, batch_id))


def drop_some(session: Session, batch_id: int, limit: int) -> int:
    """Of a batch that is being cancelled: nothing stays of these deliveries; how many."""
    return drop(session, held(session, batch_id, limit))


def drop_of_sender(session: Session, account_id: int, limit: int) -> int:
    """Likewise of all batches of a sender who is being erased: nobody could commit them any more."""
    found = statements.rows(session, "SELECT id FROM batch WHERE account_id = ?", (account_id,))
    return sum(drop(session, held(session, batch_id, limit)) for (batch_id,) in found)


def drop(session: Session, found: Sequence[Delivery]) -> int:
    """Nothing stays of these held deliveries; how many."""
    for each in found:
        statements.run(session, "DELETE FROM delivery WHERE id = ?", (each.id,))
        if each.document_id is not None:
            outbox_keys.destroy_needless(session, [each.document_id])
            copies.release(session, each.account_id, {each.document_id})
    return len(found)


def _moved(session: Session, batch: Batch, state: BatchState, declared: int | None, now: int, actor: str) -> Batch:
    statements.run(session, "UPDATE batch SET state = ?, declared = ? WHERE id = ?", (state, declared, batch.id))
    detail = {"batch": batch.id, "count": count(session, batch.id)}
    audit.append(session, f"batch.{state}", actor, f"account:{batch.account_id}", detail, now)
    return get(session, batch.id)


def _one(session: Session, condition: str, *values: statements.Value) -> Batch:
    found = _several(session, condition, *values)
    if not found:
        raise NotFound("batch")
    return found[0]


def _several(session: Session, condition: str, *values: statements.Value) -> list[Batch]:
    sql = f"SELECT {_COLUMNS} FROM batch WHERE {condition} ORDER BY id"  # noqa: S608 - conditions of this file
    return [_batch(row) for row in statements.rows(session, sql, values)]


def _batch(row: statements.Row) -> Batch:
    number, account_id, name, state, *rest = row
    return Batch(number, account_id, name, BatchState(state), *rest)
