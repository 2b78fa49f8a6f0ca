"""Erasures: of an account, of one document of an account, of one personal field (S46, S54, S55; D6).

    requested ──▶ begun ──▶ done            requested: the account is closed and waits (trash window)
        └──▶ cancelled                      left: named by a purge, but held or not to be erased

Contract. `begun` is committed before anything is destroyed, and from that commit on nothing of it is seen again: the
account is ERASED, its sessions end, mail to it is refused. What remains can only go forward: `carry_out` destroys
the shred secret (then no key slot opens, in no copy of the database), takes out every row and body, cuts the
write-ahead log, counts what is left by query and, if that is nothing, signs the receipt. `resume_all` goes on with
all that a crash, a backup under way or a full disk kept from its end. Everything may be done twice.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from os import urandom

from sqlmodel import Session

from storage.access import break_glass
from storage.engine import statements
from storage.engine.changes import announce
from storage.erasures import holds
from storage.errors import Conflict, NotFound
from storage.oversight import audit
from storage.people import accounts, admin_ends, grants
from storage.randomness import Rng
from storage.records import AccountBarred, AccountState, Role


class Kind(StrEnum):
    ACCOUNT = "account"
    DOCUMENT = "document"
    FIELD = "field"


class State(StrEnum):
    REQUESTED = "requested"
    CANCELLED = "cancelled"
    BEGUN = "begun"
    DONE = "done"
    LEFT = "left"


class LastHolder(Conflict):
    """The account alone can open the escrow of a domain that others are in: it must be handed on first."""


class LastOwner(Conflict):
    """Nobody else owns the bridge: another owner comes first."""


@dataclass(frozen=True, slots=True)
class Erasure:
    id: int
    public_id: str
    kind: Kind
    account_id: int
    account_public_id: str
    domain_id: int
    target: str | None
    """Public id of the document, name of the field; of an account that was left: why."""
    state: State
    requested_by: int | None
    requested_at: int
    due_at: int
    purge_id: int | None
    done_at: int | None
    receipt: str | None = field(repr=False)


_COLUMNS = (
    "id, public_id, kind, account_id, account_public_id, domain_id, target, state, requested_by, requested_at,"
    " due_at, purge_id, done_at, receipt"
)
_SELECT = "SELECT ?c FROM erasure WHERE".replace("?c", _COLUMNS)


# --- accounts ---


def request(
    session: Session, account_id: int, *, by: int | None, due_at: int, now: int, purge_id: int | None = None
) -> Erasure:
    """Close the account now and erase it at `due_at`. NotFound, Held, LastOwner, LastHolder, Conflict."""
    _refuse(session, account_id, now)
    before = _state(session, account_id)
    if _requested(session, account_id) is not None:
        raise Conflict("erasure")
    if before != AccountState.CLOSED:
        accounts.close(session, account_id, now, _actor(by))
    admin_ends.bar(session, account_id, now, _actor(by))
    made = insert(
        session, account_id, Kind.ACCOUNT, State.REQUESTED, by=by, due_at=due_at, now=now, purge_id=purge_id
    )
    statements.run(session, "UPDATE erasure SET account_state = ? WHERE id = ?", (before, made.id))
    _audit(session, "erasure.requested", by, made, now)
    return made


def cancel(session: Session, account_id: int, *, by: int | None, now: int) -> Erasure:
    """Open the account again as it was. NotFound if no erasure waits."""
    found = _requested(session, account_id)
    if found is None:
        raise NotFound("erasure")
    ((before,),) = statements.rows(session, "SELECT account_state FROM erasure WHERE id = ?", (found.id,))
    if before != AccountState.CLOSED and _state(session, account_id) == AccountState.CLOSED:
        accounts.reopen(session, account_id, now, _actor(by))
    _turn(session, found.id, State.CANCELLED)
    _audit(session, "erasure.cancelled", by, found, now)
    return by_id(session, found.id)


def begin(session: Session, account_id: int, *, by: int | None, now: int) -> Erasure:
    """The point of no return: one that waits, or a new one. NotFound, Held, LastOwner, LastHolder."""
    _refuse(session, account_id, now)
    found = _requested(session, account_id) or insert(
        session, account_id, Kind.ACCOUNT, State.REQUESTED, by=by, due_at=now, now=now
    )
    _turn(session, found.id, State.BEGUN)
    statements.run(
        session,
        "UPDATE account SET state = ?, closed_at = coalesce(closed_at, ?) WHERE id = ?",
        (AccountState.ERASED, now, account_id),
    )
    announce(session, AccountBarred(account_id))
    break_glass.revoke_of(session, account_id, None, now, _actor(by))
    _audit(session, "erasure.begun", by, found, now)
    return by_id(session, found.id)


def begin_due(session: Session, erasure_id: int, now: int) -> Erasure | None:
    """`begin` for one whose time has come. None if it was cancelled, or its account opened again: then it lapses.
    Held, LastOwner, LastHolder: it waits on.
    """
    found = by_id(session, erasure_id)
    if found.state is not State.REQUESTED or found.due_at > now:
        return None
    if statements.row(session, "SELECT 1 FROM account WHERE id = ? AND state = 'erased'", (found.account_id,)):
        begin_of_erased(session, found.account_id, now)
        return by_id(session, found.id)
    if _state(session, found.account_id) != AccountState.CLOSED:
        _turn(session, found.id, State.CANCELLED)
        _audit(session, "erasure.lapsed", None, found, now)
        return None
    return begin(session, found.account_id, by=None, now=now)


def begin_of_erased(session: Session, account_id: int, now: int) -> None:
    """Go on with what waits for an account that is erased already, as a restore may find it: to its receipt."""
    waiting = _requested(session, account_id)
    if waiting is not None:
        _turn(session, waiting.id, State.BEGUN)
        _audit(session, "erasure.begun", None, waiting, now)


def due(session: Session, now: int) -> list[int]:
    """Those that wait and whose time has come, oldest first."""
    found = statements.rows(
        session,
        "SELECT id FROM erasure WHERE state = ? AND due_at <= ? ORDER BY due_at, id",
        (State.REQUESTED, now),
    )
    return [erasure_id for (erasure_id,) in found]


def begun(session: Session) -> list[int]:
    """Those under way, oldest first."""
    found = statements.rows(session, "SELECT id FROM erasure WHERE state = ? ORDER BY id", (State.BEGUN,))
    return [erasure_id for (erasure_id,) in found]


# --- finding ---


def by_id(session: Session, erasure_id: int) -> Erasure:
    """NotFound."""
    return _one(session, _SELECT + " id = ?", erasure_id)


def by_public_id(session: Session, public_id: str) -> Erasure:
    """NotFound."""
    return _one(session, _SELECT + " public_id = ?", public_id)


def of_account(session: Session, account_id: int) -> list[Erasure]:
    """Of the account, its documents and its fields; newest first."""
    found = statements.rows(session, _SELECT + " account_id = ? ORDER BY id DESC", (account_id,))
    return [_erasure(row) for row in found]


def of_purge(session: Session, purge_id: int) -> list[Erasure]:
    """What became of a purge's accounts."""
    found = statements.rows(session, _SELECT + " purge_id = ? ORDER BY id", (purge_id,))
    return [_erasure(row) for row in found]


