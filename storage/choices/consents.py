"""The consent ledger (S35, S58): what an account agreed to, to whom, until when. Denied unless a row says otherwise.

    receipts    a sender may learn that a document was opened; of one sender and type, of one sender, of all. Follows
                the preference `receipts`: whoever sets that gives or withdraws this (`choices.changes`).
    carriers    third parties may carry documents by one channel, the scope (S78)
    notice-sender
                notices that leave the bridge may name the domain of the sender (D14)

A row is never altered but by its withdrawal, which holds at once: whoever is about to tell something asks `effective`
at that moment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from storage.deliveries.terms import Channel, DocumentType, Road
from storage.engine import statements
from storage.errors import NotFound

_COLUMNS = "id, account_id, purpose, correspondent_id, scope, road, granted_at, ends_at, withdrawn_at"
_LIVE = "withdrawn_at IS NULL AND (ends_at IS NULL OR ends_at > ?)"


class Purpose(StrEnum):
    RECEIPTS = "receipts"
    CARRIERS = "carriers"
    NOTICE_SENDER = "notice-sender"


@dataclass(frozen=True, slots=True)
class Consent:
    id: int
    account_id: int
    purpose: Purpose
    correspondent_id: int | None
    """To whom; None: to every sender, or to no sender at all."""
    scope: str | None
    """Of receipts a document type, of carriers a channel; None: all."""
    road: Road
    granted_at: int
    ends_at: int | None
    withdrawn_at: int | None

    def holds(self, now: int) -> bool:
        return self.withdrawn_at is None and (self.ends_at is None or self.ends_at > now)


def effective(
    session: Session,
    account_id: int,
    purpose: Purpose,
    correspondent_id: int | None,
    now: int,
    scope: str | None = None,
) -> bool:
    """Whether it is agreed to at this moment. `scope`: of receipts the document's type, of carriers the channel.

    For receipts the most specific preference decides which row of the ledger counts: a `no` for one sender stands
    against a `yes` for all.
    """
    if purpose is not Purpose.RECEIPTS:
        return bool(_standing(session, account_id, purpose, None, scope, now))
    level = _receipts_level(session, account_id, correspondent_id, scope)
    return level is not None and bool(_standing(session, account_id, purpose, *level, now))


def grant(
    session: Session,
    account_id: int,
    purpose: Purpose,
    correspondent_id: int | None,
    scope: str | None,
    *,
    ends_at: int | None = None,
    road: Road,
    now: int,
) -> bool:
    """In the place of what was agreed to before for the same; False if that holds and ends at the same time."""
    standing = _standing(session, account_id, purpose, correspondent_id, scope, now)
    if [consent.ends_at for consent in standing] == [ends_at]:
        return False
    _end(session, standing, now)
    statements.run(
        session,
        "INSERT INTO consent (account_id, purpose, correspondent_id, scope, road, granted_at, ends_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (account_id, purpose, correspondent_id, scope, road, now, ends_at),
    )
    return True


def withdraw(
    session: Session, account_id: int, purpose: Purpose, correspondent_id: int | None, scope: str | None, *, now: int
) -> bool:
    """From now on; whether something held."""
    standing = _standing(session, account_id, purpose, correspondent_id, scope, now)
    _end(session, standing, now)
    return bool(standing)


def last_end(
    session: Session, account_id: int, purpose: Purpose, correspondent_id: int | None, scope: str | None
) -> int | None:
    """When the last consent to this ended or would have ended by itself; None if it had no end, or there was none."""
    found = statements.row(
        session,
        "SELECT ends_at FROM consent WHERE account_id = ? AND purpose = ? AND correspondent_id IS NOT DISTINCT FROM ?"
        " AND scope IS NOT DISTINCT FROM ? ORDER BY id DESC LIMIT 1",
        (account_id, purpose, correspondent_id, scope),
    )
    return None if found is None else found[0]


def get(session: Session, account_id: int, consent_id: int) -> Consent:
    """NotFound."""
    found = statements.row(
        session,
        f"SELECT {_COLUMNS} FROM consent WHERE id = ? AND account_id = ?",  # noqa: S608
        (consent_id, account_id),
    )
    if found is None:
        raise NotFound("consent")
    return _consent(found)


def of_account(session: Session, account_id: int) -> list[Consent]:
    """All that were ever given, newest first."""
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM consent WHERE account_id = ? ORDER BY id DESC",  # noqa: S608
        (account_id,),
    )
    return [_consent(row) for row in found]


def note_carriers(session: Session, account_id: int, channels: Iterable[Channel], *, road: Road, now: int) -> bool:
    """Whoever chooses a channel that leaves the house was told who carries it, and agrees (S78); if that is new."""
    noted = [
        grant(session, account_id, Purpose.CARRIERS, None, channel, road=road, now=now)
        for channel in sorted(channels)
    ]
    return any(noted)


def declined(session: Session, account_ids: Sequence[int]) -> dict[int, frozenset[Channel]]:
    """By account: channels whose carriers were accepted once, and are no longer. Who never chose declined nothing."""
    found: dict[int, set[Channel]] = {}
    for marks, part in statements.chunks(account_ids):
        sql = (
            f"SELECT account_id, scope FROM consent WHERE account_id IN ({marks}) AND purpose = 'carriers'"  # noqa: S608
            " GROUP BY account_id, scope HAVING count(*) = count(withdrawn_at)"
        )
        for account_id, scope in statements.rows(session, sql, part):
            found.setdefault(account_id, set()).add(Channel(scope))
    return {account_id: frozenset(channels) for account_id, channels in found.items()}


def _receipts_level(
    session: Session, account_id: int, correspondent_id: int | None, scope: str | None
) -> tuple[int | None, str | None] | None:
    """Correspondent and type of the preference that decides; None if it says no, or none says anything."""
    found = statements.rows(
        session,
        "SELECT correspondent_id, document_type, receipts FROM preference WHERE account_id = ?"
        " AND receipts IS NOT NULL AND (correspondent_id IS NULL OR correspondent_id = ?)"
        " AND (document_type IS NULL OR document_type = ?)",
        (account_id, correspondent_id or 0, None if scope is None else DocumentType(scope)),
    )
    if not found:
        return None
    correspondent, kind, says = max(found, key=lambda row: (row[0] is not None, row[1] is not None))
    return (correspondent, kind) if says else None


def _standing(
    session: Session,
    account_id: int,
    purpose: Purpose,
    correspondent_id: int | None,
    scope: str | None,
    now: int,
) -> list[Consent]:
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM consent WHERE account_id = ? AND purpose = ?"  # noqa: S608
        f" AND correspondent_id IS NOT DISTINCT FROM ? AND scope IS NOT DISTINCT FROM ? AND {_LIVE}",
        (account_id, purpose, correspondent_id, scope, now),
    )
    return [_consent(row) for row in found]


def _end(session: Session, standing: Iterable[Consent], now: int) -> None:
    for consent in standing:
        statements.run(session, "UPDATE consent SET withdrawn_at = ? WHERE id = ?", (now, consent.id))


def _consent(row: statements.Row) -> Consent:
    return Consent(row[0], row[1], Purpose(row[2]), row[3], row[4], Road(row[5]), *row[6:])
