"""Roles given to accounts on top of their own: in one domain or for the whole bridge, reviewed, and for a time (S77).

    owner, auditor           the whole bridge
    domain-admin             one domain
    support, reseller        one domain, for a ticket, at most 30 days (S62)

A grant holds while it is neither revoked nor ended, and was given or used in the last 90 days: `effective` decides so
at each request, and the daily `sweep` writes down what fell away. Every 90 days somebody looks at it again.
"""

from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Conflict, Invalid, NotFound
from storage.oversight import audit
from storage.records import GRANTED_ROLES, Account, AccountState, Role

DAY = 86_400
UNUSED_LIMIT = 90 * DAY
REVIEW_EVERY = 90 * DAY
LONGEST_HELP = 30 * DAY
MAX_TICKET = 100
WHOLE_BRIDGE = frozenset({Role.OWNER, Role.AUDITOR})
HELPERS = frozenset({Role.SUPPORT, Role.RESELLER})
_USE_NOTED_EVERY = 3600
_COLUMNS = (
    "id, account_id, role, domain_id, ticket, granted_by, granted_at, ends_at, used_at, reviewed_at, revoked_at"
)
_UNUSED_SINCE = "coalesce(used_at, granted_at)"
_HOLDS = f"revoked_at IS NULL AND (ends_at IS NULL OR ends_at > ?) AND {_UNUSED_SINCE} > ?"


@dataclass(frozen=True, slots=True)
class Grant:
    id: int
    account_id: int
    role: Role
    domain_id: int | None
    """None: the whole bridge."""
    ticket: str | None
    granted_by: int | None
    """Account; None for the operator of the machine."""
    granted_at: int
    ends_at: int | None
    used_at: int | None
    reviewed_at: int
    revoked_at: int | None

    def holds(self, now: int) -> bool:
        """The same as `effective` decides."""
        unused_since = self.granted_at if self.used_at is None else self.used_at
        ended = self.ends_at is not None and self.ends_at <= now
        return self.revoked_at is None and not ended and unused_since > now - UNUSED_LIMIT


def grant(
    session: Session,
    account: Account,
    role: Role,
    domain_id: int | None,
    now: int,
    *,
    actor: str,
    granted_by: int | None,
    ends_at: int | None = None,
    ticket: str | None = None,
) -> Grant:
    """Give `role`. Invalid where domain, ticket or end are not as the role needs; Conflict if it holds already."""
    _check(account, role, domain_id, now, ends_at, ticket)
    held = effective(session, account, now)
    if any((each.role, each.domain_id) == (role, domain_id) for each in held):
        raise Conflict("role")
    made = statements.row(
        session,
        "INSERT INTO role_grant (account_id, role, domain_id, ticket, granted_by, granted_at, ends_at, reviewed_at)"  # noqa: S608
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS}",
        (account.id, role, domain_id, ticket, granted_by, now, ends_at, now),
    )
    assert made is not None
    _note(session, "grant.added", actor, _grant(made), now)
    return _grant(made)


def effective(session: Session, account: Account, now: int) -> list[Grant]:
    """What the account may besides its own role at this moment."""
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM role_grant WHERE account_id = ? AND {_HOLDS} ORDER BY id",  # noqa: S608
        (account.id, now, now - UNUSED_LIMIT),
    )
    return [_grant(row) for row in found]


def note_use(session: Session, grant_id: int, now: int) -> None:
    """The grant was needed for what was done. Kept to the hour."""
    statements.run(
        session,
        "UPDATE role_grant SET used_at = ? WHERE id = ? AND coalesce(used_at, 0) <= ?",
        (now, grant_id, now - _USE_NOTED_EVERY),
    )


def owners(session: Session, now: int) -> list[int]:
    """Ids of the accounts that are owner of the bridge, by themselves or by a grant, and can sign in or enrol."""
    found = statements.rows(
        session,
        "SELECT id FROM account WHERE state IN ('invited', 'registered') AND (role = 'owner' OR id IN"  # noqa: S608
        f" (SELECT account_id FROM role_grant WHERE role = 'owner' AND {_HOLDS})) ORDER BY id",
        (now, now - UNUSED_LIMIT),
    )
    return [account_id for (account_id,) in found]


def has_owner(session: Session, now: int) -> bool:
    """Whether one of them has enrolled."""
    ids = owners(session, now)
    marks = ", ".join("?" for _ in ids)
    query = f"SELECT 1 FROM account WHERE state = 'registered' AND id IN ({marks}) LIMIT 1"  # noqa: S608 - marks alone
    return bool(ids) and statements.row(session, query, tuple(ids)) is not None


