"""What went wrong with stored data, counted out of the last lines of the service log."""

from datetime import UTC, datetime
from typing import NamedTuple

from bridge import logs

REFUSED = frozenset({"batch_lost", "smtp.not_stored"})
"""Events that tell of a write that was not kept."""
DAMAGED = frozenset({"api.tampered", "outbox.tampered", "backup.body_unreadable", "imap_damaged", "mailbox.refused"})
"""Events that tell of stored data that did not open as it was kept."""


class Troubles(NamedTuple):
    refused_writes: int
    damaged: int
    """Since the log was begun, as far as its last lines go back."""


def since(begin: int) -> Troubles:
    """Refused writes from then on (epoch seconds), and all damage."""
    first = datetime.fromtimestamp(begin, UTC).isoformat()
    lines = [each.content for each in logs.recent.newest_first()]
    refused = sum(each["event"] in REFUSED and each["timestamp"] >= first for each in lines)
    return Troubles(refused, sum(each["event"] in DAMAGED for each in lines))
