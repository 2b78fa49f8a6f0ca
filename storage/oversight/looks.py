"""Who looked (D7): what others saw of an account, kept for its owner to read.

Reading someone else's data leaves an event `looks.<what>` in the audit log, one per viewer, target, kind of data and
clock hour, so that working through a list does not flood the chain. The viewer's role at that time stands in the
event: a right that ended since still shows. The steps of a break-glass access count as looks; while a legal bar on
telling runs, they and what was done by them stay hidden from the account they concern.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Invalid, Tampered
from storage.oversight import audit
from storage.people import accounts, grants
from storage.records import Role

# ruff: noqa: S608 - every part of these statements stands in this file

HOUR = 3600
LATEST = 500
"""Events of one account that are searched for an earlier look of the same hour."""
PREFIX = "looks."
_WHAT = re.compile(r"[a-z][a-z-]{0,30}", re.ASCII)
_STRENGTH = (Role.OWNER, Role.DOMAIN_ADMIN, Role.AUDITOR, Role.RESELLER, Role.SUPPORT)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looked, as the one looked at may know it."""

    role: str
    """A `Role`; `operator` for the command line of the machine; `system`."""
    name: str | None
    """Only of people of one's own domain."""


@dataclass(frozen=True, slots=True)
class Look:
    position: int
    at: int
    what: str
    """`account`, `devices`, …; or `break-glass.…`, a step of an access to the mailbox."""
    viewer: Viewer


def unnoted(
    session: Session,
    viewer_account_id: int | None,
    target_account_ids: Collection[int],
    what: str,
    now: int,
    actor: str,
) -> tuple[int, ...]:
    """Those of the targets that have no such look of this hour yet. Reads only: `note` need not run for none."""
    others = [each for each in dict.fromkeys(target_account_ids) if each != viewer_account_id]
    return tuple(each for each in others if not _noted(session, each, PREFIX + what, now, actor))


def note(
    session: Session,
    viewer_account_id: int | None,
    target_account_ids: Collection[int],
    what: str,
    now: int,
    actor: str,
) -> int:
    """Note that `actor` (that is `viewer_account_id`, or None: the operator) saw `what` of each target.

    Looking at oneself is no look. Returns how many events were added. Invalid for a `what` that is no short name.
    """
    if _WHAT.fullmatch(what) is None:
        raise Invalid("what: lower case letters and hyphens")
    seen = unnoted(session, viewer_account_id, target_account_ids, what, now, actor)
    for target in seen:
        role = _role(session, viewer_account_id, target, now)
        audit.append(session, PREFIX + what, actor, f"account:{target}", {"role": role}, now)
    return len(seen)


def listing(
    session: Session, account_id: int, now: int, after: int | None = None, limit: int = 50
) -> tuple[list[Look], int | None]:
    """Looks at the account, newest first, and the position to go on after, None at the end.

    `after` is the position of the last one seen.
    """
    found = statements.rows(
        session,
        "SELECT e.position, e.at, e.kind, e.actor, e.detail FROM audit_involved i"
        " JOIN audit_event e ON e.position = i.position"
        " WHERE i.account_id = ? AND i.position < ? AND e.subject = ? AND e.actor <> ?"
        " AND (substr(e.kind, 1, 6) = 'looks.' OR substr(e.kind, 1, 12) = 'break-glass.')"
        f" AND NOT {barred('e', '?', '?')} ORDER BY i.position DESC LIMIT ?",
        (
            account_id,
            2**63 - 1 if after is None else after,
            f"account:{account_id}",
            f"account:{account_id}",
            account_id,
            now,
            limit + 1,
        ),
    )
    looks = [_look(session, account_id, row, now) for row in found[:limit]]
    return looks, looks[-1].position if len(found) > limit else None


def barred(event: str, account: str, now: str) -> str:
    """SQL: whether an event belongs to a break-glass access to the account that it may not learn of yet.

    An access is known by its number, `break_glass` in an event's detail (canonical JSON), or by its `device`.
    """
    members = f"replace({event}.detail, '}}', ',')"
    return (
        f"EXISTS (SELECT 1 FROM break_glass b WHERE b.account_id = {account} AND b.bar_until > {now}"
        f""" AND ({members} LIKE '%"break_glass":' || b.id || ',%'"""
        f""" OR {members} LIKE '%"device":' || b.device_id || ',%'))"""
    )


def _noted(session: Session, target: int, kind: str, now: int, actor: str) -> bool:
    return (
        statements.row(
            session,
            "SELECT 1 FROM"
            " (SELECT position FROM audit_involved WHERE account_id = ? ORDER BY position DESC LIMIT ?) i"
            " JOIN audit_event e ON e.position = i.position"
            " WHERE e.kind = ? AND e.actor = ? AND e.subject = ? AND e.at >= ? LIMIT 1",
            (target, LATEST, kind, actor, f"account:{target}", now - now % HOUR),
        )
        is not None
    )


def _role(session: Session, viewer: int | None, target: int, now: int) -> str:
    """The strongest role by which the viewer reaches the target's domain."""
    if viewer is None:
        return "operator"
    account = accounts.by_id(session, viewer)
    (domain_id,) = statements.row(session, "SELECT domain_id FROM account WHERE id = ?", (target,)) or (None,)
    held = [each.role for each in grants.effective(session, account, now) if each.domain_id in (None, domain_id)]
    return strongest(account.role, held)


def strongest(own: str, granted: Iterable[str]) -> str:
    """The role that people know one by who has several."""
    held = {own, *granted}
    return next((role for role in _STRENGTH if role in held), own)


def _look(session: Session, account_id: int, row: statements.Row, now: int) -> Look:
    position, at, kind, actor, detail = row
    noun, _, number = actor.partition(":")
    try:
        viewer = int(number) if noun == "account" else None
        role = json.loads(detail).get("role") if kind.startswith(PREFIX) else None
    except (ValueError, TypeError, AttributeError):
        raise Tampered("audit event") from None
    if role is None:
        role = _role(session, viewer, account_id, now) if viewer is not None else noun
    return Look(position, at, kind.removeprefix(PREFIX), Viewer(role, name_of(session, viewer, account_id)))


def name_of(session: Session, viewer: int | None, reader: int) -> str | None:
    """The viewer's name, if the reader is of the same domain."""
    if viewer is None:
        return None
    found = statements.row(
        session,
        "SELECT v.name FROM account v JOIN account r ON r.domain_id = v.domain_id WHERE v.id = ? AND r.id = ?",
        (viewer, reader),
    )
    return None if found is None else found[0]