def page(
    session: Session,
    *,
    domains: frozenset[int] | None,
    account_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Erasure]:
    """Newest first: of these domains (None: all), and of `account_id` whatever its domain; ids below `before`."""
    reach, values = _reach(domains, account_id)
    found = statements.rows(
        session,
        _SELECT + f" ({reach}) AND (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?",
        (*values, before, before, limit),
    )
    return [_erasure(row) for row in found]


def _reach(domains: frozenset[int] | None, account_id: int | None) -> tuple[str, Sequence[int]]:
    if domains is None:
        return "1 = 1", ()
    marks = ",".join("?" * len(domains))
    own = () if account_id is None else (account_id,)
    return f"domain_id IN ({marks})" + (" OR account_id = ?" if own else ""), (*sorted(domains), *own)


# --- the row itself ---


def insert(
    session: Session,
    account_id: int,
    kind: Kind,
    state: State,
    *,
    by: int | None,
    due_at: int,
    now: int,
    target: str | None = None,
    purge_id: int | None = None,
    rng: Rng = urandom,
) -> Erasure:
    """A new erasure; changes nothing else."""
    made = statements.row(
        session,
        "INSERT INTO erasure (public_id, kind, account_id, account_public_id, domain_id, target, state, requested_by,"
        " requested_at, due_at, purge_id) SELECT ?, ?, id, public_id, domain_id, ?, ?, ?, ?, ?, ? FROM account"
        " WHERE id = ? RETURNING id",
        (urlsafe_b64encode(rng(12)).decode(), kind, target, state, by, now, due_at, purge_id, account_id),
    )
    if made is None:
        raise NotFound("account")
    return by_id(session, made[0])


