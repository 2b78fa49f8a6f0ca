"""Why a document came as it did, and how a whole batch would go (D4). A look-up by a sender is a disclosure (S59)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import Session

from bridge.api import choices, portraits
from bridge.api.access import Access, gate
from bridge.api.policy import Action, Reach
from bridge.api.problems import locale_of, not_found
from bridge.api.schemas.dry_run import DryRunBadRowOut, DryRunIn, DryRunOut, DryRunRowOut
from bridge.api.schemas.preferences import ExplanationOut
from bridge.i18n import text
from bridge.routing import dry_run, explaining, places, planning
from bridge.routing.decision import Reason
from bridge.routing.dry_run import Asker, BadRow, Routed, Row
from storage.deliveries import deliveries, disclosures, transcript
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DECISIONS_KEPT, DeliveryState
from storage.oversight import looks

router = APIRouter(prefix="/v1", tags=["explanations"])
OWN_RECIPIENT = "own-recipient"
DocumentId = Annotated[str, Path(min_length=1, max_length=64)]


Explaining = Annotated[Access, Depends(gate(Action.DELIVERY_EXPLAIN))]
MessageId = Annotated[str, Query(min_length=3, max_length=998, description="With its angle brackets.")]


@router.get("/accounts/{account}/deliveries/{document}/explanation")
async def explanation(document: DocumentId, access: Explaining, request: Request) -> ExplanationOut:
    """Step by step. `document`: the id that its sender was told."""
    delivery = await access.control.store.read(deliveries.of_document, access.target.id, document)
    return await _explained(access, delivery, locale_of(request))


@router.get("/accounts/{account}/explanation")
async def explanation_by_message(message_id: MessageId, access: Explaining, request: Request) -> ExplanationOut:
    """The same, of the newest document with this Message-ID: what a mail program shows of it."""
    tag = planning.message_tag(access.control.store.server_keys.message_tag, access.target.id, message_id)
    assert tag is not None, "a message has an id"
    delivery = await access.control.store.read(deliveries.with_tag, access.target.id, tag)
    return await _explained(access, delivery, locale_of(request))


@router.post("/dry-run", response_model=DryRunOut)
async def rehearse(
    body: DryRunIn, access: Annotated[Access, Depends(gate(Action.DRY_RUN))], request: Request
) -> Response:
    """Nothing is sent and no decision is kept. Senders ask for themselves; admins for their domains."""
    asker = _asker(access)
    rows = [Row(each.line, each.recipient, each.sender, each.type, each.sensitivity) for each in body.rows]
    where = places.of(access.control.settings)
    routed, bad = await access.control.store.read(dry_run.run, rows, asker, where)
    await access.control.store.write(_note, access, asker, routed)
    answer = await asyncio.to_thread(_answer, routed, bad, asker, locale_of(request))
    return Response(answer, media_type="application/json")


async def _explained(access: Access, delivery: Delivery, locale: str) -> ExplanationOut:
    """A look at it, if somebody else asks. What is held does not exist for its reader yet, and for
    others nothing that only its reader can have kept.
    """
    is_old = delivery.decided_at <= access.control.now() - DECISIONS_KEPT
    if (access.is_self and delivery.state is DeliveryState.HELD) or (is_old and not access.is_self):
        raise not_found()
    await portraits.note_look(access, access.target, "deliveries")
    known = await choices.names(access, delivery.account_id, numbers=[delivery.correspondent_id])
    events = await access.control.store.read(transcript.of_delivery, delivery.id) if access.is_self else []
    return ExplanationOut(
        document=delivery.document_public_id,
        delivery=delivery.public_id,
        type=delivery.document_type,
        channel=delivery.channel,
        decided_at=delivery.decided_at,
        ladder=str(delivery.ladder) or None,
        sender=choices.sender_out(delivery.correspondent_id, known),
        steps=explaining.explain(delivery, locale, known.folders, for_reader=access.is_self, events=events),
        reasons=_reasons(delivery),
    )


def _asker(access: Access) -> Asker:
    """Who holds the right for a domain asks as its admin; else it is for a sender of its own."""
    reach = access.domains
    wide = any(held.right.reach is not Reach.SELF for held in access.held)
    account = access.principal.account
    return Asker(
        None if account is None else account.id,
        as_sender=not wide,
        reaches=lambda domain_id: reach is None or domain_id in reach,
    )


def _note(session: Session, access: Access, asker: Asker, routed: list[Routed]) -> None:
    """Whose channel was told to whom (S59); a look of an admin is an event of the log (D7)."""
    now, numbers = access.control.now(), sorted({each.account_id for each in routed})
    if asker.as_sender:
        told = {"basis": OWN_RECIPIENT, "road": access.road, "told_account_id": asker.account_id}
        disclosures.note(session, numbers, disclosures.CHANNEL, now, **told)  # type: ignore[arg-type]
    else:
        looks.note(session, asker.account_id, numbers, "preferences", now, access.actor)


def _answer(routed: list[Routed], bad: list[BadRow], asker: Asker, locale: str) -> str:
    """JSON. A good part of a second for many rows, of which most have the same reasons."""
    said = cache(lambda reasons: explaining.steps(reasons, locale))
    return DryRunOut(
        rows=[_row_out(each, asker, said) for each in routed],
        bad=[DryRunBadRowOut(line=each.line, problem=_problem(each, locale)) for each in bad],
        channels=dict(Counter(each.decision.channel for each in routed)),
    ).model_dump_json()


def _row_out(routed: Routed, asker: Asker, said: Callable[[tuple[Reason, ...]], list[str]]) -> DryRunRowOut:
    decision, hides = routed.decision, asker.as_sender
    return DryRunRowOut(
        line=routed.line,
        recipient=routed.recipient,
        sender=routed.sender,
        type=routed.document.type,
        sensitivity=routed.document.sensitivity,
        channel=decision.channel,
        folder=None if hides else decision.mailbox_id is not None,
        notify=None if hides else decision.notify,
        ladder=None if hides else str(decision.ladder),
        retention_days=None if hides else decision.retention_days,
        reasons=None if hides else said(decision.reasons),
    )


def _problem(bad: BadRow, locale: str) -> str:
    return text(locale, bad.message, value=bad.value)


def _reasons(delivery: Delivery) -> list[dict[str, str | None]] | None:
    if delivery.reasons is None:
        return None
    return [
        {"code": each.code, "field": each.field, "value": each.value, "level": each.level}
        for each in explaining.reasons_of(delivery.reasons)
    ]
