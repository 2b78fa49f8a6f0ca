"""Deliveries: one document for one reader, from the decision to its end (S14, D3, D9).

    waiting ─▶ leaving ─▶ handed-off          the ladder, or the channel chosen
       │          └─▶ failed ─▶ waiting       where a rung is left
       └─▶ opened | removed                   the reader was quicker

Where the reader chose a channel that leaves, the state tells of that channel: opening the copy in the mailbox stops
nothing and is noted in `opened_at` alone, so that what happens to the letter does not tell whether it was read.

Opened ≠ downloaded: `downloaded` notes that bytes left for a mail program, `opened` that the reader has read the
document. `put_away` notes what the reader deleted or put into the trash: of what was never read it says `removed`,
since handled is not read. Both end the ladder, cancel what waits in the outbox for it, and take the server's own way
to the document away. Filing elsewhere ends nothing: rules of mail programs file what nobody has seen.

All work on whole sets: ten thousand documents cost a few statements for each `statements.CHUNK`, and nothing where an
account has no delivery left that was not opened (`any_unopened`, one probe of a partial index).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from storage.deliveries import endings, outbox_keys, transcript
from storage.deliveries.endings import Stake
from storage.deliveries.terms import Channel, DeliveryState, DocumentType, Ladder, Notify, Rung, Sensitivity
from storage.engine import statements
from storage.errors import NotFound

COLUMNS = (
    "delivery.id, delivery.public_id, document_id, document_public_id, delivery.account_id, correspondent_id,"
    " batch_id, document_type, sensitivity, decided_at, channel, state, reasons, notify, language, receipts,"
    " wants_mdn, dsn, reply_by, expires_at, downloaded_at, opened_at, ladder, ladder_step, ladder_due_at, needs_key,"
    " erase_at, ended_at"
)
_UNOPENED = "SELECT 1 FROM delivery WHERE account_id = ? AND opened_at IS NULL AND document_id IS NOT NULL LIMIT 1"
_UNFETCHED = _UNOPENED.replace(" LIMIT", " AND downloaded_at IS NULL LIMIT")
_DOWNLOADED = (
    "UPDATE delivery SET downloaded_at = ?"
    " WHERE account_id = ? AND +downloaded_at IS NULL AND +opened_at IS NULL AND document_id IN (?*)"
)
"""By the index of documents: each + keeps it from reading all that was never fetched, once for each chunk."""
_OPENED = (
    "UPDATE delivery SET opened_at = ?, downloaded_at = coalesce(downloaded_at, ?), ladder_due_at = NULL,"
    " needs_key = CASE WHEN state = 'leaving' OR channel <> 'mailbox' THEN needs_key ELSE 0 END,"
    " state = CASE WHEN state IN ('waiting', 'delivered', 'removed') OR state = 'failed' AND channel = 'mailbox'"
    " THEN 'opened' ELSE state END"
    " WHERE account_id = ? AND opened_at IS NULL AND state NOT IN ('refused', 'held') AND document_id IN (?*)"
)
_TRASHED = (
    "UPDATE delivery SET ladder_due_at = NULL, needs_key = CASE WHEN state = 'leaving' THEN needs_key ELSE 0 END,"
    " state = CASE WHEN state = 'leaving' THEN state ELSE 'removed' END"
    " WHERE account_id = ? AND opened_at IS NULL AND state IN ('waiting', 'delivered', 'failed', 'leaving')"
    " AND (state <> 'failed' OR channel = 'mailbox') AND document_id IN (?*)"
    " AND NOT EXISTS (SELECT 1 FROM copy JOIN mailbox ON mailbox.id = copy.mailbox_id"
    " WHERE copy.document_id = delivery.document_id AND copy.account_id = delivery.account_id"
    " AND coalesce(special, '') <> 'trash')"
)
_GONE = (
    "UPDATE delivery SET document_id = NULL, erase_at = NULL, ladder_due_at = NULL, needs_key = 0,"
    " ended_at = coalesce(ended_at, ?),"
    " state = CASE WHEN state = 'leaving' AND channel <> 'mailbox' THEN state"
    " WHEN opened_at IS NOT NULL AND state = 'leaving' THEN 'opened'"
    " WHEN opened_at IS NULL AND (state IN ('waiting', 'delivered', 'leaving')"
    " OR state = 'failed' AND channel = 'mailbox') THEN 'removed' ELSE state END"
    " WHERE account_id = ? AND document_id IN (?*) AND NOT EXISTS (SELECT 1 FROM copy"
    " WHERE copy.document_id = delivery.document_id AND copy.account_id = delivery.account_id)"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    id: int
    public_id: str
    document_id: int | None
    document_public_id: str
    account_id: int
    correspondent_id: int | None
    batch_id: int | None
    document_type: DocumentType
    sensitivity: Sensitivity | None
    decided_at: int
    channel: Channel
    state: DeliveryState
    reasons: str | None
    notify: Notify
    language: str
    receipts: bool
    wants_mdn: bool
    dsn: str | None
    reply_by: int | None
    expires_at: int | None
    downloaded_at: int | None
    opened_at: int | None
    ladder: Ladder
    ladder_step: int
    ladder_due_at: int | None
    needs_key: bool
    erase_at: int | None
    ended_at: int | None


def get(session: Session, delivery_id: int) -> Delivery:
    """NotFound."""
    found = statements.row(session, f"SELECT {COLUMNS} FROM delivery WHERE id = ?", (delivery_id,))  # noqa: S608
    if found is None:
        raise NotFound("delivery")
    return as_delivery(found)


def of_document(session: Session, account_id: int, document_public_id: str) -> Delivery:
    """The delivery of a document to a reader, named by what the 250 told its sender. NotFound."""
    found = statements.row(
        session,
        f"SELECT {COLUMNS} FROM delivery WHERE account_id = ? AND document_id ="  # noqa: S608
        " (SELECT id FROM document WHERE public_id = ?) ORDER BY id LIMIT 1",
        (account_id, document_public_id),
    ) or statements.row(  # refused, or erased since: no index has it
        session,
        f"SELECT {COLUMNS} FROM delivery WHERE account_id = ? AND document_public_id = ? ORDER BY id LIMIT 1",  # noqa: S608
        (account_id, document_public_id),
    )
    if found is None:
        raise NotFound("delivery")
    return as_delivery(found)


def with_tag(session: Session, account_id: int, message_tag: bytes) -> Delivery:
    """The newest delivery to a reader of a document with this Message-ID, by its tag. NotFound."""
    found = statements.row(
        session,
        f"SELECT {COLUMNS} FROM delivery WHERE account_id = ? AND message_tag = ? ORDER BY id DESC LIMIT 1",  # noqa: S608
        (account_id, message_tag),
    )
    if found is None:
        raise NotFound("delivery")
    return as_delivery(found)


def newest_of(
    session: Session, account_id: int, correspondent_id: int, kind: DocumentType | None = None
) -> str | None:
    """The document of a sender that came to a reader last, of one type or any; None if there is none."""
    found = statements.row(
        session,
        "SELECT document_public_id FROM delivery WHERE account_id = ? AND correspondent_id = ? AND state <> 'held'"
        " AND (? IS NULL OR document_type = ?) ORDER BY id DESC LIMIT 1",
        (account_id, correspondent_id, kind, kind),
    )
    return None if found is None else str(found[0])


def any_unopened(session: Session, account_id: int) -> bool:
    """Whether `opened` may have something to do."""
    return statements.row(session, _UNOPENED, (account_id,)) is not None


def any_unfetched(session: Session, account_id: int) -> bool:
    """Whether `downloaded` may have something to do."""
    return statements.row(session, _UNFETCHED, (account_id,)) is not None


def downloaded(session: Session, account_id: int, document_ids: Sequence[int], now: int) -> None:
    """Bytes of the body left for a program of the reader: says nothing about a person."""
    if not any_unfetched(session, account_id):
        return
    for marks, part in statements.chunks(document_ids):
        statements.run(session, _DOWNLOADED.replace("?*", marks), (now, account_id, *part))


def opened(session: Session, account_id: int, document_ids: Sequence[int], now: int) -> None:
    """The reader has read these documents; a second time changes nothing."""
    if not any_unopened(session, account_id):
        return
    for marks, part in statements.chunks(document_ids):
        staked = endings.at_stake(session, account_id, part)
        statements.run(session, _OPENED.replace("?*", marks), (now, now, account_id, *part))
        endings.stop(session, account_id, staked, now, "opened")


def put_away(session: Session, account_id: int, document_ids: Sequence[int], now: int) -> None:
    """Copies of these were deleted or put into the trash. What has no other copy outside it is handled; what has none
    at all is gone for this reader. Before the rows of the documents go (`copies.release`).

    What waits to leave by its own channel stays in the outbox, without a key: its carrier finds nothing at its next
    attempt, and the sender is answered then, as when a channel fails. Neither answer nor moment tells of the removal.
    """
    for marks, part in statements.chunks(document_ids):
        staked = endings.at_stake(session, account_id, part)
        if statements.run(session, _GONE.replace("?*", marks), (now, account_id, *part)) and staked:
            needless = [each.document_id for each in staked if each.document_id is not None]
            outbox_keys.destroy_needless(session, needless)  # also of what was read before and has begun to leave
        statements.run(session, _TRASHED.replace("?*", marks), (account_id, *part))
        if staked:
            endings.stop(session, account_id, _ended(session, staked), now, "removed")


def _ended(session: Session, staked: Sequence[Stake]) -> list[Stake]:
    """Those whose ladder, or whatever else was to happen, is over now."""
    return _those(session, staked, "opened_at IS NULL AND ladder_due_at IS NULL")


def _those(session: Session, staked: Sequence[Stake], condition: str) -> list[Stake]:
    marks = ",".join("?" * len(staked))
    sql = f"SELECT id FROM delivery WHERE id IN ({marks}) AND {condition}"  # noqa: S608 - from above
    found = {number for (number,) in statements.rows(session, sql, [each.id for each in staked])}
    return [each for each in staked if each.id in found]


def handed_off(session: Session, delivery_id: int, channel: Channel, now: int, detail: str | None = None) -> None:
    """A third party has it. The server's own way to the document ends here, and the ladder. NotFound."""
    found = get(session, delivery_id)
    statements.run(
        session,
        "UPDATE delivery SET state = ?, ended_at = ?, ladder_due_at = NULL WHERE id = ?",
        (DeliveryState.HANDED_OFF, now, delivery_id),
    )
    statements.run(session, endings.DROP_LADDER_JOBS.replace("?*", "?"), (delivery_id,))
    outbox_keys.give_up(session, delivery_id)
    transcript.note(session, found.account_id, delivery_id, f"{channel}.handed-off", now, channel, detail)