def finish(session: Session, erasure: Erasure, receipt: str, now: int) -> Erasure:
    """Keep the receipt; nothing is left to do."""
    statements.run(
        session,
        "UPDATE erasure SET state = ?, done_at = ?, receipt = ? WHERE id = ?",
        (State.DONE, now, receipt, erasure.id),
    )
    # Why people asked for a purge is free text about those people: with the last of them it goes.
    statements.run(
        session,
        "UPDATE purge SET reason = '' WHERE id IN (SELECT purge_id FROM erasure WHERE id = ?)"
        " AND NOT EXISTS (SELECT 1 FROM erasure WHERE purge_id = purge.id AND state IN (?, ?))",
        (erasure.id, State.REQUESTED, State.BEGUN),
    )
    _audit(session, "erasure.done", erasure.requested_by, erasure, now)
    return by_id(session, erasure.id)


def note_begun(session: Session, erasure: Erasure, by: int | None, now: int) -> None:
    """For documents and fields, which begin at once."""
    _audit(session, "erasure.begun", by, erasure, now)


def _turn(session: Session, erasure_id: int, state: State) -> None:
    statements.run(session, "UPDATE erasure SET state = ? WHERE id = ?", (state, erasure_id))


def _state(session: Session, account_id: int) -> str:
    """NotFound, also if it is erased or the bridge's own."""
    found = statements.row(session, "SELECT state FROM account WHERE id = ? AND role <> ?", (account_id, Role.SYSTEM))
    if found is None or found[0] == AccountState.ERASED:
        raise NotFound("account")
    state: str = found[0]
    return state


def _requested(session: Session, account_id: int) -> Erasure | None:
    found = statements.row(
        session, _SELECT + " account_id = ? AND kind = ? AND state = ?", (account_id, Kind.ACCOUNT, State.REQUESTED)
    )
    return None if found is None else _erasure(found)


def _refuse(session: Session, account_id: int, now: int) -> None:
    _state(session, account_id)
    holds.check(session, account_id, now)
    if grants.owners(session, now) == [account_id]:
        raise LastOwner("owner")
    if statements.row(session, _LAST_HOLDER, (account_id, account_id, account_id)) is not None:
        raise LastHolder("escrow")


def _one(session: Session, sql: str, value: statements.Value) -> Erasure:
    found = statements.row(session, sql, (value,))
    if found is None:
        raise NotFound("erasure")
    return _erasure(found)


def _erasure(row: statements.Row) -> Erasure:
    erasure_id, public_id, kind, account_id, account_public_id, domain_id, target, state, *rest = row
    return Erasure(
        erasure_id, public_id, Kind(kind), account_id, account_public_id, domain_id, target, State(state), *rest
    )


def _audit(session: Session, kind: str, by: int | None, erasure: Erasure, now: int) -> None:
    detail: dict[str, int | str] = {"erasure": erasure.public_id, "of": erasure.kind}
    audit.append(session, kind, _actor(by), f"account:{erasure.account_id}", detail, now)


def _actor(by: int | None) -> str:
    return "system" if by is None else f"account:{by}"


_LAST_HOLDER = (
    "SELECT 1 FROM escrow_holder AS mine WHERE account_id = ?"
    " AND NOT EXISTS (SELECT 1 FROM escrow_holder AS other WHERE other.domain_id = mine.domain_id"
    " AND other.generation = mine.generation AND other.account_id <> ?)"
    " AND EXISTS (SELECT 1 FROM escrow_slot WHERE escrow_slot.domain_id = mine.domain_id"
    " AND escrow_slot.generation = mine.generation AND escrow_slot.account_id <> ?) LIMIT 1"
)