def by_id(session: Session, grant_id: int) -> Grant:
    """NotFound."""
    found = statements.row(session, f"SELECT {_COLUMNS} FROM role_grant WHERE id = ?", (grant_id,))  # noqa: S608
    if found is None:
        raise NotFound("grant")
    return _grant(found)


def revoke(session: Session, grant_id: int, now: int, actor: str) -> Grant:
    """Take the role away. NotFound if it was taken away already."""
    if not statements.run(
        session, "UPDATE role_grant SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (now, grant_id)
    ):
        raise NotFound("grant")
    revoked = by_id(session, grant_id)
    _note(session, "grant.revoked", actor, revoked, now)
    return revoked


def review(session: Session, grant_id: int, now: int, actor: str) -> Grant:
    """Somebody looked, and it is still needed. Use is another matter: this does not keep an unused right alive."""
    if not statements.run(
        session, "UPDATE role_grant SET reviewed_at = ? WHERE id = ? AND revoked_at IS NULL", (now, grant_id)
    ):
        raise NotFound("grant")
    reviewed = by_id(session, grant_id)
    _note(session, "grant.reviewed", actor, reviewed, now)
    return reviewed


def listing(
    session: Session, now: int, *, domains: frozenset[int] | None, after: int = 0, limit: int = 500
) -> list[Grant]:
    """Grants that hold, in these domains (None: everywhere), by id from behind `after`."""
    return _where(session, _HOLDS, (now, now - UNUSED_LIMIT), domains, after, limit)


def due_for_review(
    session: Session, now: int, *, domains: frozenset[int] | None, after: int = 0, limit: int = 500
) -> list[Grant]:
    """Those of them that nobody has looked at for 90 days."""
    holds = (now, now - UNUSED_LIMIT, now - REVIEW_EVERY)
    return _where(session, f"{_HOLDS} AND reviewed_at <= ?", holds, domains, after, limit)


def ask_review(session: Session, now: int) -> int:
    """Every grant that holds waits for its review, as if nobody had looked at it for 90 days; how many."""
    return statements.run(
        session,
        f"UPDATE role_grant SET reviewed_at = min(reviewed_at, ?) WHERE {_HOLDS}",  # noqa: S608
        (now - REVIEW_EVERY, now, now - UNUSED_LIMIT),
    )


def sweep(session: Session, now: int) -> list[Grant]:
    """Close what no longer holds, with an audit event each: run once a day. Gives what fell away."""
    found = statements.rows(
        session,
        f"UPDATE role_grant SET revoked_at = ? WHERE revoked_at IS NULL AND NOT ({_HOLDS}) RETURNING {_COLUMNS}",  # noqa: S608
        (now, now, now - UNUSED_LIMIT),
    )
    fallen = sorted(map(_grant, found), key=lambda each: each.id)
    for each in fallen:
        ended = each.ends_at is not None and each.ends_at <= now
        _note(session, "grant.ended" if ended else "grant.expired", "system", each, now)
    return fallen


def _check(
    account: Account, role: Role, domain_id: int | None, now: int, ends_at: int | None, ticket: str | None
) -> None:
    if role not in GRANTED_ROLES:
        raise Invalid("role: one that is granted")
    if account.state not in (AccountState.INVITED, AccountState.REGISTERED):
        raise Invalid("account: in use")
    if (role in WHOLE_BRIDGE) is not (domain_id is None):
        raise Invalid("domain: one, except for owner and auditor, who have the whole bridge")
    if ends_at is not None and ends_at <= now:
        raise Invalid("end: in the future")
    if ticket is not None and not (0 < len(ticket) <= MAX_TICKET and ticket.isprintable()):
        raise Invalid(f"ticket: 1 to {MAX_TICKET} printable characters")
    if role in HELPERS and not (ticket and ticket.strip()):
        raise Invalid("ticket: needed for support and reseller")
    if role in HELPERS and (ends_at is None or ends_at > now + LONGEST_HELP):
        raise Invalid("end: within 30 days for support and reseller")


def _where(
    session: Session,
    condition: str,
    values: tuple[statements.Value, ...],
    domains: frozenset[int] | None,
    after: int,
    limit: int,
) -> list[Grant]:
    confined = "" if domains is None else f" AND domain_id IN ({','.join('?' * len(domains))})"
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM role_grant WHERE {condition}{confined} AND id > ? ORDER BY id LIMIT ?",  # noqa: S608
        (*values, *(sorted(domains or ())), after, limit),
    )
    return [_grant(row) for row in found]


def _note(session: Session, kind: str, actor: str, given: Grant, now: int) -> None:
    detail = {"grant": given.id, "role": given.role, "domain": given.domain_id}
    audit.append(session, kind, actor, f"account:{given.account_id}", detail, now)


def _grant(row: statements.Row) -> Grant:
    return Grant(row[0], row[1], Role(row[2]), *row[3:])
