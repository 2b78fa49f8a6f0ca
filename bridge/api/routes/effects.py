"""How documents would come: to oneself by sender, to a domain's recipients side by side, after a change (D4, S42)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlmodel import Session

from bridge.api import choices, masking, pages, portraits
from bridge.api.access import Access, gate
from bridge.api.choices import Names
from bridge.api.pages import After, Limit
from bridge.api.policy import Action, View
from bridge.api.problems import Problem, keep_pace, locale_of
from bridge.api.routes.accounts import page_of
from bridge.api.schemas.effects import (
    MOST_COLUMNS,
    CellOut,
    ColumnOut,
    DecidedOut,
    EffectRowOut,
    EffectsOut,
    HindranceOut,
    MatrixOut,
    MatrixRowOut,
    MoveOut,
    PreviewIn,
    PreviewOut,
    Senders,
    WhyOut,
)
from bridge.api.schemas.preferences import Type
from bridge.i18n import N_, text
from bridge.routing import conflicts, effects, explaining, places, preview
from bridge.routing.decision import Decision, Places
from bridge.routing.effects import Asked
from bridge.ways import told
from storage.choices import known_senders, preferences
from storage.choices.correspondents import Key
from storage.deliveries import deliveries
from storage.deliveries.terms import DocumentType, Preference
from storage.errors import Invalid, NotFound
from storage.oversight.document_statistics import K
from storage.people import accounts
from storage.records import Account, Domain

router = APIRouter(prefix="/v1", tags=["preferences"])
Reading = Annotated[Access, Depends(gate(Action.PREFERENCE_READ))]
Planning = Annotated[Access, Depends(gate(Action.DOMAIN_PREFERENCE_CHANGE))]
OfType = Annotated[Type | None, Query()]
_STORED = {"mailbox_id": "folder"}
"""Fields that have another name here."""


@router.get("/accounts/{account}/preferences/effects")
async def of_account(access: Reading) -> EffectsOut:
    """For all senders, for each known one, and for the types that were chosen: what comes of it, and where from."""
    store, account = access.control.store, access.target
    await portraits.note_look(access, account, "preferences")
    known = await choices.names(access, account.id)
    own = {
        (each.correspondent_id, each.document_type): each
        for each in await store.read(preferences.of_account, account.id)
    }
    levels = _levels(known, own)
    asked, decided = await store.read(_decided, account.id, levels, places.of(access.control.settings))
    domain = await store.read(preferences.of_domain, account.domain_id)
    return EffectsOut(
        rows=[
            EffectRowOut(
                sender=choices.sender_out(sender, known),
                type=kind,
                vouched=document.sender.verified,
                own=choices.choice_out(own[sender, kind].choice, known) if (sender, kind) in own else None,
                decided=_decided_out(decision, known),
            )
            for (sender, kind), document, decision in zip(levels, asked, decided, strict=True)
        ],
        mandatory=conflicts.mandatory_types(domain),
    )


@router.get("/accounts/{account}/preferences/why")
async def why(
    access: Reading,
    request: Request,
    sender: Annotated[str | None, Query(min_length=1, max_length=320)] = None,
    type: OfType = None,
) -> WhyOut:
    """How a document of that sender and type would come, step by step. `sender`: name, address, #number or `any`."""
    store, account = access.control.store, access.target
    await portraits.note_look(access, account, "preferences")
    known = await choices.names(access, account.id)
    key = await _key(access, account.id, sender)
    asked = await store.read(_asked, key, type)
    decision = await store.read(effects.decision_for, account.id, asked, places.of(access.control.settings))
    number = asked.sender.correspondent_id
    last = None if number is None else await store.read(deliveries.newest_of, account.id, number, type)
    return WhyOut(
        type=asked.type,
        decided=_decided_out(decision, known),
        steps=explaining.steps(decision.reasons, locale_of(request), known.folders),
        last_document=last,
    )


@router.get("/domains/{domain}/matrix")
async def matrix(
    access: Reading,
    sender: Annotated[Senders, Query()] = [],  # noqa: B006 - never changed
    type: Annotated[list[Type], Query(max_length=len(DocumentType))] = [],  # noqa: B006 - never changed
    after: After = None,
    limit: Limit = 50,
    text: Annotated[str | None, Query(min_length=1, max_length=320)] = None,
) -> MatrixOut:
    """The domain's recipients, and how a document of each sender and type would come to each of them.

    Who is listed, and in which order, is as in the list of accounts. Each look is one that its recipient can see.
    """
    store, domain = access.control.store, _domain(access)
    if max(len(sender), 1) * max(len(type), 1) > MOST_COLUMNS:
        raise Problem(
            "too-many-columns", 422, N_("Choose fewer senders or types: at most {most} columns."), most=MOST_COLUMNS
        )
    columns, asked = await store.read(_columns, sender, type)
    sees_all = access.view(None, domain.id) is View.FULL
    found = await store.read(page_of, domain.id, sees_all, pages.decode(after, (int,)), limit + 1, text)
    shown = found[:limit]
    decided = await store.read(
        effects.decisions_for, [each.id for each in shown], asked, places.of(access.control.settings)
    )
    await portraits.note_looks(access, [each.id for each in shown], "preferences")
    return MatrixOut(
        columns=columns,
        items=[_row_out(access, each, decided[each.id]) for each in shown],
        next=pages.encode((found[limit - 1].id,)) if len(found) > limit else None,
    )


