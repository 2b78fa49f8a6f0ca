"""A manifest held against what was received of its batch; where both agree the batch is committed, else nothing is.

They agree if the count is that of the lines and of what is held, and each line is about one held document and each
held document about one line. A document without a Message-ID agrees with no line: such a batch is committed by its
count alone, from the command line. The sender reads in its mailbox what came of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bridge import notices
from bridge.channels import notice
from bridge.mail.manifest import Manifest
from bridge.mail.status_wishes import Wish
from bridge.routing.planning import message_tag
from storage.deliveries import batches
from storage.deliveries.batches import Batch, BatchState
from storage.errors import Conflict, NotFound
from storage.people import accounts
from storage.records import Account

_BEGUN = (BatchState.COMMITTING, BatchState.COMMITTED)


@dataclass(frozen=True, slots=True)
class Compared:
    """What does not agree; nothing of either kind, and the right count: all does."""

    held: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]


Named = Sequence[tuple[int, bytes | None] | None]
"""For each line of a manifest its reader and the tag of the document there; None: the address leads to nobody."""


def named(session: Session, manifest: Manifest, tag_key: bytes) -> Named:
    """Looked up in a reader: a full-size manifest has 100 000 lines, and nobody writes while the writer looks."""
    readers: dict[str, int | None] = {}
    for line in manifest.lines:
        if line.recipient not in readers:
            readers[line.recipient] = _reader(session, line.recipient)
    found = ((readers[line.recipient], line.message_id) for line in manifest.lines)
    return [None if reader is None else (reader, message_tag(tag_key, reader, message)) for reader, message in found]


def take(session: Session, sender: Account, manifest: Manifest, lines: Named, now: int) -> int | None:
    """The batch that is to be settled now; None if nothing was committed, and the sender was told why.

    `lines` as `named` found them.

    NotFound: there is no batch of this name, or it was cancelled. Sent again, a manifest changes nothing.
    """
    batch = batches.named(session, sender.id, manifest.name)
    if batch.state in _BEGUN:
        return batch.id if manifest.count == batch.declared else None
    if batch.state is not BatchState.OPEN:
        raise NotFound("batch")
    compared = compare(session, batch, manifest, lines)
    counts = {manifest.count, len(manifest.lines), compared.held}
    if compared.missing or compared.unexpected or len(counts) != 1:
        notice.tell(session, sender, _disagreement(manifest, compared), now)
        return None
    try:
        batches.begin(session, batch.id, compared.held, now, f"account:{sender.id}")
    except Conflict:
        raise NotFound("batch") from None
    notice.tell(session, sender, notices.BatchCommitted(manifest.name, compared.held), now)
    return batch.id


def compare(session: Session, batch: Batch, manifest: Manifest, lines: Named) -> Compared:
    """Line by line: by the reader that an address leads to, and the Message-ID."""
    held = batches.tags(session, batch.id)
    left = Counter((account_id, tag) for account_id, tag, _, _ in held)
    missing = list(manifest.wrong)
    for line, key in zip(manifest.lines, lines, strict=True):
        if key is None or not left[key]:
            missing.append(f"{line.message_id}, {line.recipient}")
        else:
            left[key] -= 1
    unexpected = []
    for account_id, tag, dsn, document in held:
        if left[account_id, tag] > 0:
            left[account_id, tag] -= 1
            unexpected.append(f"{document}, {'' if dsn is None else Wish.parse(dsn).to}")
    return Compared(len(held), tuple(missing), tuple(unexpected))


def _reader(session: Session, address: str) -> int | None:
    found = accounts.recipient(session, address)
    return None if found is None else found.account_id


def _disagreement(manifest: Manifest, compared: Compared) -> notices.BatchDisagrees:
    return notices.BatchDisagrees(
        name=manifest.name,
        declared=manifest.count,
        listed=len(manifest.lines) + len(manifest.wrong),
        received=compared.held,
        missing=compared.missing,
        unexpected=compared.unexpected,
    )
