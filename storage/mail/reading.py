"""Reading as the reader: cards and bodies opened with an account's keys; new copies adopted on the way.

Adoption: a document arrives with its key sealed to the reader's identity key (HPKE, some 60 µs to open) and one card
for all readers. The first session that sees it seals both again under the account's own symmetric keys, so that every
later listing costs a few microseconds a card. The result does not wait for that write, nor fail with it.

A document whose wrap, card or body was altered or moved is refused alone: `Tampered` in its place.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from sqlmodel import Session

from storage.database import Store
from storage.engine import statements
from storage.engine.bodies import Bodies
from storage.errors import NotFound, Tampered
from storage.keys.envelope import open_body, split_card
from storage.keys.keyring import AccountKeys
from storage.keys.stream import BodyShape
from storage.mail.adoption import Adopted, adopt, document_key, fresh_cards
from storage.records import Account

T = TypeVar("T")

BATCH = 250
"""Cards opened in one go by a reader thread: some milliseconds, so that other sessions get their turn."""
CARD_OVERHEAD = 1500
"""Bytes that a decoded card takes beyond its encoded size, roughly, with what it remembers of questions asked."""
SMALL_BODY = 256 * 1024
"""Bodies up to this size are opened where their row was read: a hop to another thread would cost more."""
LIGHT_BODY = 16 * 1024
"""Bodies up to this size whose card is held are read in the event loop's own thread: a few rows, 10 µs to open."""


class Held(NamedTuple, Generic[T]):
    """What the cache keeps of a document."""

    shape: BodyShape
    card: T


@dataclass(frozen=True, slots=True)
class Located:
    """A body, found and with the key that opens it."""

    public_id: str
    key: bytes = field(repr=False)
    shape: BodyShape
    body_name: str | None
    inline: bytes | None = field(repr=False)

    def open(self, bodies: Bodies, start: int, stop: int | None) -> bytes:
        """Bytes `start` to `stop` (or the end) of the message. Tampered."""
        read = partial(bodies.read, self.body_name) if self.body_name is not None else self._read_inline
        last = self.shape.length if stop is None else min(stop, self.shape.length)
        return open_body(self.key, self.shape, min(start, last), last, read, document=self.public_id)

    def _read_inline(self, offset: int, length: int) -> bytes:
        """Nothing, and so too short a body, if the row is gone or holds no bytes."""
        return self.inline[offset : offset + length] if isinstance(self.inline, bytes) else b""


