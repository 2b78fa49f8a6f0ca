"""Domains (tenants): what stands behind the @ of our own addresses."""

import re

from sqlmodel import Session

from storage.engine import statements
from storage.engine.connections import TakenError
from storage.errors import Conflict, Invalid, NotFound
from storage.oversight import audit
from storage.records import Domain, DomainMode

_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
_COUNTRY = re.compile(r"[A-Z]{2}")


def create(session: Session, name: str, mode: DomainMode, country: str, now: int, actor: str = "system") -> Domain:
    """A new domain. `name` in ASCII (A-labels); `country` ISO 3166-1 alpha-2. Conflict, Invalid."""
    name, country = checked_name(name), country.upper()
    if not _COUNTRY.fullmatch(country):
        raise Invalid("country: two letters of ISO 3166-1")
    try:
        made = statements.row(
            session,
            "INSERT INTO domain (name, mode, country, created_at) VALUES (?, ?, ?, ?) RETURNING id",
            (name, mode, country, now),
        )
    except TakenError:
        raise Conflict("domain name") from None
    assert made is not None
    audit.append(session, "domain.created", actor, f"domain:{made[0]}", {"mode": mode}, now)
    return Domain(made[0], name, mode, country)


def checked_name(name: str) -> str:
    """In lower case, without a dot at the end. Invalid if it is no domain name."""
    stored = name.strip().lower().rstrip(".")
    if not _NAME.fullmatch(stored) or len(stored) > 253:
        raise Invalid("domain name: letters, digits and hyphens, with a dot")
    return stored


def by_name(session: Session, name: str) -> Domain:
    """NotFound if it is not one of ours."""
    found = statements.row(
        session, "SELECT id, name, mode, country FROM domain WHERE name = ?", (name.lower().rstrip("."),)
    )
    if found is None:
        raise NotFound("domain")
    return _domain(found)


def by_id(session: Session, domain_id: int) -> Domain:
    """NotFound."""
    found = statements.row(session, "SELECT id, name, mode, country FROM domain WHERE id = ?", (domain_id,))
    if found is None:
        raise NotFound("domain")
    return _domain(found)


def listing(session: Session) -> list[Domain]:
    """All, by name."""
    return [
        _domain(row) for row in statements.rows(session, "SELECT id, name, mode, country FROM domain ORDER BY name")
    ]


def page(session: Session, *, domains: frozenset[int] | None, after: str = "", limit: int = 500) -> list[Domain]:
    """At most `limit` of these (None: of all), by name from behind `after`."""
    confined = "" if domains is None else f" AND id IN ({','.join('?' * len(domains))})"
    found = statements.rows(
        session,
        f"SELECT id, name, mode, country FROM domain WHERE name > ?{confined} ORDER BY name LIMIT ?",  # noqa: S608
        (after, *sorted(domains or ()), limit),
    )
    return [_domain(row) for row in found]


def _domain(row: statements.Row) -> Domain:
    return Domain(row[0], row[1], DomainMode(row[2]), row[3])
