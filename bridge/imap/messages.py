"""Cards and bodies of the selected mailbox by position, with what could not be read set apart.

Contract. `Documents` stands between a view and `storage.mail.reading`: FETCH and SEARCH ask by position. A document
that is damaged is noted in `damaged` (UIDs), one that another session expunged and erased in `vanished`; both are
absent from the answer, and the command's tagged answer is made from them.
"""

from collections.abc import Sequence
from typing import TypeVar

from bridge.imap.view import View
from bridge.mail.card import Card
from storage.errors import NotFound, Tampered
from storage.mail.reading import Reader

T = TypeVar("T")


class Documents:
    """See the module's contract; one per command."""

    __slots__ = ("_reader", "_view", "damaged", "vanished")

    def __init__(self, view: View, reader: Reader[Card]) -> None:
        self._view = view
        self._reader = reader
        self.damaged: set[int] = set()
        self.vanished: set[int] = set()

    async def cards(self, positions: Sequence[int]) -> dict[int, Card]:
        found = await self._reader.cards(self._ids(positions))
        return self._readable(positions, found)

    async def bodies(self, positions: Sequence[int]) -> dict[int, bytes]:
        """Whole messages at once: for small ones."""
        if len(positions) == 1:  # one hop to a thread instead of two
            body = await self.part(positions[0], 0, None)
            return {} if body is None else {positions[0]: body}
        found = await self._reader.bodies(self._ids(positions))
        return self._readable(positions, found)

    async def part(self, position: int, start: int, stop: int | None) -> bytes | None:
        """A byte range of one message; None if it is damaged or gone."""
        try:
            return await self._reader.body(self._view.copies[position].document_id, start, stop)
        except Tampered:
            self.damaged.add(self._view.uids[position])
        except NotFound:
            self.vanished.add(self._view.uids[position])
        return None

    def _ids(self, positions: Sequence[int]) -> list[int]:
        copies = self._view.copies
        return [copies[at].document_id for at in positions]

    def _readable(self, positions: Sequence[int], found: dict[int, "T | Tampered"]) -> dict[int, T]:
        readable: dict[int, T] = {}
        for at in positions:
            value = found.get(self._view.copies[at].document_id)
            if value is None:
                self.vanished.add(self._view.uids[at])
            elif isinstance(value, Tampered):
                self.damaged.add(self._view.uids[at])
            else:
                readable[at] = value
        return readable
