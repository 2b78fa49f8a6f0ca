"""What recipients choose: shown, changed, taken back for a day; their consents (S15, S35, S42, S43, S58, S78)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from bridge.api import choices, pages, portraits
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.problems import Problem, locale_of
from bridge.api.schemas.preferences import (
    ConsentOut,
    ConsentsOut,
    EffectOut,
    HistoryOut,
    PreferenceIn,
    PreferencesChangedOut,
    PreferencesOut,
    UndoIn,
)
from bridge.i18n import N_, text
from bridge.routing import choosing, conflicts, explaining, places
from bridge.routing.choosing import ChoiceRefused
from bridge.routing.effects import effects
from storage.choices import changes, consents, preferences
from storage.choices.changes import Changed
from storage.choices.history import PreferenceChange, Row
from storage.deliveries.terms import Channel, DocumentType, Road
from storage.errors import Conflict, Invalid, NotFound

router = APIRouter(prefix="/v1", tags=["preferences"])
Reading = Annotated[Access, Depends(gate(Action.PREFERENCE_READ))]
Changing = Annotated[Access, Depends(gate(Action.PREFERENCE_CHANGE))]
Number = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("/accounts/{account}/preferences")
async def listing(access: Reading) -> PreferencesOut:
    """What the account has chosen, and how each sender's documents come now."""
    store, account = access.control.store, access.target
    await portraits.note_look(access, account, "preferences")
    known = await choices.names(access, account.id)
    own = await store.read(preferences.of_account, account.id)
    domain = await store.read(preferences.of_domain, account.domain_id)
    now_so = await store.read(effects, account.id, list(known.senders), places.of(access.control.settings))
    return PreferencesOut(
        preferences=[choices.preference_out(each, known) for each in own],
        senders=[
            EffectOut(sender=sender, channel=channel)
            for number, channel in now_so.items()
            if (sender := choices.sender_out(number, known)) is not None
        ],
        mandatory=conflicts.mandatory_types(domain),
    )


@router.patch("/accounts/{account}/preferences")
async def change(body: PreferenceIn, access: Changing, request: Request) -> PreferencesChangedOut:
    """For one sender or all of them; one type of document of a sender. Undone within 24 hours."""
    sender = await choices.sender_of(access, access.target.id, body.sender)
    if sender is None and body.type is not None:
        raise Problem("type-needs-sender", 422, N_("A type is chosen for one sender: name the sender as well."))
    edit, cleared = await choices.edit_of(access, body)
    _check_end(body, access.control.now())
    if edit.is_empty() and not cleared:
        raise Problem("nothing-chosen", 422, N_("Choose something to change."))
    try:
        changed = await access.control.store.write(
            choosing.choose,
            access.target.id,
            [sender],
            body.type,
            edit,
            clear=cleared,
            accepts=body.accept_carriers,
            consent_until=body.receipts_until,
            places=places.of(access.control.settings),
            by=choices.by(access, body.road),
        )
    except ChoiceRefused as refusal:
        raise choices.refused(refusal) from None
    notes = await _notes(access, changed.rows, locale_of(request))
    if body.receipts_until is not None:
        end = datetime.fromtimestamp(body.receipts_until, UTC).strftime("%Y-%m-%d %H:%M UTC")
        notes.append(text(locale_of(request), N_("That the sender learns of openings ends at {end}."), end=end))
    return await changed_out(access, changed, notes)


def _check_end(body: PreferenceIn, now: int) -> None:
    """Of a consent to receipts: later than now, and of a consent that is given. Problem 422."""
    if body.receipts_until is None:
        return
    if body.receipts is not True:
        raise Problem("no-receipts", 422, N_("An end of receipts is given together with receipts: --receipts."))
    if body.receipts_until <= now:
        raise Problem("end-is-past", 422, N_("The end of receipts lies in the past. Give a later day."))


@router.post("/accounts/{account}/preferences/undo")
async def undo(body: UndoIn, access: Changing) -> PreferencesChangedOut:
    """Put back what stood there before an act, whole."""
    store, account = access.control.store, access.target
    batch = body.batch or await store.read(changes.last_batch, account.id)
    if batch is None:
        raise no_change()
    who = choices.by(access, body.road)
    taken = {"road": Road.UNDO, "actor": who.actor, "changed_by": who.changed_by, "now": who.now}
    try:
        made = await store.write(changes.undo, account.id, batch, **taken)  # type: ignore[arg-type]
    except (NotFound, Invalid, Conflict) as error:
        raise undo_refused(error) from None
    return await changed_out(access, made, [])


