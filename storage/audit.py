"""The audit log: who did what to what, in a chain that shows any change.

    hash_i = SHA-256(hash_{i-1} ‖ canonical JSON of event i)        hash_0 = 32 zero bytes
    mac_i  = HMAC-SHA256(key_i, hash_i)       key_{i+1} = SHA-256(label ‖ key_i)       key_1 from `ServerKeys.audit`

Only the key for the next event is kept in the database: who reads it there cannot forge the MAC of an older event.
Cutting events off at the end, together with the head, is shown only by heads kept elsewhere. Events carry ids and
counts, never a subject, an address or anything of a document.
"""

import hmac
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from sqlmodel import Session

from storage import statements
from storage.changes import announce
from storage.errors import Tampered
from storage.keys.master import ServerKeys
from storage.records import AuditAppended

_RATCHET = b"postex audit ratchet"
_FIRST_HASH = bytes(32)
_PAGE = 1000
_INVOLVES_ACCOUNT = "INSERT INTO audit_involved (account_id, position) VALUES (?, ?)"
_INVOLVES_DOMAIN = "INSERT INTO audit_domain (domain_id, position) VALUES (?, ?) ON CONFLICT DO NOTHING"
_INVOLVES_DOMAIN_OF = (
    "INSERT INTO audit_domain (domain_id, position) SELECT domain_id, ? FROM account WHERE id = ?"
    " ON CONFLICT DO NOTHING"
)
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


def begin(session: Session, keys: ServerKeys) -> None:
    """Start the chain if there is none."""
    statements.run(
        session,
        "INSERT INTO audit_head (id, position, hash, ratchet_key) VALUES (1, 0, ?, ?) ON CONFLICT (id) DO NOTHING",
        (_FIRST_HASH, _next_key(keys.audit)),
    )


def append(session: Session, kind: str, actor: str, subject: str, detail: Mapping[str, Any], now: int) -> None:
    """Add an event. `actor` and `subject` are ids such as `account:7`; `detail` holds ids and counts."""
    head = statements.row(session, "SELECT position, hash, ratchet_key FROM audit_head WHERE id = 1")
    assert head is not None, "the chain begins with the database"
    position, previous, key = head
    if not (isinstance(position, int) and isinstance(previous, bytes) and isinstance(key, bytes)):
        raise Tampered("the head of the audit log")
    position += 1
    written = _encode(detail)
    link = _link(previous, position, now, kind, actor, subject, written)
    statements.run(
        session,
        "INSERT INTO audit_event (position, at, kind, actor, subject, detail, hash, mac)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (position, now, kind, actor, subject, written, link, hmac.digest(key, link, "sha256")),
    )
    statements.run(
        session,
        "UPDATE audit_head SET position = ?, hash = ?, ratchet_key = ? WHERE id = 1",
        (position, link, _next_key(key)),
    )
    if not kind.startswith("document."):
        _index(session, position, actor, subject)
        announce(session, AuditAppended(position))


def _index(session: Session, position: int, actor: str, subject: str) -> None:
    """Note whom the event concerns. Documents, which come by the hundred a second, concern nobody's overview."""
    for noun, _, number in {actor.partition(":"), subject.partition(":")}:
        if noun == "account":
            statements.run(session, _INVOLVES_ACCOUNT, (int(number), position))
            statements.run(session, _INVOLVES_DOMAIN_OF, (position, int(number)))
        elif noun == "domain":
            statements.run(session, _INVOLVES_DOMAIN, (int(number), position))


def verify(session: Session, keys: ServerKeys) -> int | None:
    """The first position where the chain does not hold, None if it does all through."""
    position, previous, key = 0, _FIRST_HASH, _next_key(keys.audit)
    for event in _events(session):
        position += 1
        link = _link(previous, position, *event[1:6])
        mac = hmac.digest(key, link, "sha256")
        if event[:1] + event[6:] != (position, link, mac):
            return position
        previous, key = link, _next_key(key)
    head = statements.row(session, "SELECT position, hash, ratchet_key FROM audit_head WHERE id = 1")
    return None if head == (position, previous, key) else position + 1


def _link(previous: bytes, position: int, at: int, kind: str, actor: str, subject: str, detail: str) -> bytes:
    return sha256(previous + _encode([position, at, kind, actor, subject, detail]).encode()).digest()


def _next_key(key: bytes) -> bytes:
    return sha256(_RATCHET + key).digest()


def _events(session: Session) -> Iterator[statements.Row]:
    after = -1
    while page := statements.rows(
        session,
        "SELECT position, at, kind, actor, subject, detail, hash, mac FROM audit_event"
        " WHERE position > ? ORDER BY position LIMIT ?",
        (after, _PAGE),
    ):
        yield from page
        after = page[-1][0]
