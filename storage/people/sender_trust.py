"""What vouches for a sender that does not sign in: the network it hands in from, or its DKIM signature (RFC 6376).

Both belong to an account and hold for the addresses that it may write as.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from storage.access import networks
from storage.engine import statements
from storage.errors import Invalid
from storage.oversight import audit
from storage.people.addresses import normal
from storage.people.domains import checked_name

MOST = 20
"""Networks, or domains, of one sender."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Of one account."""

    networks: tuple[str, ...] = ()
    """CIDR."""
    domains: tuple[str, ...] = ()
    """DKIM signing domains (`d=`), lower case."""


@dataclass(frozen=True, slots=True)
class Voucher:
    """An account that may be the sender of a transaction that came without a sign-in."""

    account_id: int
    domains: frozenset[str]
    """One of these must have signed the message; empty: the network says enough."""


def of_account(session: Session, account_id: int) -> Trust:
    found = statements.rows(
        session, "SELECT network FROM sender_network WHERE account_id = ? ORDER BY network", (account_id,)
    )
    signing = statements.rows(
        session, "SELECT domain FROM sender_dkim WHERE account_id = ? ORDER BY domain", (account_id,)
    )
    return Trust(tuple(network for (network,) in found), tuple(domain for (domain,) in signing))


def put(session: Session, account_id: int, trust: Trust, now: int, actor: str) -> Trust:
    """In the place of what vouched before. Invalid network or domain, or too many."""
    wanted = Trust(networks.checked(trust.networks), _checked(trust.domains))
    statements.run(session, "DELETE FROM sender_network WHERE account_id = ?", (account_id,))
    statements.run(session, "DELETE FROM sender_dkim WHERE account_id = ?", (account_id,))
    statements.run_many(
        session,
        "INSERT INTO sender_network (account_id, network) VALUES (?, ?)",
        ((account_id, network) for network in wanted.networks),
    )
    statements.run_many(
        session,
        "INSERT INTO sender_dkim (account_id, domain) VALUES (?, ?)",
        ((account_id, domain) for domain in wanted.domains),
    )
    detail = {"networks": len(wanted.networks), "domains": len(wanted.domains)}
    audit.append(session, "sender.trust-changed", actor, f"account:{account_id}", detail, now)
    return wanted


def voucher(session: Session, address: str, ip: str) -> Voucher | None:
    """The account that writes as `address` from this network, or whose signature would do; None if there is none."""
    try:
        stored = normal(address)
    except Invalid:
        return None
    by_signature = None
    for account_id in _writers(session, stored):
        trust = of_account(session, account_id)
        if networks.holds(trust.networks, ip):
            return Voucher(account_id, frozenset())
        if trust.domains and by_signature is None:
            by_signature = Voucher(account_id, frozenset(trust.domains))
    return by_signature


def _writers(session: Session, address: str) -> list[int]:
    """Accounts that may write as an address: in the order in which they got it, the one that it delivers to first."""
    found = statements.rows(
        session,
        "SELECT account_id FROM address WHERE address = ?"
        " UNION ALL SELECT account_id FROM sender_identity WHERE address = ?",
        (address, address),
    )
    return list(dict.fromkeys(account_id for (account_id,) in found))


def _checked(domains: Sequence[str]) -> tuple[str, ...]:
    found = dict.fromkeys(checked_name(domain) for domain in domains)
    if len(found) > MOST:
        raise Invalid(f"domains: {MOST} at most")
    return tuple(found)
