"""What we hold about you: the data inventory with one's own values, and as a message in one's mailbox (S40, S41)."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from bridge import inventory
from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import keep_pace, locale_of
from bridge.api.schemas.held import HeldItemOut, HeldOut, HeldSentOut
from bridge.channels import notice
from bridge.i18n import LANGUAGES, text
from bridge.inventory import Item
from bridge.notices.held import Line, WhatWeHold
from storage.people import held
from storage.people.held import Kept

router = APIRouter(prefix="/v1/me/held", tags=["self"])
Reading = Annotated[Access, Depends(gate(Action.SELF_READ))]


@router.get("")
async def listing(access: Reading, request: Request) -> HeldOut:
    """Every item, in the reader's language, with what is there now."""
    return await of(access, locale_of(request))


@router.post("/mail", status_code=201)
async def mail(access: Reading) -> HeldSentOut:
    """Put the list into the INBOX."""
    control, account, now = access.control, access.signed_in, access.control.now()
    keep_pace(control.mailed, account.id, now)
    found = await of(access, account.locale)
    lines = tuple(Line(each.title, shown(each), each.purpose, each.retention) for each in found.items)
    drafts = [await notice.draft(control.store, account, WhatWeHold(now, lines), now)]
    await control.store.write(notice.deliver_with, drafts, now)
    return HeldSentOut(items=len(lines))


async def of(access: Access, locale: str) -> HeldOut:
    """In this language."""
    now = access.control.now()
    kept = await access.control.store.read(held.of_account, access.signed_in.id, now)
    return HeldOut(at=now, items=[_out(item, kept[item.name], locale) for item in inventory.ITEMS])


def shown(item: HeldItemOut) -> str:
    """The values, or how many."""
    return ", ".join(item.values) if item.count is None else str(item.count)


def _out(item: Item, kept: Kept, locale: str) -> HeldItemOut:
    words = ("title", "purpose", "basis", "retention", "seen_by", "reason")
    return HeldItemOut(
        name=item.name,
        tag=item.tag,
        change=item.change,
        place=item.place,
        values=_told(item.name, kept.values),
        count=kept.count,
        newest=kept.newest,
        **{each: text(locale, getattr(item, each)) for each in words},
    )


def _told(name: str, values: Sequence[str]) -> list[str]:
    """As people say them."""
    return [LANGUAGES.get(each, each) for each in values] if name == "language" else list(values)
