"""Purges: many accounts erased at once, asked for by one person and approved by another (S54).

Contract. Nothing happens to an account before the approval; then each goes through the ordinary erasure, trash window
and holds included. The accounts are those named in the request, whatever a filter would find later. What is held, or
alone holds an escrow, is left and named in `outcome`. An approved purge that a crash cut off is gone on with by
`carry_on`; one that nobody approved within `LIFETIME` is void.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from storage.engine import statements
from storage.erasures import erasure
from storage.erasures.erasure import Erasure, Kind, LastHolder, LastOwner, State
from storage.errors import Conflict, Held, Invalid, NotFound
from storage.oversight import audit
from storage.records import AccountState, Role

LIFETIME = 72 * 3600
MAX_ACCOUNTS = 10_000
MAX_REASON = 500
_AT_ONCE = 50
"""Accounts in one write: about 20 ms."""
_COLUMNS = (
    "id, domain_id, reason, accounts, requested_by, requested_at, approved_by, approved_at, cancelled_at FROM purge"
)
_SELECT = "SELECT ?c".replace("?c", _COLUMNS)
_ASKED = "SELECT account_id FROM erasure WHERE purge_id = ?"


class Left(StrEnum):
    """Why a purge left an account as it is."""

    HELD = "held"
    ESCROW = "last-escrow-holder"
    OWNER = "last-owner"
    ASKED = "erasure-requested"
    """An erasure of it waits already."""
    GONE = "erased"


class SamePerson(Conflict):
    """Who asked for a purge does not approve it."""


@dataclass(frozen=True, slots=True)
class Purge:
    id: int
    domain_id: int
    reason: str
    accounts: tuple[int, ...]
    requested_by: int
    requested_at: int
    approved_by: int | None
    approved_at: int | None
    cancelled_at: int | None

    def is_open(self, now: int) -> bool:
        """Whether it can be approved."""
        return self.approved_at is None and self.cancelled_at is None and now < self.requested_at + LIFETIME


def request(session: Session, domain_id: int, account_ids: Sequence[int], reason: str, *, by: int, now: int) -> Purge:
    """Ask for a second person. Invalid reason or number; NotFound if an account is not of the domain."""
    wanted = sorted(set(account_ids))
    if not reason.strip() or len(reason) > MAX_REASON or not reason.isprintable():
        raise Invalid(f"reason: 1 to {MAX_REASON} printable characters")
    if not 1 <= len(wanted) <= MAX_ACCOUNTS:
        raise Invalid(f"accounts: 1 to {MAX_ACCOUNTS}")
    _require_in_domain(session, domain_id, wanted)
    made = statements.row(
        session,
        "INSERT INTO purge (domain_id, reason, accounts, requested_by, requested_at) VALUES (?, ?, ?, ?, ?)"
        " RETURNING id",
        (domain_id, reason.strip(), json.dumps(wanted), by, now),
    )
    assert made is not None
    detail = {"purge": made[0], "accounts": len(wanted)}
    audit.append(session, "purge.requested", f"account:{by}", f"domain:{domain_id}", detail, now)
    return by_id(session, made[0])


def approve(session: Session, purge_id: int, *, by: int, now: int) -> Purge:
    """As the second person. NotFound if it is not open any more; SamePerson."""
    purge = by_id(session, purge_id)
    if not purge.is_open(now):
        raise NotFound("open purge")
    if by == purge.requested_by:
        raise SamePerson("purge")
    statements.run(session, "UPDATE purge SET approved_by = ?, approved_at = ? WHERE id = ?", (by, now, purge_id))
    detail = {"purge": purge_id, "accounts": len(purge.accounts)}
    audit.append(session, "purge.approved", f"account:{by}", f"domain:{purge.domain_id}", detail, now)
    return by_id(session, purge_id)


def cancel(session: Session, purge_id: int, *, by: int, now: int) -> Purge:
    """Before its approval. NotFound if it is not open any more."""
    purge = by_id(session, purge_id)
    if not purge.is_open(now):
        raise NotFound("open purge")
    statements.run(session, "UPDATE purge SET cancelled_at = ? WHERE id = ?", (now, purge_id))
    audit.append(session, "purge.cancelled", f"account:{by}", f"domain:{purge.domain_id}", {"purge": purge_id}, now)
    return by_id(session, purge_id)


def carry_on(session: Session, purge_id: int, due_at: int, now: int) -> bool:
    """Ask for the erasure of some more accounts of an approved purge; whether there are others yet."""
    purge = by_id(session, purge_id)
    if purge.approved_at is None:
        raise NotFound("approved purge")
    done = {row[0] for row in statements.rows(session, _ASKED, (purge_id,))}
    waiting = [account_id for account_id in purge.accounts if account_id not in done]
    for account_id in waiting[:_AT_ONCE]:
        _ask(session, purge, account_id, due_at, now)
    return len(waiting) > _AT_ONCE


def unfinished(session: Session) -> list[int]:
    """Approved ones that `carry_on` is not through with."""
    found = statements.rows(
        session,
        "SELECT id FROM purge WHERE approved_at IS NOT NULL AND json_array_length(accounts) >"
        " (SELECT count(*) FROM erasure WHERE purge_id = purge.id)",
    )
    return [purge_id for (purge_id,) in found]


def outcome(session: Session, purge_id: int) -> dict[int, tuple[State, Left | None]]:
    """What became of each account so far, and why it was left."""
    return {
        each.account_id: (each.state, Left(each.target) if each.state is State.LEFT and each.target else None)
        for each in erasure.of_purge(session, purge_id)
    }


def by_id(session: Session, purge_id: int) -> Purge:
    """NotFound."""
    found = statements.row(session, _SELECT + " WHERE id = ?", (purge_id,))
    if found is None:
        raise NotFound("purge")
    return _purge(found)


def listing(
    session: Session, domains: frozenset[int] | None, before: int | None = None, limit: int = 50
) -> list[Purge]:
    """Of these domains (None: all), newest first; ids below `before`."""
    marks, values = ("1 = 1", ()) if domains is None else (_within(len(domains)), tuple(sorted(domains)))
    found = statements.rows(
        session,
        _SELECT + f" WHERE {marks} AND (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?",
        (*values, before, before, limit),
    )
    return [_purge(row) for row in found]


def _within(count: int) -> str:
    return "domain_id IN (" + ",".join("?" * count) + ")"


def _purge(row: statements.Row) -> Purge:
    purge_id, domain_id, reason, accounts, *rest = row
    return Purge(purge_id, domain_id, reason, tuple(json.loads(accounts)), *rest)


def _ask(session: Session, purge: Purge, account_id: int, due_at: int, now: int) -> None:
    try:
        erasure.request(session, account_id, by=purge.approved_by, due_at=due_at, now=now, purge_id=purge.id)
    except Held:
        _leave(session, purge, account_id, Left.HELD, now)
    except LastHolder:
        _leave(session, purge, account_id, Left.ESCROW, now)
    except LastOwner:
        _leave(session, purge, account_id, Left.OWNER, now)
    except Conflict:
        _leave(session, purge, account_id, Left.ASKED, now)
    except NotFound:
        _leave(session, purge, account_id, Left.GONE, now)


def _leave(session: Session, purge: Purge, account_id: int, why: Left, now: int) -> Erasure:
    return erasure.insert(
        session,
        account_id,
        Kind.ACCOUNT,
        State.LEFT,
        by=purge.approved_by,
        due_at=now,
        now=now,
        target=why,
        purge_id=purge.id,
    )


def _require_in_domain(session: Session, domain_id: int, account_ids: Sequence[int]) -> None:
    found = 0
    for marks, part in statements.chunks(account_ids):
        found += statements.rows(
            session,
            "SELECT count(*) FROM account WHERE domain_id = ? AND state <> ? AND role <> ? AND id IN (?*)".replace(
                "?*", marks
            ),
            (domain_id, AccountState.ERASED, Role.SYSTEM, *part),
        )[0][0]
    if found != len(account_ids):
        raise NotFound("account of this domain")


def matching(session: Session, domain_id: int, *, state: AccountState, before: int) -> list[int]:
    """Accounts of a domain in this state: closed ones that were closed before `before`, others made before it."""
    found = statements.rows(
        session,
        "SELECT id FROM account WHERE domain_id = ? AND state = ? AND role <> ?"
        " AND (CASE WHEN state = 'closed' THEN closed_at ELSE created_at END) < ? ORDER BY id LIMIT ?",
        (domain_id, state, Role.SYSTEM, before, MAX_ACCOUNTS + 1),
    )
    return [account_id for (account_id,) in found]