class Reader(Generic[T]):
    """Opens documents for one signed-in account. `decode` makes a card of the bridge's bytes, once per card."""

    def __init__(self, store: Store, account: Account, keys: AccountKeys, decode: Callable[[bytes], T]) -> None:
        self._store = store
        self._account = account
        self._keys = keys
        self._decode = decode

    async def cards(self, document_ids: Sequence[int]) -> dict[int, T | Tampered]:
        """The card of each document that the account holds (others are left out), or why it is refused."""
        held: dict[int, Held[T]] = self._keys.card_cache.found(document_ids)
        cards: dict[int, T | Tampered] = {document: kept.card for document, kept in held.items()}
        missing = [document for document in dict.fromkeys(document_ids) if document not in cards]
        for start in range(0, len(missing), BATCH):
            opened = await self._store.read(self._open_cards, missing[start : start + BATCH])
            cards |= {document: kept.card if isinstance(kept, Held) else kept for document, kept in opened.items()}
        return cards

    async def body(self, document_id: int, start: int = 0, stop: int | None = None) -> bytes:
        """Bytes `start` to `stop` of the message. NotFound if the account does not hold it, Tampered, Busy."""
        if self._is_light(document_id):
            found = self._store.look_up(self._body_or_place, document_id, start, stop)
        else:
            found = await self._store.read(self._body_or_place, document_id, start, stop)
        if isinstance(found, Located):
            return await self._store.in_body_pool(found.open, self._store.bodies, start, stop)
        return found

    async def bodies(self, document_ids: Sequence[int]) -> dict[int, bytes | Tampered]:
        """Whole messages, for as many as the caller wants in memory at once; those not held are left out."""
        located = await self._store.read(self._locate, document_ids)
        return await self._store.in_body_pool(self._open_all, located)

    def _is_light(self, document_id: int) -> bool:
        held: Held[T] | None = self._keys.card_cache.get(document_id)
        return held is not None and held.shape.length <= LIGHT_BODY

    # --- in a reader thread ---

    def _open_cards(self, session: Session, document_ids: Sequence[int]) -> dict[int, Held[T] | Tampered]:
        opened: dict[int, Held[T] | Tampered] = {}
        for document_id, public_id, generation, sealed in _indexed_cards(session, self._account.id, document_ids):
            try:
                plain = self._keys.open_indexed_card(sealed, document=public_id, generation=generation)
                opened[document_id] = self._keep(document_id, plain)
            except Tampered as refused:
                opened[document_id] = refused
        rest = [document_id for document_id in document_ids if document_id not in opened]
        return opened | self._adopt(session, rest) if rest else opened

    def _adopt(self, session: Session, document_ids: Sequence[int]) -> dict[int, Held[T] | Tampered]:
        opened: dict[int, Held[T] | Tampered] = {}
        adopted: list[Adopted] = []
        for document_id, found in fresh_cards(session, self._account, self._keys, document_ids):
            if isinstance(found, Tampered):
                opened[document_id] = found
            else:
                opened[document_id] = self._keep(document_id, found.plain_card)
                adopted.append(found.adopted)
        if adopted:
            self._store.post(adopt, self._account, adopted)
        return opened

    def _keep(self, document_id: int, plain_card: bytes) -> Held[T]:
        shape, encoded = split_card(plain_card)
        held = Held(shape, self._decode(encoded))
        self._keys.card_cache.put(document_id, held, len(plain_card) + CARD_OVERHEAD)
        return held

    def _body_or_place(self, session: Session, document_id: int, start: int, stop: int | None) -> bytes | Located:
        located = self._locate(session, (document_id,)).get(document_id)
        if located is None:
            raise NotFound("document")
        if isinstance(located, Tampered):
            raise located
        if located.shape.length <= SMALL_BODY:
            return located.open(self._store.bodies, start, stop)
        return located

    def _locate(self, session: Session, document_ids: Sequence[int]) -> dict[int, Located | Tampered]:
        shapes = self._shapes(session, document_ids)
        located: dict[int, Located | Tampered] = {}
        for document_id, public_id, form, generation, wrap, body_name, inline in _places(
            session, self._account.id, document_ids
        ):
            shape = shapes.get(document_id)
            if shape is None or isinstance(shape, Tampered):
                located[document_id] = shape or Tampered("a document without a card")
                continue
            try:
                key = document_key(session, self._account, self._keys, public_id, form, generation, wrap)
            except Tampered as refused:
                located[document_id] = refused
            else:
                located[document_id] = Located(public_id, key, shape, body_name, inline)
        return located

    def _shapes(self, session: Session, document_ids: Sequence[int]) -> dict[int, BodyShape | Tampered]:
        held: dict[int, Held[T] | Tampered] = dict(self._keys.card_cache.found(document_ids))
        missing = [document_id for document_id in document_ids if document_id not in held]
        if missing:
            held |= self._open_cards(session, missing)
        return {document: kept.shape if isinstance(kept, Held) else kept for document, kept in held.items()}

    def _open_all(self, located: dict[int, Located | Tampered]) -> dict[int, bytes | Tampered]:
        opened: dict[int, bytes | Tampered] = {}
        for document_id, place in located.items():
            try:
                opened[document_id] = (
                    place if isinstance(place, Tampered) else place.open(self._store.bodies, 0, None)
                )
            except Tampered as refused:
                opened[document_id] = refused
        return opened


def _indexed_cards(session: Session, account_id: int, document_ids: Sequence[int]) -> Iterator[statements.Row]:
    for marks, part in statements.chunks(document_ids):
        yield from statements.rows(
            session,
            "SELECT document.id, document.public_id, generation, sealed_card"
            " FROM indexed_card JOIN document ON document.id = indexed_card.document_id"
            " WHERE account_id = ? AND document_id IN (?*)".replace("?*", marks),
            (account_id, *part),
        )


def _places(session: Session, account_id: int, document_ids: Sequence[int]) -> Iterator[statements.Row]:
    for marks, part in statements.chunks(document_ids):
        yield from statements.rows(
            session,
            "SELECT document.id, public_id, form, generation, sealed_wrap, body_name, sealed_body"
            " FROM wrap JOIN document ON document.id = wrap.document_id"
            " LEFT JOIN inline_body ON inline_body.document_id = document.id"
            " WHERE account_id = ? AND wrap.document_id IN (?*)".replace("?*", marks),
            (account_id, *part),
        )
