"""Counts for those who run a domain, that tell nothing of one person (S27, S63).

A figure that comes from fewer than `K` people is None. Where the figures of a table add up to a known sum, so many
of them are None that the hidden ones together stand for `K` people or for nobody: no subtraction gives one away.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.oversight import document_statistics
from storage.oversight.document_statistics import DAY, DAYS, DocumentStatistics, K
from storage.records import AccountState

SPAN = DAYS * DAY
"""Devices are counted over this time."""
GRAIN = 10_000_000
"""Bytes: what is kept is told in steps of so many."""


@dataclass(frozen=True, slots=True)
class DomainStatistics:
    """One domain; None: too few people to say."""

    domain: str
    accounts: int | None
    by_state: Mapping[str, int | None]
    connected: int | None
    """Accounts with a device used in the span."""
    clients: Mapping[str, int]
    """Accounts per mail program, of those who let it be noted; programs of fewer than `K` are left out."""
    documents: DocumentStatistics
    stored_bytes: int | None


def of_domains(session: Session, domains: frozenset[int] | None, now: int) -> list[DomainStatistics]:
    """By name. `domains` None: all."""
    found = statements.rows(session, "SELECT id, name FROM domain ORDER BY name")
    wanted = [(number, name) for number, name in found if domains is None or number in domains]
    return [_domain(session, number, name, now) for number, name in wanted]


def withheld(counts: Mapping[str, int]) -> dict[str, int | None]:
    """`counts` of people with what would tell of few of them as None."""
    shown: dict[str, int | None] = {key: count if count >= K else None for key, count in counts.items()}
    hidden = sum(count for key, count in counts.items() if shown[key] is None)
    for key in sorted(counts, key=lambda key: counts[key]):
        if not 0 < hidden < K:
            break
        if shown[key] is not None:
            shown[key] = None
            hidden += counts[key]
    return shown


def _domain(session: Session, domain_id: int, name: str, now: int) -> DomainStatistics:
    counted = statements.rows(
        session,
        "SELECT state, count(*), sum(used_bytes), sum(used_bytes > 0) FROM account"
        " WHERE domain_id = ? AND role <> 'system' GROUP BY state",
        (domain_id,),
    )
    states = dict.fromkeys(AccountState, 0) | {AccountState(state): count for state, count, *_ in counted}
    return DomainStatistics(
        name,
        _enough(sum(states.values()), sum(states.values())),
        withheld({str(state): count for state, count in states.items()}),
        _enough(*[_connected(session, domain_id, now - SPAN)] * 2),
        _clients(session, domain_id, now - SPAN),
        document_statistics.of_domain(session, domain_id, now),
        _enough(coarse(sum(row[2] for row in counted)), sum(row[3] for row in counted)),
    )


def coarse(size: int) -> int:
    """Up to the next step, nothing too: watching the figure tells neither what came or went nor that it was read."""
    return (size // GRAIN + 1) * GRAIN


def _enough(figure: int, people: int) -> int | None:
    return figure if people >= K else None


def _connected(session: Session, domain_id: int, since: int) -> int:
    found = statements.row(
        session,
        "SELECT count(DISTINCT device.account_id) FROM device JOIN account ON account.id = device.account_id"
        " WHERE account.domain_id = ? AND device.last_used_at >= ?",
        (domain_id, since),
    )
    assert found is not None
    return int(found[0])


def _clients(session: Session, domain_id: int, since: int) -> dict[str, int]:
    found = statements.rows(
        session,
        "SELECT device.last_client, count(DISTINCT device.account_id) FROM device"
        " JOIN account ON account.id = device.account_id"
        " WHERE account.domain_id = ? AND account.client_noted AND device.last_client IS NOT NULL"
        " AND device.last_used_at >= ? GROUP BY device.last_client HAVING count(DISTINCT device.account_id) >= ?"
        " ORDER BY 2 DESC, 1",
        (domain_id, since, K),
    )
    return dict(found)
