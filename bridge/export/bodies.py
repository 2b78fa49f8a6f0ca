"""One's documents put into an archive, folder by folder, piece by piece, each as IMAP gives its BODY[] (S44).

Contract. Memory holds a page of copies and a piece of one document. What cannot be read is listed in `unread`, never
left out silently. Documents that went out count as downloaded (S14).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from bridge.clock import Clock
from bridge.export import mbox
from bridge.export.archive import Archive, Put
from bridge.export.documents import Places, eml
from bridge.mail.card import Card
from storage.database import Store
from storage.deliveries import deliveries
from storage.errors import NotFound, Tampered
from storage.keys.keyring import AccountKeys
from storage.mail import copies, mailboxes
from storage.mail.reading import Reader
from storage.records import Account, Copy, Mailbox

PAGE = 100
"""Copies asked for at once."""
PIECE = 256 * 1024


@dataclass
class Bodies:
    """Of one account, for one archive."""

    store: Store
    account: Account
    keys: AccountKeys = field(repr=False)
    archive: Archive
    clock: Clock
    unread: list[str] = field(default_factory=list)
    written: int = 0

    def __post_init__(self) -> None:
        self._reader = Reader(self.store, self.account, self.keys, Card.decode)

    async def as_files(self) -> AsyncIterator[None]:
        """A file each; gives the turn back after each piece."""
        places = Places()
        for mailbox in await self._mailboxes():
            folder = places.folder(mailbox.name)
            async for copy in self._copies(mailbox):
                name = eml(folder, copy.uid)
                async with self.archive.file(name, copy.internal_date) as put:
                    async for piece in self._pieces(copy, name):
                        await put(piece)
                        yield

    async def as_mboxes(self) -> AsyncIterator[None]:
        """A file for each folder."""
        places = Places()
        for mailbox in await self._mailboxes():
            name = f"{places.folder(mailbox.name)}.mbox"
            async with self.archive.file(name, int(self.clock())) as put:
                async for copy in self._copies(mailbox):
                    async for _ in self._quoted(copy, name, put):
                        yield

    async def _quoted(self, copy: Copy, name: str, put: Put) -> AsyncIterator[None]:
        quoting = mbox.Quoting()
        await put(mbox.opening(copy.internal_date))
        async for piece in self._pieces(copy, f"{name}: {copy.uid}"):
            await put(quoting.of(piece))
            yield
        await put(quoting.rest() + mbox.END)

    async def _mailboxes(self) -> list[Mailbox]:
        return await self.store.read(mailboxes.listing, self.account.id, self.keys)

    async def _copies(self, mailbox: Mailbox) -> AsyncIterator[Copy]:
        above = 0
        while page := await self.store.read(copies.page_of, mailbox.id, above, PAGE):
            for copy in page:
                yield copy
            above = page[-1].uid
            seen = [copy.document_id for copy in page]
            self.store.post(deliveries.downloaded, self.account.id, seen, int(self.clock()))

    async def _pieces(self, copy: Copy, name: str) -> AsyncIterator[bytes]:
        start, read = 0, self._read
        while piece := await read(copy, start, name):
            start += len(piece)
            yield piece
            if len(piece) < PIECE:
                break
        self.written += 1

    async def _read(self, copy: Copy, start: int, name: str) -> bytes:
        try:
            return await self._reader.body(copy.document_id, start, start + PIECE)
        except (NotFound, Tampered) as refused:
            self.unread.append(f"{name}: {type(refused).__name__}")
            return b""
