"""With the role of a domain admin goes what it gave: the escrow key, and every break-glass access asked for.

With the right to sign in go the accesses too, and the sessions: none of them comes back when the account does.
"""

from sqlmodel import Session

from storage.access import break_glass, escrow, sessions


def end(session: Session, domain_id: int, account_id: int, now: int, actor: str) -> int:
    """In the transaction that takes the role; how many others hold the escrow key."""
    break_glass.revoke_of(session, account_id, domain_id, now, actor)
    return escrow.withdraw(session, domain_id, account_id, now, actor)


def bar(session: Session, account_id: int, now: int, actor: str) -> None:
    """In the transaction that suspends, closes or erases an account."""
    sessions.end_all(session, account_id, now, actor=actor)
    break_glass.revoke_of(session, account_id, None, now, actor)
