"""One's own notice URL, where notices go besides e-mail, and whether they name the sender's domain (D14, S57).

A change of the URL is told in the mailbox; it is shown to nobody again.
"""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session

from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import Problem, keep_pace
from bridge.api.schemas.outside import NoticeSenderIn, NoticeUrlIn, NoticeUrlOut
from bridge.channels import notice
from bridge.channels.outside import targets, words
from bridge.channels.outside.messenger import SERVICES, Verdict, service_of
from bridge.i18n import N_
from bridge.notices.contact import NoticeUrlRemoved, NoticeUrlSet
from storage.choices import changes, consents
from storage.choices.consents import Purpose
from storage.deliveries.terms import Road
from storage.keys.outbox import OutboxKey
from storage.oversight import audit
from storage.people import notice_urls

router = APIRouter(prefix="/v1/me", tags=["notices"])
Reading = Annotated[Access, Depends(gate(Action.SELF_READ))]
Settling = Annotated[Access, Depends(gate(Action.SELF_CHANGE))]
Changing = Annotated[Access, Depends(gate(Action.SELF_IDENTITY))]

_REFUSALS = {
    Verdict.NOT_NOW: (
        "notice-url-failed",
        502,
        N_(
            "The service did not take it, or did not answer in time. Check the URL, and whether the service is there."
        ),
    ),
    Verdict.NO_SUCH_SERVICE: (
        "notice-url-service",
        422,
        N_("That is no URL of a service that notices can go to. It begins with one of: {services}."),
    ),
    Verdict.NOT_VERIFIED: (
        "notice-url-certificate",
        422,
        N_("The URL says that certificates are not to be verified. Take that out of it."),
    ),
    Verdict.NOT_PUBLIC: (
        "notice-url-private",
        422,
        N_("The URL leads to this machine or into a private network. Ask your admin to allow that, or take another."),
    ),
    Verdict.UNKNOWN_HOST: (
        "notice-url-host",
        422,
        N_("The server that the URL names was not found. Check its name."),
    ),
}


@router.get("/notice-url")
async def show(access: Reading) -> NoticeUrlOut:
    """The service; never the URL, which may hold a password."""
    found = await access.control.store.read(notice_urls.get, access.signed_in.id)
    return NoticeUrlOut(service=found.service, changed_at=found.changed_at, paused_at=found.paused_at)


@router.put("/notice-url")
async def put(access: Changing, body: NoticeUrlIn) -> NoticeUrlOut:
    """In the place of the one before. It is looked at; nothing is sent yet."""
    control, account = access.control, access.signed_in
    keep_pace(control.looked_at, account.id, control.now())
    _refuse(await targets.of(control.data, control.settings).check(body.url))
    store, now, service = control.store, control.now(), service_of(body.url)
    assert service is not None
    told = [await notice.draft(store, account, NoticeUrlSet(now), now)]
    public = _outbox(access).public_key
    change = partial(
        notice_urls.put,
        account_id=account.id,
        outbox_public=public,
        url=body.url,
        service=service,
        now=now,
        actor=access.actor,
    )
    await store.write(notice.together, told, now, change)
    return NoticeUrlOut(service=service, changed_at=now)


@router.delete("/notice-url", status_code=204)
async def remove(access: Changing) -> None:
    control, account = access.control, access.signed_in
    store, now = control.store, control.now()
    told = [await notice.draft(store, account, NoticeUrlRemoved(now), now)]
    change = partial(notice_urls.remove, account_id=account.id, now=now, actor=access.actor)
    await store.write(notice.together, told, now, change)


@router.post("/notice-url/test", status_code=204)
async def try_out(access: Changing) -> None:
    """Send a notice there that tells of nothing. One that was paused is used again if it goes."""
    control, account = access.control, access.signed_in
    keep_pace(control.looked_at, account.id, control.now())
    sealed = await control.store.read(notice_urls.sealed, account.id)
    url = notice_urls.opened(_outbox(access), account.id, sealed)
    trial = words.Trial(account.email.rpartition("@")[2])
    _refuse(await targets.of(control.data, control.settings).push(url, *words.push(trial, account.locale)))
    await control.store.write(notice_urls.worked, account.id)


@router.put("/notice-sender")
async def name_senders(access: Settling, body: NoticeSenderIn) -> NoticeSenderIn:
    """Whether notices name the domain of the sender: a consent, which can be withdrawn as all are."""
    control, account_id = access.control, access.signed_in.id
    change = _consent if body.named else _withdraw
    await control.store.write(change, account_id, Road(body.road), access.actor, control.now())
    return body


def _consent(session: Session, account_id: int, road: Road, actor: str, now: int) -> None:
    if consents.grant(session, account_id, Purpose.NOTICE_SENDER, None, None, road=road, now=now):
        detail = {"purpose": Purpose.NOTICE_SENDER, "road": road}
        audit.append(session, "consent.given", actor, f"account:{account_id}", detail, now)


def _withdraw(session: Session, account_id: int, road: Road, actor: str, now: int) -> None:
    for each in consents.of_account(session, account_id):
        if each.purpose is Purpose.NOTICE_SENDER and each.holds(now):
            given = {"actor": actor, "changed_by": account_id}
            changes.withdraw_consent(session, account_id, each.id, road=road, now=now, **given)  # type: ignore[arg-type]


def _outbox(access: Access) -> OutboxKey:
    return OutboxKey.of(access.control.store.server_keys.outbox)


def _refuse(verdict: Verdict) -> None:
    if verdict is not Verdict.FINE:
        code, status, message = _REFUSALS[verdict]
        raise Problem(code, status, message, services=", ".join(f"{each}://" for each in sorted(SERVICES)))
