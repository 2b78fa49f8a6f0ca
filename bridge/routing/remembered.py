"""What the decisions of hand-ins depend on, kept from one to the next until somebody chooses something.

Documents of one sender come in runs, and each look-up gives up the interpreter and wins it back from the writer. What
was read holds while `Store.choices` stays the same number (`storage.engine.watch`).
"""

from collections.abc import Sequence

from bridge.routing import planning
from bridge.routing.planning import Gathered
from storage.choices.correspondents import Key
from storage.database import Store

MOST = 4096
"""Hand-ins of different sender and readers."""
FEW = 8
"""Of hand-ins to more readers each is another."""


class Remembered:
    """One per office; used in the event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._number = -1
        self._known: dict[tuple[Key | None, bool, tuple[int, ...]], Gathered] = {}

    def gather(self, account_ids: Sequence[int], key: Key | None, verified: bool) -> Gathered:
        """`planning.gather`."""
        number = self._store.choices.number
        if number != self._number or len(self._known) >= MOST:
            self._known, self._number = {}, number
        named = (key, verified, tuple(account_ids))
        known = self._known.get(named)
        if known is None:
            known = self._store.look_up(planning.gather, account_ids, key, verified)
            if _stays(known, account_ids):
                self._known[named] = known
        return known


def _stays(gathered: Gathered, account_ids: Sequence[int]) -> bool:
    """Whether a change would be noticed: a sender or reader of whom there is no row yet may get one unseen."""
    is_known = gathered.key is None or gathered.sender.correspondent_id is not None
    return is_known and len(gathered.applying) == len(account_ids) <= FEW
