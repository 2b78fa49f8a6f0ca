"""Decoded cards kept in memory while their reader is signed in: one budget for all readers, counted in bytes.

Bytes, as a card is as large as a sender makes its headers. Over the budget, the reader who added a card longest ago
loses cards first, the one used longest ago before the others.
"""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Any

DEFAULT_BUDGET = 64 * 1024 * 1024

_Kept = OrderedDict[int, tuple[Any, int]]
"""Document id → decoded card and the bytes it counts for; used longest ago first."""
_NONE = _Kept()
"""A reader without a shelf; nothing is ever added here."""


class CardCache:
    """The cards of all readers. Safe to call from several threads."""

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self._budget = budget
        self._used = 0
        self._lock = Lock()
        self._readers: OrderedDict[str, _Kept] = OrderedDict()

    @property
    def used(self) -> int:
        """Bytes that the kept cards count for."""
        return self._used

    def shelf(self, account: str) -> "CardShelf":
        """The place for one reader's cards, until `drop`."""
        with self._lock:
            self._readers.setdefault(account, OrderedDict())
        return CardShelf(self, account)

    def drop(self, account: str) -> None:
        """Forget the reader's cards, and take no more of them."""
        with self._lock:
            kept = self._readers.pop(account, _NONE)
            self._used -= sum(size for _, size in kept.values())

    def found(self, account: str, document_ids: Iterable[int]) -> dict[int, Any]:
        """Those of the reader's cards that are kept; each counts as used now."""
        cards: dict[int, Any] = {}
        with self._lock:
            kept = self._readers.get(account, _NONE)
            for document_id in document_ids:
                if (entry := kept.get(document_id)) is not None:
                    kept.move_to_end(document_id)
                    cards[document_id] = entry[0]
        return cards

    def put(self, account: str, document_id: int, card: Any, size: int) -> None:
        """Keep a card, in place of the one kept for this document; nothing happens after `drop`."""
        with self._lock:
            kept = self._readers.get(account)
            if kept is None or size > self._budget:
                return
            self._used += size - kept.pop(document_id, (None, 0))[1]
            kept[document_id] = (card, size)
            self._readers.move_to_end(account)
            self._shrink()

    def discard(self, account: str, document_id: int) -> None:
        """Forget one card, if it is kept."""
        with self._lock:
            self._used -= self._readers.get(account, _NONE).pop(document_id, (None, 0))[1]

    def _shrink(self) -> None:
        for kept in self._readers.values():
            while kept and self._used > self._budget:
                self._used -= kept.popitem(last=False)[1][1]
            if self._used <= self._budget:
                return


class CardShelf:
    """One reader's part of the cache."""

    __slots__ = ("_account", "_cache")

    def __init__(self, cache: CardCache, account: str) -> None:
        self._cache = cache
        self._account = account

    def get(self, document_id: int) -> Any | None:
        """The decoded card, or None if it is not kept."""
        return self._cache.found(self._account, (document_id,)).get(document_id)

    def found(self, document_ids: Iterable[int]) -> dict[int, Any]:
        """Those that are kept, in one go."""
        return self._cache.found(self._account, document_ids)

    def put(self, document_id: int, card: Any, size: int) -> None:
        """Keep `card`; `size` is what it counts for, in bytes (its encoded size will do)."""
        self._cache.put(self._account, document_id, card, size)

    def discard(self, document_id: int) -> None:
        """Forget one, if it is kept."""
        self._cache.discard(self._account, document_id)
