"""A new escrow key for a domain, when somebody who held the old one may have kept a copy.

    begin    the next generation, for everybody who holds the present one and for the recovery kit
    move     slots to it, a batch a transaction: what is inside stays closed (`EscrowKey.move_slot`)
    finish   the older generations go, where no slot is under them any more

Between the steps both generations are whole: a bridge that dies in between has accounts under either, and every
holder opens both. `begin` goes on with a renewal that was cut off.
"""

from typing import NamedTuple

from sqlmodel import Session

from storage.access import escrow
from storage.engine import server_facts, statements
from storage.engine.server_facts import Fact
from storage.errors import NotFound, Tampered
from storage.keys.escrow import EscrowKey
from storage.keys.keyring import AccountKeys
from storage.oversight import audit
from storage.people import accounts
from storage.records import Account

BATCH = 500
"""Slots in one transaction: a tenth of a second."""


class Moved(NamedTuple):
    """A batch."""

    slots: int
    last: int | None
    """Account to go on behind; None: that was all."""


def begin(session: Session, domain_id: int, holder: Account, keys: AccountKeys, now: int, actor: str) -> int:
    """The generation to move to. NotFound unless `holder` holds the present key as an admin; Tampered."""
    found = escrow.generations(session, domain_id)
    if not found:
        raise NotFound("escrow key")
    newest: int = found[-1][0]
    escrow.key_of(session, domain_id, newest, holder, keys, as_custodian=False)
    if len(found) > 1 and _left(session, domain_id, newest):
        return newest
    key = EscrowKey.generate(domain_id, newest + 1)
    kit_public = server_facts.get(session, Fact.KIT_PUBLIC_KEY)
    statements.run(
        session,
        "INSERT INTO escrow_key (domain_id, generation, public_key, sealed_for_kit, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (domain_id, key.generation, key.public_key, kit_public and key.seal_for_kit(kit_public), now),
    )
    for each in escrow.holders(session, domain_id):
        if each.generation == newest:
            escrow.keep(session, key, accounts.by_id(session, each.account_id), now, each.custodian)
    audit.append(session, "escrow.renewed", actor, f"domain:{domain_id}", {"generation": key.generation}, now)
    return key.generation


def move(
    session: Session, domain_id: int, holder: Account, keys: AccountKeys, generation: int, after: int = 0
) -> Moved:
    """The next batch, of accounts behind `after`. What was altered stays where it is, and stays refused."""
    found = statements.rows(
        session,
        "SELECT account_id, public_id, escrow_slot.generation, sealed_key FROM escrow_slot"
        " JOIN account ON account.id = account_id"
        " WHERE escrow_slot.domain_id = ? AND escrow_slot.generation <> ? AND account_id > ?"
        " ORDER BY account_id LIMIT ?",
        (domain_id, generation, after, BATCH),
    )
    target = next(row[1] for row in escrow.generations(session, domain_id) if row[0] == generation)
    opened: dict[int, EscrowKey] = {}
    count = 0
    for account_id, public_id, at, sealed in found:
        try:
            if at not in opened:
                opened[at] = escrow.key_of(session, domain_id, at, holder, keys, as_custodian=False)
            moved = opened[at].move_slot(sealed, target, generation, account=public_id)
        except (NotFound, Tampered):
            continue
        count += statements.run(
            session,
            "UPDATE escrow_slot SET generation = ?, sealed_key = ? WHERE account_id = ?",
            (generation, moved, account_id),
        )
    return Moved(count, found[-1][0] if len(found) == BATCH else None)


def finish(session: Session, domain_id: int, generation: int) -> int:
    """Drop older keys that nothing is under; how many slots did not move."""
    for table in ("escrow_holder", "escrow_key"):
        statements.run(
            session,
            f"DELETE FROM {table} WHERE domain_id = ? AND generation < ? AND NOT EXISTS (SELECT 1 FROM escrow_slot"  # noqa: S608
            f" WHERE escrow_slot.domain_id = {table}.domain_id AND escrow_slot.generation = {table}.generation)",
            (domain_id, generation),
        )
    return _left(session, domain_id, generation)


def _left(session: Session, domain_id: int, generation: int) -> int:
    found = statements.row(
        session,
        "SELECT count(*) FROM escrow_slot WHERE domain_id = ? AND generation <> ?",
        (domain_id, generation),
    )
    assert found is not None
    count: int = found[0]
    return count
