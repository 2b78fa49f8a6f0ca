"""One's own notice URL: where notices go besides e-mail (D14). A change is told; the URL is shown to nobody again."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends

from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.schemas.outside import NoticeUrlIn, NoticeUrlOut
from bridge.channels import notice
from bridge.channels.outside import targets, words
from bridge.channels.outside.messenger import SERVICES, Verdict, service_of
from bridge.i18n import N_
from bridge.notices.contact import NoticeUrlRemoved, NoticeUrlSet
from storage.keys.outbox import OutboxKey
from storage.people import notice_urls

router = APIRouter(prefix="/v1/me/notice-url", tags=["notices"])
Reading = Annotated[Access, Depends(gate(Action.SELF_READ))]
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


@router.get("")
async def show(access: Reading) -> NoticeUrlOut:
    """The service; never the URL, which may hold a password."""
    found = await access.control.store.read(notice_urls.get, access.signed_in.id)
    return NoticeUrlOut(service=found.service, changed_at=found.changed_at)


@router.put("")
async def put(access: Changing, body: NoticeUrlIn) -> NoticeUrlOut:
    """In the place of the one before. It is looked at; nothing is sent yet."""
    control, account = access.control, access.signed_in
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


@router.delete("", status_code=204)
async def remove(access: Changing) -> None:
    control, account = access.control, access.signed_in
    store, now = control.store, control.now()
    told = [await notice.draft(store, account, NoticeUrlRemoved(now), now)]
    change = partial(notice_urls.remove, account_id=account.id, now=now, actor=access.actor)
    await store.write(notice.together, told, now, change)


@router.post("/test", status_code=204)
async def try_out(access: Changing) -> None:
    """Send a notice there that tells of nothing."""
    control, account = access.control, access.signed_in
    sealed = await control.store.read(notice_urls.sealed, account.id)
    url = notice_urls.opened(_outbox(access), account.id, sealed)
    trial = words.Trial(account.email.rpartition("@")[2])
    _refuse(await targets.of(control.data, control.settings).push(url, *words.push(trial, account.locale)))


def _outbox(access: Access) -> OutboxKey:
    return OutboxKey.of(access.control.store.server_keys.outbox)


def _refuse(verdict: Verdict) -> None:
    if verdict is not Verdict.FINE:
        code, status, message = _REFUSALS[verdict]
        raise Problem(code, status, message, services=", ".join(f"{each}://" for each in sorted(SERVICES)))
