"""What a domain chooses for its recipients who chose nothing, and which types nobody there can refuse (S43)."""

from typing import Annotated

from fastapi import APIRouter, Depends

from bridge.api import choices, pages
from bridge.api.access import Access, gate
from bridge.api.choices import Names
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.routes.preferences import changed_out, history_page, no_change, undo_refused
from bridge.api.schemas.preferences import (
    DomainPreferenceIn,
    HistoryOut,
    PreferencesChangedOut,
    PreferencesOut,
    UndoIn,
)
from bridge.i18n import N_
from bridge.routing import choosing, conflicts, places
from bridge.routing.choosing import ChoiceRefused
from storage.choices import changes, preferences
from storage.deliveries.terms import Road
from storage.errors import Conflict, Invalid, NotFound
from storage.records import Domain

router = APIRouter(prefix="/v1", tags=["preferences"])
Reading = Annotated[Access, Depends(gate(Action.DOMAIN_PREFERENCE_READ))]
Changing = Annotated[Access, Depends(gate(Action.DOMAIN_PREFERENCE_CHANGE))]


@router.get("/domains/{domain}/preferences")
async def listing(access: Reading) -> PreferencesOut:
    found = await access.control.store.read(preferences.of_domain, _domain(access).id)
    return PreferencesOut(
        preferences=[choices.preference_out(each, Names({})) for each in found],
        senders=[],
        mandatory=conflicts.mandatory_types(found),
    )


@router.patch("/domains/{domain}/preferences")
async def change(body: DomainPreferenceIn, access: Changing) -> PreferencesChangedOut:
    """What holds where nobody chose, for all types or one; of a type also whether it is mandatory."""
    edit, cleared = await choices.edit_of(access, body)
    _check(body, is_empty=edit.is_empty() and not cleared and body.mandatory is None)
    try:
        changed = await access.control.store.write(
            choosing.choose_for_domain,
            _domain(access).id,
            body.type,
            edit,
            mandatory=body.mandatory,
            clear=cleared,
            places=places.of(access.control.settings),
            by=choices.by(access, body.road),
        )
    except ChoiceRefused as refusal:
        raise choices.refused(refusal) from None
    return await changed_out(access, changed, [])


@router.post("/domains/{domain}/preferences/undo")
async def undo(body: UndoIn, access: Changing) -> PreferencesChangedOut:
    """Put back what stood there before an act; the last one if none is named."""
    store, domain = access.control.store, _domain(access)
    batch = body.batch or await _last(access)
    who = choices.by(access, body.road)
    taken = {"road": Road.UNDO, "actor": who.actor, "changed_by": who.changed_by, "now": who.now}
    try:
        made = await store.write(changes.undo_domain, domain.id, batch, **taken)  # type: ignore[arg-type]
    except (NotFound, Invalid, Conflict) as error:
        raise undo_refused(error) from None
    return await changed_out(access, made, [])


@router.get("/domains/{domain}/preferences/history")
async def history(access: Reading, after: After = None, limit: Limit = 50) -> Page[HistoryOut]:
    """Newest first."""
    position = pages.decode(after, (int,))
    before = None if position is None else int(position[0])
    found = await access.control.store.read(
        changes.listing_of_domain, _domain(access).id, before=before, limit=limit + 1
    )
    return await history_page(access, found, limit)


def _domain(access: Access) -> Domain:
    assert access.domain is not None, "the path names a domain"
    return access.domain


async def _last(access: Access) -> str:
    found = await access.control.store.read(changes.listing_of_domain, _domain(access).id)
    open_ones = [each.batch for each in found if each.can_be_undone(access.control.now())]
    if not open_ones:
        raise no_change()
    return open_ones[0]


def _check(body: DomainPreferenceIn, *, is_empty: bool) -> None:
    if is_empty:
        raise Problem("nothing-chosen", 422, N_("Choose something to change."))
    if body.type is None and body.mandatory is not None:
        raise Problem("mandatory-needs-type", 422, N_("Only a type of document can be mandatory: name the type."))