def failed(session: Session, delivery_id: int, channel: Channel, problem: str, now: int) -> None:
    """A channel gave up: the next rung of the ladder is due at once; without one the mailbox is all. NotFound.

    Also after `handed_off`, as when an e-mail comes back: then the server can no longer open the document, so that
    what is left of the ladder can only remind.
    """
    found = get(session, delivery_id)
    transcript.note(session, found.account_id, delivery_id, f"{channel}.failed", now, channel, problem)
    if _is_handled(found):
        statements.run(session, endings.STAYS.replace("?*", "?"), (DeliveryState.REMOVED, delivery_id))
        if found.state is DeliveryState.HANDED_OFF or found.channel is not Channel.MAILBOX:  # nobody else has it
            statements.run(session, "UPDATE delivery SET state = ? WHERE id = ?", (_after_end(found), delivery_id))
        outbox_keys.destroy_needless(session, [] if found.document_id is None else [found.document_id])
    elif _may_climb(found) and not transcript.is_superseded(session, delivery_id):
        statements.run(
            session,
            "UPDATE delivery SET state = ?, ladder_due_at = ?, ended_at = NULL WHERE id = ?",
            (DeliveryState.WAITING, _hastened(found, now), delivery_id),
        )
    elif not is_under_way(session, delivery_id):
        statements.run(
            session,
            "UPDATE delivery SET state = ?, ladder_due_at = NULL WHERE id = ?",
            (DeliveryState.FAILED, delivery_id),
        )
        if not has_dead_letters(session, delivery_id):
            outbox_keys.give_up(session, delivery_id)


