"""What a sender sees of its own documents and recipients, and what a recipient sees of that (S57, S59, S60, D9)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlmodel import Session

from bridge.api import pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.problems import keep_pace
from bridge.api.schemas.sent import DisclosureOut, OwnRecipientOut, SentOut
from bridge.mail.status_wishes import Notify, Wish
from bridge.routing import places, recipients_view
from bridge.routing.recipients_view import OwnRecipient
from storage.choices import correspondents
from storage.deliveries import disclosures, sent
from storage.deliveries.disclosures import Disclosure
from storage.deliveries.sent import Seen, Sent, Wanted

router = APIRouter(prefix="/v1", tags=["sent"])
HOUR = 3600
Text = Annotated[str | None, Query(min_length=1, max_length=320)]


@router.get("/accounts/{account}/sent")
async def listing(
    access: Annotated[Access, Depends(gate(Action.SENT_READ))],
    after: After = None,
    limit: Limit = 50,
    state: Annotated[Seen | None, Query()] = None,
    recipient: Text = None,
    batch: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
) -> Page[SentOut]:
    """Own documents, newest first: a line for each recipient. Whether one was opened: with its consent alone."""
    wanted = Wanted(state, recipient, batch)
    control, position, now = access.control, pages.decode(after, [int, int]), access.control.now()
    below = (int(position[0]), int(position[1])) if position else sent.NEWEST
    found = await control.store.read(_sent, access.target.id, below, limit + 1, now, wanted)
    shown = found[:limit]
    agreed = sorted({each.account_id for each in shown if each.opened_at is not None})
    if agreed:
        await control.store.write(_note_opened, agreed, access, now)
    end = pages.encode((shown[-1].handed_in_at, shown[-1].id)) if len(found) > limit else None
    return Page(items=[_out(each) for each in shown], next=end)


def _sent(
    session: Session, account_id: int, below: tuple[int, int], limit: int, now: int, wanted: Wanted
) -> list[Sent]:
    correspondent_id = correspondents.find(session, account_id)
    return [] if correspondent_id is None else sent.listing(session, correspondent_id, below, limit, now, wanted)


def _note_opened(session: Session, account_ids: list[int], access: Access, now: int) -> None:
    """Once an hour: a list that is read again tells nothing more."""
    told, what, since = access.target.id, disclosures.OPENED, now - HOUR
    new = [each for each in account_ids if not disclosures.is_told(session, each, told, what, since)]
    disclosures.note(session, new, what, now, basis="receipts", road=access.road, told_account_id=told)


@router.get("/accounts/{account}/recipients")
async def recipients(
    access: Annotated[Access, Depends(gate(Action.RECIPIENTS_READ))],
    after: After = None,
    limit: Limit = 100,
    text: Text = None,
) -> Page[OwnRecipientOut]:
    """By which channel a document would reach each own recipient now. Every one that is named in the answer can read
    that you asked. `text`: part of the address.
    """
    control, position, now = access.control, pages.decode(after, [int]), access.control.now()
    keep_pace(control.look_ups, access.target.id, now)
    number = int(position[0]) if position else 0
    found = await control.store.read(
        recipients_view.of_sender, access.target.id, places.of(control.settings), number, limit + 1, text
    )
    shown = found[:limit]
    if shown:
        await control.store.write(_note_channels, shown, access, now)
    items = [OwnRecipientOut(recipient=each.address, channels=each.channels) for each in shown]
    return Page(items=items, next=pages.encode((shown[-1].account_id,)) if len(found) > limit else None)


def _note_channels(session: Session, shown: list[OwnRecipient], access: Access, now: int) -> None:
    accounts, told = [each.account_id for each in shown], access.target.id
    basis, road = "own-recipient", access.road
    disclosures.note(session, accounts, disclosures.CHANNEL, now, basis=basis, road=road, told_account_id=told)


@router.get("/accounts/{account}/disclosures")
async def told(
    access: Annotated[Access, Depends(gate(Action.DISCLOSURES_READ))], after: After = None, limit: Limit = 50
) -> Page[DisclosureOut]:
    """Who was told what about one, newest first: senders, and third parties that carried a document."""
    position = pages.decode(after, [int])
    below = int(position[0]) if position else None
    found, rest = await access.control.store.read(disclosures.listing, access.target.id, below, limit)
    return Page(items=[_told(each) for each in found], next=None if rest is None else pages.encode((rest,)))


def _told(each: Disclosure) -> DisclosureOut:
    return DisclosureOut(id=each.id, at=each.at, told=each.told, what=each.what, basis=each.basis, road=each.road)


def _out(each: Sent) -> SentOut:
    wish = None if each.dsn is None else Wish.parse(each.dsn)
    reports = () if wish is None else wish.notify or (Notify.FAILURE,)
    return SentOut(
        delivery=each.public_id,
        document=each.document_public_id,
        recipient=None if wish is None else wish.to,
        document_type=each.document_type,
        handed_in_at=each.handed_in_at,
        state=each.state,
        state_at=each.state_at,
        opened_at=each.opened_at,
        batch=each.batch,
        reports=[kind.lower() for kind in reports],
        read_receipt=each.wants_mdn,
    )
