"""Senders who asked for it are told once that a document takes long to hand on (NOTIFY=DELAY, RFC 3461 section 4.1).

Only of the channel that the recipient chose, never of a ladder: that would tell that a document lies unopened.
"""

from dataclasses import replace

from sqlmodel import Session

from bridge.channels import status
from bridge.housekeeping import apart
from bridge.mail.status_wishes import Notify, Wish
from bridge.notices.reports import Event
from storage.database import Store
from storage.deliveries import delayed, deliveries

PATIENCE = 4 * 3600
"""Seconds (RFC 5321 section 4.5.4.1 has servers try for days)."""
MOST = 200


async def tell(store: Store, now: int) -> int:
    """The chore; how many."""
    due = await store.read(delayed.unfinished, now - PATIENCE, MOST)
    return await apart("delays", due, lambda delivery_id: store.write(_tell, delivery_id, now))


def _tell(session: Session, delivery_id: int, now: int) -> bool:
    delivery = deliveries.get(session, delivery_id)
    wish = None if delivery.dsn is None else Wish.parse(delivery.dsn)
    if wish is None or not wish.wants(Notify.DELAY):
        return False
    status.tell(session, delivery, Event.DELAYED, now)
    left = tuple(kind for kind in wish.notify if kind is not Notify.DELAY) or (Notify.NEVER,)
    delayed.note_told(session, delivery_id, replace(wish, notify=left).text())
    return True