def _is_handled(found: Delivery) -> bool:
    """Whether its reader has ended what its ladder was for, or has removed it."""
    read = found.opened_at is not None and found.channel is Channel.MAILBOX
    return read or found.document_id is None or found.state is DeliveryState.REMOVED


def _after_end(found: Delivery) -> DeliveryState:
    """Of one that its reader has handled; the state of a channel that leaves tells of that alone."""
    if found.channel is not Channel.MAILBOX:
        return DeliveryState.FAILED
    return DeliveryState.REMOVED if found.opened_at is None else DeliveryState.OPENED


def _may_climb(found: Delivery) -> bool:
    rest = found.ladder.rungs[found.ladder_step :]
    return bool(rest) and found.opened_at is None and (found.needs_key or rest[0][1] is Rung.REMIND)


def _hastened(found: Delivery, now: int) -> int:
    """When the next rung is due after one that gave up: at once, but no reminder right behind another."""
    rungs = [rung for _, rung in found.ladder.rungs]
    repeats = rungs[max(found.ladder_step - 1, 0) : found.ladder_step + 1] == [Rung.REMIND, Rung.REMIND]
    return found.ladder_due_at if repeats and found.ladder_due_at is not None else now


def is_under_way(session: Session, delivery_id: int) -> bool:
    """Whether an e-mail, a letter or the like of it is in the outbox still, and not given up."""
    sql = "SELECT 1 FROM job WHERE delivery_id = ? AND state IN ('waiting', 'uncertain') AND kind <> 'notice'"
    return statements.row(session, sql, (delivery_id,)) is not None


def has_dead_letters(session: Session, delivery_id: int) -> bool:
    """Whether a person may still have it tried again: till then the server can open the document."""
    sql = "SELECT 1 FROM job WHERE delivery_id = ? AND state = 'dead' AND kind <> 'notice'"
    return statements.row(session, sql, (delivery_id,)) is not None


def as_delivery(row: statements.Row) -> Delivery:
    """From the columns above, in their order."""
    values = list(row)
    values[7] = DocumentType(values[7])
    values[8] = None if values[8] is None else Sensitivity(values[8])
    values[10], values[11], values[13] = Channel(values[10]), DeliveryState(values[11]), Notify(values[13])
    values[15], values[16], values[25] = bool(values[15]), bool(values[16]), bool(values[25])
    values[22] = Ladder.parse(values[22] or "")
    return Delivery(*values)
