"""What is kept of an account at this moment, item by item of the data inventory (S40): values, or how many and when.

Contract. Names are those of `bridge.inventory`. What is sealed or secret is counted, never shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.oversight import looks

# ruff: noqa: S608 - every part of these statements stands in this file


@dataclass(frozen=True, slots=True)
class Kept:
    """`values` of what is few and shown as it is; else `count` rows, the newest of `newest` (epoch seconds)."""

    values: tuple[str, ...] = ()
    count: int | None = None
    newest: int | None = None


_OF = "FROM {0} WHERE account_id = ?"
_VALUES: Mapping[str, str] = {
    "name": "SELECT name FROM account WHERE id = ?",
    "legal-name": "SELECT legal_name FROM account WHERE id = ?",
    "email": "SELECT email FROM account WHERE id = ?",
    "addresses": "SELECT address FROM address WHERE account_id = ?1"
    " AND address <> (SELECT email FROM account WHERE id = ?1) ORDER BY 1",
    "contact-email": "SELECT contact_email FROM account WHERE id = ?",
    "phone": "SELECT phone FROM account WHERE id = ?",
    "postal-address": "SELECT replace(postal_address, char(10), ', ') FROM account WHERE id = ?",
    "language": "SELECT locale FROM account WHERE id = ?",
    "external-mailbox": "SELECT username || ' @ ' || host || ', ' || folder FROM external_mailbox"
    " WHERE account_id = ?",
    "notice-url": "SELECT service FROM notice_url WHERE account_id = ?",
    "usage-switches": "SELECT category FROM usage_switch WHERE account_id = ? ORDER BY 1",
    "client-noted": "SELECT CASE client_noted WHEN 1 THEN 'yes' ELSE 'no' END FROM account WHERE id = ?",
    "sender-identities": "SELECT address FROM sender_identity WHERE account_id = ?1"
    " UNION ALL SELECT network FROM sender_network WHERE account_id = ?1"
    " UNION ALL SELECT domain FROM sender_dkim WHERE account_id = ?1"
    " UNION ALL SELECT default_type FROM account WHERE id = ?1",
    "account": "SELECT role || ', ' || state FROM account WHERE id = ?",
    "storage": "SELECT used_bytes || ' / ' || quota_bytes FROM account WHERE id = ?",
}
_COUNTS: Mapping[str, str] = {
    "secrets": "SELECT count(*), max(created_at) FROM key_slot WHERE account_id = ? AND kind IN ('password',"
    " 'recovery')",
    "preferences": f"SELECT count(*), max(changed_at) {_OF.format('preference')}",
    "consents": f"SELECT count(*), max(granted_at) {_OF.format('consent')}",
    "devices": f"SELECT count(*), max(created_at) {_OF.format('device')} AND origin <> 'break-glass'",
    "folders": f"SELECT count(*), NULL {_OF.format('mailbox')}",
    "tickets": f"SELECT count(*), max(opened_at) {_OF.format('ticket')}",
    "roles": f"SELECT count(*), max(granted_at) {_OF.format('role_grant')}",
    "preference-history": f"SELECT count(*), max(changed_at) {_OF.format('preference_change')}",
    "identity-changes": f"SELECT count(*), max(changed_at) {_OF.format('identity_change')}",
    "deliveries": f"SELECT count(*), max(decided_at) {_OF.format('delivery')}",
    "transcript": f"SELECT count(*), max(at) {_OF.format('delivery_event')}",
    "device-use": f"SELECT count(last_used_at), max(last_used_at) {_OF.format('device')} AND origin <> 'break-glass'",
    "sessions": f"SELECT count(*), max(used_at) {_OF.format('api_session')}",
    "usage": f"SELECT count(*), max(day) {_OF.format('usage_count')}",
    "disclosures": f"SELECT count(*), max(at) {_OF.format('disclosure')}",
    "holds": f"SELECT count(*), max(placed_at) {_OF.format('hold')}",
    "erasures": f"SELECT count(*), max(requested_at) {_OF.format('erasure')}",
    "documents": "SELECT count(*), max(received_at) FROM wrap JOIN document ON document.id = document_id"
    " WHERE account_id = ?",
    "correspondents": f"SELECT count(DISTINCT correspondent_id), max(decided_at) {_OF.format('delivery')}",
}
_AUDIT = (
    "SELECT count(*), max(e.at) FROM audit_involved i JOIN audit_event e ON e.position = i.position"
    f" WHERE i.account_id = ? AND NOT {looks.barred('e', '?', '?')}"
)
_BREAK_GLASS = (
    "SELECT count(*), max(requested_at) FROM break_glass WHERE account_id = ? AND coalesce(bar_until, 0) <= ?"
)
"""An access that a law forbids to tell of does not show, by its number either."""


def of_account(session: Session, account_id: int, now: int) -> dict[str, Kept]:
    """By the names of the inventory."""
    kept = {name: Kept(values=_values(session, sql, account_id)) for name, sql in _VALUES.items()}
    kept |= {name: _count(session, sql, account_id) for name, sql in _COUNTS.items()}
    kept["audit"] = _count(session, _AUDIT, account_id, account_id, now)
    return kept | {"break-glass": _count(session, _BREAK_GLASS, account_id, now)}


def _values(session: Session, sql: str, account_id: int) -> tuple[str, ...]:
    return tuple(str(value) for (value,) in statements.rows(session, sql, (account_id,)) if value is not None)


def _count(session: Session, sql: str, *values: int) -> Kept:
    found = statements.row(session, sql, values)
    count, newest = found or (0, None)
    return Kept(count=count, newest=newest)