@router.post("/domains/{domain}/preferences/preview")
async def previewed(body: PreviewIn, access: Planning, request: Request) -> PreviewOut:
    """What a change of the domain's preferences would do, counted; nothing is changed.

    Counts of fewer than five people say what each of them chose: these can see that it was asked.
    """
    control, store, locale = access.control, access.control.store, locale_of(request)
    keep_pace(control.previews, access.signed_in.id, control.now())
    where = places.of(control.settings)
    edit, cleared = await choices.edit_of(access, body)
    planned = await store.read(preview.plan, _domain(access).id, body.type, edit, body.mandatory, cleared, where)
    key = None if body.for_sender is None else await _key(access, None, body.for_sender)
    going = preview.Preview(planned, await store.read(_asked, key, body.type or body.for_type), where)
    beyond: int | None = 0
    while beyond is not None:
        beyond = await store.read(going.part, beyond)
    counted, first = going.counted, next(iter(planned.conflicts), None)
    if counted.recipients < K:
        await portraits.note_looks(access, going.first, "preferences")
    return PreviewOut(
        recipients=counted.recipients,
        changed=counted.changed,
        keep=counted.keep,
        moves=[
            MoveOut(field=field, old=old, new=new, recipients=times)
            for (field, old, new), times in counted.moves.most_common()
        ],
        hindered=[
            HindranceOut(code=code, why=text(locale, explaining.CODES[code]), recipients=times)
            for code, times in counted.hindered.most_common()
        ],
        refused=None if first is None else text(locale, first.message, **told(first.values, locale, access.road)),
    )


def _levels(
    known: Names, own: dict[tuple[int | None, DocumentType | None], Preference]
) -> list[tuple[int | None, DocumentType | None]]:
    """All senders, then each by name, the types that were chosen behind their sender."""
    levels: list[tuple[int | None, DocumentType | None]] = [(None, None)]
    for number in known.senders:
        levels.append((number, None))
        levels += sorted((sender, kind) for sender, kind in own if sender == number and kind is not None)
    return levels


def _decided(
    session: Session, account_id: int, levels: list[tuple[int | None, DocumentType | None]], where: Places
) -> tuple[list[Asked], list[Decision]]:
    asked = [effects.asked(session, sender, kind) for sender, kind in levels]
    return asked, effects.decisions_for(session, [account_id], asked, where)[account_id]


def _asked(session: Session, key: Key | None, kind: DocumentType | None) -> Asked:
    return effects.asked(session, None, kind) if key is None else effects.asked_of(session, key, kind)


async def _key(access: Access, account_id: int | None, wanted: str | None) -> Key | None:
    """Who is behind a name, an address or a number; None for all senders. Problem 404 or 422. Nothing is made."""
    if wanted is None or wanted.strip().lower() == choices.ANY:
        return None
    try:
        if account_id is None:
            return await access.control.store.read(known_senders.by_address, wanted)
        return await access.control.store.read(known_senders.seek, account_id, wanted)
    except NotFound:
        raise choices.sender_unknown(wanted) from None
    except Invalid as several:
        raise choices.sender_ambiguous(wanted, several) from None


def _columns(session: Session, senders: list[str], types: list[DocumentType]) -> tuple[list[ColumnOut], list[Asked]]:
    """Each sender with each type."""
    columns, documents = [], []
    for wanted in senders or [choices.ANY]:
        key, name = _named(session, wanted)
        for kind in types or (None,):
            document = _asked(session, key, kind)
            address = None if key is None else wanted.strip().lower()
            columns.append(ColumnOut(sender=name, address=address, type=document.type))
            documents.append(document)
    return columns, documents


def _named(session: Session, wanted: str) -> tuple[Key | None, str | None]:
    if wanted.strip().lower() == choices.ANY:
        return None, None
    try:
        key = known_senders.by_address(session, wanted)
    except (NotFound, Invalid):
        raise choices.sender_unknown(wanted) from None
    return key, accounts.by_id(session, key).name if isinstance(key, int) else key


def _domain(access: Access) -> Domain:
    assert access.domain is not None, "the path names a domain"
    return access.domain


def _row_out(access: Access, account: Account, decided: list[Decision]) -> MatrixRowOut:
    view = access.view(account.id, account.domain_id)
    return MatrixRowOut(
        id=masking.reference(view, account, access.control.store.server_keys),
        email=masking.address(view, account.email),
        name=masking.name(view, account.name),
        cells=[
            CellOut(
                channel=each.channel,
                source=_sources(each)["channel"],
                notify=each.notify,
                ladder=str(each.ladder),
                retention_days=each.retention_days,
            )
            for each in decided
        ],
    )


def _decided_out(decision: Decision, known: Names) -> DecidedOut:
    folder = decision.mailbox_id
    return DecidedOut(
        channel=decision.channel,
        folder=None if folder is None else known.folders.get(folder),
        folder_set=folder is not None,
        notify=decision.notify,
        quiet=None if decision.quiet is None else str(decision.quiet),
        ladder=str(decision.ladder),
        retention_days=decision.retention_days,
        receipts=decision.receipts,
        language=decision.language,
        sources=_sources(decision),
    )


def _sources(decision: Decision) -> dict[str, str]:
    """What had the last word on each field."""
    return {
        _STORED.get(each.field, each.field): each.level or each.code
        for each in decision.reasons
        if not each.is_rung_left_out
    }
