"""The audit log: who did what to what, in a chain that shows any change.

    hash_i = SHA-256(hash_{i-1} ‖ canonical JSON of event i)        hash_0 = 32 zero bytes
    mac_i  = HMAC-SHA256(key_i, hash_i)       key_{i+1} = SHA-256(label ‖ key_i)       key_1 from `ServerKeys.audit`

Only the key for the next event is kept in the database: who reads it there cannot forge the MAC of an older event.
Cutting events off at the end, together with the head, is shown only by heads kept elsewhere (`audit_heads`). Events
carry ids and counts, never a subject, an address or anything of a document.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlmodel import Session

from storage.engine import statements
from storage.engine.changes import announce
from storage.errors import Tampered
from storage.keys.master import ServerKeys
from storage.oversight import audit_index
from storage.records import AuditAppended

_RATCHET = b"postex audit ratchet"
FIRST_HASH = bytes(32)
"""What the first event is chained to: the hash at position 0."""
_PAGE = 1000
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


@dataclass(frozen=True, slots=True)
class Verification:
    """What a look at the whole log found, in one snapshot of it."""

    position: int
    """Of the last event that holds."""
    hash: bytes
    """Of that event."""
    broken_at: int | None
    """First position where the chain does not hold: an event was altered, removed or put in there."""
    misindexed_at: int | None
    """First position that the index of accounts and domains has wrong, while the chain may hold."""

    @property
    def first_bad(self) -> int | None:
        return min((at for at in (self.broken_at, self.misindexed_at) if at is not None), default=None)


def begin(session: Session, keys: ServerKeys) -> None:
    """Start the chain if there is none."""
    statements.run(
        session,
        "INSERT INTO audit_head (id, position, hash, ratchet_key) VALUES (1, 0, ?, ?) ON CONFLICT (id) DO NOTHING",
        (FIRST_HASH, _next_key(keys.audit)),
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
    if not kind.startswith(audit_index.UNINDEXED):
        audit_index.note(session, position, actor, subject)
        announce(session, AuditAppended(position))


def link(session: Session, position: int) -> tuple[bytes, bytes] | None:
    """The hash of an event and that of the one before it; None where one of them is not there."""
    found = statements.rows(
        session, "SELECT position, hash FROM audit_event WHERE position IN (?, ?)", (position, position - 1)
    )
    hashes: dict[int, bytes] = {0: FIRST_HASH} | dict(found)
    if not all(isinstance(each, bytes) for each in hashes.values()):
        raise Tampered("audit event")
    return (hashes[position], hashes[position - 1]) if {position, position - 1} <= hashes.keys() else None


def verify(session: Session, keys: ServerKeys) -> int | None:
    """The first position where the log does not hold, None if it does all through."""
    return examine(session, keys).first_bad


def examine(session: Session, keys: ServerKeys) -> Verification:
    """Check every event, its MAC and its index rows. Memory does not grow with the log.

    The session's one snapshot is looked at: events appended meanwhile are not missed, and not mistaken for damage.
    """
    index = audit_index.IndexCheck(session)
    position, previous, key = 0, FIRST_HASH, _next_key(keys.audit)
    broken, after = None, None
    while page := _page(session, after):
        for event in page if broken is None else ():
            link = _expected(previous, position + 1, event)
            if link is None or event[6] != link or event[7] != hmac.digest(key, link, "sha256"):
                broken = min(position + 1, event[0])
                break
            position, previous, key = position + 1, link, _next_key(key)
        after = page[-1][0]
        index.look(page[0][0], after)
    if broken is None:
        head = statements.row(session, "SELECT position, hash, ratchet_key FROM audit_head WHERE id = 1")
        broken = None if head == (position, previous, key) else position + 1
    return Verification(position, previous, broken, index.finish())


def reindex(session: Session, actor: str, now: int) -> None:
    """Make the index of accounts and domains anew, out of the events; that it was needed is an event too."""
    audit_index.rebuild(session)
    append(session, "audit.reindexed", actor, "audit", {}, now)


def _expected(previous: bytes, position: int, event: statements.Row) -> bytes | None:
    """The hash that the event must have at `position`; None for what no event is."""
    if event[0] != position or not isinstance(event[1], int) or not all(isinstance(each, str) for each in event[2:6]):
        return None
    return _link(previous, position, *event[1:6])


def _link(previous: bytes, position: int, at: int, kind: str, actor: str, subject: str, detail: str) -> bytes:
    return sha256(previous + _encode([position, at, kind, actor, subject, detail]).encode()).digest()


def _next_key(key: bytes) -> bytes:
    return sha256(_RATCHET + key).digest()


def _page(session: Session, after: int | None) -> list[statements.Row]:
    """The next events by position, from the lowest there is: none can hide below the first."""
    columns = "SELECT position, at, kind, actor, subject, detail, hash, mac FROM audit_event"
    if after is None:
        return statements.rows(session, f"{columns} ORDER BY position LIMIT ?", (_PAGE,))
    return statements.rows(session, f"{columns} WHERE position > ? ORDER BY position LIMIT ?", (after, _PAGE))
