"""Whether two people who agree are two: who owes all power over a domain to the other adds nothing to that one.

An admin can make an account, give it the admin's own role and sign in with it. So what takes two people is approved
by somebody whose power comes from elsewhere: at least one role that neither the asker gave, nor anybody who has all
power from the asker. What the operator of the machine gave comes from elsewhere. Of an erased giver nothing is known
any more: that counts as given by the asker.
"""

from sqlmodel import Session

from storage.engine import statements
from storage.people import grants
from storage.records import Account, Role

_POWERS = (Role.OWNER, Role.DOMAIN_ADMIN)
_GIVEN = (
    "SELECT granted_by FROM role_grant WHERE account_id = ? AND role IN (?, ?)"
    " AND (domain_id IS NULL OR domain_id = ?)"
)
_MADE = (
    "SELECT actor FROM audit_event WHERE kind = 'account.created'"
    " AND position = (SELECT min(position) FROM audit_involved WHERE account_id = ?)"
)


def owes_all_to(session: Session, account: Account, asker_id: int, domain_id: int, now: int) -> bool:
    """Whether every role by which `account` has power over the domain now comes from the asker in the end."""
    held = [each for each in grants.effective(session, account, now) if each.domain_id in (None, domain_id)]
    givers = [each.granted_by for each in held if each.role in _POWERS]
    if account.role is Role.OWNER:
        givers.append(_maker(session, account.id))
    return _all_from(session, givers, asker_id, domain_id, {account.id, asker_id})


def _all_from(session: Session, givers: list[int | None], asker_id: int, domain_id: int, seen: set[int]) -> bool:
    for giver in givers:
        if giver is None:
            return False
        if giver in seen:
            continue
        seen.add(giver)
        if not _all_from(session, _givers(session, giver, domain_id), asker_id, domain_id, seen):
            return False
    return True


def _givers(session: Session, account_id: int, domain_id: int) -> list[int | None]:
    """Of all power that the account ever had over the domain."""
    found = [number for (number,) in statements.rows(session, _GIVEN, (account_id, *_POWERS, domain_id))]
    if statements.row(session, "SELECT 1 FROM account WHERE id = ? AND role = ?", (account_id, Role.OWNER)):
        found.append(_maker(session, account_id))
    return found


def _maker(session: Session, account_id: int) -> int | None:
    """Who made the account of an owner; None: the operator."""
    found = statements.row(session, _MADE, (account_id,))
    noun, _, number = str(found[0] if found else "").partition(":")
    return int(number) if noun == "account" else None
