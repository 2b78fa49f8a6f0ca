"""What left for a mail program without a flag to show for it: gathered per session, written down together (S14).

    by PEEK, or from a folder open for reading only        downloaded
    BODY[…] without PEEK by a device that may only read    opened: it cannot set \\Seen, but means to

Contract. `downloaded` and `read` cost a few set operations and no write. What is gathered is posted when it is
`ENOUGH`, with the next command that is no FETCH, and when the session ends: reading goes on at its own speed. A crash
before that loses the note, never a document, and so does a database that cannot be read: whoever ends a session must
not be held up by it. What is known already is not written again. Whoever reads by a
break-glass access is not the recipient: nothing is gathered.
"""

from collections.abc import Sequence

import structlog

from bridge.clock import Clock
from storage.database import Store
from storage.deliveries import deliveries
from storage.errors import StorageError
from storage.oversight.usage import Category
from storage.records import Device, Origin

log = structlog.get_logger(__name__)

ENOUGH = 500
"""Documents in one statement."""


class Downloads:
    """One per session that is signed in."""

    __slots__ = ("_account_id", "_clock", "_fetched", "_own", "_read", "_store")

    def __init__(self, store: Store, account_id: int, device: Device, clock: Clock) -> None:
        self._store = store
        self._account_id = account_id
        self._own = device.origin is not Origin.BREAK_GLASS
        self._clock = clock
        self._fetched: set[int] = set()
        self._read: set[int] = set()

    def downloaded(self, document_ids: Sequence[int]) -> None:
        """Bytes of their bodies were sent."""
        self._note(self._fetched, document_ids)

    def read(self, document_ids: Sequence[int]) -> None:
        """The same, asked for as by somebody who reads."""
        self._note(self._read, document_ids)

    def count(self, category: Category, times: int = 1) -> None:
        """Add to the usage of the account (S13)."""
        if self._own and times:
            self._store.usage.note(self._account_id, category, times)

    def flush(self) -> None:
        if not (self._fetched or self._read):
            return
        fetched, read, self._fetched, self._read = sorted(self._fetched), sorted(self._read), set(), set()
        store, account_id, now = self._store, self._account_id, int(self._clock())
        self.count(Category.DOWNLOAD, len(fetched))
        self.count(Category.OPEN, len(read))
        try:
            if bool(read) and store.look_up(deliveries.any_unopened, account_id):
                store.post(deliveries.opened, account_id, read, now)
            if bool(fetched) and store.look_up(deliveries.any_unfetched, account_id):
                store.post(deliveries.downloaded, account_id, fetched, now)
        except StorageError as error:
            log.error("imap_not_noted", documents=len(read) + len(fetched), kind=type(error).__name__)

    def _note(self, gathered: set[int], document_ids: Sequence[int]) -> None:
        if self._own:
            gathered.update(document_ids)
            if len(gathered) >= ENOUGH:
                self.flush()