@router.get("/accounts/{account}/preferences/history")
async def history(access: Reading, after: After = None, limit: Limit = 50) -> Page[HistoryOut]:
    """Newest first: old and new, when, by whom, on which road."""
    await portraits.note_look(access, access.target, "preferences")
    position = pages.decode(after, (int,))
    before = None if position is None else int(position[0])
    found = await access.control.store.read(changes.listing, access.target.id, before=before, limit=limit + 1)
    return await history_page(access, found, limit)


@router.get("/accounts/{account}/consents")
async def agreed(access: Reading) -> ConsentsOut:
    """All that were ever given, newest first."""
    await portraits.note_look(access, access.target, "preferences")
    found = await access.control.store.read(consents.of_account, access.target.id)
    numbers = [each.correspondent_id for each in found]
    known = await choices.names(access, access.target.id, numbers=numbers)
    now = access.control.now()
    return ConsentsOut(
        consents=[
            ConsentOut(
                id=each.id,
                purpose=each.purpose,
                sender=choices.sender_out(each.correspondent_id, known),
                scope=each.scope,
                road=each.road,
                granted_at=each.granted_at,
                ends_at=each.ends_at,
                withdrawn_at=each.withdrawn_at,
                holds=each.holds(now),
            )
            for each in found
        ]
    )


@router.delete("/accounts/{account}/consents/{number}")
async def withdraw(number: Number, access: Changing) -> ConsentsOut:
    """At once. A consent is given by the preference it belongs to."""
    who = choices.by(access, access.road)
    given = {"road": who.road, "actor": who.actor, "changed_by": who.changed_by, "now": who.now}
    await access.control.store.write(changes.withdraw_consent, access.target.id, number, **given)  # type: ignore[arg-type]
    return await agreed(access)


async def changed_out(access: Access, changed: Changed, notes: list[str]) -> PreferencesChangedOut:
    """Of an account or of a domain."""
    account_id = 0 if access.account is None else access.account.id
    numbers = [row.new.correspondent_id for row in changed.rows]
    known = await choices.names(access, account_id, numbers=numbers)
    return PreferencesChangedOut(
        batch=changed.batch if changed.rows else None,
        changes=[choices.row_out(row, known) for row in changed.rows],
        undo_until=changed.undo_until if changed.undo_until > access.control.now() else None,
        notes=notes,
    )


async def history_page(access: Access, found: Sequence[PreferenceChange], limit: int) -> Page[HistoryOut]:
    """`found`: one more than the page has, if there is more."""
    account_id = 0 if access.account is None else access.account.id
    known = await choices.names(access, account_id, numbers=[each.row.new.correspondent_id for each in found])
    items = [
        HistoryOut(
            **choices.row_out(each.row, known).model_dump(),
            batch=each.batch,
            road=each.road,
            changed_at=each.changed_at,
            changed_by="operator"
            if each.changed_by is None
            else "owner"
            if each.changed_by == account_id
            else "admin",
            undo_until=each.undo_until,
            undone_at=each.undone_at,
            can_be_undone=each.can_be_undone(access.control.now()),
        )
        for each in found[:limit]
    ]
    return Page(items=items, next=pages.encode((found[limit - 1].id,)) if len(found) > limit else None)


def no_change() -> Problem:
    return Problem("no-change", 404, N_("There is no change of the last 24 hours to take back."))


def undo_refused(error: NotFound | Invalid | Conflict) -> Problem:
    if isinstance(error, Invalid):
        message = N_("This change is more than 24 hours old and cannot be undone any more. Make a new change.")
        return Problem("undo-too-late", 409, message)
    if isinstance(error, Conflict):
        message = N_("The same was changed again since then. Undo the later change first.")
        return Problem("undo-later-first", 409, message)
    return no_change()


async def _notes(access: Access, rows: Sequence[Row], locale: str) -> list[str]:
    """Mandatory types arrive although their sender is refused: that is said at once (S43)."""
    if not any(row.new.choice.channel is Channel.REFUSE and row.new.document_type is None for row in rows):
        return []
    domain = await access.control.store.read(preferences.of_domain, access.target.domain_id)
    types: list[DocumentType] = conflicts.mandatory_types(domain)
    words = ", ".join(text(locale, explaining.TYPES[each]) for each in types)
    return [text(locale, conflicts.MANDATORY_STAYS, types=words)] if types else []
