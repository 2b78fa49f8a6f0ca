"""The notice channel: what Postex tells an account lands in its mailbox in the transaction of the act it tells of.

    drafts = [await notice.draft(store, account, DeviceRevoked(label, now), now)]
    await store.write(notice.together, drafts, now, devices.revoke, account.id, device_id, now)

`draft` seals before the transaction; `tell` does so inside one, for an account that is only being made there,
or whose key changes there. Either both the act and its notice are kept, or neither.
"""

from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from sqlmodel import Session

from bridge.channels.sealing import seal
from bridge.notices import Notice, render
from storage.database import Store
from storage.errors import NotFound
from storage.mail import documents
from storage.mail.documents import DeliveryDraft
from storage.people import accounts
from storage.records import Account, Recipient

P = ParamSpec("P")
T = TypeVar("T")


async def draft(store: Store, account: Account, notice: Notice, now: int) -> DeliveryDraft:
    """The notice, sealed to the account. NotFound if there is no such account any more."""
    reader = await store.read(_reader, account)
    return _drafted(account, reader, notice, now)


def deliver_with(session: Session, drafts: Sequence[DeliveryDraft], now: int) -> None:
    """Store the notices; for use inside a write."""
    for each in drafts:
        documents.deliver(session, each, now)


def together(
    session: Session,
    drafts: Sequence[DeliveryDraft],
    now: int,
    function: Callable[Concatenate[Session, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run `function(session, …)` and deliver the notices in one transaction; its result."""
    result = function(session, *args, **kwargs)
    deliver_with(session, drafts, now)
    return result


def tell(session: Session, account: Account, notice: Notice, now: int) -> str:
    """`draft` and `deliver_with` inside a write: half a millisecond of the writer's time. Its public id."""
    drafted = _drafted(account, _reader(session, account), notice, now)
    deliver_with(session, [drafted], now)
    return drafted.sealed.public_id


def _reader(session: Session, account: Account) -> Recipient:
    found = accounts.recipient(session, accounts.by_id(session, account.id).email)
    if found is None:
        raise NotFound("account")
    return found


def _drafted(account: Account, reader: Recipient, notice: Notice, now: int) -> DeliveryDraft:
    sealed = seal(render(notice, account, now), [reader])
    return DeliveryDraft(
        sealed=sealed,
        recipients=(reader,),
        mailbox_ids=(reader.inbox_id,),
        internal_date=now,
        stored_size=len(sealed.sealed_body) + len(sealed.sealed_card),
        actor="system",
    )
