"""Numbers for those who keep the bridge running: of all of it, or of some domains. Nothing here names anybody.

`domains`: of these alone; None: all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from storage.deliveries.terms import JobState
from storage.engine import statements
from storage.people import grants
from storage.records import AccountState

# ruff: noqa: S608 - every part of these statements stands in this file

LATE = 3600
"""Seconds after which a job that is due and not tried has been left lying."""
_PLAIN = "job.key NOT LIKE '%:ladder:%'"


@dataclass(frozen=True, slots=True)
class Outbox:
    """Jobs by state."""

    waiting: int
    due: int
    """Of those that wait: now."""
    late: int
    """Due for longer than `LATE`."""
    dead: int
    uncertain: int
    restored: int
    """Of those that are uncertain: because a backup was restored."""


def accounts_by_state(session: Session, domains: frozenset[int] | None) -> dict[str, int]:
    """All states, also those that no account is in."""
    where, values = _within("domain_id", domains)
    found = statements.rows(
        session, f"SELECT state, count(*) FROM account WHERE role <> 'system'{where} GROUP BY state", values
    )
    return {str(state): 0 for state in AccountState} | {str(state): count for state, count in found}


def outbox(session: Session, domains: frozenset[int] | None, now: int, *, rungs: bool) -> Outbox:
    """Of all domains also the jobs that are nobody's. Steps of ladders, whose going tells that something was read
    (D9), count with `rungs` alone, and then where they are late or wait no more.
    """
    join = "" if domains is None else " JOIN account ON account.id = job.account_id"
    where, values = _within("account.domain_id", domains)
    where += "" if rungs else f" AND {_PLAIN}"
    waiting = statements.row(
        session,
        f"SELECT coalesce(sum({_PLAIN}), 0), coalesce(sum({_PLAIN} AND due_at <= ?), 0),"
        " coalesce(sum(due_at <= ?), 0)"
        f" FROM job{join} WHERE job.state = 'waiting'{where}",
        (now, now - LATE, *values),
    )
    parked = statements.rows(
        session,
        "SELECT job.state, count(*), coalesce(sum(problem = 'restored'), 0)"
        f" FROM job{join} WHERE job.state <> 'waiting'{where} GROUP BY job.state",
        values,
    )
    assert waiting is not None
    by_state: Mapping[str, tuple[int, int]] = {state: (count, restored) for state, count, restored in parked}
    dead, _ = by_state.get(JobState.DEAD, (0, 0))
    uncertain, restored = by_state.get(JobState.UNCERTAIN, (0, 0))
    total, due, late = waiting
    return Outbox(total, due, late, dead, uncertain, restored)


def reviews_due(session: Session, domains: frozenset[int] | None, now: int) -> int:
    """Roles that nobody has looked at for too long."""
    return len(grants.due_for_review(session, now, domains=domains, limit=-1))


def domains_of(session: Session, account_ids: Sequence[int]) -> dict[int, int]:
    """The domain of each account that is there."""
    found: dict[int, int] = {}
    for marks, part in statements.chunks(account_ids):
        found |= dict(statements.rows(session, f"SELECT id, domain_id FROM account WHERE id IN ({marks})", part))
    return found


def body_bytes(session: Session) -> int:
    """Of all bodies, as they lie on the disk."""
    found = statements.row(session, "SELECT coalesce(sum(stored_size), 0) FROM document WHERE body_name IS NOT NULL")
    assert found is not None
    return int(found[0])


def latest(session: Session, kind: str) -> int | None:
    """When an audit event of this kind was last written; None: never."""
    found = statements.row(
        session, "SELECT at FROM audit_event WHERE kind = ? ORDER BY position DESC LIMIT 1", (kind,)
    )
    return None if found is None else int(found[0])


def begun(session: Session) -> int | None:
    """When the audit log began."""
    found = statements.row(session, "SELECT at FROM audit_event ORDER BY position LIMIT 1")
    return None if found is None else int(found[0])


def _within(column: str, domains: frozenset[int] | None) -> tuple[str, list[int]]:
    if domains is None:
        return "", []
    return f" AND {column} IN ({','.join('?' * len(domains))})", sorted(domains)
